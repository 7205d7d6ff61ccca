"""A record of the activities topic as an activity that PostgreSQL can hold, or as a refusal that says why not. Pure."""

import re
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from orchestrator.errors import DecodeError
from orchestrator.messages.activity import MAX_MONEY, Activity
from orchestrator.messages.codec import decode_activity
from orchestrator.messages.key import MAX_CUSTOMER_ID_CHARS
from orchestrator.messages.text import has_zero_character
from orchestrator.store.rows import Refusal

MAX_VALUE_BYTES = 1_048_576  # Kafka's own default for a record
MAX_WORKSPACE_ID_CHARS = 255
MAX_PAST = 1_000_000  # events of one customer before an entry; the engine counts to 16
YEAR_10000_MS = 253_402_300_800_000

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MAX_VERSION = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as Kafka holds it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    """A record and the activity it holds."""

    raw: RawRecord
    activity: Activity


Decoded: TypeAlias = ActivityRecord | Refusal


def decode(raw: RawRecord) -> Decoded:
    """The activity of ``raw``, or a refusal with reason ``malformed``."""
    if raw.value is None:
        return refusal(raw, "malformed", "the record has no value")
    if len(raw.value) > MAX_VALUE_BYTES:
        return refusal(raw, "malformed", f"the record has {len(raw.value)} bytes, more than {MAX_VALUE_BYTES}")
    try:
        activity = decode_activity(raw.value)
    except DecodeError as error:
        return refusal(raw, "malformed", f"the record is not an activity: {error}")
    problem = _problem(activity, raw.value)
    if problem:
        return refusal(raw, "malformed", problem, activity)
    return ActivityRecord(raw, activity)


def raw_of(record: Decoded) -> RawRecord:
    """The record as Kafka holds it."""
    if isinstance(record, ActivityRecord):
        return record.raw
    return RawRecord(record.topic, record.partition, record.offset, record.key, record.value)


def refusal(raw: RawRecord, reason: str, message: str, activity: Activity | None = None) -> Refusal:
    """``raw`` as a record that cannot be used, for ``reason`` (see ``Refusal``)."""
    return Refusal(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        reason=reason,
        message=message,
        key=raw.key,
        value=raw.value,
        workspace_id=activity.workspace_id if activity else None,
        journey_id=activity.journey_id if activity else None,
    )


def is_uuid(text: str) -> bool:
    """Whether ``text`` is a UUID in the one form that the same UUID always has (lower case, with dashes)."""
    return _UUID.fullmatch(text) is not None


def _problem(activity: Activity, value: bytes) -> str:
    """What keeps the activity from being stored and counted; empty when nothing does."""
    if not is_uuid(activity.id):
        return f"the activity's id is {activity.id[:80]!r}; expected a UUID in lower case"
    if activity.run_id and not is_uuid(activity.run_id):
        return f"the run id is {activity.run_id[:80]!r}; expected a UUID in lower case, or nothing"
    if not 0 <= activity.at_ms < YEAR_10000_MS:
        return f"at_ms is {activity.at_ms}; expected milliseconds since 1970, before the year 10000"
    if not 0 <= activity.version <= _MAX_VERSION:
        return f"the version is {activity.version}; expected a number from 0 to {_MAX_VERSION}"
    if len(activity.customer_id) > MAX_CUSTOMER_ID_CHARS or len(activity.workspace_id) > MAX_WORKSPACE_ID_CHARS:
        return "the customer id or the workspace id is too long"
    if activity.type == "customer_erased" and not is_uuid(str(activity.details.get("receipt", ""))):
        return "an erasure must name its receipt, a UUID in lower case"
    for name in ("value", "cost"):
        amount = activity.details.get(name, 0)
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not abs(amount) <= MAX_MONEY:
            return f"details.{name} is {str(amount)[:80]!r}; expected a number up to {MAX_MONEY:.0e}"
    if not _is_past(activity.details.get("before", 0)):
        return f"details.before is {str(activity.details['before'])[:80]!r}; expected a count up to {MAX_PAST:,}"
    if not isinstance(activity.details.get("was_active", False), bool):
        return f"details.was_active is {str(activity.details['was_active'])[:80]!r}; expected true or false"
    # The only way to write a zero byte in JSON; PostgreSQL's text and jsonb cannot hold it.
    if b"\\u0000" in value and has_zero_character(msgspec.to_builtins(activity)):
        return "a text in the activity has a zero byte, which PostgreSQL cannot hold"
    return ""


def _is_past(count: object) -> bool:
    return isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MAX_PAST
