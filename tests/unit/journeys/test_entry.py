"""Who enters: trigger, audience, re-entry, keys, and the draw between treatment and holdout."""

from typing import Any

import pytest

from orchestrator.journeys.engine import advance
from orchestrator.journeys.state import EMPTY
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import EngagementEvent
from tests.builders import DAY, MONDAY_NOON, WORKSPACE, Customer, a_directory, a_journey

NOON = MONDAY_NOON


def entry(**fields: Any) -> dict[str, Any]:
    return a_journey(entry={"kind": "event", "type": "cart.filled", **fields})


def entries(customer: Customer) -> int:
    return customer.types().count("journey_entered")


def test_only_an_event_that_fits_is_a_trigger() -> None:
    where = {"kind": "field", "name": "amount", "op": "ge", "value": 10}
    customer = Customer(a_directory(entry(where=where)))
    customer.does("cart.filled", NOON, amount=9)
    assert customer.types() == []
    customer.does("cart.filled", NOON + 1, amount=10)
    assert entries(customer) == 1


def test_a_customer_outside_the_audience_is_refused_on_record() -> None:
    audience = {"kind": "attribute", "name": "plan", "op": "eq", "value": "pro"}
    customer = Customer(a_directory(entry(audience=audience)))
    customer.does("cart.filled", NOON)
    assert customer.last("entry_refused").details["rule"] == "audience"
    customer.does("customer.updated", NOON + 1, attributes={"plan": "pro"})
    customer.does("cart.filled", NOON + 2)
    assert entries(customer) == 1


@pytest.mark.parametrize(
    ("re_entry", "entered_on_days"),
    [
        ({"kind": "never"}, [0]),
        ({"kind": "after", "period": "P10D"}, [0, 10, 20]),
        ({"kind": "always"}, [0, 5, 10, 15, 20]),
    ],
)
def test_re_entry_follows_its_rule(re_entry: dict[str, Any], entered_on_days: list[int]) -> None:
    customer = Customer(a_directory(entry(re_entry=re_entry)), "stream")
    for day in (0, 5, 10, 15, 20):
        customer.does("cart.filled", NOON + day * DAY)
    days = [(a.at_ms - NOON) // DAY for a in customer.activities if a.type == "journey_entered"]
    assert days == entered_on_days


def test_a_refused_re_entry_says_when_it_would_be_allowed() -> None:
    customer = Customer(a_directory(entry(re_entry={"kind": "after", "period": "P10D"})), "stream")
    customer.does("cart.filled", NOON)
    customer.does("cart.filled", NOON + 4 * DAY)
    assert customer.last("entry_refused").details["next_eligible_ms"] == NOON + 10 * DAY


def test_nobody_is_twice_in_the_same_journey_at_once() -> None:
    customer = Customer(a_directory(entry(re_entry={"kind": "always"})))
    customer.does("cart.filled", NOON)
    customer.does("cart.filled", NOON + 1)
    assert customer.last("entry_refused").details["rule"] == "under_way"


def test_each_cart_has_a_run_of_its_own_and_only_one() -> None:
    customer = Customer(a_directory(entry(key="cart.id", re_entry={"kind": "once_per_key"})))
    customer.does("cart.filled", NOON, cart={"id": "A"})
    customer.does("cart.filled", NOON + 1, cart={"id": 7})
    customer.does("cart.filled", NOON + 2, cart={"id": "A"})
    assert [run.entry_key for run in customer.state.runs] == ["A", "7"]
    customer.waits_until(NOON + 4 * DAY)
    customer.does("cart.filled", NOON + 5 * DAY, cart={"id": "A"})
    assert entries(customer) == 2
    assert customer.last("entry_refused").details["rule"] == "re_entry"


@pytest.mark.parametrize("cart", [{}, {"id": None}, {"id": ["A"]}, {"id": True}, "A"])
def test_an_event_without_its_key_is_refused(cart: object) -> None:
    customer = Customer(a_directory(entry(key="cart.id", re_entry={"kind": "once_per_key"})))
    customer.does("cart.filled", NOON, cart=cart)
    assert customer.last("entry_refused").details["rule"] == "missing_key"


def test_the_holdout_gets_nothing_but_its_goals_are_counted() -> None:
    goal = {"event": "order.placed", "window": "P7D", "value": "amount"}
    directory = a_directory(a_journey(goal=goal, holdout={"percent": 50}))
    arms: dict[str, int] = {"treatment": 0, "holdout": 0}
    for number in range(400):
        customer_id = f"c{number}"
        state = EMPTY
        effects: list[SendCommand | Activity] = []
        for type_, at_ms in (("customer.signed_up", NOON), ("order.placed", NOON + DAY)):
            event = EngagementEvent(
                id=type_,
                source="s",
                type=type_,
                time_ms=at_ms,
                workspace_id=WORKSPACE,
                customer_id=customer_id,
                data={"amount": 5},
            )
            advanced = advance(directory, state, event, at_ms)
            state, effects = advanced.state, [*effects, *advanced.effects]
        reached = [e for e in effects if isinstance(e, Activity) and e.type == "goal_reached"]
        assert [e.details["value"] for e in reached] == [5.0]
        arms[reached[0].arm] += 1
        assert any(isinstance(e, SendCommand) for e in effects) == (reached[0].arm == "treatment")
    assert 160 <= arms["holdout"] <= 240


def test_a_customer_keeps_the_arm_on_every_entry() -> None:
    journey = a_journey(
        entry={"kind": "event", "type": "cart.filled", "re_entry": {"kind": "always"}},
        goal={"event": "order.placed", "window": "P1D"},
        holdout={"percent": 50},
    )
    customer = Customer(a_directory(journey), "stream")
    for day in range(0, 50, 5):
        customer.does("cart.filled", NOON + day * DAY)
    assert len({a.arm for a in customer.activities if a.type == "journey_entered"}) == 1


def test_with_a_holdout_both_arms_enter_again_at_the_same_times() -> None:
    journey = a_journey(
        entry={"kind": "event", "type": "customer.signed_up", "re_entry": {"kind": "always"}},
        goal={"event": "order.placed", "window": "P8D"},
        holdout={"percent": 50},
    )
    directory = a_directory(journey)
    entered_on: dict[str, set[tuple[int, ...]]] = {"treatment": set(), "holdout": set()}
    for number in range(30):
        customer_id, state, days, arm = f"c{number}", EMPTY, [], ""
        for day in range(20):
            event = EngagementEvent(
                id=f"{day}",
                source="s",
                type="customer.signed_up",
                time_ms=NOON + day * DAY,
                workspace_id=WORKSPACE,
                customer_id=customer_id,
            )
            advanced = advance(directory, state, event, event.time_ms, "stream")
            state = advanced.state
            entered = [e for e in advanced.effects if isinstance(e, Activity) and e.type == "journey_entered"]
            days += [day for _ in entered]
            arm = state.runs[-1].arm
        entered_on[arm].add(tuple(days))
    assert entered_on == {"treatment": {(0, 9, 18)}, "holdout": {(0, 9, 18)}}


def test_two_journeys_on_the_same_event_are_entered_in_a_stable_order() -> None:
    customer = Customer(a_directory(a_journey(), **{"journey-0": a_journey(name="Other")}))
    customer.does("customer.signed_up", NOON)
    assert [a.journey_id for a in customer.activities if a.type == "journey_entered"] == ["journey-0", "journey-1"]
