"""Reads the dead-letter topic, and sends records that were set aside to where they came from.

The topic may hold gigabytes, so letters are read as a stream: to choose keeps what a list shows of each
(:class:`Summary`), and to redrive reads the chosen ones again.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, RecordMetadata

from orchestrator.catalog import Catalog
from orchestrator.errors import ConfigurationError, DecodeError, NotFound, Unavailable
from orchestrator.kafka.clients import closing, open_producer, open_reader
from orchestrator.messages.dead_letter import REDRIVEN_FROM, DeadLetter, parse_dead_letter
from orchestrator.messages.key import parse_customer_key, partition_of
from orchestrator.settings import Settings

PATIENCE_S = 10.0
READ_WAIT_MS = 200
SENT_AT_ONCE = 500  # records that wait for their acknowledgement
STUCK_READS = 150  # in a row without a record or a step ahead: half a minute


class Place(NamedTuple):
    """Where a letter stands on the dead-letter topic."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Found:
    """A letter, where it stands, and since when (milliseconds since 1970 UTC)."""

    place: Place
    set_aside_ms: int
    letter: DeadLetter


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list shows of a letter. ``redriven``: how often its record had been sent again before."""

    place: Place
    set_aside_ms: int
    origin: str
    topic: str
    stage: str
    reason: str
    message: str
    key: bytes | None
    value_bytes: int
    redriven: int
    is_cut: bool
    has_come_back: bool = False  # it was redriven, and set aside again: a newer letter has the same record


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters to choose; None: any. ``places`` beside other filters narrows further."""

    topic: str | None = None
    reason: str | None = None
    stage: str | None = None
    since_ms: int | None = None
    key: str | None = None
    customer: str | None = None
    places: frozenset[Place] | None = None

    def matches(self, found: Found) -> bool:
        """Whether this letter is one of them."""
        letter = found.letter
        return (
            (self.topic is None or letter.topic == self.topic)
            and (self.reason is None or letter.reason == self.reason)
            and (self.stage is None or letter.stage == self.stage)
            and (self.since_ms is None or found.set_aside_ms >= self.since_ms)
            and (self.key is None or letter.key == self.key.encode())
            and (self.customer is None or _customer_of(letter.key) == self.customer)
            and (self.places is None or found.place in self.places)
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """Letters in the order of partition and offset. ``unreadable``: records of the topic that are no letters."""

    letters: list[Summary]
    unreadable: int

    def by_reason(self) -> Counter[tuple[str, str, str]]:
        """How many by topic, stage and reason."""
        return Counter((each.topic, each.stage, each.reason) for each in self.letters)

    def newest_first(self) -> list[Summary]:
        """The letters by when they were set aside."""
        return sorted(self.letters, key=lambda each: (each.set_aside_ms, each.place), reverse=True)


@dataclass(slots=True)
class Redriven:
    """What a redrive did: records sent by topic; refused places, each with the reason."""

    sent: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[Place, str]] = field(default_factory=list)


async def choose(settings: Settings, catalog: Catalog, wanted: Wanted) -> Chosen:
    """The letters that are wanted, without their values.

    Raises:
        Unavailable: the broker does not answer.
    """
    letters: list[Summary] = []
    come_back: set[str] = set()
    unreadable = 0
    async for found in _stream(settings, catalog, wanted):
        if found is None:
            unreadable += 1
            continue
        come_back.update(found.letter.redriven_from)
        if wanted.matches(found):
            letters.append(_summary(found))
    letters.sort(key=lambda each: each.place)
    topic = catalog.dead_letters
    return Chosen([replace(each, has_come_back=f"{topic}/{each.place}" in come_back) for each in letters], unreadable)


async def find(settings: Settings, catalog: Catalog, place: Place) -> Found:
    """The letter at a place, whole.

    Raises:
        NotFound: there is none (any more).
        Unavailable: the broker does not answer.
    """
    topic = catalog.dead_letters
    missing = NotFound(f"looking for the dead letter {place}: there is none at that place of {topic}")
    if not 0 <= place.partition < catalog.spec(topic).partitions or place.offset < 0:
        raise missing
    async with closing(await open_reader(settings, "dead-letters", patience_s=PATIENCE_S)) as reader:
        at = TopicPartition(topic, place.partition)
        reader.assign([at])
        try:
            oldest = (await reader.beginning_offsets([at]))[at]
            if not oldest <= place.offset < (await reader.end_offsets([at]))[at]:
                raise missing
            reader.seek(at, place.offset)
            records = await _next_of(reader, at)
        except KafkaError as error:
            raise Unavailable(f"reading {topic}: {error!r}") from error
    if not records or records[0].offset != place.offset:
        raise missing
    found = _found(records[0])
    if found is None:
        raise NotFound(f"looking for the dead letter {place}: the record at that place of {topic} is none of ours")
    return found


def destination(catalog: Catalog, letter: DeadLetter) -> tuple[str, int] | str:
    """The topic and partition to which the record of ``letter`` is sent again; or, as text, why it cannot be."""
    if letter.cut_from_bytes is not None:
        return (
            f"only a part of the record is here (its value had {letter.cut_from_bytes:,} bytes); the whole of it is "
            f"{letter.place}, until the retention of that topic ends"
        )
    try:
        count = catalog.spec(letter.topic).partitions
    except KeyError:
        return f"its topic {letter.topic} is none of this installation (ORCHESTRATOR_TOPIC_PREFIX, ORCHESTRATOR_GROUP)"
    # Only customers live where their key says; what goes to a partition itself stands where it is meant for.
    if _customer_of(letter.key) is not None and letter.key is not None:
        return letter.topic, partition_of(letter.key, count)
    if letter.partition < count:
        return letter.topic, letter.partition
    return f"{letter.topic} has only {count} partitions"


async def redrive(settings: Settings, catalog: Catalog, places: Collection[Place]) -> Redriven:
    """Sends the records of these letters to their own topics, and waits until the broker has them.

    They keep key, value and headers; a header says which letter they were. The letters stay where they are.

    Raises:
        Unavailable: the broker does not answer.
        ConfigurationError: a topic has another partition count than is declared here: keys would go astray.
    """
    done = Redriven()
    wanted = Wanted(places=frozenset(places))
    async with closing(await open_producer(settings, "redrive", patience_s=PATIENCE_S)) as producer:
        sending: list[tuple[Found, str, Awaitable[RecordMetadata]]] = []
        left, checked = set(places), set[str]()
        async for found in _stream(settings, catalog, wanted):
            if found is None or not wanted.matches(found):
                continue
            left.discard(found.place)
            match destination(catalog, found.letter):
                case str(reason):
                    done.refused.append((found.place, reason))
                case topic, partition:
                    if topic not in checked:
                        await _check_count(producer, catalog, topic)
                        checked.add(topic)
                    sending.append((found, topic, await _send(producer, catalog, found, topic, partition)))
            if len(sending) >= SENT_AT_ONCE:
                await _acknowledged(sending, done)
                sending = []
        await _acknowledged(sending, done)
    done.refused += [(place, "there is no letter at this place (any more)") for place in sorted(left)]
    return done


async def _check_count(producer: AIOKafkaProducer, catalog: Catalog, topic: str) -> None:
    try:
        count = len(await producer.partitions_for(topic))
    except KafkaError as error:
        raise Unavailable(f"asking how many partitions {topic} has: {error!r}") from error
    if count != (declared := catalog.spec(topic).partitions):
        raise ConfigurationError(
            f"sending to {topic}: it has {count} partitions, declared are {declared}; use the settings of the workers "
            "(ORCHESTRATOR_PARTITIONS)"
        )


async def _send(
    producer: AIOKafkaProducer, catalog: Catalog, found: Found, topic: str, partition: int
) -> Awaitable[RecordMetadata]:
    letter = found.letter
    origin = f"{catalog.dead_letters}/{found.place}".encode()
    sent: Awaitable[RecordMetadata] = await producer.send(
        topic,
        value=letter.value,
        key=letter.key,
        partition=partition,
        # Where the broker keeps the times of producers; ours keep that of the arrival.
        timestamp_ms=letter.timestamp_ms,
        headers=[*letter.headers, (REDRIVEN_FROM, origin)],
    )
    return sent


async def _acknowledged(sending: Iterable[tuple[Found, str, Awaitable[RecordMetadata]]], done: Redriven) -> None:
    for found, topic, future in sending:
        try:
            await future
        except KafkaError as error:
            done.refused.append((found.place, f"{topic} did not take it: {error!r}"))
        else:
            done.sent[topic] += 1


async def _stream(settings: Settings, catalog: Catalog, wanted: Wanted) -> AsyncIterator[Found | None]:
    """Every record that stands on the topic now, from where what is wanted may begin; None for what is no letter."""
    topic = catalog.dead_letters
    async with closing(await open_reader(settings, "dead-letters", patience_s=PATIENCE_S)) as reader:
        partitions = [TopicPartition(topic, number) for number in range(catalog.spec(topic).partitions)]
        reader.assign(partitions)
        try:
            ends = await reader.end_offsets(partitions)
            await _seek(reader, ends, wanted)
            idle = 0
            while any([await reader.position(at) < ends[at] for at in partitions]):
                batches = await reader.getmany(timeout_ms=READ_WAIT_MS)
                idle = 0 if batches else idle + 1
                if idle > STUCK_READS:
                    raise Unavailable(f"reading {topic}: the broker does not answer any more")
                for at, records in batches.items():
                    for record in records:
                        if record.offset < ends[at]:
                            yield _found(record)
        except KafkaError as error:
            raise Unavailable(f"reading {topic}: {error!r}; is it there (orchestrator topics apply)?") from error


async def _seek(reader: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], wanted: Wanted) -> None:
    oldest = await reader.beginning_offsets(list(ends))
    starts = dict(oldest)
    if wanted.since_ms is not None:
        # The topic has the broker's own times, which never go back.
        found = await reader.offsets_for_times(dict.fromkeys(ends, wanted.since_ms))
        starts = {at: ends[at] if found.get(at) is None else found[at].offset for at in ends}
    if wanted.places is not None:
        for at in ends:
            chosen = [place.offset for place in wanted.places if place.partition == at.partition]
            starts[at] = min(ends[at], max(starts[at], min(chosen, default=ends[at])))
    for at in ends:
        reader.seek(at, starts[at])


async def _next_of(reader: AIOKafkaConsumer, at: TopicPartition) -> "list[ConsumerRecord[bytes, bytes]]":
    for _ in range(STUCK_READS):
        batches = await reader.getmany(at, timeout_ms=READ_WAIT_MS, max_records=1)
        if batches:
            return list(batches[at])
        if await reader.position(at) >= (await reader.end_offsets([at]))[at]:
            return []
    return []


def _found(record: "ConsumerRecord[bytes, bytes]") -> Found | None:
    try:
        letter = parse_dead_letter(record.key, record.value, record.headers)
    except DecodeError:
        return None
    return Found(Place(record.partition, record.offset), record.timestamp, letter)


def _summary(found: Found) -> Summary:
    letter = found.letter
    return Summary(
        place=found.place,
        set_aside_ms=found.set_aside_ms,
        origin=letter.place,
        topic=letter.topic,
        stage=letter.stage,
        reason=letter.reason,
        message=letter.message,
        key=letter.key,
        value_bytes=len(letter.value or b"") if letter.cut_from_bytes is None else letter.cut_from_bytes,
        redriven=len(letter.redriven_from),
        is_cut=letter.cut_from_bytes is not None,
    )


def _customer_of(key: bytes | None) -> str | None:
    try:
        return parse_customer_key(key)[1]
    except DecodeError:
        return None
