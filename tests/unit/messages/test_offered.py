"""An event that somebody offers is taken or refused by itself, with what is wrong, where, and what to do."""

import json
from typing import Any

import pytest

from orchestrator.messages.cloudevents import MAX_DEPTH
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.offered import (
    DEFAULT_SOURCE,
    MAX_EVENT_BYTES,
    Offered,
    Refused,
    read_attributes,
    read_cloud_event,
    read_plain,
)

NOW_MS = 1_767_614_400_123
PLAIN = {"id": "o-1", "type": "order.placed", "customer_id": "c1"}
CLOUD = {"specversion": "1.0", "id": "o-1", "source": "shop", "type": "order.placed", "customerid": "c1"}
ATTRIBUTES = {name: str(value) for name, value in CLOUD.items()}


def plain(**fields: object) -> Offered:
    return read_plain(json.dumps({**PLAIN, **fields}).encode(), "acme", NOW_MS)


def cloud(**fields: object) -> Offered:
    return read_cloud_event(json.dumps({**CLOUD, **fields}).encode(), "acme", NOW_MS)


def beside(data: bytes = b"", content_type: str = "application/json", **attributes: str) -> Offered:
    return read_attributes({**ATTRIBUTES, **attributes}, content_type, data, "acme", NOW_MS)


def refused(offered: Offered) -> tuple[str, str]:
    assert isinstance(offered, Refused), offered
    assert offered.problem.message
    assert offered.problem.fix
    return offered.problem.rule, offered.problem.path


def test_the_least_that_can_be_said_is_taken_as_of_now() -> None:
    assert plain() == EngagementEvent(
        id="o-1",
        source=DEFAULT_SOURCE,
        type="order.placed",
        time_ms=NOW_MS,
        workspace_id="acme",
        customer_id="c1",
    )


def test_the_three_forms_say_the_same() -> None:
    given: dict[str, Any] = {"time": "2026-01-05T13:00:00+01:00", "data": {"amount": 12.5}}
    said = plain(source="shop", workspace_id="acme", **given)
    assert isinstance(said, EngagementEvent)
    assert said.time_ms == 1_767_614_400_000
    assert cloud(**given) == said
    assert beside(b'{"amount": 12.5}', time=given["time"]) == said
    assert beside(b'{"amount": 12.5}', "application/vnd.shop+json; charset=utf-8", time=given["time"]) == said


def test_other_attributes_of_a_cloudevent_are_passed_over() -> None:
    assert cloud(subject="x", traceparent="00-1-2-01", dataschema="u", workspaceid="acme") == cloud()
    assert beside(subject="x", workspaceid="acme") == cloud()


@pytest.mark.parametrize(
    ("fields", "rule", "path"),
    [
        ({"id": ""}, "malformed", "$.id"),
        ({"id": 7}, "malformed", "$.id"),
        ({"id": "x" * 257}, "malformed", "$.id"),
        ({"id": "a\x1fb"}, "malformed", "$.id"),
        ({"id": "a\x00b"}, "malformed", "$.id"),
        ({"type": ""}, "malformed", "$.type"),
        ({"type": "x" * 129}, "malformed", "$.type"),
        ({"source": "x" * 513}, "malformed", "$.source"),
        ({"time": "yesterday"}, "malformed", "$.time"),
        ({"time": "2026-01-05T12:00:00"}, "malformed", "$.time"),
        ({"time": "2200-01-01T00:00:00Z"}, "malformed", "$.time"),
        ({"time": 1_767_614_400_123}, "malformed", "$.time"),
        ({"customer_id": ""}, "malformed", "$.customer_id"),
        ({"customer_id": None}, "malformed", "$.customer_id"),
        ({"customer_id": "c" * 513}, "malformed", "$.customer_id"),
        ({"customer_id": "a\x00b"}, "malformed", "$.customer_id"),
        ({"data": [1]}, "malformed", "$.data"),
        ({"data": {"a": "\x00"}}, "malformed", "$.data"),
        ({"data": {"\x00": 1}}, "malformed", "$.data"),
        ({"timestamp": 1}, "malformed", "$.timestamp"),
        ({"workspace_id": "globex"}, "wrong_workspace", "$.workspace_id"),
        ({"source": "/orchestrator/journeys/1"}, "reserved", "$.source"),
        ({"source": "/orchestrator"}, "reserved", "$.source"),
        ({"type": "orchestrator.entry.requested"}, "reserved", "$.type"),
        ({"type": "orchestrator.clock.ticked"}, "reserved", "$.type"),
        ({"type": "customer.erased"}, "reserved", "$.type"),
        ({"type": "channel.message.reported"}, "reserved", "$.type"),
        ({"data": {"a": "x" * MAX_EVENT_BYTES}}, "oversized", "$"),
    ],
)
def test_a_plain_event_is_refused_with_the_place_of_what_is_wrong(
    fields: dict[str, object], rule: str, path: str
) -> None:
    assert refused(plain(**fields)) == (rule, path)


@pytest.mark.parametrize(
    ("fields", "rule", "path"),
    [
        ({"specversion": "0.3"}, "malformed", "$.specversion"),
        ({"customerid": None}, "malformed", "$.customerid"),
        ({"workspaceid": "globex"}, "wrong_workspace", "$.workspaceid"),
        ({"data": "text"}, "malformed", "$.data"),
        ({"data_base64": "AAAA"}, "unsupported_encoding", "$.data_base64"),
        ({"datacontenttype": "text/xml", "data": {}}, "unsupported_encoding", "$.datacontenttype"),
        ({"source": "/orchestrator/api"}, "reserved", "$.source"),
    ],
)
def test_a_cloudevent_is_refused_in_the_same_way(fields: dict[str, object], rule: str, path: str) -> None:
    assert refused(cloud(**fields)) == (rule, path)


@pytest.mark.parametrize("name", ["id", "type"])
def test_a_field_that_is_missing_is_named(name: str) -> None:
    raw = json.dumps({key: value for key, value in PLAIN.items() if key != name}).encode()
    assert refused(read_plain(raw, "acme", NOW_MS)) == ("malformed", f"$.{name}")


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "customerid"])
def test_an_attribute_that_is_missing_is_named(name: str) -> None:
    raw = json.dumps({key: value for key, value in CLOUD.items() if key != name}).encode()
    assert refused(read_cloud_event(raw, "acme", NOW_MS)) == ("malformed", f"$.{name}")
    attributes = {key: value for key, value in ATTRIBUTES.items() if key != name}
    assert refused(read_attributes(attributes, "", b"", "acme", NOW_MS)) == ("malformed", f"$.{name}")


@pytest.mark.parametrize(
    ("data", "content_type", "rule", "path"),
    [
        (b"<a/>", "text/xml", "unsupported_encoding", "$.datacontenttype"),
        (b"[]", "application/json", "malformed", "$.data"),
        (b"{", "application/json", "malformed", "$.data"),
        (b'{"a": "\xff"}', "application/json", "malformed", "$.data"),
        (b" " * (MAX_EVENT_BYTES + 1), "application/json", "oversized", "$"),
    ],
)
def test_data_beside_attributes_must_be_a_json_object(data: bytes, content_type: str, rule: str, path: str) -> None:
    assert refused(beside(data, content_type)) == (rule, path)


@pytest.mark.parametrize(
    ("raw", "id_"),
    [
        (b'{"id": "o-1"}', "o-1"),
        (b'{"id": "o-1", "type": "x", "customer_id": 3}', "o-1"),
        (b'{"id": 7}', None),
        (b"[]", None),
        (b'"text"', None),
        (b'{"id": "\xff"}', None),
    ],
)
def test_a_refusal_names_the_event_as_far_as_it_can_be_read(raw: bytes, id_: str | None) -> None:
    offered = read_plain(raw, "acme", NOW_MS)
    assert isinstance(offered, Refused)
    assert offered.id == id_


def test_data_are_taken_as_deep_as_they_may_be_and_no_deeper() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * levels + b"1" + b"}" * levels

    assert isinstance(beside(nested(MAX_DEPTH)), EngagementEvent)
    assert refused(beside(nested(MAX_DEPTH + 1))) == ("malformed", "$.data")
    assert refused(beside(b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}")) == ("malformed", "$.data")
    wide = b'{"a":[' + b",".join([b"{}"] * 200) + b"]}"
    assert isinstance(beside(wide), EngagementEvent)


def test_a_text_that_only_speaks_of_the_zero_character_is_taken() -> None:
    assert isinstance(plain(data={"a": "\\u0000"}), EngagementEvent)
