"""What customers brought before they entered is counted at the entry, and goes with them to the goal."""

from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.journeys.engine import advance
from orchestrator.journeys.state import EMPTY, RECENT_TIMES, CustomerState, decode_state, encode_state
from orchestrator.messages.activity import Activity
from orchestrator.messages.event import CUSTOMER_MERGED, EngagementEvent
from orchestrator.messages.handover import Handover
from tests.builders import DAY, HOUR, MONDAY_NOON, Customer, a_directory, a_journey, an_event

NOON = MONDAY_NOON
GOAL: dict[str, Any] = {"event": "order.placed", "window": "P7D", "compare_before": "P30D"}


def asking(**changes: Any) -> dict[str, Any]:
    return a_journey(**{"goal": GOAL, **changes})


def before(customer: Customer) -> object:
    return customer.last("journey_entered").details["before"]


@pytest.mark.parametrize(
    ("age_ms", "counted"),
    [(0, 0), (1, 1), (30 * DAY - 1, 1), (30 * DAY, 1), (30 * DAY + 1, 0), (-HOUR, 0)],
    ids=["same moment", "just before", "within", "as old as asked", "older", "after"],
)
def test_what_counts_is_before_the_entry_and_not_older_than_asked(age_ms: int, counted: int) -> None:
    customer = Customer(a_directory(asking()))
    customer.does("order.placed", NOON - age_ms, now_ms=NOON + HOUR)
    customer.does("customer.signed_up", NOON, now_ms=NOON + 2 * HOUR)
    assert before(customer) == counted


def test_the_event_that_leads_to_the_entry_is_not_its_past() -> None:
    entry = {"kind": "event", "type": "order.placed", "re_entry": {"kind": "always"}}
    customer = Customer(a_directory(asking(entry=entry)), "stream")
    for day in (0, 10, 20):
        customer.does("order.placed", NOON + day * DAY)
    counts = [each.details["before"] for each in customer.activities if each.type == "journey_entered"]
    assert counts == [0, 1, 2]


def test_whoever_did_nothing_has_a_past_of_nothing() -> None:
    customer = Customer(a_directory(asking()))
    customer.does("page.viewed", NOON - DAY)
    customer.does("customer.signed_up", NOON)
    assert before(customer) == 0


def test_no_more_is_counted_than_times_are_kept() -> None:
    customer = Customer(a_directory(asking()), "stream")
    for hour in range(RECENT_TIMES + 4):
        customer.does("order.placed", NOON + hour * HOUR)
    customer.does("customer.signed_up", NOON + DAY)
    assert before(customer) == RECENT_TIMES == 16


def test_what_becomes_known_late_counts_if_it_is_known_at_the_entry() -> None:
    customer = Customer(a_directory(asking()))
    customer.does("order.placed", NOON - DAY)
    customer.does("order.placed", NOON - 3 * DAY, now_ms=NOON - HOUR)
    customer.does("customer.signed_up", NOON)
    assert before(customer) == 2
    customer.does("order.placed", NOON - 2 * DAY, now_ms=NOON + HOUR)
    customer.does("order.placed", NOON + DAY)
    assert customer.last("goal_reached").details["before"] == 2


def test_the_past_is_not_asked_what_the_goal_asks_of_its_event() -> None:
    large = {"kind": "field", "name": "total", "op": "ge", "value": 100}
    customer = Customer(a_directory(asking(goal={**GOAL, "where": large})))
    customer.does("order.placed", NOON - DAY, total=5)
    customer.does("customer.signed_up", NOON)
    assert before(customer) == 1


def test_an_entry_by_segment_has_the_past_of_that_moment() -> None:
    audience = {"kind": "happened", "event": "order.placed", "at_least": 3}
    customer = Customer(a_directory(asking(entry={"kind": "segment", "audience": audience})), "stream")
    for day in range(3):
        customer.does("order.placed", NOON + day * DAY)
    assert before(customer) == 2


def test_both_arms_are_counted_alike() -> None:
    arms = set()
    directory = a_directory(asking(holdout={"percent": 50}))
    for number in range(40):
        state, entered = EMPTY, None
        for type_, at_ms in (("order.placed", NOON - DAY), ("customer.signed_up", NOON)):
            event = replace(an_event(type_, at_ms), customer_id=f"c{number}")
            advanced = advance(directory, state, event, at_ms)
            state, entered = advanced.state, advanced.effects[0] if advanced.effects else None
        assert isinstance(entered, Activity)
        arms.add((entered.arm, entered.details["before"]))
    assert arms == {("treatment", 1), ("holdout", 1)}


def test_a_journey_that_does_not_ask_has_no_past() -> None:
    customer = Customer(a_directory(asking(goal={"event": "order.placed", "window": "P7D"})))
    customer.does("order.placed", NOON - DAY)
    customer.does("customer.signed_up", NOON)
    customer.does("order.placed", NOON + DAY)
    assert {"journey_entered", "goal_reached"} <= set(customer.types())
    assert not any("before" in activity.details for activity in customer.activities)


def test_the_past_goes_along_with_a_customer_who_is_merged_into_another() -> None:
    directory = a_directory(asking())
    visitor, known = CustomerState(), CustomerState()

    def hears(state: CustomerState, event: EngagementEvent | Handover) -> tuple[CustomerState, list[Any]]:
        advanced = advance(directory, decode_state(encode_state(state)), event, NOON + 2 * DAY)
        return advanced.state, list(advanced.effects)

    visitor, _ = hears(visitor, an_event("order.placed", NOON - DAY))
    visitor, _ = hears(visitor, an_event("customer.signed_up", NOON))
    visitor, (handover,) = hears(visitor, an_event(CUSTOMER_MERGED, NOON + 1, into="known"))
    known, _ = hears(known, handover)
    known, effects = hears(known, replace(an_event("order.placed", NOON + DAY), customer_id="known"))
    (reached,) = (each for each in effects if isinstance(each, Activity) and each.type == "goal_reached")
    assert (reached.customer_id, reached.details["before"]) == ("known", 1)


@pytest.mark.parametrize(
    ("age_ms", "was_active"),
    [(0, False), (1, True), (7 * DAY, True), (7 * DAY + 1, False)],
    ids=["same moment", "just before", "as long before as the goal may come after", "earlier"],
)
def test_whether_it_was_done_in_as_long_a_time_before_is_told_at_the_entry(age_ms: int, was_active: bool) -> None:
    customer = Customer(a_directory(asking()))
    customer.does("order.placed", NOON - age_ms, now_ms=NOON)
    customer.does("customer.signed_up", NOON)
    assert customer.last("journey_entered").details["was_active"] is was_active


def test_with_a_condition_on_the_goal_the_time_before_is_not_comparable() -> None:
    where = {"kind": "field", "name": "amount", "op": "ge", "value": 10}
    customer = Customer(a_directory(asking(goal={**GOAL, "where": where})))
    customer.does("customer.signed_up", NOON)
    assert "was_active" not in customer.last("journey_entered").details
    assert before(customer) == 0
