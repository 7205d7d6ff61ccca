"""Reads the newest records of a topic, without a group and within bounds: to see what comes in, not to work on it."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import closing, open_reader
from orchestrator.kafka.tail import READ_WAIT_MS, TailRecord
from orchestrator.settings import Settings

FIRST_SHARE = 10  # of what may be read, a tenth comes first: when time is up, it is the newest that have been read


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is read: ``records`` of each partition, about ``size_bytes`` of all, in ``time_s`` with connecting."""

    records: int
    size_bytes: int
    time_s: float


@dataclass(slots=True)
class Newest:
    """The records that were read, in the order of each partition but for two parts of it: the newest come first.

    ``is_all``: the topic has no others.
    """

    records: list[TailRecord] = field(default_factory=list)
    size_bytes: int = 0
    is_all: bool = False


Places = Mapping[TopicPartition, int]


async def read_newest(settings: Settings, role: str, topic: str, partitions: int, bounds: Bounds) -> Newest:
    """The newest committed records of a topic, fewer than its bounds allow where bytes or time are used up first.

    Raises:
        Unavailable: the cluster refuses, or has not told the newest of them in time.
    """
    reading = _Reading([TopicPartition(topic, number) for number in range(partitions)], bounds)
    try:
        async with (
            asyncio.timeout(bounds.time_s),
            closing(await open_reader(settings, role, patience_s=bounds.time_s)) as reader,
        ):
            await reading.carry_out(reader)
    except TimeoutError as error:
        if not reading.has_newest:
            raise Unavailable(
                f"reading the newest records of {topic}: Kafka has not answered within {bounds.time_s:g} s"
            ) from error
    except KafkaError as error:
        raise Unavailable(f"reading the newest records of {topic}: {error!r}") from error
    return reading.found


class _Reading:
    def __init__(self, places: list[TopicPartition], bounds: Bounds) -> None:
        self.found = Newest()
        self.has_newest = False
        self._places = places
        self._bounds = bounds

    async def carry_out(self, reader: AIOKafkaConsumer) -> None:
        begins = await reader.beginning_offsets(self._places)
        ends = await reader.end_offsets(self._places)
        first = max(1, self._bounds.records // FIRST_SHARE)
        for size in (first, self._bounds.records - first):
            since = {place: max(begins[place], ends[place] - size) for place in self._places}
            await self._read(reader, since, ends)
            self.has_newest = True
            if self._is_full:
                return
            ends = since
        self.found.is_all = all(ends[place] <= begins[place] for place in self._places)

    @property
    def _is_full(self) -> bool:
        return self.found.size_bytes >= self._bounds.size_bytes

    async def _read(self, reader: AIOKafkaConsumer, since: Places, until: Places) -> None:
        """Takes the records from ``since`` to before ``until``; how many bytes they have shows only when they come."""
        left = [place for place in self._places if since[place] < until[place]]
        reader.assign(left)
        for place in left:
            reader.seek(place, since[place])
        while left and not self._is_full:
            batches = await reader.getmany(*left, timeout_ms=READ_WAIT_MS)
            for place, records in batches.items():
                self._take(each for each in records if each.offset < until[place])
            # The position, not the last record: a part may end in a marker of a transaction.
            done = [place for place in left if await reader.position(place) >= until[place]]
            reader.pause(*done)
            left = [place for place in left if place not in done]

    def _take(self, records: Iterable[ConsumerRecord]) -> None:
        for each in records:
            self.found.size_bytes += len(each.key or b"") + len(each.value or b"")
            self.found.records.append(
                TailRecord(
                    each.topic, each.partition, each.offset, each.timestamp, each.key, each.value, tuple(each.headers)
                )
            )
