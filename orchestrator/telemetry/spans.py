"""A finished span as a value, so that what makes spans needs no library of traces."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.messages.trace import TraceContext, is_in_share

Kind = Literal["internal", "server", "producer", "consumer"]
Attribute = str | int | float | bool


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened at a moment of a span."""

    name: str
    at_ns: int
    attributes: Mapping[str, Attribute]


@dataclass(frozen=True, slots=True)
class Span:
    """What took from ``start_ns`` to ``end_ns``, nanoseconds since 1970 UTC. ``problem``: why it failed."""

    name: str
    kind: Kind
    context: TraceContext
    parent_id: str  # 16 hexadecimal digits; empty: the first of its trace
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Attribute]
    events: tuple[SpanEvent, ...] = field(default=())
    problem: str = ""


def new_span(parent: TraceContext | None, share: float) -> TraceContext:
    """A span with an id by chance: under ``parent``, or the first one of its trace, of which ``share`` are sampled."""
    span_id = secrets.token_hex(8)
    if parent is not None:
        return TraceContext(parent.trace_id, span_id, parent.is_sampled, parent.state)
    trace_id = secrets.token_hex(16)
    return TraceContext(trace_id, span_id, is_in_share(trace_id, share))
