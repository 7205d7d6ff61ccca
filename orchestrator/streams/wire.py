"""What the worker reads and writes: the topics of an installation, and how a record of each input becomes a signal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.messages.cloudevents import read_event
from orchestrator.messages.codec import OwnMessage, decode_delivery, decode_own
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.streams.record import InputRecord


@dataclass(frozen=True, slots=True)
class Wire:
    """``partitions`` is the count that all topics keyed by customer share, outputs included."""

    inputs: Mapping[str, Callable[[InputRecord], OwnMessage]]  # by topic; raises DecodeError
    partitions: int
    events: str
    timers: str
    activities: str
    dead_letters: str
    commands: Callable[[str], str]  # topic by channel


def wire_of(catalog: Catalog) -> Wire:
    """The wire of an installation."""
    return Wire(
        inputs={catalog.events: _engagement, catalog.deliveries: _delivery, catalog.timers: _own},
        partitions=catalog.customer_partitions,
        events=catalog.events,
        timers=catalog.timers,
        activities=catalog.activities,
        dead_letters=catalog.dead_letters,
        commands=catalog.commands,
    )


def _engagement(record: InputRecord) -> EngagementEvent:
    return read_event(record.key, record.value, record.headers, record.timestamp)


def _delivery(record: InputRecord) -> DeliveryEvent:
    return decode_delivery(record.key, record.value, record.headers, record.timestamp)


def _own(record: InputRecord) -> OwnMessage:
    return decode_own(record.value, record.headers)
