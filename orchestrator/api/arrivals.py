"""Which types of events came in, of which workspace, and which fields they have. Pure: records in, documents out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice

from orchestrator.api.arrival_documents import EventField, EventTypeItem, EventTypeList, ValueKind
from orchestrator.definitions.moment import moment_at
from orchestrator.errors import DecodeError
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.codec import decode_engagement
from orchestrator.messages.event import CLOCK_TICKED, ENTRY_REQUESTED

MOST_TYPES = 200  # told of a workspace
MOST_FIELDS = 100  # told of a type
MOST_FIELDS_OF_EVENT = 100  # looked at
MOST_FIELDS_KEPT = 20_000  # of a workspace, for as long as an answer is kept: somebody may use values as names
DEEPEST = 5  # as deep as a condition may look
_OWN_TYPES = frozenset({ENTRY_REQUESTED, CLOCK_TICKED})  # the orchestrator's; no campaign system sends them
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)  # of which a path in a condition consists

_KINDS: Mapping[type, ValueKind] = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "text"}


@dataclass(slots=True)
class _OfType:
    first_ms: int
    last_ms: int
    events: int = 0
    fields: Counter[tuple[str, ValueKind]] = field(default_factory=Counter)  # how many events have it, by path and kind


@dataclass(slots=True)
class _OfWorkspace:
    types: dict[str, _OfType] = field(default_factory=dict)
    room: int = MOST_FIELDS_KEPT

    def take(self, type_: str, at_ms: int, data: Mapping[str, object]) -> None:
        of_type = self.types.setdefault(type_, _OfType(at_ms, at_ms))
        of_type.first_ms, of_type.last_ms = min(of_type.first_ms, at_ms), max(of_type.last_ms, at_ms)
        of_type.events += 1
        found = islice(fields_in(data), MOST_FIELDS_OF_EVENT)
        before = len(of_type.fields)
        of_type.fields.update(found if self.room > 0 else (each for each in found if each in of_type.fields))
        self.room -= len(of_type.fields) - before


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What was seen in one look, by workspace and type; ``is_all``: Kafka has no other events."""

    looked_at: datetime
    is_all: bool
    seen: Mapping[str, _OfWorkspace]

    def of(self, workspace_id: str) -> EventTypeList:
        """What is told to this workspace: its own alone."""
        seen = self.seen.get(workspace_id, _OfWorkspace()).types
        frequent = sorted(seen.items(), key=lambda one: (-one[1].events, one[0]))
        first_ms = min((each.first_ms for each in seen.values()), default=None)
        return EventTypeList(
            items=[_item(type_, of_type) for type_, of_type in frequent[:MOST_TYPES]],
            events=sum(each.events for each in seen.values()),
            since=None if first_ms is None else moment_at(first_ms),
            looked_at=self.looked_at,
            is_all=self.is_all,
            types_left_out=max(0, len(frequent) - MOST_TYPES),
        )


def arrivals_in(records: Iterable[TailRecord], *, is_all: bool, looked_at: datetime) -> Arrivals:
    """What the records say of the events that came in; what is no event, or the orchestrator's own, is passed over."""
    seen: dict[str, _OfWorkspace] = {}
    for record in records:
        try:
            event = decode_engagement(record.key, record.value, record.headers, record.timestamp)
        except DecodeError:
            continue  # the workers set it aside, and say so
        if event.type not in _OWN_TYPES:
            seen.setdefault(event.workspace_id, _OfWorkspace()).take(event.type, record.timestamp, event.data)
    return Arrivals(looked_at, is_all, seen)


def fields_in(data: Mapping[str, object], above: str = "", depth: int = 1) -> Iterator[tuple[str, ValueKind]]:
    """The fields that a condition can ask about, as (dotted path, kind of value)."""
    for name, value in data.items():
        if not _is_name(name):
            continue
        if isinstance(value, dict):
            if depth < DEEPEST:
                yield from fields_in(value, f"{above}{name}.", depth + 1)
        else:
            yield f"{above}{name}", _KINDS.get(type(value), "list")


@lru_cache(maxsize=4_096)  # the same few come with every event
def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _item(type_: str, of_type: _OfType) -> EventTypeItem:
    by_path: dict[str, Counter[ValueKind]] = {}
    for (path, kind), events in of_type.fields.items():
        by_path.setdefault(path, Counter())[kind] = events
    frequent = sorted(by_path.items(), key=lambda one: (-one[1].total(), one[0]))
    return EventTypeItem(
        type=type_,
        events=of_type.events,
        first_at=moment_at(of_type.first_ms),
        last_at=moment_at(of_type.last_ms),
        fields=[
            EventField(name=name, kinds=sorted(kinds), events=kinds.total()) for name, kinds in frequent[:MOST_FIELDS]
        ],
    )
