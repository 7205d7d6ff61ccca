"""Payloads become the events that the rules say, or are refused with the place and the reason."""

import json
from typing import Any

import pytest

from orchestrator.intake.events import MAX_EVENTS, Understood, events_of, read_payload
from orchestrator.intake.reading import KINDS_OF_OURS, Refusal
from orchestrator.messages.event import EngagementEvent
from tests.unit.intake.mappings import NOW_MS, a_rule, mapping_of, refused, understood

ORDER = {"id": "o-1", "customer": "c1", "total": "19.90"}


def test_a_payload_is_the_event_that_its_rule_says() -> None:
    rule = a_rule(
        time="/at", data={"amount": {"from": "/total", "as": "number"}, "order.id": "/id", "kind": {"constant": 3}}
    )
    [event] = understood({**ORDER, "at": "2026-01-05T10:00:00+01:00"}, rule).events
    assert event == EngagementEvent(
        id="o-1",
        source="/shop",
        type="order.placed",
        time_ms=NOW_MS - 3 * 3_600_000,
        workspace_id="acme",
        customer_id="c1",
        data={"amount": 19.9, "order": {"id": "o-1"}, "kind": 3},
    )


def test_what_has_no_time_happened_when_it_came_in() -> None:
    assert understood(ORDER).events[0].time_ms == NOW_MS


def test_a_payload_that_no_rule_fits_is_no_event() -> None:
    rule = a_rule(when=[{"at": "header:X-Topic", "op": "eq", "value": "orders"}])
    assert understood(ORDER, rule).events == ()
    assert understood(ORDER, rule, headers={"x-TOPIC": "orders"}).events != ()


def test_all_rules_that_fit_give_their_events_in_order() -> None:
    rules = (a_rule(), a_rule(type="order.seen", id={"join": [{"constant": "seen"}, "/id"]}))
    assert [(event.type, event.id) for event in understood(ORDER, *rules).events] == [
        ("order.placed", "o-1"),
        ("order.seen", "seen:o-1"),
    ]


def test_each_item_of_a_list_is_an_event_and_sees_the_whole_payload_too() -> None:
    rule = a_rule(
        for_each="/lines",
        when=[{"at": "/price", "op": "gt", "value": 1}],
        customer="payload:/customer",
        id={"join": ["payload:/id", "/n"], "with": "/"},
    )
    payload = {**ORDER, "lines": [{"n": 1, "price": 5}, {"n": 2, "price": 1}, {"n": 3, "price": 7}]}
    assert [event.id for event in understood(payload, rule).events] == ["o-1/1", "o-1/3"]


@pytest.mark.parametrize("payload", [ORDER, [ORDER], {"batch": [ORDER]}])
def test_what_is_no_list_is_one_item(payload: Any) -> None:
    assert [event.id for event in understood(payload, a_rule(for_each=["/batch", ""])).events] == ["o-1"]


def test_the_first_place_that_has_something_counts_and_null_is_nothing() -> None:
    rule = a_rule(customer={"from": ["/user", "/customer"]}, data={"n": {"from": ["/a", "/b"], "default": 0}})
    assert understood({**ORDER, "user": None}, rule).events[0].customer_id == "c1"
    assert understood({**ORDER, "user": 42}, rule).events[0].customer_id == "42"
    assert [understood({**ORDER, **more}, rule).events[0].data for more in ({}, {"b": False}, {"a": 1})] == [
        {"n": 0},
        {"n": False},
        {"n": 1},
    ]


def test_what_has_no_value_is_left_out_of_the_data() -> None:
    assert understood(ORDER, a_rule(data={"a": "/nothing", "b": {"join": ["/id", "/nothing"]}})).events[0].data == {}


def test_what_may_be_wrong_is_passed_over_where_the_mapping_says_so() -> None:
    rule = a_rule(data={"amount": {"from": ["/a", "/b"], "as": "number", "lenient": True}})
    assert understood({**ORDER, "a": "n/a", "b": "3.5"}, rule).events[0].data == {"amount": 3.5}
    assert understood({**ORDER, "a": "n/a"}, rule).events[0].data == {}


def test_all_fields_of_an_object_are_taken_and_named_ones_win() -> None:
    payload = {**ORDER, "props": {"a": 1, "deep": {"x": 1}, "null": None}}
    rule = a_rule(fields_of=["/missing", "/props"], data={"a": {"constant": 2}, "deep.y": {"constant": 3}})
    assert understood(payload, rule).events[0].data == {"a": 2, "deep": {"x": 1, "y": 3}, "null": None}
    assert payload["props"] == {"a": 1, "deep": {"x": 1}, "null": None}


def test_an_address_becomes_a_customer_whom_nobody_recognises() -> None:
    customer = {"from": "/email", "as": ["trim", "lower", "sha256"], "salt": "sixteen-characters"}
    ids = {
        understood({"id": 1, "email": email}, a_rule(customer=customer)).events[0].customer_id
        for email in ("A@b.c", " a@B.c ")
    }
    [only] = ids
    assert len(only) == 64
    assert "@" not in only


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("Order Completed", "order.placed"),
        ("Video Playback Paused", "shop.video_playback_paused"),
        ("already.fine", "shop.already.fine"),
        ("  Ärger & Co!  ", "shop.rger_co"),
        (7, "shop.7"),
    ],
)
def test_a_name_of_the_sender_becomes_a_type(name: object, type_: str) -> None:
    named = {"from": "/event", "rename": {"Order Completed": "order.placed"}, "prefix": "shop."}
    assert understood({**ORDER, "event": name}, a_rule(type=named)).events[0].type == type_


@pytest.mark.parametrize(
    "name", [*sorted(KINDS_OF_OURS), "customer.erased", "orchestrator.entry.requested", "orchestrator.clock.ticked"]
)
def test_whoever_names_an_event_cannot_make_it_one_that_is_understood_here(name: str) -> None:
    assert refused({**ORDER, "event": name}, a_rule(type={"from": "/event"})).reason == "reserved"
    in_parts = {"from": "/event", "prefix": "consent."}
    assert refused({**ORDER, "event": "granted"}, a_rule(type=in_parts)).reason == "reserved"


def test_the_mapping_itself_may_make_it_one() -> None:
    named = {"from": "/event", "rename": {"Opted In": "consent.granted"}}
    rule = a_rule(type=named, data={"channel": {"constant": "email"}})
    assert understood({**ORDER, "event": "Opted In"}, rule).events[0].type == "consent.granted"


@pytest.mark.parametrize(
    ("payload", "rule", "reason", "place", "path"),
    [
        ({"id": 1}, a_rule(), "missing", "/customer", "$.rules[0].customer"),
        ({"id": 1}, a_rule(customer={"from": ["/a", "/b"]}), "missing", "/a or /b", "$.rules[0].customer"),
        ({"customer": 1}, a_rule(id={"join": ["/x", "/id"]}), "missing", "/x or /id", "$.rules[0].id"),
        ({**ORDER, "customer": {}}, a_rule(), "not_text", "/customer", "$.rules[0].customer"),
        ({**ORDER, "customer": ""}, a_rule(), "not_a_customer", "/customer", "$.rules[0].customer"),
        ({**ORDER, "customer": "a\x1fb"}, a_rule(), "not_a_customer", "/customer", "$.rules[0].customer"),
        ({**ORDER, "customer": "c" * 513}, a_rule(), "not_a_customer", "/customer", "$.rules[0].customer"),
        ({**ORDER, "id": "i" * 257}, a_rule(), "not_an_id", "/id", "$.rules[0].id"),
        ({**ORDER, "id": 1.5}, a_rule(), "not_text", "/id", "$.rules[0].id"),
        ({**ORDER, "at": 5}, a_rule(time="/at"), "not_a_time", "/at", "$.rules[0].time"),
        (ORDER, a_rule(time="/at"), "missing", "/at", "$.rules[0].time"),
        (
            {**ORDER, "from": "/orchestrator/journeys/1"},
            a_rule(source="/from"),
            "reserved",
            "/from",
            "$.rules[0].source",
        ),
        ({**ORDER, "from": ""}, a_rule(source="/from"), "not_a_source", "/from", "$.rules[0].source"),
        (ORDER, a_rule(fields_of="/total"), "not_an_object", "/total", "$.rules[0].fields_of"),
        ({**ORDER, "event": "!!!"}, a_rule(type={"from": "/event"}), "not_a_type", "/event", "$.rules[0].type"),
        ({**ORDER, "event": "e" * 129}, a_rule(type={"from": "/event"}), "not_a_type", "/event", "$.rules[0].type"),
        (
            {**ORDER, "total": "x"},
            a_rule(data={"n": {"from": "/total", "as": "number"}}),
            "not_a_number",
            "/total",
            "$.rules[0].data.n",
        ),
        ({**ORDER, "name": "\ud800"}, a_rule(data={"n": "/name"}), "unwritable", "", "$.rules[0]"),
        ({**ORDER, "n": ["\x00"]}, a_rule(data={"n": "/n"}), "unwritable", "", "$.rules[0]"),
        ({**ORDER, "id": "\x00"}, a_rule(), "unwritable", "", "$.rules[0]"),
        ({**ORDER, "from": "/a\x00"}, a_rule(source="/from"), "unwritable", "", "$.rules[0]"),
        ({**ORDER, "customer": "\ud800"}, a_rule(), "unwritable", "", "$.rules[0]"),
        ({**ORDER, "n": "x" * (1 << 16)}, a_rule(data={"n": "/n"}), "too_large", "", "$.rules[0]"),
    ],
)
def test_what_cannot_be_an_event_is_refused_with_its_place(
    payload: Any, rule: dict[str, Any], reason: str, place: str, path: str
) -> None:
    refusal = refused(payload, rule)
    assert (refusal.reason, refusal.place, refusal.path) == (reason, place, path)
    assert refusal.message


@pytest.mark.parametrize(
    ("type_", "data", "path"),
    [
        ("consent.revoked", {"channel": "E-Mail"}, "channel"),
        ("consent.granted", {"channel": "email", "category": 5}, "category"),
        ("customer.merged", {}, "into"),
        ("customer.merged", {"into": "c1"}, "into"),
        ("customer.updated", {"attributes": ["plan"]}, "attributes"),
    ],
)
def test_what_would_be_taken_and_do_nothing_is_refused(type_: str, data: dict[str, Any], path: str) -> None:
    refusal = refused({**ORDER, "data": data}, a_rule(type=type_, fields_of="/data"))
    assert (refusal.reason, refusal.path) == ("unusable", f"$.rules[0].data.{path}")
    assert "E-Mail" not in refusal.message


def test_half_of_a_character_keeps_back_what_has_it_and_no_more() -> None:
    of_half = {**ORDER, "id": "o-2", "title": "cut \ud83d"}
    payload = read_payload(json.dumps([ORDER, of_half, {**ORDER, "id": "o-3", "title": "whole 😀"}]).encode())
    outcome = understood(payload, a_rule(for_each="", alone=True, data={"title": "/title"}))
    assert [(event.id, event.data) for event in outcome.events] == [("o-1", {}), ("o-3", {"title": "whole 😀"})]
    assert [(refusal.reason, refusal.place) for refusal in outcome.left_out] == [("unwritable", "/1")]
    assert len(understood(payload, a_rule(for_each="")).events) == 3


def test_attributes_that_can_be_kept_in_part_are_taken() -> None:
    attributes = {"plan": "pro", "tags": ["a"]}
    rule = a_rule(type="customer.updated", data={"attributes": "/traits"})
    assert understood({**ORDER, "traits": attributes}, rule).events[0].data == {"attributes": attributes}
    assert understood(ORDER, rule).events[0].data == {}


def test_one_item_that_cannot_be_used_keeps_all_back() -> None:
    refusal = refused([ORDER, {"id": 2}], a_rule(for_each=""))
    assert (refusal.reason, refusal.place) == ("missing", "/1/customer")


def test_items_that_stand_alone_do_not_keep_one_another_back() -> None:
    outcome = understood([ORDER, {"id": 2}, {**ORDER, "id": 3}], a_rule(for_each="", alone=True))
    assert [event.id for event in outcome.events] == ["o-1", "3"]
    assert [(refusal.reason, refusal.place) for refusal in outcome.left_out] == [("missing", "/1/customer")]


def test_two_events_of_one_payload_that_would_pass_for_one_another_are_refused() -> None:
    rules = (a_rule(), a_rule(type="order.seen"))
    refusal = refused(ORDER, *rules)
    assert (refusal.reason, refusal.path) == ("same_id", "$.rules[1].id")
    lines = [{"id": 1, "customer": "c1", "n": 1}, {"id": 1, "customer": "c1", "n": 2}, {"id": 1, "customer": "c2"}]
    outcome = understood(lines, a_rule(for_each="", alone=True, data={"n": "/n"}))
    assert [(event.customer_id, event.data) for event in outcome.events] == [("c1", {"n": 1}), ("c2", {})]
    assert [refusal.place for refusal in outcome.left_out] == ["/1"]
    assert len(understood([ORDER, ORDER], a_rule(for_each="")).events) == 2  # twice the same is the same


def test_reading_ends_when_whoever_watches_it_says_so() -> None:
    class Enough(Exception):
        pass

    looks: list[int] = []

    def watch() -> None:
        looks.append(1)
        if len(looks) > 3:
            raise Enough

    with pytest.raises(Enough):
        events_of(mapping_of(a_rule(for_each="")), [ORDER] * 5, {}, NOW_MS, "acme", watch)
    assert len(looks) == 4


def test_a_list_that_is_too_long_is_refused() -> None:
    assert refused([ORDER] * (MAX_EVENTS + 1), a_rule(for_each="")).reason == "too_many"
    rules = [a_rule(for_each=""), a_rule(for_each="", id={"join": [{"constant": "seen"}, "/id"]})]
    assert refused([ORDER] * (MAX_EVENTS // 2 + 1), *rules).reason == "too_many"


def test_a_mapping_that_copies_the_payload_into_each_event_does_not_fill_the_memory() -> None:
    payload = {"many": [{"id": number} for number in range(1_000)], "customer": "c1", "text": "x" * 50_000}
    rule = a_rule(for_each="/many", customer="payload:/customer", data={"text": "payload:/text"})
    assert refused(payload, rule).reason == "too_large"


def test_a_payload_of_lists_in_lists_is_refused_and_nothing_worse() -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    assert refused({**ORDER, "deep": deep}, a_rule(data={"deep": "/deep"})).reason == "unwritable"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b'"\xed\xa0\x80"', b'{"a":1e999}'])
def test_what_is_no_json_is_refused_as_such(body: bytes) -> None:
    payload = read_payload(body)
    assert isinstance(payload, Refusal)
    assert (payload.reason, payload.place, payload.path) == ("malformed", "", "")


def test_a_payload_of_any_kind_of_json_is_read() -> None:
    for body, payload in ((b"null", None), (b'"x"', "x"), (b"[1]", [1]), (b"{}", {})):
        assert read_payload(body) == payload
        assert isinstance(events_of(mapping_of(), payload, {}, NOW_MS, "acme"), (Refusal, Understood))


def test_no_refusal_tells_a_value_of_the_payload() -> None:
    secret = "4111-1111-1111-1111"
    rules = {
        "customer": a_rule(),
        "id": a_rule(),
        "at": a_rule(time="/at"),
        "total": a_rule(data={"n": {"from": "/total", "as": "number"}}),
        "event": a_rule(type={"from": "/event"}),
    }
    for field, value in (
        ("customer", secret * 30),
        ("id", secret * 30),
        ("at", secret),
        ("total", secret),
        ("event", secret * 30),
    ):
        refusal = refused({**ORDER, field: value}, rules[field])
        assert secret not in str(refusal)
