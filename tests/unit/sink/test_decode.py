"""Records that are activities, and all the ways not to be one."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from orchestrator.sink.decode import MAX_VALUE_BYTES, YEAR_10000_MS, ActivityRecord, RawRecord, decode
from orchestrator.store.rows import Refusal


def a_record(value: bytes | None) -> RawRecord:
    return RawRecord("journeys.activities.v1", 3, 4711, b"acme:ada", value)


def a_document(**changes: object) -> dict[str, object]:
    activity = Activity(
        id=derived_id("activity", "1"),
        workspace_id="acme",
        customer_id="ada",
        journey_id=derived_id("journey", "1"),
        version=1,
        run_id=derived_id("run", "1"),
        type="send_requested",
        at_ms=1_767_571_200_000,
        details={"channel": "email", "cost": 0.002},
    )
    document: dict[str, object] = msgspec.to_builtins(activity)
    return document | changes


def decoded(**changes: object) -> ActivityRecord | Refusal:
    return decode(a_record(msgspec.json.encode(a_document(**changes))))


def test_an_activity_is_decoded() -> None:
    record = decoded()
    assert isinstance(record, ActivityRecord)
    assert record.activity.details == {"channel": "email", "cost": 0.002}


def test_fields_of_a_later_version_are_tolerated() -> None:
    assert isinstance(decoded(mood="sunny"), ActivityRecord)


def test_a_refused_entry_has_no_run() -> None:
    assert isinstance(decoded(type="entry_refused", run_id=""), ActivityRecord)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": "1"}, "the activity's id is '1'"),
        ({"id": derived_id("a", "1").upper()}, "UUID in lower case"),
        ({"run_id": "run-1"}, "the run id is"),
        ({"at_ms": -1}, "at_ms is -1"),
        ({"at_ms": YEAR_10000_MS}, "before the year 10000"),
        ({"at_ms": "now"}, "Expected `int`"),
        ({"version": 2**31}, "the version is"),
        ({"version": -1}, "the version is"),
        ({"type": "sang_a_song"}, "Invalid enum value"),
        ({"customer_id": "x" * 513}, "too long"),
        ({"workspace_id": "x" * 256}, "too long"),
        ({"details": {"cost": "much"}}, "details.cost is 'much'"),
        ({"details": {"value": True}}, "details.value is 'True'"),
        ({"details": {"value": 1e13}}, "details.value is"),
        ({"details": {"before": -1}}, "details.before is '-1'"),
        ({"details": {"before": 10**9}}, "details.before is"),
        ({"details": {"before": 1.5}}, "details.before is '1.5'"),
        ({"details": {"before": True}}, "details.before is 'True'"),
        ({"details": {"was_active": 1}}, "details.was_active is '1'"),
        ({"details": {"before": None}}, "details.before is 'None'"),
        ({"details": {"note": {"deep": ["a\x00b"]}}}, "zero byte"),
        ({"customer_id": "a\x00b"}, "zero byte"),
        ({"details": {"\x00": 1}}, "zero byte"),
    ],
)
def test_an_activity_that_cannot_be_kept_is_refused_with_its_reason(changes: dict[str, object], complaint: str) -> None:
    refused = decoded(**changes)
    assert isinstance(refused, Refusal)
    assert refused.reason == "malformed"
    assert complaint in refused.message


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"id": "\\ud800"}',
        b"[" * 100_000,
        b" " * (MAX_VALUE_BYTES + 1),
        b'{"x": 1e999}',
    ],
    ids=["tombstone", "empty", "cut", "list", "not-utf8", "half-a-surrogate", "deep", "oversized", "beyond-float"],
)
def test_bytes_that_are_no_activity_are_refused_and_kept(value: bytes | None) -> None:
    refused = decode(a_record(value))
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.key, refused.value) == ("malformed", b"acme:ada", value)
    assert (refused.topic, refused.partition, refused.offset) == ("journeys.activities.v1", 3, 4711)


def test_a_written_out_zero_escape_is_no_zero_byte() -> None:
    assert isinstance(decoded(details={"note": "a backslash: \\u0000"}), ActivityRecord)


@given(st.binary(max_size=200))
def test_no_bytes_make_decoding_raise(value: bytes) -> None:
    decode(a_record(value))


def test_the_id_of_a_refusal_follows_from_place_and_bytes() -> None:
    first, again = decode(a_record(b"{")), decode(a_record(b"{"))
    other = decode(a_record(b"["))
    assert isinstance(first, Refusal)
    assert isinstance(again, Refusal)
    assert isinstance(other, Refusal)
    assert first.id == again.id != other.id
