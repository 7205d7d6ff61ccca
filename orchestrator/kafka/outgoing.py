"""Records on their way to Kafka, and the one transaction that carries them together with the offset of their cause.

A :class:`Writer` belongs to a partition of an input topic, whoever owns that partition: its transactional id is the
partition's. Opening it makes the broker refuse whatever the former owner may still want to write.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import InvalidProducerEpoch, InvalidProducerIdMapping, KafkaError, ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from orchestrator.errors import Fenced, Unavailable
from orchestrator.kafka.clients import closing, open_admin, open_transactional_producer
from orchestrator.kafka.stopping import STOP_PATIENCE_S, stop_beside
from orchestrator.kafka.transactions import TransactionState, end_hanging, open_transactions, transaction_state
from orchestrator.messages.headers import Headers
from orchestrator.settings import Settings

log = logging.getLogger(__name__)

HANGING_S = 5.0  # markers take milliseconds; see streams/fate.py for how they can be missing
LOOK_PAUSE_S = 0.1
PATIENCE_S = 60.0


class Outgoing(NamedTuple):
    """A record, and the partition it is meant for."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Source(NamedTuple):
    """The place that offsets are committed for: a group's, of a partition of a topic."""

    group: str
    topic: str
    partition: int


class Writer:
    """Writes for one partition of an input topic; everything of a ``write`` becomes visible together, or not at all."""

    def __init__(self, producer: AIOKafkaProducer, source: Source) -> None:
        self._producer = producer
        self._source = source

    @classmethod
    async def take_over(
        cls, settings: Settings, role: str, transactional_id: str, source: Source, outputs: Collection[tuple[str, int]]
    ) -> "Writer":
        """Fences the former owner, and ends what hangs of its last transaction in ``outputs``: (topic, partition).

        Raises:
            Unavailable: the cluster does not answer.
        """
        places = [TopicPartition(topic, number) for topic, number in outputs]
        try:
            async with closing(await open_admin(settings, role)) as admin:
                before = await _asked(admin, transactional_id)
                producer = await open_transactional_producer(settings, role, transactional_id)
                try:
                    if before is not None:
                        await _end_what_hangs(admin, producer, before, places)
                except BaseException:
                    await producer.stop()
                    raise
        except KafkaError as error:
            raise Unavailable(f"taking over {source.topic}/{source.partition}: {error!r}") from error
        return cls(producer, source)

    async def write(self, records: Sequence[Outgoing], next_offset: int | None) -> None:
        """One transaction with these records and, unless it is None, the offset at which the group goes on.

        Raises:
            Fenced: somebody else owns the partition now.
            Unavailable: the broker refused something; nothing of it has happened, or it cannot be told whether it has.
        """
        place = TopicPartition(self._source.topic, self._source.partition)
        try:
            with self._fencing():
                await self._producer.begin_transaction()
                sent = [future for batch in _batches(self._producer, records) for future in [await self._send(*batch)]]
                await asyncio.gather(*sent)
                if next_offset is not None:
                    await self._producer.send_offsets_to_transaction({place: next_offset}, self._source.group)
                await self._producer.commit_transaction()
        except KafkaError as error:
            raise Unavailable(f"writing for {place.topic}/{place.partition}: {error!r}") from error

    async def stop(self) -> None:
        """Lets go of the connection, also of a broker that is away; what was not committed is not seen by anybody."""
        await stop_beside([self._producer], STOP_PATIENCE_S)

    async def _send(self, place: TopicPartition, batch: BatchBuilder) -> "asyncio.Future[RecordMetadata]":
        batch.close()
        sent: asyncio.Future[RecordMetadata] = await self._producer.send_batch(
            batch, place.topic, partition=place.partition
        )
        return sent

    @contextmanager
    def _fencing(self) -> Iterator[None]:
        try:
            yield
        except (ProducerFenced, InvalidProducerEpoch, InvalidProducerIdMapping) as error:
            raise Fenced(
                f"writing for {self._source.topic}/{self._source.partition}: another process owns it now "
                f"({type(error).__name__}); this one ends, and its restart joins the group anew"
            ) from error


async def send_all(producer: AIOKafkaProducer, records: Iterable[Outgoing]) -> list[RecordMetadata]:
    """Sends the records one by one, in order within each partition, and comes back when the brokers have all of them.

    Whatever it raises, each of them may have been written or not.

    Raises:
        KafkaError: the broker did not take one of them, or has not answered in time.
    """
    sent: list[asyncio.Future[RecordMetadata]] = []
    try:
        for each in records:
            headers = list(each.headers)
            sent.append(await producer.send(each.topic, each.value, each.key, each.partition, headers=headers))
        return await asyncio.gather(*sent)
    finally:
        for future in sent:
            future.cancel()  # of those not told yet, nobody will ask


def _batches(producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> Iterator[tuple[TopicPartition, BatchBuilder]]:
    """The records in batches, in their order within each partition; a send per record costs three times as much."""
    by_place: dict[TopicPartition, list[Outgoing]] = {}
    for record in records:
        by_place.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
    now_ms = int(time.time() * 1_000)
    for place, some in by_place.items():
        batch = producer.create_batch()
        for each in some:
            if batch.append(timestamp=now_ms, key=each.key, value=each.value, headers=list(each.headers)) is None:
                yield place, batch
                batch = producer.create_batch()
                batch.append(timestamp=now_ms, key=each.key, value=each.value, headers=list(each.headers))
        if batch.record_count():
            yield place, batch


async def _asked(admin: AIOKafkaAdminClient, transactional_id: str) -> TransactionState | None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await transaction_state(admin, transactional_id)
        except (KafkaError, TimeoutError) as error:
            is_passing = isinstance(error, TimeoutError) or error.retriable or type(error) is KafkaError
            if not is_passing or time.monotonic() > deadline:
                raise
        await asyncio.sleep(LOOK_PAUSE_S)


async def _end_what_hangs(
    admin: AIOKafkaAdminClient,
    producer: AIOKafkaProducer,
    before: TransactionState,
    places: Collection[TopicPartition],
) -> None:
    """Markers that are on their way arrive; those that a killed broker has lost are written anew."""
    deadline = time.monotonic() + HANGING_S
    while True:
        opened = await open_transactions(admin, places)
        hanging = [place for place, producer_ids in opened.items() if before.producer_id in producer_ids]
        if not hanging:
            return
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(LOOK_PAUSE_S)
    await end_hanging(producer, hanging, commit=before.is_confirmed)
    log.warning(
        "A transaction of a former owner had stayed open in %s; a marker of our own has ended it",
        ", ".join(f"{place.topic}/{place.partition}" for place in hanging),
        extra={"action": "transaction_settled", "committed": before.is_confirmed},
    )
