"""The spans of a committed batch: one for each record that is followed, with what was decided, and each command's.

A batch is decided and committed as a whole, so the times of its records are those of the batch; the time a record
waited in Kafka is its own. Spans name journeys, steps and rules, and never a customer.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand
from orchestrator.messages.trace import child_of
from orchestrator.streams.batch import Outcome, TracedRecord
from orchestrator.streams.wire import Wire
from orchestrator.telemetry.spans import Attribute, Span, SpanEvent

S = TypeVar("S")

_NS_OF_MS = 1_000_000


class Moments(NamedTuple):
    """When a batch was taken up, decided and committed; nanoseconds since 1970 UTC."""

    began_ns: int
    decided_ns: int
    committed_ns: int


def spans_of(outcome: Outcome[S], wire: Wire, at: Moments) -> Iterator[Span]:
    """The spans of a batch that has been committed."""
    for record in outcome.traced:
        yield from _spans_of_record(record, outcome.partition, wire, at)


def _spans_of_record(record: TracedRecord, partition: int, wire: Wire, at: Moments) -> Iterator[Span]:
    # The broker's clock told when it came, ours the rest; a span does not end before it begins.
    arrived_ns = min(record.arrived_ms * _NS_OF_MS, at.began_ns)
    place: dict[str, Attribute] = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": str(partition),
        "messaging.kafka.offset": record.offset,
    }
    parent_id = record.parent.span_id if record.parent else ""
    root = record.span

    def part(name: str, start_ns: int, end_ns: int, events: tuple[SpanEvent, ...] = ()) -> Span:
        return Span(name, "internal", child_of(root, name), root.span_id, start_ns, end_ns, {}, events)

    yield Span(
        f"process {record.topic}", "consumer", root, parent_id, arrived_ns, at.committed_ns, place, (), record.problem
    )
    yield part("receive", arrived_ns, at.began_ns)
    decided = tuple(_event(effect, at.decided_ns) for effect in record.effects if isinstance(effect, Activity))
    yield part("decide", at.began_ns, at.decided_ns, decided)
    yield part("commit", at.decided_ns, at.committed_ns)
    for effect in record.effects:
        if isinstance(effect, SendCommand):
            topic = wire.commands(effect.channel)
            yield Span(
                f"send {topic}",
                "producer",
                child_of(root, effect.id),
                root.span_id,
                at.decided_ns,
                at.committed_ns,
                {
                    "messaging.system": "kafka",
                    "messaging.operation.type": "send",
                    "messaging.destination.name": topic,
                    "orchestrator.command_id": effect.id,
                    "orchestrator.channel": effect.channel,
                    "orchestrator.journey_id": effect.journey_id,
                    "orchestrator.step": effect.step,
                },
            )


def _event(activity: Activity, at_ns: int) -> SpanEvent:
    rule = activity.details.get("rule")
    return SpanEvent(
        activity.type,
        at_ns,
        {
            "orchestrator.journey_id": activity.journey_id,
            "orchestrator.version": activity.version,
            **({"orchestrator.step": activity.step} if activity.step else {}),
            **({"orchestrator.rule": str(rule)} if rule else {}),
        },
    )
