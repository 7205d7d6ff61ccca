"""Conditions beyond attributes: the time of day, filtered counts, named segments; and where they move a run."""

from typing import Any

import pytest

from tests.builders import DAY, HOUR, MINUTE, MONDAY_NOON, Customer, a_directory, a_journey, a_report, steps

NOON = MONDAY_NOON
OFFER = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}


def taken(condition: dict[str, Any], at_ms: int = NOON, before: Any = (), **changes: Any) -> bool:
    branch = {"kind": "branch", "paths": [{"when": condition, "next": "offer"}], "otherwise": "done"}
    customer = Customer(a_directory(a_journey(start="b", steps=steps(b=branch, offer=OFFER), **changes)))
    for type_, when_ms, data in before:
        customer.does(type_, when_ms, id_=f"{type_}{when_ms}", **data)
    customer.does("customer.signed_up", at_ms)
    return len(customer.commands) == 1


@pytest.mark.parametrize(
    ("at_ms", "expected"), [(NOON - HOUR, False), (NOON, True), (NOON + 2 * HOUR, False), (NOON + DAY, False)]
)
def test_the_time_of_day_is_the_customers(at_ms: int, expected: bool) -> None:
    """13:00 to 15:00 in Berlin is 12:00 to 14:00 UTC in January; Tuesday is not named."""
    condition = {"kind": "time_of_day", "from": "13:00", "to": "15:00", "weekdays": ["monday"]}
    zone = ("customer.updated", NOON - DAY, {"attributes": {"timezone": "Europe/Berlin"}})
    assert taken(condition, at_ms, [zone]) is expected


@pytest.mark.parametrize(("hours", "expected"), [(0, False), (10, True), (13, True), (18, False)])
def test_a_time_of_day_may_go_over_midnight(hours: int, expected: bool) -> None:
    assert taken({"kind": "time_of_day", "from": "22:00", "to": "06:00"}, NOON + hours * HOUR) is expected


def test_only_events_of_which_it_holds_are_counted() -> None:
    big = {"kind": "field", "name": "amount", "op": "ge", "value": 100}
    condition = {"kind": "happened", "event": "ordered", "where": big, "at_least": 2, "within": "P7D"}
    orders = [("ordered", NOON - day * DAY, {"amount": amount}) for day, amount in ((9, 500), (6, 100), (5, 99))]
    assert not taken(condition, before=orders)
    assert taken(condition, before=[*orders, ("ordered", NOON - DAY, {"amount": 150})])


def test_a_named_segment_stands_for_its_condition() -> None:
    segments = {"big": {"kind": "happened", "event": "ordered"}, "any": {"kind": "segment", "name": "big"}}
    assert taken({"kind": "segment", "name": "any"}, before=[("ordered", NOON - 1, {})], segments=segments)
    assert not taken({"kind": "segment", "name": "any"}, segments=segments)


def waiting_for(condition: dict[str, Any], **changes: Any) -> Customer:
    by_id = steps(
        first={**OFFER, "template": "first", "next": "hold"},
        hold={"kind": "wait_for", "condition": condition, "timeout": "P3D", "next": "offer", "on_timeout": "done"},
        offer=OFFER,
    )
    customer = Customer(a_directory(a_journey(start="first", steps=by_id, **changes)))
    customer.does("customer.signed_up", NOON)
    return customer


VIP = {"kind": "attribute", "name": "tier", "op": "eq", "value": "vip"}


def test_a_wait_for_a_condition_ends_as_soon_as_it_holds() -> None:
    customer = waiting_for(VIP)
    customer.does("viewed", NOON + 1)
    assert len(customer.commands) == 1
    customer.does("customer.updated", NOON + 2, attributes={"tier": "vip"})
    assert [command.template for command in customer.commands] == ["first", "offer"]


def test_a_condition_that_holds_on_arrival_is_not_waited_for() -> None:
    any_time = {"kind": "not", "of": VIP}
    assert [command.template for command in waiting_for(any_time).commands] == ["first", "offer"]


def test_a_wait_for_a_condition_times_out() -> None:
    customer = waiting_for(VIP)
    customer.waits_until(NOON + 3 * DAY)
    assert customer.types()[-1] == "run_completed"
    assert len(customer.commands) == 1


def test_a_report_may_be_what_is_waited_for() -> None:
    customer = waiting_for({"kind": "delivery", "step": "first", "outcomes": ["opened", "clicked"]})
    customer.is_reported(a_report(customer.commands[0], "delivered", NOON + 1))
    assert len(customer.commands) == 1
    customer.is_reported(a_report(customer.commands[0], "opened", NOON + 2))
    assert [command.template for command in customer.commands] == ["first", "offer"]


def test_a_run_ends_when_an_exit_condition_comes_to_hold() -> None:
    pause = steps(pause={"kind": "wait", "duration": "P9D", "next": "offer"}, offer=OFFER)
    journey = a_journey(start="pause", steps=pause, exit_on=[{"when": VIP, "reason": "became_vip"}])
    customer = Customer(a_directory(journey))
    customer.does("customer.signed_up", NOON)
    customer.does("customer.updated", NOON + 1, attributes={"tier": "vip"})
    assert customer.last("run_exited").details == {"reason": "became_vip"}
    assert customer.state.runs == ()


def test_an_exit_condition_that_time_makes_true_is_seen_when_the_wait_is_over() -> None:
    idle = {"kind": "not", "of": {"kind": "happened", "event": "customer.signed_up", "within": "P5D"}}
    pause = steps(pause={"kind": "wait", "duration": "P9D", "next": "offer"}, offer=OFFER)
    journey = a_journey(start="pause", steps=pause, exit_on=[{"when": idle, "reason": "idle"}])
    customer = Customer(a_directory(journey))
    customer.does("customer.signed_up", NOON)
    customer.waits_until(NOON + 9 * DAY)
    assert customer.commands == []
    assert customer.last("run_exited").details == {"reason": "idle"}


@pytest.mark.parametrize(
    ("window", "until_ms"),
    [
        ({"from": "09:00", "to": "17:00"}, NOON),
        ({"from": "14:00", "to": "17:00"}, NOON + 2 * HOUR),
        ({"from": "09:00", "to": "11:00"}, NOON + 21 * HOUR),
        ({"from": "09:00", "to": "17:00", "weekdays": ["wednesday"]}, NOON + DAY + 21 * HOUR),
        ({"from": "22:00", "to": "02:00", "weekdays": ["tuesday"]}, NOON + 12 * HOUR),
        ({"from": "22:00", "to": "13:00"}, NOON),
    ],
)
def test_a_local_window_opens_when_the_customers_clock_says_so(window: dict[str, Any], until_ms: int) -> None:
    wait = {"kind": "wait_until", "until": {"kind": "local_window", **window}, "next": "offer"}
    customer = Customer(a_directory(a_journey(start="w", steps=steps(w=wait, offer=OFFER))))
    customer.does("customer.signed_up", NOON)
    for moment in (until_ms - MINUTE, until_ms):
        if moment > NOON:
            customer.waits_until(moment)
    assert [command.decided_at_ms for command in customer.commands] == [until_ms]


@pytest.mark.parametrize("told", ["event", "report"])
def test_a_no_that_comes_with_what_is_overdue_is_heard_first(told: str) -> None:
    """The worker stood still while a message fell due; what it reads first is that the customer wants no more."""
    by_id = steps(
        first={**OFFER, "template": "first", "next": "pause"},
        pause={"kind": "wait", "duration": "P1D", "next": "offer"},
        offer=OFFER,
    )
    exits = [{"when": {"kind": "happened", "event": "never"}, "reason": "never"}]  # so that reports are acted upon
    customer = Customer(a_directory(a_journey(start="first", steps=by_id, exit_on=exits)))
    customer.does("customer.signed_up", NOON)
    if told == "event":
        customer.does("consent.revoked", NOON + 2 * DAY, channel="email")
    else:
        customer.is_reported(a_report(customer.commands[0], "unsubscribed", NOON + 2 * DAY))
    assert [command.template for command in customer.commands] == ["first"]
    assert customer.last("send_suppressed").details["rule"] == "consent"
