"""A request with events is read in each of the forms that a body can have; each event is judged by itself."""

import json

import pytest
from starlette.datastructures import Headers

from orchestrator.api.event_documents import MAX_EVENTS
from orchestrator.api.offered_events import Offering, offering_in
from orchestrator.api.problems import BadRequest, InvalidPart, UnsupportedMediaType

NOW_MS = 1_767_614_400_123
PLAIN = {"id": "o-1", "type": "order.placed", "customer_id": "c1", "source": "shop"}
CLOUD = {"specversion": "1.0", "id": "o-1", "source": "shop", "type": "order.placed", "customerid": "c1"}
HEADERS = {"content-type": "application/json", **{f"ce-{name}": value for name, value in CLOUD.items()}}


def offering(body: object, kind: str = "application/json", **headers: str) -> Offering:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return offering_in({"content-type": kind, **headers}, content, "acme", NOW_MS)


def of_headers(body: bytes = b"", **changed: str) -> Offering:
    given = {**HEADERS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return offering_in(given, body, "acme", NOW_MS)


def refusals(found: Offering) -> list[tuple[int, str | None, str, str]]:
    return [(each.index, each.id, each.code, each.path) for each in found.refused]


def test_the_four_forms_of_a_body_say_the_same() -> None:
    [event] = offering({"events": [PLAIN]}, "Application/JSON; charset=utf-8").events
    assert offering(CLOUD, "application/cloudevents+json; charset=UTF-8").events == [event]
    assert offering([CLOUD], "application/cloudevents-batch+json").events == [event]
    assert of_headers().events == [event]


def test_a_list_may_hold_cloudevents_beside_plain_ones() -> None:
    speaks_of_it = {**PLAIN, "data": {"specversion": "1.0"}}
    found = offering({"events": [CLOUD, PLAIN, speaks_of_it, {**CLOUD, "specversion": "0.3"}]})
    assert found.events[0] == found.events[1]
    assert found.events[2].data == {"specversion": "1.0"}
    assert refusals(found) == [(3, "o-1", "malformed", "$.events[3].specversion")]


def test_a_request_without_events_has_none() -> None:
    assert offering({"events": []}) == Offering([], [])
    assert offering([], "application/cloudevents-batch+json") == Offering([], [])


def test_each_event_is_refused_by_itself_at_its_place_in_the_body() -> None:
    found = offering({"events": [PLAIN, {**PLAIN, "id": "o-2", "time": "soon"}, 7, {**PLAIN, "id": "o-3"}]})
    assert [event.id for event in found.events] == ["o-1", "o-3"]
    assert refusals(found) == [(1, "o-2", "malformed", "$.events[1].time"), (2, None, "malformed", "$.events[2]")]
    found = offering([CLOUD, {**CLOUD, "specversion": "2"}], "application/cloudevents-batch+json")
    assert refusals(found) == [(1, "o-1", "malformed", "$[1].specversion")]
    found = offering({**CLOUD, "workspaceid": "globex"}, "application/cloudevents+json")
    assert refusals(found) == [(0, "o-1", "wrong_workspace", "$.workspaceid")]


def test_what_stands_in_headers_is_refused_by_their_names() -> None:
    assert refusals(of_headers(ce_time="soon")) == [(0, "o-1", "malformed", "ce-time")]
    assert refusals(of_headers(b"[]")) == [(0, "o-1", "malformed", "$")]
    assert refusals(of_headers(b"<a/>", content_type="text/xml")) == [
        (0, "o-1", "unsupported_encoding", "Content-Type")
    ]
    assert refusals(offering_in({"ce-id": "o-1"}, b"", "acme", NOW_MS)) == [(0, "o-1", "malformed", "ce-specversion")]


def test_what_the_engine_could_not_use_is_refused() -> None:
    found = offering({"events": [{**PLAIN, "type": "customer.updated"}]})
    assert refusals(found) == [(0, "o-1", "unusable", "$.events[0].data.attributes")]


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("Caf%C3%A9", "Café"),
        ("caf%c3%a9%20%F0%9F%98%80", "café 😀"),
        ("100%25", "100%"),
        ('"a b"', "a b"),
        (r'"a \"b\" \\"', r'a "b" \ '.rstrip()),
        ("%6F-1", "o-1"),
    ],
)
def test_headers_are_unquoted_and_percent_decoded_once(raw: str, meant: str) -> None:
    assert [event.id for event in of_headers(ce_id=raw).events] == [meant]


@pytest.mark.parametrize("half", ["\ud83d", "\udc00 and more", "x\ud83d\ud83d\ude00"])
def test_half_of_a_character_refuses_its_event_and_keeps_no_other_back(half: str) -> None:
    of_half = {**PLAIN, "id": "o-2", "data": {"title": half}}
    found = offering({"events": [{**PLAIN, "data": {"title": "caf\u00e9 😀 \\ud83d"}}, of_half]})
    assert [event.data for event in found.events] == [{"title": "café 😀 \\ud83d"}]
    assert refusals(found) == [(1, "o-2", "malformed", "$.events[1].data")]
    found = offering([CLOUD, {**CLOUD, "id": half}], "application/cloudevents-batch+json")
    assert (len(found.events), [each.path for each in found.refused]) == (1, ["$[1].id"])


def test_an_attribute_that_comes_twice_is_refused() -> None:
    headers = Headers(raw=[(name.encode(), value.encode()) for name, value in [*HEADERS.items(), ("ce-id", "o-2")]])
    with pytest.raises(BadRequest, match="ce-id comes twice"):
        offering_in(headers, b"", "acme", NOW_MS)


def test_what_is_told_of_a_refused_event_is_no_longer_than_a_line() -> None:
    long = "x" * 60_000
    told = offering({"events": [{**PLAIN, "time": long}, {**PLAIN, "id": long}, {**PLAIN, long: 1}]}).refused
    assert [each.code for each in told] == ["malformed"] * 3
    assert max(len(f"{each.id}{each.path}{each.detail}{each.fix}") for each in told) < 1_000


@pytest.mark.parametrize("raw", ["%C0%A0", "%FF", "é"])
def test_headers_that_are_not_utf_8_are_refused(raw: str) -> None:
    with pytest.raises(BadRequest, match="ce-id"):
        of_headers(ce_id=raw)


@pytest.mark.parametrize("body", [b"", b"{", b'{"events": [{"a": NaN}]}', b'{"events": [' + b"[" * 20_000])
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest, match="not JSON"):
        offering(body)


@pytest.mark.parametrize("body", [[PLAIN], PLAIN, {"events": PLAIN}, {"events": [], "more": 1}, 7])
def test_a_body_of_another_shape_is_told_what_to_send(body: object) -> None:
    with pytest.raises(InvalidPart) as caught:
        offering(body)
    [problem] = caught.value.problems
    assert problem.path.startswith("$")
    assert '{"events": [' in problem.fix


def test_more_events_than_are_taken_are_refused_as_a_whole() -> None:
    assert len(offering({"events": [PLAIN] * MAX_EVENTS}).events) == MAX_EVENTS
    with pytest.raises(InvalidPart, match="1001 events; at most 1000"):
        offering({"events": [PLAIN] * (MAX_EVENTS + 1)})


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": ""},
        {"content-type": "text/plain"},
        {"content-type": "application/cloudevents+avro"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_other_types_of_bodies_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(UnsupportedMediaType):
        offering_in(headers, json.dumps({"events": [PLAIN]}).encode(), "acme", NOW_MS)
