"""What the worker reads and writes: the topics of the catalog and the codec of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from orchestrator.catalog import Catalog
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import (
    decode_delivery,
    decode_engagement,
    decode_timer,
    encode_activity,
    encode_command,
)
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.timer import TimerDue
from orchestrator.streams.decider import Signal
from orchestrator.streams.record import InputRecord

Kind: TypeAlias = Literal["event", "delivery", "timer"]


class Input(NamedTuple):
    """An input topic: what its records are, and how one is read."""

    kind: Kind
    decode: Callable[[InputRecord], Signal]


@dataclass(frozen=True, slots=True)
class Wire:
    """``partitions`` is the count that all topics keyed by customer share, outputs included."""

    inputs: Mapping[str, Input]
    partitions: int
    activities: str
    dead_letters: str
    timers: str
    commands: Callable[[str], str]  # topic by channel
    encode_command: Callable[[SendCommand], Encoded]
    encode_activity: Callable[[Activity], Encoded]


def wire_of(catalog: Catalog) -> Wire:
    """The wire of an installation."""
    return Wire(
        inputs={
            catalog.events: Input("event", _engagement),
            catalog.deliveries: Input("delivery", _delivery),
            catalog.timers: Input("timer", _timer),
        },
        partitions=catalog.customer_partitions,
        activities=catalog.activities,
        dead_letters=catalog.dead_letters,
        timers=catalog.timers,
        commands=catalog.commands,
        encode_command=encode_command,
        encode_activity=encode_activity,
    )


def _engagement(record: InputRecord) -> EngagementEvent:
    return decode_engagement(record.key, record.value, record.headers, record.timestamp)


def _delivery(record: InputRecord) -> DeliveryEvent:
    return decode_delivery(record.key, record.value, record.headers, record.timestamp)


def _timer(record: InputRecord) -> TimerDue:
    return decode_timer(record.value)
