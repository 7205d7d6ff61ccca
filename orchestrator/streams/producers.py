"""Producing records in whole batches: one producer with transactions per owned partition, and one without.

The transactional id belongs to the *partition*, not to the worker: starting the producer is how a new owner makes the
broker refuse everything the former owner may still send, and aborts what it had open.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, InvalidProducerIdMapping, ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from orchestrator.errors import Fenced
from orchestrator.kafka.clients import open_transactional_producer
from orchestrator.messages.headers import Headers
from orchestrator.settings import Settings

# Half of what a topic takes as one batch (max.message.bytes, 1 MiB): fewer round trips than the client's 16 KiB.
BATCH_BYTES = 512 * 1024


class Produced(Protocol):
    """Anything with the key, value and headers of a record."""

    @property
    def key(self) -> bytes | None:
        """The raw key."""

    @property
    def value(self) -> bytes | None:
        """The raw value; None is a tombstone."""

    @property
    def headers(self) -> Headers:
        """The headers."""


class Submitted(NamedTuple):
    """Records that were handed to the client as one batch and will be acknowledged as one."""

    acknowledged: "asyncio.Future[RecordMetadata]"
    records: int


async def submit(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Produced], timestamp_ms: int
) -> list[Submitted]:
    """Hands the records to the client in batches (``send`` per record costs three times as much); await the futures."""
    submitted: list[Submitted] = []
    batch = producer.create_batch()
    for record in records:
        if batch.append(timestamp=timestamp_ms, key=record.key, value=record.value, headers=record.headers) is None:
            submitted.append(await _send(producer, topic, partition, batch))
            batch = producer.create_batch()
            batch.append(timestamp=timestamp_ms, key=record.key, value=record.value, headers=record.headers)
    if batch.record_count():
        submitted.append(await _send(producer, topic, partition, batch))
    return submitted


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, batch: BatchBuilder) -> Submitted:
    batch.close()
    return Submitted(await producer.send_batch(batch, topic, partition=partition), batch.record_count())


async def acknowledged(submitted: Sequence[Submitted]) -> int:
    """Waits until the broker has everything; the offset of the last record, or -1 where the broker did not tell it.

    Raises:
        KafkaError: the first reason for which a batch was refused.
    """
    last = -1
    for future, records in submitted:
        metadata = await future
        last = metadata.offset + records - 1 if metadata.offset >= 0 else -1
    return last


def transactional_id(settings: Settings, partition: int) -> str:
    """The identity under which the owner of ``partition`` publishes, whoever it is."""
    return f"{settings.group}-{partition}"


async def open_partition_producers(settings: Settings, partitions: Iterable[int]) -> dict[int, AIOKafkaProducer]:
    """Starts the producers of these partitions; from here on former owners are refused.

    When one cannot be started, or the caller is cancelled, those that were started are stopped again.
    """
    numbers = sorted(partitions)
    starting = [
        asyncio.create_task(
            open_transactional_producer(
                settings, f"partition-{number}", transactional_id(settings, number), batch_bytes=BATCH_BYTES
            )
        )
        for number in numbers
    ]
    try:
        return dict(zip(numbers, await asyncio.gather(*starting), strict=True))
    except BaseException:
        for task in starting:
            task.cancel()
        started = await asyncio.gather(*starting, return_exceptions=True)
        await stop_producers(producer for producer in started if isinstance(producer, AIOKafkaProducer))
        raise


async def stop_producers(producers: Iterable[AIOKafkaProducer]) -> None:
    """Ends them; a transaction that is open stays open until a new owner starts or the broker's timeout."""
    await asyncio.gather(*(producer.stop() for producer in producers))


@contextmanager
def fencing(partition: int) -> Iterator[None]:
    """Turns the broker's refusal of a former owner into :class:`Fenced`."""
    try:
        yield
    except (ProducerFenced, InvalidProducerEpoch, InvalidProducerIdMapping) as error:
        raise Fenced(
            f"publishing for partition {partition}: another worker owns it now ({type(error).__name__}); "
            "this one stops without acknowledging, and its restart joins the group anew"
        ) from error
