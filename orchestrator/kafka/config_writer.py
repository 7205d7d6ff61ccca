"""The one writer of what the control plane says: in order, all or nothing, and never by two processes at once.

A transactional producer with one id for the whole installation: starting it makes the broker refuse everything from an
earlier one. So a process that was frozen while it had the relay's lead and wakes up later cannot put an old record
after a newer one, which compaction would then keep.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.structs import RecordMetadata

from orchestrator.catalog import Catalog
from orchestrator.errors import Fenced, Unavailable
from orchestrator.kafka.clients import open_transactional_producer
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings

log = logging.getLogger(__name__)

ROLE = "config-relay"
PATIENCE_S = 10.0  # then the lead is given up, for a process that may reach Kafka
# A commit takes some ten milliseconds. Callers of the API wait for it, so a broker that is away is to be known soon.
WRITE_TIMEOUT_S = 5.0
STOP_PATIENCE_S = 1.0
# Records of different keys depend on one another (a standing names a version), so all keep one order.
PARTITION = 0

_CLOSING: set[asyncio.Task[None]] = set()  # the event loop itself would not keep these tasks alive


class ControlRecord(NamedTuple):
    """A record of the config topic (``value`` None removes the key), or one of the engagement events."""

    key: bytes
    value: bytes | None
    is_event: bool = False
    headers: Sequence[tuple[str, bytes]] = ()


class ConfigWriter:
    """Writes until it fails; then ``stop`` it and open another."""

    def __init__(self, producer: AIOKafkaProducer, catalog: Catalog) -> None:
        self._producer = producer
        self._catalog = catalog

    async def write(self, records: Sequence[ControlRecord]) -> None:
        """Writes the records in order. Returns when all are committed.

        Raises:
            Fenced: a later writer has taken over; nothing of this was written.
            Unavailable: Kafka does not answer, or refuses; this may have been written or not.
        """
        topics = sorted({self._catalog.events if record.is_event else self._catalog.configs for record in records})
        what = f"writing {len(records)} record(s) to {' and '.join(topics)}"
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await self._producer.begin_transaction()
                sent = [await self._send(record) for record in records]
                await asyncio.gather(*sent)
                await self._producer.commit_transaction()
        except ProducerFenced as error:
            raise Fenced(f"{what}: a later writer has taken over") from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"{what}: {type(error).__name__} {error}".rstrip()) from error

    async def _send(self, record: ControlRecord) -> "asyncio.Future[RecordMetadata]":
        topic, partition = self._catalog.configs, PARTITION
        if record.is_event:
            topic, partition = self._catalog.events, partition_of(record.key, self._catalog.customer_partitions)
        sent: asyncio.Future[RecordMetadata] = await self._producer.send(
            topic, record.value, record.key, partition, headers=list(record.headers)
        )
        return sent

    async def stop(self) -> None:
        """Closes the connection. A transaction that was left open, the next writer aborts.

        aiokafka closes only when the broker has answered what is under way; while it is away that goes on beside.
        """
        closing = asyncio.create_task(self._producer.stop(), name="config-writer-closing")
        _CLOSING.add(closing)
        closing.add_done_callback(_closed)
        await asyncio.wait([closing], timeout=STOP_PATIENCE_S)


def _closed(closing: asyncio.Task[None]) -> None:
    _CLOSING.discard(closing)
    error = None if closing.cancelled() else closing.exception()
    if error is not None:
        extra = {"action": "config_writer_closed", "reason": type(error).__name__}
        log.info("A writer of config records that had failed is closed: %s", error, extra=extra)


async def open_config_writer(settings: Settings) -> ConfigWriter:
    """A writer that fences every earlier one.

    Raises:
        Unavailable: Kafka does not answer, or refuses.
    """
    try:
        producer = await open_transactional_producer(settings, ROLE, f"{settings.group}.{ROLE}", patience_s=PATIENCE_S)
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"opening the writer of config records: {type(error).__name__} {error}".rstrip()) from error
    return ConfigWriter(producer, Catalog(settings))
