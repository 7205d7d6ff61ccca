"""An event that somebody outside offers, checked as the worker will: what is taken here, ``read_event`` reads.

It comes as a plain JSON object, as a CloudEvent in JSON, or as CloudEvents attributes beside data. It is read more
strictly than from Kafka where a mistake would pass unnoticed there: a plain object has no unknown fields, a CloudEvent
is of version 1.0, and the orchestrator's own types and sources are not used by others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from orchestrator.errors import DecodeError, Problem
from orchestrator.messages.cloudevents import (
    MAX_DEPTH,
    MAX_ID_CHARS,
    MAX_SOURCE_CHARS,
    MAX_TYPE_CHARS,
    check_text,
    parse_time_ms,
)
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import MAX_CUSTOMER_ID_CHARS, is_customer_id
from orchestrator.messages.reserved import is_own_source, way_instead_of
from orchestrator.messages.text import has_zero_character, is_deeper_than

MAX_EVENT_BYTES = 64 * 1024  # far below what Kafka refuses, which would hold up everything behind it
SPEC_VERSION = "1.0"
# Of events that name none. It never changes: by it and the id an event is known for ever.
DEFAULT_SOURCE = "/api/v1/events"
MAX_SHOWN_CHARS = 200  # of what somebody wrote and is no field
_NAMED = re.compile(r"field `(.+)`")  # in what msgspec says of one that is missing or unknown

Code = Literal["malformed", "oversized", "wrong_workspace", "reserved", "unsupported_encoding", "unusable"]


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that is not taken. ``id``: as far as it can be read. The path of the problem leads into the event."""

    id: str | None
    problem: Problem


Offered: TypeAlias = EngagementEvent | Refused


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: str
    type: str
    customer_id: str | None = None
    source: str = DEFAULT_SOURCE
    time: str | None = None
    workspace_id: str | None = None
    data: dict[str, Any] = {}


class _CloudEvent(msgspec.Struct, gc=False):
    specversion: str
    id: str
    source: str
    type: str
    time: str | None = None
    workspaceid: str | None = None
    customerid: str | None = None
    workspace_id: str | None = None  # as in read_event
    customer_id: str | None = None
    datacontenttype: str | None = None
    data: dict[str, Any] | None = None
    data_base64: object = None


class _Id(msgspec.Struct):
    id: str | None = None


_decode_plain = msgspec.json.Decoder(_Plain).decode
_decode_cloud_event = msgspec.json.Decoder(_CloudEvent).decode
_decode_id = msgspec.json.Decoder(_Id).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_data = msgspec.json.Decoder(dict[str, Any]).decode


class _Refusal(Exception):
    def __init__(self, code: Code, path: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.problem = Problem(path, code, message, fix)


def read_listed(raw: bytes, workspace_id: str, now_ms: int) -> Offered:
    """The event in an object that is a CloudEvent if it says of which version, and else a plain one."""
    read = read_cloud_event if b'"specversion"' in raw and _is_cloud_event(raw) else read_plain
    return read(raw, workspace_id, now_ms)


def read_plain(raw: bytes, workspace_id: str, now_ms: int) -> Offered:
    """The event in a plain JSON object, offered to the workspace at ``now_ms``, its time if it names none."""
    try:
        _check_size(raw)
        given = _decode_plain(raw)
        _check_workspace("$.workspace_id", given.workspace_id, workspace_id)
        return _event(
            id_=given.id,
            source=given.source,
            type_=given.type,
            time=given.time,
            now_ms=now_ms,
            workspace_id=workspace_id,
            customer_id=given.customer_id,
            customer_path="$.customer_id",
            data=given.data,
            raw=raw,
        )
    except (_Refusal, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _refused(error, raw)


def read_cloud_event(raw: bytes, workspace_id: str, now_ms: int) -> Offered:
    """The event in a CloudEvent in JSON. The customer is its extension attribute ``customerid``."""
    try:
        _check_size(raw)
        given = _decode_cloud_event(raw)
        _check_version(given.specversion)
        _check_content(given.datacontenttype)
        if given.data_base64 is not None:
            raise _Refusal(
                "unsupported_encoding", "$.data_base64", "the data are not JSON", "send a JSON object as data"
            )
        _check_workspace("$.workspaceid", given.workspaceid or given.workspace_id, workspace_id)
        return _event(
            id_=given.id,
            source=given.source,
            type_=given.type,
            time=given.time,
            now_ms=now_ms,
            workspace_id=workspace_id,
            customer_id=given.customerid or given.customer_id,
            customer_path="$.customerid",
            data=given.data or {},
            raw=raw,
        )
    except (_Refusal, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _refused(error, raw)


def read_attributes(
    attributes: Mapping[str, str], content_type: str, data: bytes, workspace_id: str, now_ms: int
) -> Offered:
    """The event whose CloudEvents attributes stand beside its data (the binary mode of a protocol)."""
    try:
        _check_size(data)
        for name in ("specversion", "id", "source", "type"):
            if name not in attributes:
                raise _Refusal("malformed", f"$.{name}", f"the attribute {name} is missing", f"give it as ce-{name}")
        _check_version(attributes["specversion"])
        if data:
            _check_content(content_type)
        _check_workspace("$.workspaceid", attributes.get("workspaceid"), workspace_id)
        return _event(
            id_=attributes["id"],
            source=attributes["source"],
            type_=attributes["type"],
            time=attributes.get("time"),
            now_ms=now_ms,
            workspace_id=workspace_id,
            customer_id=attributes.get("customerid"),
            customer_path="$.customerid",
            data=_decode_data(data) if data else {},
            raw=data,
        )
    except (_Refusal, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        refused = _refused(error, b"", "$.data")
        return Refused(attributes.get("id", "")[:MAX_ID_CHARS] or None, refused.problem)


def _event(
    *,
    id_: str,
    source: str,
    type_: str,
    time: str | None,
    now_ms: int,
    workspace_id: str,
    customer_id: str | None,
    customer_path: str,
    data: dict[str, Any],
    raw: bytes,
) -> EngagementEvent:
    path = "$.id"
    try:
        check_text("id", id_, MAX_ID_CHARS)
        path = "$.source"
        check_text("source", source, MAX_SOURCE_CHARS)
        path = "$.type"
        check_text("type", type_, MAX_TYPE_CHARS)
        path = "$.time"
        time_ms = now_ms if time is None else parse_time_ms(time)
    except DecodeError as error:
        raise _Refusal("malformed", path, str(error), _FIXES[path]) from error
    if customer_id is None or not is_customer_id(customer_id):
        raise _Refusal("malformed", customer_path, *_customer_problem(customer_id, customer_path))
    if is_own_source(source):
        raise _Refusal(
            "reserved", "$.source", "this source is the orchestrator's own", "name the system that reports the event"
        )
    if (instead := way_instead_of(type_)) is not None:
        raise _Refusal("reserved", "$.type", f"{type_} is the orchestrator's own, and not published here", instead)
    event = EngagementEvent(
        id=id_,
        source=source,
        type=type_,
        time_ms=time_ms,
        workspace_id=workspace_id,
        customer_id=customer_id,
        data=data,
    )
    _check_data(event, raw)
    return event


def _check_data(event: EngagementEvent, raw: bytes) -> None:
    # Most events cannot have it; to look at the bytes costs a hundredth of looking at all values.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and is_deeper_than(event.data, MAX_DEPTH):
        raise _Refusal("malformed", "$.data", f"the data nest deeper than {MAX_DEPTH} levels", "flatten them")
    if b"\\u0000" in raw or "\x00" in event.id + event.source + event.type:
        for path, value in (("id", event.id), ("source", event.source), ("type", event.type), ("data", event.data)):
            if has_zero_character(value):
                raise _Refusal(
                    "malformed",
                    f"$.{path}",
                    "a text has a zero character (U+0000), or half of a character",
                    "leave it out",
                )


_FIXES: Mapping[str, str] = {
    "$.id": f"give 1 to {MAX_ID_CHARS} characters that name this event among all of its source",
    "$.source": f"give 1 to {MAX_SOURCE_CHARS} characters that name the system that reports it",
    "$.type": f"give 1 to {MAX_TYPE_CHARS} characters that say what happened, such as order.placed",
    "$.time": "give when it happened, such as 2026-11-25T09:30:00.000Z, or leave it out: now",
}


def _customer_problem(customer_id: str | None, path: str) -> tuple[str, str]:
    if not customer_id:
        return "the event is of no customer", f"name the customer in {path.removeprefix('$.')}"
    if len(customer_id) > MAX_CUSTOMER_ID_CHARS:
        problem = f"the customer id has {len(customer_id)} characters; 1 to {MAX_CUSTOMER_ID_CHARS} are taken"
        return problem, "name the customer by a shorter id"
    return "the customer id has a control character (0x00 or 0x1f)", "leave the character out"


def _check_size(raw: bytes) -> None:
    if len(raw) > MAX_EVENT_BYTES:
        raise _Refusal(
            "oversized",
            "$",
            f"the event has {len(raw)} bytes; at most {MAX_EVENT_BYTES} are taken",
            "leave out of the data what no journey asks for",
        )


def _check_workspace(path: str, named: str | None, workspace_id: str) -> None:
    if named and named != workspace_id:
        raise _Refusal(
            "wrong_workspace",
            path,
            f"the event is for the workspace {named[:80]!r}, the key for {workspace_id!r}",
            "leave the workspace out, or use a key of that workspace",
        )


def _check_version(specversion: str) -> None:
    if specversion != SPEC_VERSION:
        raise _Refusal(
            "malformed",
            "$.specversion",
            f"the CloudEvent is of version {specversion[:40]!r}; {SPEC_VERSION!r} is read",
            f"set specversion to {SPEC_VERSION}",
        )


def _check_content(media_type: str | None) -> None:
    kind = (media_type or "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise _Refusal(
            "unsupported_encoding",
            "$.datacontenttype",
            f"the data are declared as {kind[:80]!r}",
            "send a JSON object as data, with the content type application/json",
        )


def _refused(error: Exception, raw: bytes, within: str = "$") -> Refused:
    if isinstance(error, _Refusal):
        return Refused(_id_in(raw), error.problem)
    message, _, place = str(error).partition(" - at `")
    path = within + place.rstrip("`").removeprefix("$")
    if named := _NAMED.search(message):
        path += f".{named[1][:MAX_SHOWN_CHARS]}"
    fix = _FIXES.get(path, f"an event has the fields {', '.join(_Plain.__struct_fields__)}")
    return Refused(
        _id_in(raw), Problem(path, "malformed", f"the event cannot be read: {message[:MAX_SHOWN_CHARS]}", fix)
    )


def _is_cloud_event(raw: bytes) -> bool:
    try:
        return "specversion" in _decode_fields(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _id_in(raw: bytes) -> str | None:
    try:
        id_ = _decode_id(raw).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return id_ and id_[:MAX_ID_CHARS]
