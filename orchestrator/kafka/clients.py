"""The one place that builds Kafka clients. Every ``open_…`` returns a client that is connected, or raises.

A broker that is not there yet gives one log line an attempt (``action=kafka_unavailable``) and is tried again with
growing pauses; when ``patience_s`` is over, the last attempt's reason is raised as ``Unavailable``.
The caller stops what it opened (``stop()``; for the admin client ``close()``), or uses ``closing``.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Literal, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, NodeNotReadyError

from orchestrator.errors import Unavailable
from orchestrator.kafka.connections import bear_closed_transports
from orchestrator.kafka.header_names import read_any_header_name
from orchestrator.kafka.security import security
from orchestrator.settings import Settings

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_MS = 15_000  # also how long an unsent record waits before its future fails
RETRY_BACKOFF_MS = 100
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
PATIENCE_S = 60.0
PRODUCER_BATCH_BYTES = 128 * 1024
LARGEST_REQUEST_BYTES = 4 * 1024 * 1024  # as the largest max.message.bytes of the topic files
# A shorter wait than the default 500 ms only makes idle polls more frequent; records are answered at once either way.
FETCH_WAIT_MS = 250

OffsetReset = Literal["earliest", "latest", "none"]


class Client(Protocol):
    """What all aiokafka clients have in common."""

    async def start(self) -> None:
        """Connects."""

    async def stop(self) -> None:
        """Sends what is buffered and disconnects."""


C = TypeVar("C", bound=Client)


def connection(settings: Settings, role: str) -> dict[str, object]:
    """The keyword arguments by which any aiokafka client (or aiokafka inside Faust) reaches the cluster.

    ``role`` becomes part of the client id, which brokers show in their logs and quotas.
    """
    bear_closed_transports()  # every client passes here
    read_any_header_name()
    return {
        "bootstrap_servers": [address.strip() for address in settings.kafka.split(",") if address.strip()],
        "client_id": f"{settings.group}.{role}",
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        "retry_backoff_ms": RETRY_BACKOFF_MS,
        **security(settings),
    }


async def open_producer(
    settings: Settings, role: str, *, linger_ms: int = 0, patience_s: float = PATIENCE_S
) -> AIOKafkaProducer:
    """An idempotent producer, ``acks=all``, that partitions by murmur2 of the key as Java clients do.

    Await the future of every ``send``: that is where a loss would be told.
    """

    def make() -> AIOKafkaProducer:
        return AIOKafkaProducer(
            **connection(settings, role),
            acks="all",
            enable_idempotence=True,
            linger_ms=linger_ms,
            max_batch_size=PRODUCER_BATCH_BYTES,
            max_request_size=LARGEST_REQUEST_BYTES,
        )

    return await connected(make, settings, role, patience_s)


async def open_transactional_producer(
    settings: Settings,
    role: str,
    transactional_id: str,
    *,
    linger_ms: int = 0,
    batch_bytes: int = PRODUCER_BATCH_BYTES,
    patience_s: float = PATIENCE_S,
) -> AIOKafkaProducer:
    """A producer whose start fences every earlier one with the same ``transactional_id``.

    The fenced one's next send or commit raises ``aiokafka.errors.ProducerFenced``; what it had open is aborted.
    """

    def make() -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **connection(settings, role),
            transactional_id=transactional_id,
            linger_ms=linger_ms,
            max_batch_size=batch_bytes,
            max_request_size=LARGEST_REQUEST_BYTES,
        )
        producer.client.coordinator_lookup = _patient(producer.client.coordinator_lookup)
        return producer

    return await connected(make, settings, role, patience_s)


def _patient(lookup: Callable[[int, str], Awaitable[int]]) -> Callable[[int, str], Awaitable[int]]:
    """The client's search for a coordinator, with every passing failure told as one that is tried again.

    A transactional producer of aiokafka 0.14 ends for good when the connection closes while it asks, which a broker
    that is being restarted makes likely.
    """

    async def looked_up(kind: int, key: str) -> int:
        try:
            return await lookup(kind, key)
        except KafkaError as error:
            if error.retriable:
                raise NodeNotReadyError(f"looking for the coordinator of {key}: {error!r}") from error
            raise

    return looked_up


async def open_reader(
    settings: Settings,
    role: str,
    *,
    committed_only: bool = True,
    start: OffsetReset = "earliest",
    fetch_wait_ms: int = FETCH_WAIT_MS,
    patience_s: float = PATIENCE_S,
) -> AIOKafkaConsumer:
    """A consumer without a group: ``assign`` it partitions and ``seek``; it commits nothing.

    ``committed_only`` hides records of open and aborted transactions. ``start="none"`` raises when the position is
    outside of what the broker still has, instead of going on elsewhere.
    """

    def make() -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **connection(settings, role),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset=start,
            isolation_level="read_committed" if committed_only else "read_uncommitted",
            fetch_max_wait_ms=fetch_wait_ms,
        )

    return await connected(make, settings, role, patience_s)


async def open_group_consumer(
    settings: Settings,
    role: str,
    group: str,
    topics: tuple[str, ...],
    *,
    instance: str | None = None,
    committed_only: bool = True,
    patience_s: float = PATIENCE_S,
) -> AIOKafkaConsumer:
    """A member of ``group`` subscribed to ``topics``; commits only when told to.

    ``instance`` makes the membership static: a restart within the session timeout moves no partition.
    """

    def make() -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            *topics,
            **connection(settings, role),
            group_id=group,
            group_instance_id=instance,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(settings.session_timeout_s * 1_000),
            heartbeat_interval_ms=int(settings.session_timeout_s * 1_000 / 4),
            isolation_level="read_committed" if committed_only else "read_uncommitted",
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )

    return await connected(make, settings, role, patience_s)


async def open_admin(settings: Settings, role: str = "admin", *, patience_s: float = PATIENCE_S) -> AIOKafkaAdminClient:
    """A client for topics and groups; ``close()`` it."""

    def make() -> AIOKafkaAdminClient:
        return AIOKafkaAdminClient(**connection(settings, role))

    return await connected(make, settings, role, patience_s)


@asynccontextmanager
async def closing(client: C) -> AsyncIterator[C]:
    """Stops the client at the end of the block, whatever happens in it."""
    try:
        yield client
    finally:
        await _stop(client)


async def connected(make: Callable[[], C], settings: Settings, role: str, patience_s: float) -> C:
    """Makes and starts a client, trying again with growing pauses for ``patience_s`` (which may be infinite).

    Raises:
        Unavailable: when the cluster has not answered within ``patience_s``.
        KafkaError: at once, for what waiting will not mend (such as a refused login).
    """
    deadline = time.monotonic() + patience_s
    pause_s = FIRST_PAUSE_S
    while True:
        client = make()
        try:
            with hushed("aiokafka", "Unable ") as told:  # ours says it once
                await client.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await _stop(client)
            if isinstance(error, KafkaError) and not error.retriable:
                raise
            # aiokafka's error says that it could not; why, such as a wrong password, stands only in what it logs.
            why = told[-1] if told else repr(error)
            if time.monotonic() + pause_s > deadline:
                raise Unavailable(
                    f"connecting to Kafka at {settings.kafka} ({role}): no answer within {patience_s:.0f} s ({why}); "
                    "is the cluster running, and is ORCHESTRATOR_KAFKA its address?"
                ) from error
            log.warning(
                "Kafka at %s does not answer (%s); trying again in %.1f s",
                settings.kafka,
                why,
                pause_s,
                extra={"action": "kafka_unavailable", "role": role, "reason": type(error).__name__},
            )
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        except BaseException:
            await _stop(client)
            raise
        else:
            return client


def wait_for_broker(bootstrap: str, deadline_s: float, is_alive: Callable[[], bool] = lambda: True) -> bool:
    """Waits until a broker answers a metadata request with itself in it; False when it died or time is up.

    For the local stack, which has a process to watch. Blocks its caller.
    """
    # A thread of its own, since the caller's may have an event loop, which `asyncio.run` would refuse or replace.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, _answers(bootstrap, deadline_s, is_alive)).result()


async def _answers(bootstrap: str, deadline_s: float, is_alive: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + deadline_s
    while is_alive() and time.monotonic() < deadline:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
        try:
            with hushed("aiokafka", "Unable "):  # ours says it once
                await admin.start()
                cluster = await admin.describe_cluster()
                # A node whose controller is not elected yet answers without one; creating topics would then fail.
                if cluster["brokers"] and cluster["controller_id"] >= 0:
                    return True
        except (KafkaError, OSError, TimeoutError) as error:
            log.debug("Broker at %s is not up yet: %r", bootstrap, error)
        finally:
            await admin.close()
        await asyncio.sleep(0.1)
    return False


async def _stop(client: Client) -> None:
    # The admin client's word for it differs.
    await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())


@contextmanager
def hushed(name: str, beginning: str) -> Iterator[list[str]]:
    """Keeps one kind of line of an aiokafka logger out of the log, where what it says is expected and tried again.

    What was kept out is in the list.
    """
    logger = logging.getLogger(name)
    told: list[str] = []

    def is_news(record: logging.LogRecord) -> bool:
        if not record.msg.startswith(beginning):
            return True
        told.append(record.getMessage())
        return False

    logger.addFilter(is_news)
    try:
        yield told
    finally:
        logger.removeFilter(is_news)
