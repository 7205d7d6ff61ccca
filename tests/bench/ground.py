"""Where the bench runs: a Kafka and a PostgreSQL, and installations on them that do not see each other."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from orchestrator.kafka.clients import open_admin
from orchestrator.kafka.topics import apply_topics
from orchestrator.local.stack import down, up
from orchestrator.local.state import read_state
from orchestrator.settings import Settings, load_settings
from tests.stack import JARS, KAFKA_VARIABLE, POSTGRES_VARIABLE, Kind, choose, running_stack

PARTITIONS = 8
FOLDER = Path(__file__).parents[2] / ".local" / "bench"


@dataclass(frozen=True, slots=True)
class Ground:
    """``events``: how many the workers get, None for the default; ``say``: tells the person what goes on.

    ``peers``: with whom the same work is compared, empty for all. ``broker``: the pid of a broker of our own.
    ``minutes``: how long the soak takes. ``activities``: how many the API has behind it, None for the default.
    """

    kafka: str
    postgres: str
    folder: Path
    kind: str
    is_quick: bool
    events: int | None
    say: Callable[[str], None]
    peers: tuple[str, ...] = ()
    broker: int | None = None
    minutes: float = 30.0
    activities: int | None = None

    def size(self, full: int, quick: int) -> int:
        """How much of something there is to be in this run."""
        return quick if self.is_quick else full

    def backlog_size(self, full: int) -> int:
        """How many events a worker is to find in Kafka."""
        return self.events or self.size(full, 8_000)


@contextmanager
def ground(
    is_quick: bool,
    events: int | None,
    peers: tuple[str, ...],
    say: Callable[[str], None],
    minutes: float,
    activities: int | None = None,
) -> Iterator[Ground]:
    """The servers at the addresses that are given, else ones of our own on this machine, with durable settings."""
    kind = choose(os.environ, lambda: False)
    folder = FOLDER / uuid4().hex[:8]
    folder.mkdir(parents=True)
    try:
        if kind is Kind.EXTERNAL:
            with running_stack(kind) as given:
                label = f"given by {KAFKA_VARIABLE} and {POSTGRES_VARIABLE}; their settings are not known here"
                yield Ground(
                    given.kafka,
                    given.postgres,
                    folder,
                    label,
                    is_quick,
                    events,
                    say,
                    peers,
                    minutes=minutes,
                    activities=activities,
                )
        else:
            with _own(folder, say) as (kafka, postgres):
                server = read_state(folder).kafka
                broker = None if server is None else server.process.pid
                yield Ground(kafka, postgres, folder, OWN, is_quick, events, say, peers, broker, minutes, activities)
    finally:
        shutil.rmtree(folder)


OWN = "started for this run: Kafka with one node, acks=all, one copy; PostgreSQL with fsync and synchronous_commit on"


@contextmanager
def _own(folder: Path, say: Callable[[str], None]) -> Iterator[tuple[str, str]]:
    # The database's own user must be able to pass through.
    folder.chmod(0o711)
    try:
        stack = up(folder, say, jars=JARS, durable=True)
        yield stack.kafka, stack.postgres
    finally:
        down(folder, say)
        postgres = read_state(folder).postgres
        if postgres is not None and postgres.folder.exists():
            shutil.rmtree(postgres.folder)


@asynccontextmanager
async def installation(ground: Ground, name: str, time: str = "wall") -> AsyncIterator[Settings]:
    """Topics, group, database and folder for one measurement; all of it is removed afterwards."""
    mark = f"bench-{name}-{uuid4().hex[:6]}"
    connection = await asyncpg.connect(ground.postgres)
    try:
        await connection.execute(f'CREATE DATABASE "{mark}"')
        settings = load_settings(
            kafka=ground.kafka,
            postgres=urlunsplit(urlsplit(ground.postgres)._replace(path=f"/{mark}")),
            data_dir=ground.folder / mark,
            group=mark,
            sink_group=f"{mark}-sink",
            topic_prefix=f"{mark}.",
            time=time,
            replicas=1,
            partitions=PARTITIONS,
        )
        settings.data_dir.mkdir()
        try:
            await apply_topics(settings)
            yield settings
        finally:
            await _delete_topics(settings, mark)
            shutil.rmtree(settings.data_dir)
            await connection.execute(f'DROP DATABASE "{mark}" WITH (FORCE)')
    finally:
        await connection.close()


async def _delete_topics(settings: Settings, mark: str) -> None:
    admin = await open_admin(settings)
    try:
        await admin.delete_topics([name for name in await admin.list_topics() if mark in name])
    finally:
        await admin.close()
