"""Histories: events in the order in which they came, from a file or from a Kafka topic."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from orchestrator.backtest.erased import without_erased
from orchestrator.backtest.progress import Tell, nobody
from orchestrator.catalog import Catalog
from orchestrator.errors import ConfigurationError, DecodeError
from orchestrator.kafka.tail import Tail, TailRecord
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import DELIVERY_TYPE, decode_activity, decode_delivery, decode_engagement
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.key import parse_customer_key
from orchestrator.settings import Settings
from orchestrator.simulator.purchases import parse_purchases

TOPIC_PREFIX = "topic:"
FILE_WORKSPACE = "backtest"  # of purchases, whose file names none
MOST_PROBLEMS = 5

Event = EngagementEvent | DeliveryEvent
Decoded = TypeVar("Decoded")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events are meant: those of ``workspace_id`` (empty: of all), before ``until_ms`` (None: whenever)."""

    workspace_id: str = ""
    until_ms: int | None = None

    def has(self, event: Event) -> bool:
        """Whether the event is one of them."""
        is_ours = not self.workspace_id or event.workspace_id == self.workspace_id
        return is_ours and (self.until_ms is None or event.time_ms < self.until_ms)

    def may_have(self, key: bytes | None) -> bool:
        """Whether a record with this key may hold one of them; what has no such key says so itself, if anything does.

        Nobody is told of what stands in another workspace's records, not even that it cannot be read.
        """
        if not self.workspace_id or key is None:
            return True
        try:
            return parse_customer_key(key)[0] == self.workspace_id
        except DecodeError:
            return False


EVERYTHING = Scope()


@dataclass(slots=True)
class Reading:
    """How the reading went: lines or records read, and those that were no event (the first few in words).

    ``erased``: events left out because their customer was erased after them.
    """

    read: int = 0
    unusable: int = 0
    erased: int = 0
    problems: list[str] = field(default_factory=list)

    def set_aside(self, where: str, error: Exception) -> None:
        """Notes a line that is no event."""
        self.unusable += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(f"{where}: {error}")


def read_file(path: Path, reading: Reading) -> Iterator[Event]:
    """The events of a file: JSON lines (plain or structured CloudEvents; .gz too), or purchases as a .txt of columns.

    A line that is no event is counted and left out, as a worker would set it aside.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        if path.suffix == ".txt":
            for event in sorted(parse_purchases(FILE_WORKSPACE, path.read_text("ascii")), key=lambda one: one.time_ms):
                reading.read += 1
                yield event
            return
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"reading purchases from {path}: {error}") from error
    yield from _decoded_lines(path, reading, decode_line)


def decode_line(line: bytes) -> Event:
    """One event of a file of JSON lines.

    Raises:
        DecodeError: it is none.
    """
    event = decode_engagement(None, line, (), 0)
    return decode_delivery(None, line, (), 0) if event.type == DELIVERY_TYPE else event


async def read_topic(
    settings: Settings, topic: str, reading: Reading, scope: Scope = EVERYTHING, tell: Tell = nobody
) -> list[Event]:
    """The events of ``scope`` on a topic of events, in order of time, without those of customers erased since.

    Raises:
        ConfigurationError: the topic is not one of this installation's events or delivery events.
        Unavailable: the cluster does not answer.
    """
    catalog = Catalog(settings)
    decode: Callable[..., Event]
    if topic == catalog.events:
        decode = decode_engagement
    elif topic == catalog.deliveries:
        decode = decode_delivery
    else:
        raise ConfigurationError(
            f"reading events from {topic}: expected {catalog.events} or {catalog.deliveries}, the topics of events"
        )
    events: list[Event] = []
    passed = 0
    async with await Tail.open(settings, "backtest", [(topic, catalog.customer_partitions)]) as tail:
        length = await tail.left()
        async for records in tail.parts_to_end():
            events += _decoded_records(records, reading, scope, decode)
            passed += len(records)
            tell("reading", passed, length)
    kept = without_erased(events)
    reading.erased = len(events) - len(kept)
    return sorted(kept, key=lambda event: event.time_ms)


def _decoded_records(
    records: Iterable[TailRecord], reading: Reading, scope: Scope, decode: Callable[..., Event]
) -> Iterator[Event]:
    for record in records:
        if not scope.may_have(record.key):
            continue
        try:
            event = decode(record.key, record.value, record.headers, record.timestamp)
        except DecodeError as error:
            if record.key is not None:  # a tick of the clock has none
                reading.read += 1
                reading.set_aside(f"{record.topic}/{record.partition}/{record.offset}", error)
            continue
        if scope.has(event):
            reading.read += 1
            yield event


async def read_activities(settings: Settings, reading: Reading) -> list[Activity]:
    """Everything on the activities topic, in order of time.

    Raises:
        Unavailable: the cluster does not answer.
    """
    catalog = Catalog(settings)
    activities: list[Activity] = []
    for record in await _everything(settings, catalog.activities, catalog.spec(catalog.activities).partitions):
        reading.read += 1
        try:
            activities.append(decode_activity(record.value))
        except DecodeError as error:
            reading.set_aside(f"{record.topic}/{record.partition}/{record.offset}", error)
    return sorted(activities, key=lambda activity: activity.at_ms)


def read_activity_file(path: Path, reading: Reading) -> Iterator[Activity]:
    """The activities in a file of JSON lines (.gz too).

    Raises:
        ConfigurationError: the file cannot be read.
    """
    yield from _decoded_lines(path, reading, decode_activity)


def _decoded_lines(path: Path, reading: Reading, decode: Callable[[bytes], Decoded]) -> Iterator[Decoded]:
    """What the lines of the file say; those that say nothing are counted and left out."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                reading.read += 1
                try:
                    yield decode(line)
                except DecodeError as error:
                    reading.set_aside(f"{path.name}, line {number}", error)
    except (OSError, EOFError) as error:
        raise ConfigurationError(f"reading {path}: {error}") from error


async def _everything(settings: Settings, topic: str, partitions: int) -> list[TailRecord]:
    async with await Tail.open(settings, "backtest", [(topic, partitions)]) as tail:
        return await tail.read_to_end()
