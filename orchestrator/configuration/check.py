"""Tries what the settings name: everything a process needs, each in a line that says what to do where it is missing."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from enum import StrEnum

from orchestrator.catalog import Catalog
from orchestrator.configuration.coherence import (
    adapters_can_start,
    everything_counts,
    files_can_be_read,
    outgoing_hosts_can_be_called,
)
from orchestrator.configuration.finding import Finding, clock
from orchestrator.configuration.variables import doubled_here, unknown_here
from orchestrator.errors import OrchestratorError
from orchestrator.kafka.topics import plan_topics
from orchestrator.kafka.trial import count_brokers, refusals_explained, try_transaction
from orchestrator.settings import Settings
from orchestrator.store.migrate import pending
from orchestrator.store.pool import Pool, open_pool
from orchestrator.store.seal import Seal
from orchestrator.store.server import look_at_server

PATIENCE_S = 10.0
LEAST_POSTGRES = 15  # what the tests run on, and the oldest that its makers still mend


class Process(StrEnum):
    """For which process the settings are meant: a worker needs no PostgreSQL, the others no disk."""

    WORKER = "worker"
    SINK = "sink"
    API = "api"


async def check(settings: Settings, process: Process | None) -> AsyncIterator[Finding]:
    """What this process needs (None: all of them), thing by thing; what cannot be tried without another is left out.

    Writes nothing that anybody reads: one record in a transaction that is aborted, and a file that is removed again.
    """
    yield _names()
    yield everything_counts(settings)
    yield files_can_be_read(settings)
    is_worker, is_other = process in (None, Process.WORKER), process is not Process.WORKER
    if is_worker:
        yield data_dir_is_writable(settings)
    if process in (None, Process.API):
        yield outgoing_hosts_can_be_called(settings)
    if process is None:
        for finding in adapters_can_start(settings):
            yield finding
    async for finding in _kafka(settings, writes=is_worker):
        yield finding
    if is_other:
        yield sealing_keys_can_be_used(settings)
        async for finding in _postgres(settings):
            yield finding


def _names() -> Finding:
    found = [*unknown_here(), *doubled_here()]
    said = "; ".join(map(str, found)) or "each is a setting"
    return Finding("variables", not found, said, "mend or remove them" if found else "")


def data_dir_is_writable(settings: Settings) -> Finding:
    """Whether a worker can make its folder; that the file system has locks is seen when it starts."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
    except OSError as error:
        cure = "let ORCHESTRATOR_DATA_DIR name a folder of a local disk that this user may write to"
        return Finding("data folder", False, f"{folder}: {error.strerror or error}", cure)
    return Finding("data folder", True, f"{folder.absolute()} can be written to")


def sealing_keys_can_be_used(settings: Settings) -> Finding:
    """Whether secrets can be kept sealed; having no key is no fault until one is to be kept."""
    try:
        is_ready = Seal.of(settings).is_ready
    except OrchestratorError as error:
        return Finding("sealing keys", False, str(error))
    return Finding("sealing keys", True, "can be used" if is_ready else "none, so secrets cannot be kept for signing")


async def _kafka(settings: Settings, *, writes: bool) -> AsyncIterator[Finding]:
    kept: list[Finding] = []
    brokers = 0
    with _told("Kafka", kept):
        brokers = await count_brokers(settings, PATIENCE_S)
        kept.append(Finding("Kafka", True, f"{brokers} broker{'s' * (brokers != 1)} at {settings.kafka}"))
    yield kept.pop()
    if not brokers:
        return
    are_there = False
    with _told("topics", kept):
        with refusals_explained("reading the topics"):
            planned = await plan_topics(settings)
        are_there = planned.is_empty
        kept.append(_topics(list(planned.lines()), are_there))
    yield kept.pop()
    if most := too_many_replicas(settings, brokers):
        yield most
    if are_there and writes:
        with _told("transactions", kept):
            broker = await try_transaction(settings, Catalog(settings).dead_letters, PATIENCE_S)
            kept.append(clock("the broker", *broker))
            kept.append(Finding("transactions", True, "one was opened, written in and aborted"))
        while kept:
            yield kept.pop()


def _topics(lines: list[str], are_as_declared: bool) -> Finding:
    if are_as_declared:
        return Finding("topics", True, "as declared")
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    cure = "run `orchestrator topics apply`; `orchestrator topics plan` shows everything that differs"
    return Finding("topics", False, f"{lines[0]}{more}", cure)


def too_many_replicas(settings: Settings, brokers: int) -> Finding | None:
    """That the cluster has fewer brokers than a topic is to have copies, if so."""
    most = max(spec.replicas for spec in Catalog(settings).specs)
    if most <= brokers:
        return None
    said = f"topics are declared with {most} copies, and the cluster has {brokers} of the brokers for them"
    return Finding("copies", False, said, f"add brokers, or set ORCHESTRATOR_REPLICAS={brokers} where that is enough")


async def _postgres(settings: Settings) -> AsyncIterator[Finding]:
    kept: list[Finding] = []
    pool: Pool | None = None
    with _told("PostgreSQL", kept):
        pool = await open_pool(settings, max_size=1, patience_s=PATIENCE_S)
    if pool is None:
        yield kept.pop()
        return
    try:
        with _told("PostgreSQL", kept):
            server = await look_at_server(pool)
            kept.append(clock("PostgreSQL", server.ahead_s, server.doubt_s))
            kept.append(postgres_can_be_used(server.version, is_writable=server.is_writable))
        while kept:
            yield kept.pop()
        with _told("tables", kept):
            missing = await pending(pool)
            cure = "run `orchestrator db migrate`" if missing else ""
            said = f"{len(missing)} migrations are missing, from {missing[0]} on" if missing else "up to date"
            kept.append(Finding("tables", not missing, said, cure))
        yield kept.pop()
    finally:
        await pool.close()


def postgres_can_be_used(version: int, *, is_writable: bool) -> Finding:
    """Whether this is a server that the sink and the API can work with."""
    if version < LEAST_POSTGRES:
        said = f"version {version}; this program is tested with {LEAST_POSTGRES} and newer"
        return Finding("PostgreSQL", False, said, "upgrade it")
    if not is_writable:
        return Finding("PostgreSQL", False, "a standby, which takes no writes", "name the primary server")
    return Finding("PostgreSQL", True, f"version {version}, which takes writes")


@contextmanager
def _told(what: str, kept: list[Finding]) -> Iterator[None]:
    """Keeps a failure as a finding: it says itself what to do."""
    try:
        yield
    except OrchestratorError as error:
        kept.append(Finding(what, False, str(error)))
