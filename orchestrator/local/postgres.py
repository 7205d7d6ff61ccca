"""A PostgreSQL server without Docker: TCP on the loopback address, a generated password, its data in one folder.

PostgreSQL refuses to run as root. Root therefore runs it as the system's ``postgres`` user, else as ``nobody``, which
gets a folder of its own. When that user cannot reach the wished folder (home folders are closed to others), the data
goes to ``/var/tmp/orchestrator-postgres-<hash of the wished folder>`` instead; progress and status say so.

Layout of the folder: ``data/``, ``postgres.log``, and ``programs/`` where the wheel's programs had to be copied.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from orchestrator.errors import StackError
from orchestrator.local.jars import Progress
from orchestrator.local.ports import LOOPBACK, free_ports, is_free
from orchestrator.local.postgres_binaries import VARIABLE, Binaries
from orchestrator.local.process import ServerProcess, identity, spawn, tail

NAME = "orchestrator"  # of the superuser and of the database
START_DEADLINE_S = 60.0
LEFTOVER_DEADLINE_S = 15.0
POLL_S = 0.05
PASSWORD_BYTES = 24
STAND_INS = ("postgres", "nobody")
OPEN_PLACE = Path("/var/tmp")  # noqa: S108 - kept across reboots, and every user can reach it; the folder is private
FAST_SHUTDOWN = signal.SIGINT  # ends sessions and writes a checkpoint; SIGTERM would wait for the clients to go


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A started server: its process, port, folder and the password of its superuser."""

    process: ServerProcess
    port: int
    folder: Path
    password: str = field(repr=False)

    @property
    def dsn(self) -> str:
        """The connection URL, with the password."""
        return f"postgresql://{NAME}:{self.password}@{LOOPBACK}:{self.port}/{NAME}"

    def stop(self) -> None:
        """Ends it with a checkpoint; waits until it has ended."""
        self.process.stop(FAST_SHUTDOWN)


def stand_in() -> str | None:
    """The user to run the server as: None for ourselves, another one when we are root.

    Raises:
        StackError: when we are root and there is neither ``postgres`` nor ``nobody``.
    """
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in STAND_INS:
        if name in known:
            return name
    raise StackError(f"starting PostgreSQL as root: it needs another user, and there is none of {', '.join(STAND_INS)}")


def place_for(wished: Path, user: str | None) -> Path:
    """The folder for the data: the wished one, or an open place when ``user`` cannot reach it."""
    wished = wished.absolute()
    if user is None or _can(user, "-x", wished.parent):
        return wished
    return OPEN_PLACE / f"orchestrator-postgres-{hashlib.sha256(str(wished).encode()).hexdigest()[:16]}"


def start_postgres(
    wished: Path, binaries: Binaries, port: int | None, password: str | None, durable: bool, progress: Progress
) -> PostgresServer:
    """Starts the server on what the folder holds, making the cluster and its database first when it is new.

    ``port`` and ``password`` are those of the last run; a new cluster gets a new password. ``durable=False`` leaves out
    the flush to disk, for data that need not outlive the machine's next crash. Returns when it answers.

    Raises:
        StackError: with the last lines of its log.
    """
    user = stand_in()
    folder = place_for(wished, user)
    if folder != wished.absolute():
        progress(f"PostgreSQL's data is in {folder}: the user {user} cannot reach {wished.parent}")
    _make_private(folder, user)
    binaries = _within_reach(binaries, folder, user)
    data = folder / "data"
    if not data.exists():
        progress(f"Making a PostgreSQL {binaries.major} database")
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        _make_cluster(binaries, data, password, user)
    if password is None:
        raise StackError(
            f"starting PostgreSQL on {data}: the state file with its password is gone; remove {folder} to begin anew"
        )
    _check_version(data, binaries)
    _await_end_of_leftovers(data)
    if port is None or not is_free(port):
        (port,) = free_ports(1)
    progress(f"Starting PostgreSQL {binaries.major} on port {port}")
    options = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",  # a socket's path may be too long, and would be one more door
        "timezone": "UTC",
        "log_timezone": "UTC",
        "fsync": "on" if durable else "off",
    }
    log = folder / "postgres.log"
    command = [
        str(binaries.folder / "postgres"),
        "-D",
        str(data),
        *(f"--{name}={value}" for name, value in options.items()),
    ]
    process = spawn(command, mark=str(data), log=log, user=user, env=_environment())
    server = PostgresServer(process, port, folder, password)
    _await_answer(server, binaries, log)
    return server


def _await_answer(server: PostgresServer, binaries: Binaries, log: Path) -> None:
    question = [str(binaries.folder / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(server.port), "-d", NAME]
    deadline = time.monotonic() + START_DEADLINE_S
    while server.process.is_running():
        if subprocess.run(question, check=False, env=_environment()).returncode == 0:
            return
        if time.monotonic() > deadline:
            raise StackError(f"starting PostgreSQL: it did not answer within {START_DEADLINE_S:.0f} s; {tail(log)}")
        time.sleep(POLL_S)
    raise StackError(f"starting PostgreSQL: it ended; {tail(log)}")


def _make_cluster(binaries: Binaries, data: Path, password: str, user: str | None) -> None:
    """Makes the cluster and the database beside their place and moves them there whole, so none is ever half made."""
    partial = data.with_name("data.partial")
    shutil.rmtree(partial, ignore_errors=True)
    password_file = data.with_name("password")
    password_file.touch(0o600)
    password_file.write_text(password)
    try:
        if user is not None:
            shutil.chown(password_file, user)
        initdb = [
            str(binaries.folder / "initdb"), "-D", str(partial), "-U", NAME, "-A", "scram-sha-256",
            f"--pwfile={password_file}", "-E", "UTF8", "--locale=C", "--no-instructions",
        ]  # fmt: skip
        _run("making a PostgreSQL cluster", initdb, user)
    finally:
        password_file.unlink()
    single = [str(binaries.folder / "postgres"), "--single", "-D", str(partial), "postgres"]
    _run("making the database", single, user, f"CREATE DATABASE {NAME};\n")
    partial.rename(data)


def _check_version(data: Path, binaries: Binaries) -> None:
    made_by = int((data / "PG_VERSION").read_text())
    if made_by != binaries.major:
        raise StackError(
            f"starting PostgreSQL {binaries.major} on {data}: that was made by version {made_by}; "
            f"name a folder with version {made_by} in {VARIABLE}, or remove {data.parent} to begin anew"
        )


def _await_end_of_leftovers(data: Path) -> None:
    """Waits for what a killed server left running in the data folder, then removes its lock if nothing holds it.

    A server refuses to start while *any* process has the pid in ``postmaster.pid``, be it a zombie or a stranger.
    """
    deadline = time.monotonic() + LEFTOVER_DEADLINE_S
    while leftovers := [process.pid for process in psutil.process_iter() if _works_in(process, data)]:
        if time.monotonic() > deadline:
            raise StackError(
                f"starting PostgreSQL on {data}: another server or what is left of it still runs there "
                f"(process {', '.join(map(str, leftovers))}); end it first"
            )
        time.sleep(POLL_S)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.cwd() == str(folder.resolve())
    except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
        return False


def _make_private(folder: Path, user: str | None) -> None:
    """Makes the folder, for its user only; refuses one that someone else has put there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None and not folder.is_symlink() and folder.stat().st_uid == 0:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    owner = folder.owner()
    if folder.is_symlink() or (user is not None and owner != user):
        raise StackError(f"starting PostgreSQL in {folder}: it belongs to {owner}, not to {user}; remove it")


def _within_reach(binaries: Binaries, folder: Path, user: str | None) -> Binaries:
    """The same programs, copied into ``folder`` when ``user`` cannot run them where they are (a closed home folder)."""
    if user is None or _can(user, "-x", binaries.folder / "postgres"):
        return binaries
    if binaries.tree is None:
        raise StackError(f"starting PostgreSQL: the user {user} cannot run {binaries.folder / 'postgres'}")
    package = binaries.tree.parent
    copy = folder / "programs" / package.name / binaries.tree.name
    if not copy.exists():
        partial = folder / "programs.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(binaries.tree, partial / package.name / binaries.tree.name, symlinks=True)
        # The programs look for their libraries in this folder beside the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        partial.rename(folder / "programs")
    return Binaries(copy / binaries.folder.relative_to(binaries.tree), binaries.major, copy)


def _can(user: str, test: str, path: Path) -> bool:
    answer = subprocess.run(["test", test, str(path)], check=False, cwd="/", **identity(user))
    return answer.returncode == 0


def _run(doing: str, command: Sequence[str], user: str | None, text: str = "") -> None:
    answer = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, cwd="/", env=_environment(), **identity(user)
    )
    # The single-user server ends with 0 even when a statement was refused.
    if answer.returncode != 0 or "ERROR:" in answer.stderr:
        raise StackError(f"{doing} with {command[0]}: {(answer.stderr or answer.stdout).strip()[-1_000:]}")


def _environment() -> dict[str, str]:
    """Nothing of ours but the search path: variables such as PGPORT would change what the programs do."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
