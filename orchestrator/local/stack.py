"""The local stack: one Kafka broker and one PostgreSQL server, kept in a folder and running until ``down``.

``<data_dir>/stack.json`` remembers processes and ports; the database's password is in a file of its folder, for its
owner only. ``up`` starts what is not running and returns at once when all is; data is kept between runs. Killing any of
it, or the machine, leaves a state from which ``up`` starts again.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.errors import StackError
from orchestrator.local.jars import Progress
from orchestrator.local.kafka import await_kafka, kafka_log, start_kafka
from orchestrator.local.lock import locked
from orchestrator.local.postgres import await_postgres, postgres_log, start_postgres
from orchestrator.local.postgres_binaries import VARIABLE, find_binaries
from orchestrator.local.state import StackState, read_state, write_state


def _silent(_: str) -> None:
    """Progress for those who do not want any."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Where the running servers are: ``kafka`` is ``host:port``, ``postgres`` a connection URL with its password."""

    kafka: str
    postgres: str = field(repr=False)
    data_dir: Path = Path()


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server of the stack. ``address`` and ``pid`` are those of its last run."""

    name: str
    running: bool
    address: str
    pid: int | None
    folder: Path

    def __str__(self) -> str:
        state = f"runs at {self.address}, as process {self.pid}" if self.running else "does not run"
        return f"{self.name} {state}; its data is in {self.folder}"


def up(data_dir: Path, progress: Progress = _silent, *, jars: Path | None = None, durable: bool = True) -> Stack:
    """Starts what is not running yet and returns when all of it answers. Blocks: not for use inside an event loop.

    ``jars`` is the folder of the broker's jars (44 MB, fetched once), default ``<data_dir>/kafka/libs``.

    Raises:
        StackError: naming what is missing or what went wrong, and what to do.
    """
    data_dir = data_dir.absolute()
    data_dir.mkdir(parents=True, exist_ok=True)
    with locked(data_dir / "stack.lock"):
        state = read_state(data_dir)
        kafka, postgres = state.kafka, state.postgres
        binaries = find_binaries(os.environ.get(VARIABLE))
        # "Runs" is not enough to be left alone: a server that is just ending must answer, or end and be started anew.
        if kafka is None or not await_kafka(kafka, data_dir / "kafka"):
            ports = (kafka.port, kafka.controller_port) if kafka else None
            kafka = start_kafka(data_dir / "kafka", jars or data_dir / "kafka" / "libs", ports, progress)
            # Written before it answers: if we are killed now, the next `up` still knows the process.
            write_state(data_dir, StackState(kafka, postgres))
        if postgres is None or not await_postgres(postgres, binaries):
            postgres = start_postgres(
                data_dir / "postgres",
                binaries,
                postgres.port if postgres else None,
                durable,
                progress,
            )
            write_state(data_dir, StackState(kafka, postgres))
            if not await_postgres(postgres, binaries):
                raise StackError(f"starting PostgreSQL on port {postgres.port}: it ended; {postgres_log(postgres)}")
        if not await_kafka(kafka, data_dir / "kafka"):
            raise StackError(f"starting Kafka on {kafka.bootstrap}: it ended; {kafka_log(data_dir / 'kafka')}")
    progress(f"Kafka answers at {kafka.bootstrap}, PostgreSQL on port {postgres.port}")
    return Stack(kafka.bootstrap, postgres.dsn, data_dir)


def down(data_dir: Path, progress: Progress = _silent) -> None:
    """Stops both servers in good order and waits until they have ended; the data stays. Nothing to do is no error."""
    data_dir = data_dir.absolute()
    if not data_dir.exists():
        return
    with locked(data_dir / "stack.lock"):
        state = read_state(data_dir)
        if state.postgres is not None and state.postgres.process.is_running():
            progress("Stopping PostgreSQL")
            state.postgres.stop()
        if state.kafka is not None and state.kafka.process.is_running():
            progress("Stopping Kafka")
            state.kafka.process.stop()


def status(data_dir: Path) -> tuple[ServerStatus, ...]:
    """What runs of the stack in this folder; empty when there never was one."""
    state = read_state(data_dir.absolute())
    servers: list[ServerStatus] = []
    if (kafka := state.kafka) is not None:
        folder = data_dir.absolute() / "kafka"
        servers.append(ServerStatus("Kafka", kafka.process.is_running(), kafka.bootstrap, kafka.process.pid, folder))
    if (postgres := state.postgres) is not None:
        address = f"127.0.0.1:{postgres.port}"
        running = postgres.process.is_running()
        servers.append(ServerStatus("PostgreSQL", running, address, postgres.process.pid, postgres.folder))
    return tuple(servers)


@contextmanager
def private_stack(jars: Path, progress: Progress = _silent) -> Iterator[Stack]:
    """A stack in a temporary folder, for tests and trials: stopped, and its data removed, at the end of the block.

    Data is not flushed to disk: it need not outlive the machine. ``jars`` is kept, so that they are fetched only once.
    """
    folder = Path(tempfile.mkdtemp(prefix="orchestrator-stack-"))
    # The server's own user must be able to pass through; what is inside is closed to others.
    folder.chmod(0o711)
    try:
        yield up(folder, progress, jars=jars, durable=False)
    finally:
        down(folder, progress)
        postgres = read_state(folder).postgres
        if postgres is not None:
            shutil.rmtree(postgres.folder)
        shutil.rmtree(folder)
