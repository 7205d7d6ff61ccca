"""CloudEvents 1.0 on Kafka: binary and structured in, binary out; and a plain JSON envelope in.

Source: CloudEvents Kafka protocol binding 1.0, sections 3.1 to 3.3. A record is structured when its content type begins
with ``application/cloudevents``; it is binary when it has a ``ce_specversion`` header; otherwise it is the plain
envelope: ``{"id", "source", "type", "time", "workspace_id", "customer_id", "data"}``.

Any of them may stand behind the frame that serializers of a schema registry put before JSON: a zero byte and four bytes
with the number of the schema (Confluent's wire format). No registry is asked. Framed Avro and Protobuf are not read.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from orchestrator.errors import DecodeError
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.headers import Headers, headers_by_name
from orchestrator.messages.ids import SEPARATOR
from orchestrator.messages.key import parse_customer_key, parse_customer_key_text
from orchestrator.messages.text import is_deeper_than

MAX_VALUE_BYTES = 1 << 20  # 1 MiB: Kafka's own default for the largest record
MAX_ID_CHARS = 256
MAX_SOURCE_CHARS = 512
MAX_TYPE_CHARS = 128
# Lists and objects inside one another. A bound of our own: how deep a decoder goes differs from Python to Python, and
# what one worker takes another must take too.
MAX_DEPTH = 64
_TOO_DEEP = f"the event's data nests deeper than {MAX_DEPTH} levels"
# Every wait that can follow from an event must stay a date: the calendar ends in 9999.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_ZERO = datetime(1970, 1, 1)  # noqa: DTZ001  UTC, and printed without saying so
_EARLIEST_MS = int(EARLIEST.timestamp()) * 1_000
_LATEST_MS = int(LATEST.timestamp()) * 1_000
_SPEC_VERSION = ("ce_specversion", b"1.0")
_JSON = ("content-type", b"application/json")
_STRUCTURED = b"application/cloudevents"
_FRAME = b"\x00"  # JSON never begins with it
_FRAME_BYTES = 5
_SECONDS = tuple(f":{second:02}" for second in range(60))
_MILLISECONDS = tuple(f".{ms:03}Z" for ms in range(1_000))


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """A record ready for Kafka. Made for everything that leaves: a named tuple would cost five times as much."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class _Structured(msgspec.Struct):
    id: str
    source: str
    type: str
    specversion: str = ""
    time: str | None = None
    workspaceid: str | None = None
    customerid: str | None = None
    workspace_id: str | None = None
    customer_id: str | None = None
    data: dict[str, Any] | None = None


_decode_structured = msgspec.json.Decoder(_Structured).decode
_decode_data = msgspec.json.Decoder(dict[str, Any]).decode


def read_event(key: bytes | None, value: bytes | None, headers: Headers, timestamp_ms: int) -> EngagementEvent:
    """The event in a record. ``timestamp_ms`` is the record's own time, used when the event has none.

    Raises:
        DecodeError: ``oversized``, ``malformed``, ``wrong_key``, ``key_mismatch`` or ``unsupported_encoding``.
    """
    if value is not None and len(value) > MAX_VALUE_BYTES:
        raise DecodeError("oversized", f"the value has {len(value)} bytes; at most {MAX_VALUE_BYTES} are taken")
    try:
        if headers:
            named = headers_by_name(headers)
            content = named.get("content-type", b"")
            is_structured = content != _JSON[1] and content.lower().startswith(_STRUCTURED)
            if "ce_specversion" in named and not is_structured:
                return _bounded(_read_binary(key, value, named, timestamp_ms), value)
        return _bounded(_read_structured(key, value or b"", timestamp_ms), value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        # Looked for only now, so that what has no frame pays nothing for it.
        if value is not None and value[:1] == _FRAME and len(value) >= _FRAME_BYTES:
            return read_event(key, _unframed(value), headers, timestamp_ms)
        raise DecodeError("malformed", f"the event cannot be read: {error}") from error
    except RecursionError as error:
        raise DecodeError("malformed", _TOO_DEEP) from error


def _bounded(event: EngagementEvent, value: bytes | None) -> EngagementEvent:
    # Counting costs a tenth of a microsecond; hardly any event has so many brackets that its depth must be looked at.
    if value and value.count(b"{") + value.count(b"[") > MAX_DEPTH and is_deeper_than(event.data, MAX_DEPTH):
        raise DecodeError("malformed", _TOO_DEEP)
    return event


def _unframed(value: bytes) -> bytes:
    """The JSON behind the frame of a schema registry.

    Raises:
        DecodeError: ``unsupported_encoding``: it is something else.
    """
    framed = value[_FRAME_BYTES:]
    if not framed.lstrip().startswith(b"{"):
        raise DecodeError(
            "unsupported_encoding",
            f"behind the frame of a schema registry (schema {int.from_bytes(value[1:_FRAME_BYTES], 'big')}) stands no "
            "JSON object; Avro and Protobuf are not read: publish JSON, or JSON Schema",
        )
    return framed


def _read_binary(key: bytes | None, value: bytes | None, named: dict[str, bytes], timestamp_ms: int) -> EngagementEvent:
    workspace_id, customer_id = parse_customer_key(key)
    id_ = named.get("ce_id", b"").decode()
    check_text("id", id_, MAX_ID_CHARS)
    time = named.get("ce_time")
    return EngagementEvent(
        id=id_,
        source=_read_source(named.get("ce_source", b"")),
        type=_read_type(named.get("ce_type", b"")),
        time_ms=timestamp_ms if time is None else parse_time_ms(time.decode()),
        workspace_id=workspace_id,
        customer_id=customer_id,
        data=_decode_data(value) if value else {},
    )


# There are few sources and types, and they come with every event. What is refused is not kept.
@lru_cache(maxsize=1_024)
def _read_source(raw: bytes) -> str:
    text = raw.decode()
    check_text("source", text, MAX_SOURCE_CHARS)
    return text


@lru_cache(maxsize=1_024)
def _read_type(raw: bytes) -> str:
    text = raw.decode()
    check_text("type", text, MAX_TYPE_CHARS)
    return text


def _read_structured(key: bytes | None, value: bytes, timestamp_ms: int) -> EngagementEvent:
    event = _decode_structured(value)
    workspace_id = event.workspace_id or event.workspaceid
    customer_id = event.customer_id or event.customerid
    if key is None and workspace_id and customer_id:
        workspace_id, customer_id = parse_customer_key_text(f"{workspace_id}:{customer_id}")
    else:
        of_key = parse_customer_key(key)
        if (workspace_id or of_key[0], customer_id or of_key[1]) != of_key:
            of_body = f"{workspace_id or ''}:{customer_id or ''}"
            raise DecodeError(
                "key_mismatch", f"the event is of {of_body[:80]!r}, the record's key says {':'.join(of_key)[:80]!r}"
            )
        workspace_id, customer_id = of_key
    time_ms = timestamp_ms if event.time is None else parse_time_ms(event.time)
    for name, text, most in (
        ("id", event.id, MAX_ID_CHARS),
        ("source", event.source, MAX_SOURCE_CHARS),
        ("type", event.type, MAX_TYPE_CHARS),
    ):
        check_text(name, text, most)
    return EngagementEvent(
        id=event.id,
        source=event.source,
        type=event.type,
        time_ms=time_ms,
        workspace_id=workspace_id,
        customer_id=customer_id,
        data=event.data or {},
    )


def check_text(name: str, text: str, most: int) -> None:
    """Takes what may be an event's ``name`` (its id, source or type): 1 to ``most`` characters.

    Raises:
        DecodeError: ``malformed``.
    """
    if not 0 < len(text) <= most:
        raise DecodeError("malformed", f"the event's {name} has {len(text)} characters; 1 to {most} are taken")
    if SEPARATOR in text:
        raise DecodeError("malformed", f"the event's {name} has the control character 0x1f")


def parse_time_ms(text: str) -> int:
    """Milliseconds since 1970 UTC of an RFC 3339 time.

    Raises:
        DecodeError: it is not one, names no offset from UTC, or lies outside the years that make sense of a customer.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:  # its words have the whole text, however long
        raise DecodeError("malformed", f"the time {text[:40]!r} is not RFC 3339: 2026-11-25T09:30:00Z is") from error
    if moment.tzinfo is None:
        raise DecodeError("malformed", f"the time {text[:40]!r} has no offset from UTC; end it with Z or +01:00")
    time_ms = round(moment.timestamp() * 1000)
    if not _EARLIEST_MS <= time_ms < _LATEST_MS:
        raise DecodeError("malformed", f"the time {text[:40]!r} is not between {EARLIEST.year} and {LATEST.year}")
    return time_ms


def format_time(time_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds, such as ``2026-11-25T09:30:00.000Z``."""
    minute, ms = divmod(time_ms, 60_000)
    second, ms = divmod(ms, 1_000)
    return _format_minute(minute) + _SECONDS[second] + _MILLISECONDS[ms]


@lru_cache(
    maxsize=4_096
)  # what is decided together is decided in few minutes; a datetime each costs five times as much
def _format_minute(minute: int) -> str:
    return (_ZERO + timedelta(minutes=minute)).isoformat(timespec="minutes")


def plain_envelope(event: EngagementEvent) -> dict[str, object]:
    """The event as the plain JSON envelope has it."""
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": format_time(event.time_ms),
        "workspace_id": event.workspace_id,
        "customer_id": event.customer_id,
        "data": event.data,
    }


def write_binary(id_: str, source: str, type_: str, time_ms: int, key: bytes, value: bytes) -> Encoded:
    """A binary CloudEvents record with a JSON value."""
    source_header, type_header = _origin(source, type_)
    headers = [_SPEC_VERSION, ("ce_id", id_.encode()), source_header, type_header, _time_header(time_ms), _JSON]
    return Encoded(key, value, headers)


# What is decided together has one time, and most of it one source and one of two types: the headers are shared.
@lru_cache(maxsize=1_024)
def _origin(source: str, type_: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return ("ce_source", source.encode()), ("ce_type", type_.encode())


@lru_cache(maxsize=1_024)
def _time_header(time_ms: int) -> tuple[str, bytes]:
    return "ce_time", format_time(time_ms).encode()
