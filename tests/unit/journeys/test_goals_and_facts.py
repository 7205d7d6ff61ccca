"""Goals, exits, and what is learned of a customer: the latest wins, late ones do not overwrite."""

from typing import Any

import pytest

from orchestrator.journeys.state import MAX_ATTRIBUTES, RECENT_TIMES
from tests.builders import DAY, HOUR, MONDAY_NOON, Customer, a_directory, a_journey, a_report

NOON = MONDAY_NOON
GOAL: dict[str, Any] = {"event": "order.placed", "window": "P7D", "value": "order.total"}


def entered(**changes: Any) -> Customer:
    customer = Customer(a_directory(a_journey(goal=GOAL, **changes)), "stream")
    customer.does("customer.signed_up", NOON)
    return customer


def test_reaching_the_goal_ends_the_run_and_counts_once() -> None:
    customer = entered()
    customer.does("order.placed", NOON + DAY, order={"total": 30})
    customer.does("order.placed", NOON + 2 * DAY, order={"total": 40})
    assert [a.details["value"] for a in customer.activities if a.type == "goal_reached"] == [30.0]
    assert customer.last("run_exited").details["reason"] == "goal_reached"
    assert customer.state.runs == ()


def test_a_goal_after_the_end_of_the_run_still_counts_within_its_window() -> None:
    customer = entered()
    customer.waits_until(NOON + 4 * DAY)
    assert customer.types()[-1] == "run_completed"
    customer.does("order.placed", NOON + 7 * DAY)
    assert customer.types()[-1] == "goal_reached"


def test_a_goal_after_its_window_does_not_count() -> None:
    customer = entered()
    customer.does("order.placed", NOON + 7 * DAY + 1)
    assert "goal_reached" not in customer.types()
    assert customer.state.runs == ()


def test_a_late_event_counts_for_the_time_at_which_it_happened() -> None:
    customer = entered()
    customer.does("page.viewed", NOON + 6 * DAY)
    customer.does("order.placed", NOON + DAY)
    assert customer.last("goal_reached").details["after_ms"] == DAY


def test_an_event_from_before_the_entry_is_not_its_goal() -> None:
    customer = entered()
    customer.does("order.placed", NOON - 1)
    assert "goal_reached" not in customer.types()


def test_a_goal_need_not_end_the_run() -> None:
    customer = Customer(a_directory(a_journey(goal={**GOAL, "exits": False})), "stream")
    customer.does("customer.signed_up", NOON)
    customer.does("order.placed", NOON + DAY)
    customer.waits_until(NOON + 3 * DAY)
    assert len(customer.commands) == 2


@pytest.mark.parametrize("total", [None, "30", True, float("1e308") * 10, 10**30, 1e13, -1e13])
def test_a_value_that_no_report_could_add_up_counts_without_a_value(total: object) -> None:
    customer = entered()
    customer.does("order.placed", NOON + DAY, order={"total": total})
    assert "value" not in customer.last("goal_reached").details


def test_an_exit_criterion_ends_the_run_with_its_reason() -> None:
    where = {"kind": "field", "name": "scope", "op": "eq", "value": "all"}
    customer = entered(exit_on=[{"event": "account.closed", "where": where, "reason": "left_us"}])
    customer.does("account.closed", NOON + 1, scope="part")
    assert "run_exited" not in customer.types()
    customer.does("account.closed", NOON + 2, scope="all")
    assert customer.last("run_exited").details["reason"] == "left_us"


def test_an_older_attribute_never_overwrites_a_newer_one() -> None:
    customer = Customer(a_directory())
    customer.does("customer.updated", NOON, attributes={"plan": "pro", "city": "Rome"})
    customer.does("customer.updated", NOON - HOUR, now_ms=NOON + 1, attributes={"plan": "free", "age": 7})
    values = {name: attribute.value for name, attribute in customer.state.attributes.items()}
    assert values == {"plan": "pro", "city": "Rome", "age": 7}


def test_an_attribute_that_is_null_or_cannot_be_kept_is_removed() -> None:
    customer = Customer(a_directory())
    customer.does("customer.updated", NOON, attributes={"a": 1, "b": 2, "c": 3})
    customer.does("customer.updated", NOON + 1, attributes={"a": None, "b": [1], "c": 10**30})
    assert customer.state.attributes == {}


def test_attributes_are_bounded_in_number() -> None:
    customer = Customer(a_directory())
    customer.does("customer.updated", NOON, attributes={f"a{i}": i for i in range(MAX_ATTRIBUTES + 50)})
    assert len(customer.state.attributes) == MAX_ATTRIBUTES


def test_the_newest_times_of_an_event_are_kept_in_order() -> None:
    customer = Customer(a_directory(), "stream")
    for minute in (30, 10, 20, *range(31, 60)):
        customer.does("page.viewed", NOON + minute)
    seen = customer.state.history["page.viewed"]
    assert seen.count == 32
    assert seen.recent == tuple(NOON + minute for minute in range(60 - RECENT_TIMES, 60))


@pytest.mark.parametrize(
    ("outcome", "fields", "closes"),
    [
        ("unsubscribed", {}, True),
        ("complained", {}, True),
        ("bounced", {"is_permanent": True}, True),
        ("bounced", {}, False),
        ("delivered", {}, False),
    ],
)
def test_what_a_report_says_about_a_channel_holds_for_the_next_send(
    outcome: str, fields: dict[str, Any], closes: bool
) -> None:
    journey = a_journey()
    journey["steps"]["remind"]["channel"] = "email"
    customer = Customer(a_directory(journey))
    customer.does("customer.signed_up", NOON)
    customer.is_reported(a_report(customer.commands[0], outcome, NOON + 1, **fields))
    customer.waits_until(NOON + 3 * DAY)
    assert (len(customer.commands) == 1) == closes
    assert customer.last("message_reported").details["outcome"] == outcome


def test_a_report_that_comes_twice_counts_once() -> None:
    customer = entered()
    report = a_report(customer.commands[0], "opened", NOON + 1)
    customer.is_reported(report)
    assert customer.is_reported(report).is_duplicate
    assert customer.types().count("message_reported") == 1


def test_a_report_does_not_move_the_customers_clock_in_stream_time() -> None:
    customer = entered()
    customer.is_reported(a_report(customer.commands[0], "opened", NOON + 30 * DAY))
    assert customer.state.clock_ms == NOON
    assert len(customer.commands) == 1
