"""What is made up about customers has the shares that the module states, and comes before their first purchase."""

from collections import Counter

import pytest

from orchestrator.messages.event import CONSENT_GRANTED, CUSTOMER_UPDATED, EngagementEvent
from orchestrator.simulator.people import ZONES, consents, introduce, profile, zone_of

CUSTOMERS = [f"customer-{number}" for number in range(5_000)]


def order(customer_id: str, time_ms: int) -> EngagementEvent:
    return EngagementEvent(
        id=f"{customer_id}-{time_ms}",
        source="shop",
        type="order.placed",
        time_ms=time_ms,
        workspace_id="demo",
        customer_id=customer_id,
    )


@pytest.mark.parametrize(("channel", "granting"), [("email", 0.85), ("push", 0.60)])
def test_consents_have_the_stated_share(channel: str, granting: float) -> None:
    granted = sum(
        event.data == {"channel": channel} for customer in CUSTOMERS for event in consents("demo", customer, 0)
    )

    assert granted / len(CUSTOMERS) == pytest.approx(granting, abs=0.02)


def test_nine_in_ten_tell_a_zone_and_it_never_changes() -> None:
    zones = Counter(zone_of(customer) for customer in CUSTOMERS)

    assert zones[None] / len(CUSTOMERS) == pytest.approx(0.10, abs=0.015)
    assert set(zones) == {None, *ZONES}
    assert zones == Counter(zone_of(customer) for customer in CUSTOMERS)


def test_the_zone_is_told_as_an_attribute_or_not_at_all() -> None:
    for customer in CUSTOMERS[:100]:
        told = [event.data for event in profile("demo", customer, 0)]
        zone = zone_of(customer)
        assert told == ([] if zone is None else [{"attributes": {"timezone": zone}}])


def test_a_customer_is_introduced_once_before_the_first_event() -> None:
    events = [order(customer, at) for at in (1_000_000, 2_000_000) for customer in CUSTOMERS[:50]]

    introduced = introduce(events)

    assert [event.time_ms for event in introduced] == sorted(event.time_ms for event in introduced)
    assert sum(event.type == "order.placed" for event in introduced) == 100
    said = [event for event in introduced if event.type in (CONSENT_GRANTED, CUSTOMER_UPDATED)]
    assert all(event.time_ms < 1_000_000 for event in said)
    assert len({event.id for event in said}) == len(said)
