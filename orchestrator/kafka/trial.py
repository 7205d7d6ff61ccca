"""Whether the cluster does for us what a worker needs of it, tried without leaving anything to read."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from orchestrator.errors import ConfigurationError, Unavailable
from orchestrator.kafka.clients import closing, open_admin, open_transactional_producer
from orchestrator.settings import Settings

ROLE = "check"
DEADLINE_S = 20.0


class BrokerClock(NamedTuple):
    """How far a broker's clock is ahead of ours, in seconds (negative: behind), give or take ``doubt_s``."""

    ahead_s: float
    doubt_s: float


@contextmanager
def refusals_explained(what: str) -> Iterator[None]:
    """Raises errors of our own tree for what the cluster refuses during ``what`` (a gerund: "reading the topics").

    Raises:
        ConfigurationError: a login, a right or a topic is missing.
        Unavailable: it may do it later.
    """
    try:
        yield
    except KafkaError as error:
        kind = Unavailable if error.retriable else ConfigurationError
        raise kind(f"{what}: Kafka says {error!r}") from error


async def count_brokers(settings: Settings, patience_s: float) -> int:
    """How many brokers the cluster has now.

    Raises:
        Unavailable: none answers within ``patience_s``.
        ConfigurationError: the login is refused.
    """
    with refusals_explained("connecting to Kafka"):
        async with closing(await open_admin(settings, ROLE, patience_s=patience_s)) as admin:
            return len((await admin.describe_cluster())["brokers"])


async def try_transaction(settings: Settings, topic: str, patience_s: float) -> BrokerClock:
    """Writes a record in a transaction and aborts it: no reader of committed records ever sees it.

    The topic stamps records with the broker's clock (``LogAppendTime``), which the acknowledgement tells.

    Raises:
        Unavailable: the cluster does not answer, or not in time.
        ConfigurationError: it refuses, for want of a right or of the topic.
    """
    with refusals_explained(f"writing to {topic} in a transaction"):
        opened = open_transactional_producer(settings, ROLE, f"{settings.group}.{ROLE}", patience_s=patience_s)
        async with closing(await opened) as producer:
            try:
                async with asyncio.timeout(DEADLINE_S):
                    return await _write_and_abort(producer, topic)
            except TimeoutError as error:
                raise Unavailable(
                    f"writing to {topic} in a transaction: no answer within {DEADLINE_S:.0f} s; do its partitions and "
                    "those of __transaction_state have a leader and enough copies?"
                ) from error


async def _write_and_abort(producer: AIOKafkaProducer, topic: str) -> BrokerClock:
    await producer.begin_transaction()
    try:
        before_s = time.time()
        written: RecordMetadata = await (await producer.send(topic, key=ROLE.encode(), value=b""))
        after_s = time.time()
    finally:
        await producer.abort_transaction()
    middle_s, doubt_s = (before_s + after_s) / 2, (after_s - before_s) / 2
    return BrokerClock(written.timestamp / 1_000 - middle_s, doubt_s)
