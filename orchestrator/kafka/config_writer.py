"""The one writer of the config topic: in order, all or nothing, and never by two processes at once.

A transactional producer with one id for the whole installation: starting it makes the broker refuse everything from an
earlier one. So a process that was frozen while it had the relay's lead and wakes up later cannot put an old record
after a newer one, which compaction would then keep.
"""

import asyncio
import logging
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from orchestrator.catalog import Catalog
from orchestrator.errors import Fenced, Unavailable
from orchestrator.kafka.clients import open_transactional_producer
from orchestrator.settings import Settings

log = logging.getLogger(__name__)

ROLE = "config-relay"
PATIENCE_S = 10.0  # then the lead is given up, for a process that may reach Kafka
WRITE_TIMEOUT_S = 20.0  # longer than one request may take, so that its own error comes first
STOP_TIMEOUT_S = 5.0
# Records of different keys depend on one another (a standing names a version), so all keep one order.
PARTITION = 0


class ConfigWriter:
    """Writes to the config topic until it fails; then ``stop`` it and open another."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    async def write(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Writes (key, value) pairs in order; value None removes the key. Returns when all are committed.

        Raises:
            Fenced: a later writer has taken over; nothing of this was written.
            Unavailable: Kafka does not answer, or refuses; this may have been written or not.
        """
        what = f"writing {len(records)} config record(s) to {self._topic}"
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await self._producer.begin_transaction()
                sent = [await self._producer.send(self._topic, value, key, PARTITION) for key, value in records]
                await asyncio.gather(*sent)
                await self._producer.commit_transaction()
        except ProducerFenced as error:
            raise Fenced(f"{what}: a later writer has taken over") from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"{what}: {type(error).__name__} {error}".rstrip()) from error

    async def stop(self) -> None:
        """Closes the connection, also when Kafka does not answer. What was left open, the next writer aborts."""
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._producer.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            extra = {"action": "config_writer_stop_incomplete", "reason": type(error).__name__}
            log.warning("The writer of config records did not close in %g s", STOP_TIMEOUT_S, extra=extra)


async def open_config_writer(settings: Settings) -> ConfigWriter:
    """A writer that fences every earlier one.

    Raises:
        Unavailable: Kafka does not answer, or refuses.
    """
    try:
        producer = await open_transactional_producer(settings, ROLE, f"{settings.group}.{ROLE}", patience_s=PATIENCE_S)
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"opening the writer of config records: {type(error).__name__} {error}".rstrip()) from error
    return ConfigWriter(producer, Catalog(settings).configs)
