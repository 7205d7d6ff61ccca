"""The one writer of what the control plane says.

Configs are written in order, all or nothing, and never by two processes at once.

A change counts as written when workers can read it. A commit that was confirmed may lack its marker after a broker was
killed (``streams/fate.py`` has the story); then it is written again, and the marker of that ends both.

A transactional producer with one id for the whole installation: starting it makes the broker refuse everything from an
earlier one. So a process that was frozen while it had the relay's lead and wakes up later cannot put an old record
after a newer one, which compaction would then keep.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from orchestrator.catalog import Catalog
from orchestrator.errors import Fenced, Unavailable
from orchestrator.kafka.clients import open_producer, open_reader, open_transactional_producer
from orchestrator.kafka.outgoing import Outgoing, send_all
from orchestrator.kafka.stopping import stop_beside
from orchestrator.kafka.transactions import still_open
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings

ROLE = "config-relay"
EVENT_ROLE = "entry-relay"
PATIENCE_S = 10.0  # then the lead is given up, for a process that may reach Kafka
# A commit takes some ten milliseconds. Callers of the API wait for it, so a broker that is away is to be known soon.
WRITE_TIMEOUT_S = 5.0
STOP_PATIENCE_S = 1.0
LOOK_S = 0.005
# Records of different keys depend on one another (a standing names a version), so all keep one order.
PARTITION = 0


class ControlRecord(NamedTuple):
    """A record of the config topic (``value`` None removes the key), or one of the engagement events."""

    key: bytes
    value: bytes | None
    is_event: bool = False
    headers: Sequence[tuple[str, bytes]] = ()


class ConfigWriter:
    """Writes until it fails; then ``stop`` it and open another."""

    def __init__(self, settings: Settings, producer: AIOKafkaProducer, reader: AIOKafkaConsumer) -> None:
        self._settings = settings
        self._reader = reader
        self._catalog = Catalog(settings)
        self._producer = producer
        self._events: AIOKafkaProducer | None = None

    async def write(self, records: Sequence[ControlRecord]) -> None:
        """Writes the configs in order, then the events. Returns when Kafka has all of them.

        Raises:
            Fenced: a later writer has taken over; nothing of this was written.
            Unavailable: Kafka does not answer, or refuses; this may have been written or not.
        """
        configs = [record for record in records if not record.is_event]
        events = [record for record in records if record.is_event]
        if configs:
            with _told(f"writing {len(configs)} record(s) to {self._catalog.configs}"):
                await self._write_configs(configs)
        if events:
            with _told(f"writing {len(events)} event(s) to {self._catalog.events}"):
                await self._write_events(events)

    async def _write_configs(self, records: Sequence[ControlRecord]) -> None:
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            await self._producer.begin_transaction()
            written = await send_all(
                self._producer,
                [Outgoing(self._catalog.configs, PARTITION, record.key, record.value) for record in records],
            )
            await self._producer.commit_transaction()
            # Of a record that was sent twice the broker may not tell the offset (-1); then there is nothing to compare.
            await self._shown(max(each.offset for each in written))

    async def _shown(self, offset: int) -> None:
        """Waits until readers of committed records are past ``offset``."""
        place = TopicPartition(self._catalog.configs, PARTITION)
        while True:
            if not await still_open(self._reader, {place: offset}):
                return
            await asyncio.sleep(LOOK_S)

    async def _write_events(self, records: Sequence[ControlRecord]) -> None:
        """Without a transaction: each would leave a hole in the offsets, into which every worker has to look.

        So an event may be written twice, also by a writer that was replaced; workers know it by its id.
        """
        if self._events is None:
            self._events = await open_producer(self._settings, EVENT_ROLE, patience_s=PATIENCE_S)
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            topic, count = self._catalog.events, self._catalog.customer_partitions
            await send_all(
                self._events,
                [
                    Outgoing(topic, partition_of(record.key, count), record.key, record.value, record.headers)
                    for record in records
                ],
            )

    async def stop(self) -> None:
        """Closes the connections. A transaction that was left open, the next writer aborts."""
        clients = (
            [self._producer, self._reader] if self._events is None else [self._producer, self._reader, self._events]
        )
        await stop_beside(clients, STOP_PATIENCE_S)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What the client raises while doing ``what``, as errors of ours."""
    try:
        yield
    except ProducerFenced as error:
        raise Fenced(f"{what}: a later writer has taken over") from error
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"{what}: {type(error).__name__} {error}".rstrip()) from error


async def open_config_writer(settings: Settings) -> ConfigWriter:
    """A writer that fences every earlier one.

    Raises:
        Unavailable: Kafka does not answer, or refuses.
    """
    with _told("opening the writer of config records"):
        producer = await open_transactional_producer(settings, ROLE, f"{settings.group}.{ROLE}", patience_s=PATIENCE_S)
        try:
            reader = await open_reader(settings, ROLE, patience_s=PATIENCE_S)
        except BaseException:
            await producer.stop()
            raise
    return ConfigWriter(settings, producer, reader)
