"""The place of a message in a distributed trace, as W3C Trace Context (level 1) writes it. Pure.

An event brings it in the record header ``traceparent`` (with ``tracestate``), in CloudEvents' distributed tracing
extension (``ce_traceparent``, or the attribute of a structured event or of the plain envelope). What follows from the
event takes it along in the header ``traceparent``. What is no valid place is left out, as the standard asks.

Span ids follow from where the record stands and from what was decided: a decision that is made again is the same span,
and what it led to carries the same bytes.
"""

import re
from hashlib import blake2b

import msgspec

from orchestrator.messages.headers import Headers, headers_by_name

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"
MAX_TRACESTATE_CHARS = 512
# Who sent the record, before who made the event.
_PAIRS = ((TRACEPARENT, TRACESTATE), ("ce_traceparent", "ce_tracestate"))
_NAMES = frozenset(name for pair in _PAIRS for name in pair)
# Version, trace id, span id, flags. A later version may go on behind a dash.
_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_SAMPLED = 1


class TraceContext(msgspec.Struct, frozen=True, gc=False):
    """A span of a trace. ``state`` is what systems on the way have added for themselves; it is passed on as it came."""

    trace_id: str  # 32 hexadecimal digits
    span_id: str  # 16
    is_sampled: bool
    state: str = ""

    def headers(self) -> list[tuple[str, bytes]]:
        """The headers of a record, or of an HTTP request, that comes of this span."""
        place = f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_sampled else '00'}"
        headers = [(TRACEPARENT, place.encode())]
        return [*headers, (TRACESTATE, self.state.encode())] if self.state else headers


class _Envelope(msgspec.Struct):
    traceparent: object = None
    tracestate: object = None


_decode_envelope = msgspec.json.Decoder(_Envelope).decode


def parse_trace(traceparent: str, tracestate: str = "") -> TraceContext | None:
    """The place that both texts name; None when the first is none. A state that is none is left out."""
    form = _FORM.fullmatch(traceparent)
    if form is None or (form[1] == "00" and form[5]):
        return None
    is_state = len(tracestate) <= MAX_TRACESTATE_CHARS and _PRINTABLE.fullmatch(tracestate)
    return TraceContext(form[2], form[3], bool(int(form[4], 16) & _SAMPLED), tracestate if is_state else "")


def brings_trace(headers: Headers, value: bytes | None) -> bool:
    """Whether a record may say where it belongs: asked of every record that anything follows from, so it is quick."""
    is_binary = False
    for name, _ in headers:
        if name in _NAMES:
            return True
        if name == "ce_specversion":
            is_binary = True  # its value is data only
    return not is_binary and value is not None and b'"traceparent"' in value


def read_trace(headers: Headers, value: bytes | None = None) -> TraceContext | None:
    """The place that a record brings: by its headers, else by the attributes in its ``value``.

    The header ``traceparent`` says who sent the record; CloudEvents' extension, who made the event.
    """
    if not brings_trace(headers, value):
        return None
    found = headers_by_name(headers)
    for place, state in _PAIRS:
        if place in found:
            return parse_trace(_text(found[place]), _text(found.get(state, b"")))
    try:
        envelope = _decode_envelope(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # no event either: whoever decodes it says so
        return None
    added = envelope.tracestate
    return parse_trace(str(envelope.traceparent), added if isinstance(added, str) else "")


def _text(raw: bytes) -> str:
    return raw.decode("ascii", errors="replace")


def is_in_share(trace_id: str, share: float) -> bool:
    """Whether a trace is among the share (0 to 1) that is looked at; every system that asks so gets the same answer."""
    return int(trace_id[16:], 16) < share * 2**64


def span_of(parent: TraceContext | None, cause: str, share: float) -> TraceContext:
    """The span of a record at ``cause``, "topic/partition/offset": under ``parent``, or the first one of its trace.

    Without a parent, ``share`` of all are sampled.
    """
    digest = blake2b(cause.encode(), digest_size=24).hexdigest()
    if parent is not None:
        return TraceContext(parent.trace_id, digest[32:], parent.is_sampled, parent.state)
    return TraceContext(digest[:32], digest[32:], is_in_share(digest[:32], share))


def child_of(span: TraceContext, name: str) -> TraceContext:
    """A span beneath another; its id follows from ``name``, which tells it from the others there."""
    digest = blake2b(f"{span.span_id}/{name}".encode(), digest_size=8).hexdigest()
    return TraceContext(span.trace_id, digest, span.is_sampled, span.state)
