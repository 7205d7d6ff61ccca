"""Events are read in each of their three forms; what cannot be read says why."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import DecodeError
from orchestrator.messages.cloudevents import MAX_DEPTH, MAX_VALUE_BYTES, format_time, parse_time_ms
from orchestrator.messages.codec import decode_delivery, decode_engagement, encode_delivery, encode_event
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.headers import Headers
from tests.builders import an_event

EVENT = an_event("order.placed", 1_767_614_400_123, amount=12.5, items=["a"])
KEY = b"acme:c1"
TIME = "2026-01-05T12:00:00.123Z"
PLAIN = {"id": EVENT.id, "source": "shop", "type": "order.placed", "time": TIME, "data": EVENT.data}

DELIVERY = DeliveryEvent(
    id="r1",
    source="adapter",
    time_ms=9_000,
    workspace_id="acme",
    customer_id="c1",
    command_id="x",
    journey_id="j",
    run_id="r",
    step="hello",
    channel="email",
    outcome="bounced",
    is_permanent=True,
    reason="550",
)


def refused(reason: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> str:
    with pytest.raises(DecodeError) as caught:
        decode_engagement(key, value, headers, 5)
    assert caught.value.reason == reason
    return str(caught.value)


def test_a_binary_cloudevent_is_read_as_it_was_written() -> None:
    record = encode_event(EVENT)
    assert decode_engagement(record.key, record.value, record.headers, 0) == EVENT


def test_a_structured_cloudevent_is_read() -> None:
    value = json.dumps({**PLAIN, "specversion": "1.0", "datacontenttype": "application/json"}).encode()
    headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    assert decode_engagement(KEY, value, headers, 0) == EVENT


def test_a_plain_envelope_is_read() -> None:
    assert decode_engagement(KEY, json.dumps(PLAIN).encode(), [], 0) == EVENT


def test_a_field_that_is_not_known_is_left_alone() -> None:
    assert decode_engagement(KEY, json.dumps({**PLAIN, "shard": 7}).encode(), [("x-trace", b"1")], 0) == EVENT


def test_an_event_without_a_time_happened_when_its_record_was_written() -> None:
    value = json.dumps({name: field for name, field in PLAIN.items() if name != "time"}).encode()
    assert decode_engagement(KEY, value, [], 77).time_ms == 77


def test_a_record_without_a_key_is_of_the_customer_its_body_names() -> None:
    value = json.dumps({**PLAIN, "workspace_id": "acme", "customer_id": "c1"}).encode()
    assert decode_engagement(None, value, [], 0) == EVENT


def test_a_key_and_a_body_of_different_customers_are_refused() -> None:
    refused("key_mismatch", KEY, json.dumps({**PLAIN, "customer_id": "c2"}).encode(), [])


@pytest.mark.parametrize(
    "key", [None, b"", b"acme", b"acme:", b":c1", b"ac me:c1", b"\xff:c1", b"acme:" + b"x" * 600, b"acme:a\x1fb"]
)
def test_a_key_that_names_no_customer_is_refused(key: bytes | None) -> None:
    refused("wrong_key", key, json.dumps(PLAIN).encode(), [])


def test_a_customer_id_may_have_colons_and_any_script() -> None:
    assert decode_engagement("acme:crm:ü:7".encode(), json.dumps(PLAIN).encode(), [], 0).customer_id == "crm:ü:7"


@pytest.mark.parametrize("form", ["plain", "binary"])
def test_data_nests_to_a_depth_that_is_the_same_on_every_python(form: str) -> None:
    headers = list(encode_event(EVENT).headers) if form == "binary" else []

    def value(levels: int) -> bytes:
        data = b'{"a":' + b"[{}," * (levels - 1) + b"[]" + b"]" * (levels - 1) + b"}"
        return (
            data
            if form == "binary"
            else json.dumps(PLAIN | {"data": 0}).encode().replace(b'"data": 0', b'"data":' + data)
        )

    assert decode_engagement(KEY, value(MAX_DEPTH - 1), headers, 0).data["a"]
    for levels in (MAX_DEPTH, 500, 3_000, 100_000):
        assert "deeper than 64 levels" in refused("malformed", KEY, value(levels), headers)


def test_data_may_have_any_number_of_lists_beside_one_another() -> None:
    value = b'{"id":"1","source":"s","type":"t","data":{"a":[' + b"[{}]," * 5_000 + b"0]}}"
    assert len(decode_engagement(KEY, value, [], 0).data["a"]) == 5_001


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\x00\x01",
        b"[]",
        b"7",
        b"{",
        b'{"id":1}',
        json.dumps({**PLAIN, "data": [1]}).encode(),
        json.dumps({**PLAIN, "time": "yesterday"}).encode(),
        json.dumps({**PLAIN, "time": "2026-01-05T12:00:00"}).encode(),
        json.dumps({**PLAIN, "time": "9999-12-31T23:59:59Z"}).encode(),
        json.dumps({**PLAIN, "time": "0001-01-01T00:00:00+14:00"}).encode(),
        json.dumps({**PLAIN, "id": ""}).encode(),
        json.dumps({**PLAIN, "type": "t" * 129}).encode(),
        json.dumps({**PLAIN, "id": "a\x1fb"}).encode(),
        json.dumps(PLAIN).replace("12.5", "NaN").encode(),
        json.dumps(PLAIN).replace("12.5", "1e999").encode(),
        b'{"id":"1","source":"s","type":"t","data":{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
        b'{"id":"\xff","source":"s","type":"t"}',
    ],
)
def test_bytes_that_are_no_event_are_refused(value: bytes | None) -> None:
    refused("malformed", KEY, value, [])


def test_a_value_over_the_limit_is_refused_unread() -> None:
    assert str(MAX_VALUE_BYTES) in refused("oversized", KEY, b"x" * (MAX_VALUE_BYTES + 1), [])


def test_a_binary_cloudevent_without_its_attributes_is_refused() -> None:
    refused("malformed", KEY, b"{}", [("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_type", b"t")])


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_time", "content-type", "of-somebody-else"])
def test_a_header_that_is_null_says_nothing_as_if_it_were_not_there(name: str) -> None:
    record = encode_event(EVENT)
    without = [(each, value) for each, value in record.headers if each != name]

    def read(headers: Headers) -> EngagementEvent | str:
        try:
            return decode_engagement(record.key, record.value, headers, 5)
        except DecodeError as error:
            return str(error)

    assert read([*without, (name, None)]) == read(without)
    assert decode_engagement(KEY, json.dumps(PLAIN).encode(), [(name, None)], 0) == EVENT


def test_a_delivery_report_is_read_as_it_was_written() -> None:
    record = encode_delivery(DELIVERY)
    assert decode_delivery(record.key, record.value, record.headers, 0) == DELIVERY


def test_a_delivery_report_with_an_unknown_outcome_is_refused() -> None:
    record = encode_event(EVENT)
    with pytest.raises(DecodeError) as caught:
        decode_delivery(record.key, record.value, record.headers, 0)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-01-05T13:00:00.123+01:00", 1_767_614_400_123),
    ],
)
def test_times_are_read_with_their_offset(text: str, time_ms: int) -> None:
    assert parse_time_ms(text) == time_ms
    assert parse_time_ms(format_time(time_ms)) == time_ms


@given(st.integers(-2_000_000_000_000, 7_000_000_000_000))
def test_a_time_is_written_as_rfc_3339_and_read_as_it_was(time_ms: int) -> None:
    written = format_time(time_ms)
    assert parse_time_ms(written) == time_ms
    assert datetime.fromisoformat(written).isoformat(timespec="milliseconds") == written.replace("Z", "+00:00")


FRAME = b"\x00\x00\x00\x00\x07"  # of a schema registry: a zero byte, and the number of the schema


def test_json_behind_the_frame_of_a_schema_registry_is_read_in_every_form() -> None:
    record = encode_event(EVENT)
    assert decode_engagement(record.key, FRAME + record.value, record.headers, 0) == EVENT
    assert decode_engagement(KEY, FRAME + json.dumps(PLAIN, indent=1).encode(), [], 0) == EVENT
    assert decode_engagement(KEY, b"\x00\xff\xff\xff\xff\n " + json.dumps(PLAIN).encode(), [], 0) == EVENT
    structured = [("content-type", b"application/cloudevents+json")]
    assert decode_engagement(KEY, FRAME + json.dumps(PLAIN).encode(), structured, 0) == EVENT


def test_a_framed_delivery_report_is_read() -> None:
    record = encode_delivery(DELIVERY)
    assert decode_delivery(record.key, FRAME + record.value, record.headers, 0) == DELIVERY


@pytest.mark.parametrize(
    "framed",
    [b"\x06o-1\x08shop", b"\x00\x0a\x03o-1", b"\x02\x04\x00", b"", b"[1]", b'"text"', FRAME + b"{}"],
    ids=["Avro", "Protobuf", "Protobuf with indexes", "nothing", "a list", "a text", "a frame"],
)
def test_whatever_else_is_framed_is_told_as_an_encoding_that_is_not_read(framed: bytes) -> None:
    record = encode_event(EVENT)
    for headers in ([], record.headers):
        said = refused("unsupported_encoding", KEY, FRAME + framed, headers)
        assert "schema 7" in said
        assert "Avro and Protobuf are not read" in said


def test_framed_json_is_held_to_what_other_json_is() -> None:
    refused("malformed", KEY, FRAME + b'{"id": 1}', [])
    refused("malformed", KEY, FRAME + b"{", [])
    refused("key_mismatch", KEY, FRAME + json.dumps({**PLAIN, "customer_id": "c2"}).encode(), [])
    refused("oversized", KEY, FRAME + b" " * MAX_VALUE_BYTES, [])


@given(st.binary(max_size=40), st.booleans())
def test_a_frame_never_makes_bytes_mean_something_else(value: bytes, is_binary: bool) -> None:
    headers = encode_event(EVENT).headers if is_binary else []

    def read(content: bytes) -> object:
        try:
            return decode_engagement(KEY, content, headers, 0)
        except DecodeError as error:
            return error.reason

    plain, framed = read(value), read(FRAME + value)
    if value.lstrip().startswith(b"{"):
        assert framed == plain
    else:
        assert framed == "unsupported_encoding"
