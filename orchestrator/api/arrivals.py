"""Which types of events came in, of which workspace, and which fields they have. Pure: records in, documents out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from orchestrator.api.arrival_documents import EventField, EventTypeItem, EventTypeList, ValueKind
from orchestrator.errors import DecodeError
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.codec import decode_engagement
from orchestrator.messages.event import CLOCK_TICKED, ENTRY_REQUESTED

MOST_TYPES = 200  # told of a workspace
MOST_FIELDS = 100  # told of a type
MOST_FIELDS_OF_EVENT = 200  # looked at
DEEPEST = 5  # as deep as a condition may look
_OWN_TYPES = frozenset({ENTRY_REQUESTED, CLOCK_TICKED})  # the orchestrator's; no campaign system sends them
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)  # of which a path in a condition consists


@dataclass(slots=True)
class _OfType:
    first_ms: int
    last_ms: int
    events: int = 0
    fields: dict[str, Counter[ValueKind]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What was seen in one look, by workspace and type; ``is_all``: Kafka has no other events."""

    looked_at: datetime
    is_all: bool
    seen: Mapping[str, Mapping[str, _OfType]]

    def of(self, workspace_id: str) -> EventTypeList:
        """What is told to this workspace: its own alone."""
        seen = self.seen.get(workspace_id, {})
        frequent = sorted(seen.items(), key=lambda one: (-one[1].events, one[0]))
        first_ms = min((each.first_ms for each in seen.values()), default=None)
        return EventTypeList(
            items=[_item(type_, of_type) for type_, of_type in frequent[:MOST_TYPES]],
            events=sum(each.events for each in seen.values()),
            since=None if first_ms is None else _moment(first_ms),
            looked_at=self.looked_at,
            is_all=self.is_all,
            types_left_out=max(0, len(frequent) - MOST_TYPES),
        )


def arrivals_in(records: Iterable[TailRecord], *, is_all: bool, looked_at: datetime) -> Arrivals:
    """What the records say of the events that came in; what is no event, or the orchestrator's own, is passed over."""
    seen: dict[str, dict[str, _OfType]] = {}
    for record in records:
        try:
            event = decode_engagement(record.key, record.value, record.headers, record.timestamp)
        except DecodeError:
            continue  # the workers set it aside, and say so
        if event.type in _OWN_TYPES:
            continue
        at_ms = record.timestamp
        of_type = seen.setdefault(event.workspace_id, {}).setdefault(event.type, _OfType(at_ms, at_ms))
        of_type.first_ms, of_type.last_ms = min(of_type.first_ms, at_ms), max(of_type.last_ms, at_ms)
        of_type.events += 1
        for count, (path, kind) in enumerate(fields_in(event.data)):
            if count >= MOST_FIELDS_OF_EVENT:
                break
            of_type.fields.setdefault(path, Counter())[kind] += 1
    return Arrivals(looked_at, is_all, seen)


def fields_in(data: Mapping[str, object], above: str = "", depth: int = 1) -> Iterator[tuple[str, ValueKind]]:
    """The fields that a condition can ask about, as (dotted path, kind of value)."""
    for name, value in data.items():
        if not _NAME.fullmatch(name):
            continue
        if isinstance(value, dict):
            if depth < DEEPEST:
                yield from fields_in(value, f"{above}{name}.", depth + 1)
        else:
            yield f"{above}{name}", _kind(value)


def _kind(value: object) -> ValueKind:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return "list"


def _item(type_: str, of_type: _OfType) -> EventTypeItem:
    frequent = sorted(of_type.fields.items(), key=lambda one: (-one[1].total(), one[0]))
    return EventTypeItem(
        type=type_,
        events=of_type.events,
        first_at=_moment(of_type.first_ms),
        last_at=_moment(of_type.last_ms),
        fields=[
            EventField(name=name, kinds=sorted(kinds), events=kinds.total()) for name, kinds in frequent[:MOST_FIELDS]
        ],
    )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)
