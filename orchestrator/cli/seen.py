"""A record of any topic as far as it can be read. Pure: records in, what they say out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from orchestrator.catalog import Catalog
from orchestrator.cli.raw import readable, text_of
from orchestrator.definitions.moment import moment_at
from orchestrator.errors import DecodeError
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import plain_envelope
from orchestrator.messages.codec import (
    COMMAND_TYPE,
    decode_activity,
    decode_command,
    decode_config,
    decode_delivery,
    decode_engagement,
    decode_own,
)
from orchestrator.messages.command import SendCommand
from orchestrator.messages.dead_letter import parse_dead_letter
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.key import parse_customer_key

Message = dict[str, Any]
Read = Callable[[TailRecord], tuple[str, Message]]  # its type, and what it says; raises DecodeError


@dataclass(frozen=True, slots=True)
class Seen:
    """A record and what it says. ``message`` None: it cannot be read, and ``problem`` says why."""

    record: TailRecord
    type: str
    workspace_id: str
    customer_id: str
    message: Message | None
    problem: DecodeError | None = None

    def document(self) -> dict[str, object]:
        """All of it as JSON values."""
        record = self.record
        told: dict[str, object] = {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "arrived_at": moment_at(record.timestamp).isoformat(),
            "key": text_of(record.key),
            "type": self.type,
            "message": self.message,
        }
        if self.problem is not None:
            kind, value = readable(record.value)
            told |= {"problem": self.problem.reason, "detail": str(self.problem), "value_kind": kind, "value": value}
        return told

    def line(self) -> str:
        """The most of it on a line."""
        record = self.record
        place = f"{moment_at(record.timestamp):%Y-%m-%d %H:%M:%S}  {record.partition}/{record.offset}"
        key = text_of(record.key) or "no key"
        if self.problem is not None:
            return f"{place}  {key}  UNREADABLE, {self.problem.reason}: {self.problem}"
        return f"{place}  {key}  {self.type}  {msgspec.json.encode(self.message).decode()}"


def reader_of(catalog: Catalog, topic: str) -> Callable[[TailRecord], Seen]:
    """What tells the records of this topic (by its real name)."""
    readers: dict[str, Read] = {
        catalog.events: _event,
        catalog.deliveries: _delivery,
        catalog.timers: _own,
        catalog.activities: _activity,
        catalog.configs: _config,
        catalog.dead_letters: _letter,
        **dict.fromkeys(catalog.command_topics.values(), _command),
    }
    read = readers.get(topic, _bytes)

    def seen(record: TailRecord) -> Seen:
        workspace_id, customer_id = _names_in(record.key)
        try:
            type_, message = ("deleted", {}) if _is_tombstone(record) else read(record)
        except DecodeError as error:
            return Seen(record, "", workspace_id, customer_id, None, error)
        return Seen(
            record,
            type_,
            message.get("workspace_id", workspace_id),
            message.get("customer_id", customer_id),
            message,
        )

    return seen


def _is_tombstone(record: TailRecord) -> bool:
    """Nothing at all under a key: what is compacted is deleted by that. An event may have no data, but has headers."""
    return record.value is None and not record.headers


def _event(record: TailRecord) -> tuple[str, Message]:
    event = decode_engagement(record.key, record.value, record.headers, record.timestamp)
    return event.type, plain_envelope(event)


def _delivery(record: TailRecord) -> tuple[str, Message]:
    return _told(decode_delivery(record.key, record.value, record.headers, record.timestamp))


def _own(record: TailRecord) -> tuple[str, Message]:
    return _told(decode_own(record.value, record.headers))


def _command(record: TailRecord) -> tuple[str, Message]:
    return _told(decode_command(record.value))


def _activity(record: TailRecord) -> tuple[str, Message]:
    return _told(decode_activity(record.value))


def _config(record: TailRecord) -> tuple[str, Message]:
    return _told(decode_config(record.value))


def _letter(record: TailRecord) -> tuple[str, Message]:
    letter = parse_dead_letter(record.key, record.value, record.headers)
    told = {"place": letter.place, "stage": letter.stage, "reason": letter.reason, "message": letter.message}
    return letter.reason, told


def _bytes(record: TailRecord) -> tuple[str, Message]:
    return "bytes", {"bytes": len(record.value or b"")}


def _told(message: msgspec.Struct) -> tuple[str, Message]:
    document: Message = msgspec.to_builtins(message)
    match message:
        case EngagementEvent():
            return message.type, plain_envelope(message)
        case DeliveryEvent():
            return message.outcome, document
        case Activity():
            return message.type, document
        case SendCommand():
            return COMMAND_TYPE, document
        case _:
            return str(message.__struct_config__.tag or type(message).__name__), document


def _names_in(key: bytes | None) -> tuple[str, str]:
    try:
        return parse_customer_key(key)
    except DecodeError:
        return "", ""
