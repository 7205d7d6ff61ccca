"""Whatever the API takes as an event, the worker reads, and reads as it was meant."""

import json
from collections import Counter
from typing import Any
from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.api.event_documents import BATCHED, PLAIN
from orchestrator.api.offered_events import offering_in
from orchestrator.messages.cloudevents import MAX_VALUE_BYTES
from orchestrator.messages.codec import decode_engagement, encode_event

NOW_MS = 1_767_614_400_123

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
data = st.dictionaries(st.text(max_size=8), anything, max_size=5)
texts = st.text(min_size=1, max_size=12) | st.text(max_size=600) | st.sampled_from(["a\x1fb", "a\x00b", "é%20", "c:1"])
types = st.sampled_from(["customer.updated", "consent.granted", "customer.merged", "order.placed"]) | texts
times = (
    st.datetimes(timezones=st.timezones() | st.none()).map(lambda moment: moment.isoformat())
    | st.sampled_from(["1899-12-31T23:59:59.9999Z", "2199-12-31T23:59:59.9999Z", "20260105T120000Z", "now"])
    | st.text(max_size=30)
)


def events(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Up to three events with these fields; some lack one, or have another of any kind."""
    whole = st.fixed_dictionaries(fields)
    odd = st.fixed_dictionaries({}, optional={**fields, "data": anything, "more": anything, "workspace_id": texts})
    return st.lists(whole | odd, max_size=3)


def check(headers: dict[str, str], body: bytes) -> Counter[str]:
    """Reads back what is accepted, and counts it and what is refused."""
    offering = offering_in(headers, body, "acme", NOW_MS)
    for accepted in offering.events:
        record = encode_event(accepted)
        assert decode_engagement(record.key, record.value, record.headers, 5) == accepted
        assert accepted.workspace_id == "acme"
        assert len(record.value) < MAX_VALUE_BYTES
    return Counter(accepted=len(offering.events), refused=len(offering.refused))


@given(events(id=texts, type=types, customer_id=texts, source=texts, time=times, data=data))
@example([{"id": "é", "type": "t", "customer_id": "c:1", "time": "1900-01-01T00:00:00+00:00", "data": {"a": 2**70}}])
def test_of_plain_events(offered: list[dict[str, Any]]) -> None:
    assert check({"content-type": PLAIN}, json.dumps({"events": offered}).encode()).total() == len(offered)


@given(events(specversion=st.just("1.0"), id=texts, source=texts, type=types, customerid=texts, time=times, data=data))
def test_of_cloudevents(offered: list[dict[str, Any]]) -> None:
    assert check({"content-type": BATCHED}, json.dumps(offered).encode()).total() == len(offered)


@given(
    st.fixed_dictionaries(
        {"specversion": st.just("1.0"), "id": texts, "source": texts, "type": types, "customerid": texts},
        optional={"time": times, "more": texts},
    ),
    data,
)
def test_of_attributes_in_headers(attributes: dict[str, str], body: dict[str, Any]) -> None:
    headers = {f"ce-{name}": quote(value) for name, value in attributes.items()}
    assert check({"content-type": PLAIN, **headers}, json.dumps(body).encode()).total() == 1


@given(st.binary(max_size=60) | anything.map(lambda value: json.dumps(value).encode()))
def test_of_any_bytes_beside_good_headers(body: bytes) -> None:
    attributes = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "customerid": "c"}
    headers = {f"ce-{name}": value for name, value in attributes.items()}
    assert check({"content-type": PLAIN, **headers}, body).total() == 1


def test_both_happen() -> None:
    good = {"id": "1", "type": "t", "customer_id": "c"}
    body = json.dumps({"events": [good, {**good, "time": "now"}]}).encode()
    assert check({"content-type": PLAIN}, body) == {"accepted": 1, "refused": 1}
