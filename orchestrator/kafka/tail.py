"""Reads topics from their beginning, without a group, as long as one likes: for replays, comparisons and stand-ins."""

from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError

from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import PATIENCE_S, open_reader
from orchestrator.settings import Settings

READ_WAIT_MS = 100
MAX_RECORDS = 5_000


class TailRecord(NamedTuple):
    """A record as it stands in its topic; ``timestamp`` in milliseconds since 1970 UTC."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


class Tail:
    """All partitions of some topics, read in the order of each partition; committed records only."""

    def __init__(self, consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> None:
        self._consumer = consumer
        self._places = places

    @classmethod
    async def open(
        cls,
        settings: Settings,
        role: str,
        partitions: Iterable[tuple[str, int]],
        *,
        patience_s: float = PATIENCE_S,
    ) -> "Tail":
        """Begins at the oldest record of each (topic, number of its partitions).

        Raises:
            Unavailable: the cluster does not answer.
        """
        places = [TopicPartition(topic, number) for topic, count in partitions for number in range(count)]
        consumer = await open_reader(settings, role, patience_s=patience_s)
        consumer.assign(places)
        return cls(consumer, places)

    async def go_to_end(self) -> None:
        """From here on only what is still to come is read.

        Raises:
            Unavailable: the broker does not answer.
        """
        for (topic, number), end in (await self.end_offsets()).items():
            self._consumer.seek(TopicPartition(topic, number), end)

    async def go_to(self, time_ms: int) -> None:
        """From here on records are read that arrived at this time (milliseconds since 1970 UTC) or later.

        Raises:
            Unavailable: the broker does not answer.
        """
        ends = await self.end_offsets()
        try:
            found = await self._consumer.offsets_for_times(dict.fromkeys(self._places, time_ms))
        except KafkaError as error:
            raise Unavailable(f"asking where {self._names()} was at a time: {error!r}") from error
        for place in self._places:
            first = found.get(place)
            self._consumer.seek(place, ends[place.topic, place.partition] if first is None else first.offset)

    async def read(self, wait_ms: int = READ_WAIT_MS) -> list[TailRecord]:
        """The next records; none when there are none for ``wait_ms``.

        Raises:
            Unavailable: the broker refuses.
        """
        try:
            batches = await self._consumer.getmany(timeout_ms=wait_ms, max_records=MAX_RECORDS)
        except KafkaError as error:
            raise Unavailable(f"reading {self._names()}: {error!r}") from error
        return [
            TailRecord(
                place.topic, place.partition, each.offset, each.timestamp, each.key, each.value, tuple(each.headers)
            )
            for place, records in batches.items()
            for each in records
        ]

    async def read_to_end(self) -> list[TailRecord]:
        """Everything that stands in the topics now, from where this has come to."""
        return [record async for part in self.parts_to_end() for record in part]

    async def parts_to_end(self) -> AsyncIterator[list[TailRecord]]:
        """The same in parts, for topics that are longer than memory."""
        ends = await self.end_offsets()
        while await self._is_before(ends):
            yield await self.read()

    async def left(self) -> int:
        """How many offsets there are from here to the end; some of them may hold no record.

        Raises:
            Unavailable: the broker does not answer.
        """
        ends = await self.end_offsets()
        left = 0
        for place in self._places:
            left += ends[place.topic, place.partition] - int(await self._consumer.position(place))
        return left

    async def is_at_end(self) -> bool:
        """Whether nothing is left to read at this moment."""
        return not await self._is_before(await self.end_offsets())

    async def end_offsets(self) -> dict[tuple[str, int], int]:
        """The offset that comes next in each (topic, partition).

        Raises:
            Unavailable: the broker does not answer.
        """
        try:
            ends = await self._consumer.end_offsets(self._places)
        except KafkaTimeoutError as error:  # all that aiokafka says of a topic, or a partition, that there is not
            raise Unavailable(
                f"asking where {self._names()} ends: no answer ({error}); is the topic there, with the partitions that "
                "are declared? `orchestrator topics plan` tells"
            ) from error
        except KafkaError as error:
            raise Unavailable(f"asking where {self._names()} ends: {error!r}") from error
        return {(place.topic, place.partition): end for place, end in ends.items()}

    async def _is_before(self, ends: dict[tuple[str, int], int]) -> bool:
        # The position, not the last record: a topic may end in a marker of a transaction.
        for place in self._places:
            if await self._consumer.position(place) < ends[place.topic, place.partition]:
                return True
        return False

    def _names(self) -> str:
        return ", ".join(sorted({place.topic for place in self._places}))

    async def __aenter__(self) -> "Tail":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()
