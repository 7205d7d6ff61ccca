"""No payload makes a mapping raise: it is events that can be read again, or it is refused with a reason."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.backtest.documents import read_document
from orchestrator.errors import DefinitionError
from orchestrator.intake.events import Understood, events_of, read_payload
from orchestrator.intake.parse import parse_mapping
from orchestrator.intake.reading import Refusal
from orchestrator.intake.signature import signature_fault
from orchestrator.messages.codec import decode_engagement, encode_event
from tests.property.tries import tries
from tests.unit.intake.mappings import a_mapping
from tests.unit.intake.test_rehearsal import PRESETS

MAPPINGS = [parse_mapping(read_document(path)) for path in PRESETS]
PARTS = sorted(
    {"type", "event", "userId", "messageId", "timestamp", "traits", "properties", "id", "customer", "created_at"}
    | {"line_items", "price", "total_price", "batch", "events", "customer_id", "data", "time", "source", "value"}
    | {"email_marketing_consent", "state", "updated_at", "token", "refunds", "0", ""}
)
WORDS = ["track", "identify", "Order Completed", "subscribed", "2026-01-05T12:00:00Z", "19.90", "consent.granted", "c1"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(st.characters(), max_size=20)  # half of surrogate pairs and control characters among them
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(PARTS) | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=30,
)
TOPICS = ["orders/create", "orders/updated", "refunds/create", "checkouts/create", "customers/update", "other"]
HEADERS = st.dictionaries(
    st.sampled_from(["X-Shopify-Topic", "x-shopify-triggered-at", "X-Time", "X-Signature"]),
    st.sampled_from(TOPICS) | st.text(max_size=20),
)
PLACES = st.sampled_from(["", "/id", "/value", "/batch/0", "payload:/id", "payload:", "header:X-Time", "/0", "/data"])
CONVERSIONS = st.sampled_from(
    ["text", "number", "trim", "lower", "time", "seconds", "milliseconds", "sha256", "blake2b"]
)
VALUES = st.recursive(
    PLACES
    | st.builds(
        lambda places, steps, lenient: (
            {"from": places, "as": steps, "salt": "sixteen-characters", "lenient": lenient}
            if {"sha256", "blake2b"} & set(steps)
            else {"from": places, "as": steps, "lenient": lenient}
        ),
        st.lists(PLACES, min_size=1, max_size=3),
        st.lists(CONVERSIONS, min_size=1, max_size=3),
        st.booleans(),
    )
    | st.builds(lambda constant: {"constant": constant}, st.text(max_size=10) | st.integers(-5, 5) | st.booleans()),
    lambda inner: st.builds(lambda join: {"join": join}, st.lists(inner, min_size=1, max_size=3)),
    max_leaves=4,
)
RULES = st.fixed_dictionaries(
    {"type": st.just("a.b") | st.just({"from": "/type"}), "customer": VALUES, "id": VALUES},
    optional={
        "for_each": PLACES | st.lists(PLACES, min_size=1, max_size=3),
        "alone": st.booleans(),
        "time": VALUES,
        "source": VALUES,
        "fields_of": PLACES,
        "data": st.dictionaries(st.sampled_from(["a", "b.c", "b.d.e"]), VALUES),
        "when": st.lists(st.fixed_dictionaries({"at": PLACES, "op": st.just("exists")}), max_size=2),
    },
)


def is_read_or_refused(outcome: Understood | Refusal) -> None:
    if isinstance(outcome, Refusal):
        assert outcome.message
        assert outcome.path.startswith("$.rules[")
        return
    for event in outcome.events:
        record = encode_event(event)
        again = decode_engagement(record.key, record.value, record.headers, 0)
        # Of data, NaN and infinities are written as null: JSON has neither.
        assert (again.id, again.source, again.type, again.time_ms) == (
            event.id,
            event.source,
            event.type,
            event.time_ms,
        )
        assert (again.workspace_id, again.customer_id) == ("acme", event.customer_id)
        assert again.data.keys() == event.data.keys()


@settings(max_examples=tries(300))
@given(st.sampled_from(MAPPINGS), JSON, HEADERS)
def test_a_preset_takes_or_refuses_any_payload(mapping: Any, payload: Any, headers: dict[str, str]) -> None:
    is_read_or_refused(events_of(mapping, payload, headers, 1_767_614_400_000, "acme"))


@settings(max_examples=tries(300))
@given(st.lists(RULES, min_size=1, max_size=3), JSON, HEADERS)
def test_any_mapping_takes_or_refuses_any_payload(rules: Any, payload: Any, headers: dict[str, str]) -> None:
    try:
        mapping = parse_mapping(a_mapping(*rules))
    except DefinitionError:
        return
    is_read_or_refused(events_of(mapping, payload, headers, 1_767_614_400_000, "acme"))


@settings(max_examples=tries(300))
@given(JSON)
def test_anything_at_all_is_a_mapping_or_told_why_not(document: Any) -> None:
    for tried in (document, a_mapping(rules=document), a_mapping(document)):
        try:
            parse_mapping(tried)
        except DefinitionError as refused:
            told = refused.problems
        else:
            continue
        assert told


@settings(max_examples=tries(300))
@given(st.binary(max_size=200))
def test_any_bytes_are_a_payload_or_refused(body: bytes) -> None:
    payload = read_payload(body)
    for mapping in MAPPINGS:
        if not isinstance(payload, Refusal):
            is_read_or_refused(events_of(mapping, payload, {}, 1_767_614_400_000, "acme"))


@settings(max_examples=tries(300))
@given(st.binary(max_size=50), st.text(st.characters(), max_size=80), st.floats(allow_nan=False, allow_infinity=False))
def test_no_header_is_a_signature_by_chance(body: bytes, given_: str, now_s: float) -> None:
    for mapping in MAPPINGS:
        header = getattr(mapping.signature, "header", "").lower()
        assert signature_fault(mapping.signature, ["a secret of ours"], {header: given_}, body, now_s) is not None
