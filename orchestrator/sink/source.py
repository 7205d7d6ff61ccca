"""Where activities come from: every partition of one topic, from the offsets that PostgreSQL has."""

import logging
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import closing, open_admin, open_reader
from orchestrator.settings import Settings
from orchestrator.sink.decode import RawRecord
from orchestrator.telemetry.metrics import SINK_LAG_RECORDS, SINK_ROWS

log = logging.getLogger(__name__)

MAX_BATCH_RECORDS = 5_000
READ_WAIT_MS = 250  # how long a read waits for records; also how soon a stop is noticed
SILENCE_S = 5.0  # a broker answers every fetch within a quarter of a second, with records or without
_PATIENCE_S = float("inf")  # a sink without a broker has nothing better to do than to wait


class ActivitySource:
    """All partitions of ``topic``, committed records only, each partition in its order."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str, partitions: list[TopicPartition]) -> None:
        self._consumer = consumer
        self._topic = topic
        self._partitions = partitions
        self._empty_reads = 0  # in a row
        self.is_silent = False  # the broker has stopped to answer

    @classmethod
    async def open(cls, settings: Settings, topic: str, offsets: Mapping[int, int]) -> "ActivitySource":
        """Begins at ``offsets`` (by partition; where there is none, at the oldest record).

        Raises:
            Unavailable: the topic does not exist yet, or the broker went away again.
        """
        partitions = [TopicPartition(topic, number) for number in await _partitions_of(settings, topic)]
        consumer = await open_reader(settings, "sink", start="none", patience_s=_PATIENCE_S)
        source = cls(consumer, topic, partitions)
        try:
            await source._seek(offsets)
        except BaseException:
            await source.close()
            raise
        return source

    async def _seek(self, offsets: Mapping[int, int]) -> None:
        try:
            oldest = await self._consumer.beginning_offsets(self._partitions)
            newest = await self._consumer.end_offsets(self._partitions)
        except KafkaError as error:
            raise Unavailable(f"asking Kafka which offsets {self._topic} has: {error!r}") from error
        self._consumer.assign(self._partitions)
        for place in self._partitions:
            stored = offsets.get(place.partition, oldest[place])
            self._consumer.seek(place, starting_offset(place, stored, oldest[place], newest[place]))

    async def read(self) -> list[RawRecord]:
        """The next records, at most ``MAX_BATCH_RECORDS``; none when there are none for ``READ_WAIT_MS``.

        Raises:
            Unavailable: the broker refuses; open the source again.
        """
        try:
            batches = await self._consumer.getmany(timeout_ms=READ_WAIT_MS, max_records=MAX_BATCH_RECORDS)
        except (KafkaError, OffsetOutOfRangeError) as error:
            raise Unavailable(f"reading {self._topic}: {error!r}") from error
        self._empty_reads = 0 if batches else self._empty_reads + 1
        return [
            RawRecord(self._topic, place.partition, record.offset, record.key, record.value)
            for place, records in batches.items()
            for record in records
        ]

    async def report_lag(self, held: Mapping[int, int]) -> None:
        """Publishes how many records each partition has that were not written yet.

        ``held``: by partition, the offset of the first record that was read and is not written.
        """
        for place in self._partitions:
            end = self._consumer.last_stable_offset(place)
            if end is not None and end >= 0:
                first = held.get(place.partition)
                behind = end - (await self._consumer.position(place) if first is None else first)
                SINK_LAG_RECORDS.labels(str(place.partition)).set(max(behind, 0))

    def report_silence(self, now_ms: float) -> None:
        """Says once when the broker has stopped to answer, and once when it answers again; aiokafka goes on trying.

        ``now_ms`` is the time in milliseconds since 1970.
        """
        answers = [self._consumer.last_poll_timestamp(place) for place in self._partitions]
        heard_ms = max((answer for answer in answers if answer is not None), default=None)
        # While records wait here to be written nothing is asked of the broker, so that its silence means nothing.
        has_asked = self._empty_reads * READ_WAIT_MS > SILENCE_S * 1_000
        was_silent = self.is_silent
        self.is_silent = has_asked and heard_ms is not None and now_ms - heard_ms > SILENCE_S * 1_000
        if self.is_silent and not was_silent:
            extra = {"action": "kafka_silent", "topic": self._topic}
            log.warning("Kafka has not answered for %.0f s; trying on until it does", SILENCE_S, extra=extra)
        if was_silent and not self.is_silent:
            log.info("Kafka answers again", extra={"action": "kafka_answers", "topic": self._topic})

    def has_grown(self) -> bool:
        """Whether the topic has more partitions now than when it was opened."""
        return len(self._consumer.partitions_for_topic(self._topic) or ()) > len(self._partitions)

    async def close(self) -> None:
        """Leaves the broker; what a sink that writes no more was behind is nobody's lag."""
        SINK_LAG_RECORDS.clear()
        await self._consumer.stop()


def starting_offset(place: TopicPartition, stored: int, oldest: int, newest: int) -> int:
    """Where to read on, given what is stored and what the broker still has; says so when records are missing."""
    extra = {"partition": place.partition, "stored": stored, "oldest": oldest, "newest": newest}
    if stored < oldest:
        SINK_ROWS.labels("expired").inc(oldest - stored)
        log.error(
            "%d activities of %s/%d were deleted by Kafka's retention before they were read; going on at the oldest",
            oldest - stored,
            place.topic,
            place.partition,
            extra={"action": "sink_records_expired", **extra},
        )
        return oldest
    if stored > newest:
        log.warning(
            "%s/%d ends at %d, before the %d already read: it was made anew; reading it from its start",
            place.topic,
            place.partition,
            newest,
            stored,
            extra={"action": "sink_topic_replaced", **extra},
        )
        return oldest
    return stored


async def _partitions_of(settings: Settings, topic: str) -> list[int]:
    async with closing(await open_admin(settings, "sink-admin", patience_s=_PATIENCE_S)) as admin:
        try:
            [description] = await admin.describe_topics([topic])
        except KafkaError as error:
            raise Unavailable(f"looking for the topic {topic}: {error!r}") from error
    numbers = sorted(partition["partition"] for partition in description["partitions"])
    if description["error_code"] or not numbers:
        raise Unavailable(
            f"looking for the topic {topic}: it does not exist yet; create it with orchestrator topics apply"
        )
    return numbers
