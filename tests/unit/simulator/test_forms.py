"""Whichever way an event is written, the same event is read."""

from collections.abc import Callable

import pytest

from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import decode_engagement, encode_event
from orchestrator.messages.event import EngagementEvent
from orchestrator.simulator.forms import encode_plain, encode_structured

EVENT = EngagementEvent(
    id="1",
    source="/shop",
    type="order.placed",
    time_ms=852_076_800_123,
    workspace_id="demo",
    customer_id="a:b",
    data={"amount": 9.99, "note": "Größe"},
)


@pytest.mark.parametrize("encode", [encode_event, encode_structured, encode_plain])
def test_every_form_is_read_as_the_same_event(encode: Callable[[EngagementEvent], Encoded]) -> None:
    encoded = encode(EVENT)

    assert decode_engagement(encoded.key, encoded.value, encoded.headers, 0) == EVENT


def test_the_plain_form_needs_no_key() -> None:
    assert decode_engagement(None, encode_plain(EVENT).value, [], 0) == EVENT
