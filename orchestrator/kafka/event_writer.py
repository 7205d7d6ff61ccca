"""Writes engagement events for those who bring them over HTTP: many callers at once, one producer for all of them.

Without a transaction: each would leave a hole in the offsets, into which every worker has to look. So an event may be
written twice, by a caller who could not know that it was written; workers know it by its source and id.
"""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import open_producer
from orchestrator.kafka.outgoing import Outgoing, send_all
from orchestrator.kafka.stopping import Stoppable, stop_beside
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings

ROLE = "event-writer"
WRITE_TIMEOUT_S = 5.0  # with connecting: callers wait for it, and are told that they may come again
LOOK_S = 2.0  # for a broker to say that it is there
STOP_PATIENCE_S = 1.0
MOST_UNDER_WAY_BYTES = 64 * 1024 * 1024  # of all callers together; while Kafka is slow, they wait in memory


class EventWriter:
    """Opens its producer when something is first written, and another one when that is broken.

    A producer that waits for Kafka is kept: it holds no more than two batches of each partition, and whoever comes
    meanwhile waits with the others. It is broken when it says so, or when nobody answers at the addresses it knows.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = Catalog(settings).events
        self._producer: AIOKafkaProducer | None = None
        self._opening: asyncio.Task[AIOKafkaProducer] | None = None
        self._under_way_bytes = 0

    async def write(self, records: Sequence[Encoded]) -> None:
        """Writes the records, those of one customer in their order. Returns when every in-sync replica has all of them.

        Raises:
            Unavailable: Kafka does not answer in time, or refuses, or too much waits for it already; each of them may
                have been written or not.
        """
        size_bytes = sum(len(record.key) + len(record.value) for record in records)
        if self._under_way_bytes and self._under_way_bytes + size_bytes > MOST_UNDER_WAY_BYTES:
            raise Unavailable(
                f"writing {len(records)} event(s) to {self._topic}: {self._under_way_bytes} bytes of others wait for "
                "Kafka already"
            )
        self._under_way_bytes += size_bytes
        try:
            await self._write(records)
        finally:
            self._under_way_bytes -= size_bytes

    async def _write(self, records: Sequence[Encoded]) -> None:
        producer: AIOKafkaProducer | None = None
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                producer = self._producer or await self._opened()
                await self._send(producer, records)
        except TimeoutError as error:
            if producer is not None and not await _reaches_kafka(producer):
                await self._let_go(producer)
            raise Unavailable(
                f"writing {len(records)} event(s) to {self._topic}: Kafka has not acknowledged all of them within "
                f"{WRITE_TIMEOUT_S:g} s"
            ) from error
        except (KafkaError, OSError) as error:
            if producer is not None:
                await self._let_go(producer)
            why = f"{type(error).__name__} {error}".rstrip()
            raise Unavailable(f"writing {len(records)} event(s) to {self._topic}: {why}") from error

    async def close(self) -> None:
        """Closes the connection; what is under way is given a moment."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._producer is not None:
            await self._let_go(self._producer)

    async def _opened(self) -> AIOKafkaProducer:
        """The producer, which is opened once for all who wait for it."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name="event-writer-opening")
        return await asyncio.shield(self._opening)

    async def _open(self) -> AIOKafkaProducer:
        try:
            self._producer = await open_producer(self._settings, ROLE, patience_s=WRITE_TIMEOUT_S)
        finally:
            self._opening = None
        return self._producer

    async def _send(self, producer: AIOKafkaProducer, records: Sequence[Encoded]) -> None:
        count, topic = len(await producer.partitions_for(self._topic)), self._topic
        await send_all(
            producer,
            (Outgoing(topic, partition_of(each.key, count), each.key, each.value, each.headers) for each in records),
        )

    async def _let_go(self, producer: Stoppable) -> None:
        if self._producer is not producer:
            return  # somebody else was faster
        self._producer = None
        await stop_beside([producer], STOP_PATIENCE_S)


async def _reaches_kafka(producer: AIOKafkaProducer) -> bool:
    """Whether a broker answers at an address that it knows. Of other addresses, aiokafka learns only when it starts."""
    try:
        async with asyncio.timeout(LOOK_S):
            return bool(await producer.client.force_metadata_update())
    except (TimeoutError, KafkaError):
        return False
