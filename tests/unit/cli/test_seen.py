"""A record of any topic is told as what it says; what cannot be read is told as such, and nothing fails."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.catalog import Catalog
from orchestrator.cli.seen import Seen, reader_of
from orchestrator.cli.watching import Watched
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import (
    encode_activity,
    encode_config,
    encode_delivery,
    encode_event,
    encode_passed_on,
    encode_timer,
    encode_walk,
)
from orchestrator.messages.dead_letter import DeadLetter
from orchestrator.messages.event import DeliveryEvent
from orchestrator.messages.offered import read_plain
from orchestrator.messages.timer import TimerDue
from orchestrator.messages.walk import WalkDue
from orchestrator.settings import Settings
from tests.builders import MONDAY_NOON, a_standing, an_event

CATALOG = Catalog(Settings())
EVENT = an_event("order.placed", MONDAY_NOON, amount=12.5)
REPORT = DeliveryEvent(
    id="d-1",
    source="mailer",
    time_ms=MONDAY_NOON,
    workspace_id="acme",
    customer_id="c1",
    command_id="x",
    journey_id="j",
    run_id="r",
    step="hello",
    channel="email",
    outcome="opened",
)
ACTIVITY = Activity(
    id="a", workspace_id="acme", customer_id="c1", journey_id="j", version=1, run_id="r", type="run_exited", at_ms=1
)
LETTER = DeadLetter(
    topic=CATALOG.events,
    partition=1,
    offset=2,
    timestamp_ms=3,
    key=b"acme:c1",
    value=b"\xff",
    headers=(),
    stage="decode",
    reason="malformed",
    message="no JSON",
)


def seen(topic: str, record: Encoded) -> Seen:
    return reader_of(CATALOG, topic)(
        TailRecord(topic, 3, 117, MONDAY_NOON, record.key, record.value, tuple(record.headers))
    )


@pytest.mark.parametrize(
    ("topic", "record", "type_"),
    [
        (CATALOG.events, encode_event(EVENT), "order.placed"),
        (CATALOG.deliveries, encode_delivery(REPORT), "opened"),
        (CATALOG.activities, encode_activity(ACTIVITY), "run_exited"),
        (CATALOG.timers, encode_timer(TimerDue(workspace_id="acme", customer_id="c1", due_ms=5)), "TimerDue"),
        (CATALOG.timers, encode_passed_on(EVENT), "order.placed"),
        (CATALOG.dead_letters, Encoded(b"acme:c1", b"\xff", LETTER.all_headers()), "malformed"),
        (CATALOG.changelog, Encoded(b"acme:c1", b"\x93\x01\x02\x03", []), "bytes"),
    ],
)
def test_what_a_record_says_is_told_with_its_place_and_its_customer(topic: str, record: Encoded, type_: str) -> None:
    found = seen(topic, record)
    assert (found.type, found.workspace_id, found.customer_id) == (type_, "acme", "c1")
    assert found.line().startswith("2026-01-05 12:00:00  3/117  acme:c1  " + type_)
    document = json.loads(json.dumps(found.document()))
    assert (document["topic"], document["partition"], document["offset"]) == (topic, 3, 117)
    assert document["message"] is not None
    assert "problem" not in document


@pytest.mark.parametrize(
    ("topic", "record", "type_"),
    [
        (CATALOG.configs, encode_config(a_standing()), "journey_standing"),
        (CATALOG.timers, encode_walk(WalkDue(workspace_id="acme", journey_id="j", at_ms=1)), "WalkDue"),
    ],
)
def test_what_is_of_no_customer_is_told_too(topic: str, record: Encoded, type_: str) -> None:
    assert seen(topic, record).type == type_


def test_an_event_is_told_as_it_would_be_sent_again() -> None:
    message = seen(CATALOG.events, encode_event(EVENT)).message
    assert read_plain(json.dumps(message).encode(), "acme", 0) == EVENT


def test_a_tombstone_is_told_as_a_deletion() -> None:
    record = TailRecord(CATALOG.configs, 0, 1, MONDAY_NOON, b"acme:x", None, ())
    assert reader_of(CATALOG, CATALOG.configs)(record).type == "deleted"


NAMES = st.sampled_from(["kind", "ce_specversion", "ce_id", "x"])


@pytest.mark.parametrize("topic", [spec.name for spec in CATALOG.specs])
@given(
    st.none() | st.binary(max_size=30),
    st.none() | st.binary(max_size=60),
    st.lists(st.tuples(NAMES, st.none() | st.binary(max_size=9)), max_size=3),
)
def test_no_bytes_on_any_topic_fail(
    topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    found = reader_of(CATALOG, topic)(TailRecord(topic, 0, 0, MONDAY_NOON, key, value, tuple(headers)))
    document = json.loads(json.dumps(found.document()))
    assert (document["message"] is None) == ("problem" in document)
    assert found.line().startswith("2026-01-05 12:00:00  0/0")


def test_what_cannot_be_read_is_shown_with_the_reason_and_its_bytes() -> None:
    found = seen(CATALOG.events, Encoded(b"acme:c1", b"\x00\x00\x00\x00\x07\x06abc", []))
    assert "UNREADABLE, unsupported_encoding" in found.line()
    document = found.document()
    assert (document["problem"], document["value_kind"]) == ("unsupported_encoding", "hex")


@pytest.mark.parametrize(
    ("watched", "is_shown"),
    [
        (Watched("t", frozenset(), None, None), True),
        (Watched("t", frozenset({"order.placed", "x"}), "c1", "acme"), True),
        (Watched("t", frozenset({"x"}), None, None), False),
        (Watched("t", frozenset(), "c2", None), False),
        (Watched("t", frozenset(), None, "globex"), False),
    ],
)
def test_records_are_chosen_by_type_customer_and_workspace(watched: Watched, is_shown: bool) -> None:
    assert watched.takes(seen(CATALOG.events, encode_event(EVENT))) == is_shown


def test_what_cannot_be_read_may_be_of_any_type_and_is_of_the_customer_of_its_key() -> None:
    found = seen(CATALOG.events, Encoded(b"acme:c1", b"\xff", []))
    assert Watched("t", frozenset({"order.placed"}), "c1", "acme").takes(found)
    assert not Watched("t", frozenset(), "c2", None).takes(found)
