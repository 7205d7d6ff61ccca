"""The events in a request: the body as it came, and the headers that say what it is. Pure.

Source of the CloudEvents forms: CloudEvents HTTP protocol binding 1.0, sections 3.1 (binary), 3.2 (structured) and 3.3
(batched).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast
from urllib.parse import unquote

import msgspec

from orchestrator.api.body import check_coding
from orchestrator.api.event_documents import BATCHED, MAX_EVENTS, PLAIN, STRUCTURED, RefusedEvent
from orchestrator.api.problems import BadRequest, InvalidPart, UnsupportedMediaType
from orchestrator.errors import DefinitionError, Problem
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.offered import Code, Offered, Refused, read_attributes, read_cloud_event, read_listed
from orchestrator.messages.text import without_halves
from orchestrator.messages.usable import usability_problem

ATTRIBUTE = "ce-"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")


class _Events(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


_decode_events = msgspec.json.Decoder(_Events).decode
_decode_batch = msgspec.json.Decoder(list[msgspec.Raw]).decode

Read = Callable[[bytes, str, int], Offered]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Offering:
    """The events that may be taken, in their order, and those that are refused."""

    events: Sequence[EngagementEvent]
    refused: Sequence[RefusedEvent]


def offering_in(headers: Mapping[str, str], body: bytes, workspace_id: str, now_ms: int) -> Offering:
    """What is offered to the workspace; an event without a time is of ``now_ms``.

    Raises:
        BadRequest: the body is not JSON, or a header not what the binding says.
        InvalidPart: it is JSON of another shape, or has more events than are taken at once.
        UnsupportedMediaType: it is declared as something else.
    """
    check_coding(headers)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == STRUCTURED:
        return _sorted([read_cloud_event(body, workspace_id, now_ms)], _in_body)
    if kind == BATCHED:
        batch = _split(_decode_batch, body, "send an array of CloudEvents")
        return _sorted(_each(read_cloud_event, workspace_id, now_ms, batch), _in_batch)
    if attributes := _attributes(headers):
        return _sorted([read_attributes(attributes, kind, body, workspace_id, now_ms)], _beside_body)
    if kind != PLAIN:
        found = f"is declared as {kind[:60]!r}" if kind else "has no Content-Type"
        raise UnsupportedMediaType(
            f"the request body {found}; send {PLAIN}, {STRUCTURED} or {BATCHED}, or a CloudEvent with its attributes "
            "in ce- headers"
        )
    events = _split(_decode_events, body, 'send {"events": [{"id": …, "type": …, "customer_id": …}, …]}').events
    return _sorted(_each(read_listed, workspace_id, now_ms, events), _in_events)


def _split(decode: Callable[[bytes], T], body: bytes, fix: str) -> T:
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise _misshapen("shape", f"this is no list of events: {error}", fix) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        healed = without_halves(body)  # or one such event would keep all others back, however often they are sent
        if healed is None:
            raise BadRequest(f"the body is not JSON: {error}") from error
        return _split(decode, healed, fix)


def _misshapen(rule: str, message: str, fix: str) -> InvalidPart:
    return InvalidPart("$", DefinitionError([Problem("$", rule, message, fix)]))


def _each(read: Read, workspace_id: str, now_ms: int, events: Sequence[msgspec.Raw]) -> Iterator[Offered]:
    if len(events) > MAX_EVENTS:
        message = f"the request has {len(events)} events; at most {MAX_EVENTS} are taken"
        raise _misshapen("too_many", message, "send them in parts")
    return (read(bytes(event), workspace_id, now_ms) for event in events)


def _sorted(offered: Iterable[Offered], placed: Callable[[int, str], str]) -> Offering:
    events: list[EngagementEvent] = []
    refused: list[RefusedEvent] = []
    for index, each in enumerate(offered):
        found = each if isinstance(each, Refused) else _unless_usable(each)
        if isinstance(found, Refused):
            problem = found.problem
            refused.append(
                RefusedEvent(
                    index=index,
                    id=found.id,
                    code=cast(Code, problem.rule),
                    path=placed(index, problem.path),
                    detail=problem.message,
                    fix=problem.fix,
                )
            )
        else:
            events.append(found)
    return Offering(events, refused)


def _unless_usable(event: EngagementEvent) -> Offered:
    problem = usability_problem(event)
    return event if problem is None else Refused(event.id, problem)


def _in_body(_: int, path: str) -> str:
    return path


def _in_batch(index: int, path: str) -> str:
    return f"$[{index}]{path.removeprefix('$')}"


def _in_events(index: int, path: str) -> str:
    return f"$.events[{index}]{path.removeprefix('$')}"


def _beside_body(_: int, path: str) -> str:
    """The attributes stand in headers, and the body is the data."""
    if path == "$.datacontenttype":
        return "Content-Type"
    return f"${path.removeprefix('$.data')}" if path.startswith("$.data") else f"{ATTRIBUTE}{path.removeprefix('$.')}"


def _attributes(headers: Mapping[str, str]) -> dict[str, str]:
    """The CloudEvents attributes in the headers: unquoted, then percent-decoded, as section 3.1.3.2 says."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        if not name.startswith(ATTRIBUTE):
            continue
        if (attribute := name.removeprefix(ATTRIBUTE)) in found:
            raise BadRequest(f"the header {name[:60]} comes twice; which of them counts is not said")
        quoted = _QUOTED.fullmatch(value)
        text = _ESCAPED.sub(r"\1", quoted[1]) if quoted else value
        try:
            found[attribute] = unquote(text.encode("ascii").decode(), errors="strict")
        except UnicodeError as error:
            raise BadRequest(f"the header {name[:60]} is not UTF-8 in percent encoding, such as Caf%C3%A9") from error
    return found
