"""CloudEvents 1.0 on Kafka: binary and structured in, binary out; and a plain JSON envelope in.

Source: CloudEvents Kafka protocol binding 1.0, sections 3.1 to 3.3. A record is structured when its content type begins
with ``application/cloudevents``; it is binary when it has a ``ce_specversion`` header; otherwise it is the plain
envelope: ``{"id", "source", "type", "time", "workspace_id", "customer_id", "data"}``.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from orchestrator.errors import DecodeError
from orchestrator.messages.ids import SEPARATOR
from orchestrator.messages.key import parse_customer_key, parse_customer_key_text

Headers = Sequence[tuple[str, bytes]]

MAX_VALUE_BYTES = 1 << 20  # 1 MiB: Kafka's own default for the largest record
MAX_ID_CHARS = 256
MAX_SOURCE_CHARS = 512
MAX_TYPE_CHARS = 128
# Every wait that can follow from an event must stay a date: the calendar ends in 9999.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_DAY_ZERO = date(1970, 1, 1)
_SPEC_VERSION = ("ce_specversion", b"1.0")
_JSON = ("content-type", b"application/json")
_STRUCTURED = b"application/cloudevents"


class Envelope(NamedTuple):
    """What every event carries, whichever way it was written; ``data`` is decoded JSON."""

    id: str
    source: str
    type: str
    time_ms: int
    workspace_id: str
    customer_id: str
    data: dict[str, Any]


class Encoded(NamedTuple):
    """A record ready for Kafka."""

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


def read_envelope(key: bytes | None, value: bytes | None, headers: Headers, timestamp_ms: int) -> Envelope:
    """The event in a record. ``timestamp_ms`` is the record's own time, used when the event has none.

    Raises:
        DecodeError: ``oversized``, ``malformed``, ``wrong_key`` or ``key_mismatch``.
    """
    if value is not None and len(value) > MAX_VALUE_BYTES:
        raise DecodeError("oversized", f"the value has {len(value)} bytes; at most {MAX_VALUE_BYTES} are taken")
    try:
        if headers:
            named = dict(headers)
            if "ce_specversion" in named and not named.get("content-type", b"").lower().startswith(_STRUCTURED):
                return _read_binary(key, value, named, timestamp_ms)
        return _read_structured(key, value or b"", timestamp_ms)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError("malformed", f"the event cannot be read: {error}") from error


def _read_binary(key: bytes | None, value: bytes | None, named: dict[str, bytes], timestamp_ms: int) -> Envelope:
    workspace_id, customer_id = parse_customer_key(key)
    id_, source, type_ = named.get("ce_id", b""), named.get("ce_source", b""), named.get("ce_type", b"")
    time = named.get("ce_time")
    return _checked(
        Envelope(
            id_.decode(),
            source.decode(),
            type_.decode(),
            timestamp_ms if time is None else parse_time_ms(time.decode()),
            workspace_id,
            customer_id,
            _decode_data(value) if value else {},
        )
    )


def _read_structured(key: bytes | None, value: bytes, timestamp_ms: int) -> Envelope:
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
                "key_mismatch", f"the event is of {of_body!r}, the record's key says {':'.join(of_key)!r}"
            )
        workspace_id, customer_id = of_key
    time_ms = timestamp_ms if event.time is None else parse_time_ms(event.time)
    return _checked(Envelope(event.id, event.source, event.type, time_ms, workspace_id, customer_id, event.data or {}))


def _checked(event: Envelope) -> Envelope:
    _check_text("id", event.id, MAX_ID_CHARS)
    _check_text("source", event.source, MAX_SOURCE_CHARS)
    _check_text("type", event.type, MAX_TYPE_CHARS)
    return event


def _check_text(name: str, text: str, most: int) -> None:
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
    except ValueError as error:
        raise DecodeError("malformed", f"the time {text[:40]!r} is not RFC 3339: {error}") from error
    if moment.tzinfo is None:
        raise DecodeError("malformed", f"the time {text[:40]!r} has no offset from UTC; end it with Z or +01:00")
    if not EARLIEST <= moment < LATEST:
        raise DecodeError("malformed", f"the time {text[:40]!r} is not between {EARLIEST.year} and {LATEST.year}")
    return round(moment.timestamp() * 1000)


def format_time(time_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds, such as ``2026-11-25T09:30:00.000Z``."""
    day, ms = divmod(time_ms, 86_400_000)
    seconds, ms = divmod(ms, 1_000)
    minutes, second = divmod(seconds, 60)
    return f"{_format_day(day)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}.{ms:03}Z"


@lru_cache(maxsize=1_024)  # a datetime for each time would cost three times as much
def _format_day(day: int) -> str:
    return (_DAY_ZERO + timedelta(days=day)).isoformat()


def write_binary(id_: str, source: str, type_: str, time_ms: int, key: bytes, value: bytes) -> Encoded:
    """A binary CloudEvents record with a JSON value."""
    headers = [
        _SPEC_VERSION,
        ("ce_id", id_.encode()),
        ("ce_source", source.encode()),
        ("ce_type", type_.encode()),
        ("ce_time", format_time(time_ms).encode()),
        _JSON,
    ]
    return Encoded(key, value, headers)
