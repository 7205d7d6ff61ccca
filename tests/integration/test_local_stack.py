"""The stack without Docker: what is killed comes back with its data, what is stopped leaves nothing running."""

import json
import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka.admin import NewTopic

from orchestrator.kafka.clients import closing, open_admin
from orchestrator.local.postgres import PostgresServer, await_postgres, start_postgres
from orchestrator.local.postgres_binaries import Binaries, find_binaries
from orchestrator.local.stack import Stack, down, status, up
from orchestrator.local.state import read_state
from orchestrator.settings import load_settings
from tests.stack import JARS

pytestmark = pytest.mark.integration


@contextmanager
def a_folder(mode: int = 0o711) -> Iterator[Path]:
    """A folder for a stack, which is stopped and removed at the end.

    Not in pytest's own: that is closed to the user that PostgreSQL runs as where the tests run as root.
    """
    parent = Path(tempfile.mkdtemp(prefix="orchestrator-test-"))
    parent.chmod(mode)
    folder = parent / "stack"
    try:
        yield folder
    finally:
        down(folder)
        postgres = read_state(folder).postgres
        if postgres is not None:
            shutil.rmtree(postgres.folder)
        shutil.rmtree(parent)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One folder for the tests of this module, since each start takes seconds; each test calls ``up`` first."""
    with a_folder() as place:
        yield place


def pids(folder: Path) -> list[int | None]:
    return [server.pid for server in status(folder)]


def processes_of(folder: Path) -> list[int]:
    """Every process that has the folder in its command line, or works in it."""
    return [process.pid for process in psutil.process_iter() if str(folder) in " ".join(words_of(process))]


def words_of(process: psutil.Process) -> list[str]:
    try:
        return [] if process.status() == psutil.STATUS_ZOMBIE else [*process.cmdline(), process.cwd()]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


async def topic_names(stack: Stack) -> set[str]:
    async with closing(await open_admin(load_settings(kafka=stack.kafka))) as admin:
        return set(await admin.list_topics())


async def make_topic(stack: Stack, name: str) -> None:
    async with closing(await open_admin(load_settings(kafka=stack.kafka))) as admin:
        await admin.create_topics([NewTopic(name, 1, 1)])


async def query(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def test_second_up_finds_the_same_processes(folder: Path) -> None:
    first, before = up(folder, jars=JARS), pids(folder)
    said: list[str] = []
    assert up(folder, said.append, jars=JARS) == first
    assert pids(folder) == before
    assert not [line for line in said if line.startswith("Starting")]


def test_only_the_owner_can_read_the_password(folder: Path) -> None:
    stack = up(folder, jars=JARS)
    file = folder / "postgres" / "password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    password = file.read_text()
    assert password in stack.postgres
    assert password not in (folder / "stack.json").read_text()
    assert password not in repr(stack)


async def test_a_wrong_password_is_refused(folder: Path) -> None:
    stack = up(folder, jars=JARS)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(stack.postgres, password="wrong")


async def test_killed_kafka_comes_back_on_its_port_with_its_topics(folder: Path) -> None:
    stack = up(folder, jars=JARS)
    await make_topic(stack, "kept-through-a-kill")
    kafka = read_state(folder).kafka
    assert kafka is not None
    os.kill(kafka.process.pid, signal.SIGKILL)
    assert up(folder, jars=JARS) == stack
    assert "kept-through-a-kill" in await topic_names(stack)


async def test_killed_postgres_comes_back_on_its_port_with_its_rows(folder: Path) -> None:
    stack = up(folder, jars=JARS)
    await query(stack.postgres, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS n")
    postgres = read_state(folder).postgres
    assert postgres is not None
    os.kill(postgres.process.pid, signal.SIGKILL)
    assert up(folder, jars=JARS) == stack
    assert await query(stack.postgres, "SELECT n FROM kept") == 7


async def test_down_leaves_no_process_and_the_next_up_has_the_data(folder: Path) -> None:
    stack = up(folder, jars=JARS)
    await query(stack.postgres, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS n")
    assert processes_of(folder)
    down(folder)
    assert processes_of(folder) == []
    assert [server.running for server in status(folder)] == [False, False]
    down(folder)
    assert up(folder, jars=JARS) == stack
    assert await query(stack.postgres, "SELECT n FROM kept") == 7


def test_a_stranger_with_a_remembered_pid_is_left_alone(folder: Path) -> None:
    up(folder, jars=JARS)
    down(folder)
    file = folder / "stack.json"
    kept = file.read_text()
    content = json.loads(kept)
    for server in ("kafka", "postgres"):
        content[server]["process"]["pid"] = os.getpid()
    file.write_text(json.dumps(content))
    assert [server.running for server in status(folder)] == [False, False]
    down(folder)  # would end this very test run
    file.write_text(kept)


async def test_a_lost_state_file_costs_the_ports_but_not_the_data(folder: Path) -> None:
    await query(up(folder, jars=JARS).postgres, "CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS n")
    down(folder)
    (folder / "stack.json").unlink()
    assert await query(up(folder, jars=JARS).postgres, "SELECT n FROM kept") == 7


@contextmanager
def a_postgres(folder: Path, binaries: Binaries, said: list[str] | None = None) -> Iterator[PostgresServer]:
    progress = [].append if said is None else said.append
    server = start_postgres(folder, binaries, None, durable=False, progress=progress)
    try:
        assert await_postgres(server, binaries)
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder)


async def test_the_wheels_postgres_serves_where_none_is_installed() -> None:
    with a_folder() as folder, a_postgres(folder, find_binaries("wheel")) as server:
        assert await query(server.dsn, "SELECT 1") == 1
        assert await query(server.dsn, "SHOW server_encoding") == "UTF8"
        assert await query(server.dsn, "SHOW timezone") == "UTC"


async def test_postgres_in_a_closed_folder_is_moved_only_when_another_user_runs_it() -> None:
    wheel = find_binaries("wheel")
    assert wheel.tree is not None
    said: list[str] = []
    with a_folder(mode=0o700) as folder:
        # A virtual environment in a closed home folder: the programs are out of reach too.
        package = wheel.tree.parent
        shutil.copytree(package, folder / package.name)
        shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
        tree = folder / package.name / wheel.tree.name
        hidden = Binaries(tree / "bin", wheel.major, tree)
        with a_postgres(folder / "postgres", hidden, said) as server:
            moved = server.folder != folder / "postgres"
            assert moved == (os.geteuid() == 0)
            assert moved == any("PostgreSQL's data is in /var/tmp/" in line for line in said)
            assert await query(server.dsn, "SELECT 1") == 1
