"""Entry by segment, by schedule and by request, and what stands against an entry of any kind."""

from typing import Any

from orchestrator.journeys.engine import advance
from orchestrator.messages.config import WorkspaceSettings
from orchestrator.messages.event import ENTRY_REQUESTED
from orchestrator.messages.timer import TimerDue
from tests.builders import (
    CUSTOMER,
    DAY,
    HOUR,
    JOURNEY,
    MONDAY_NOON,
    WORKSPACE,
    Customer,
    a_directory,
    a_journey,
    a_standing,
    steps,
)

NOON = MONDAY_NOON
VIP = {"kind": "attribute", "name": "tier", "op": "eq", "value": "vip"}
HELLO = steps(hello={"kind": "send", "channel": "email", "template": "hello", "next": "done"})


def a_short(**entry: Any) -> dict[str, Any]:
    return a_journey(entry=entry, start="hello", steps=HELLO)


def entered(customer: Customer) -> list[str]:
    return [activity.journey_id for activity in customer.activities if activity.type == "journey_entered"]


def is_walked(customer: Customer, at_ms: int, journey_id: str = JOURNEY, now_ms: int | None = None) -> None:
    timer = TimerDue(workspace_id=WORKSPACE, customer_id=CUSTOMER, due_ms=at_ms, entering=journey_id)
    customer._keep(advance(customer.directory, customer.state, timer, now_ms or at_ms, customer.time))


# by segment


def test_a_customer_enters_by_coming_to_match_and_once_only() -> None:
    customer = Customer(a_directory(a_short(kind="segment", audience=VIP, re_entry={"kind": "always"})))
    customer.does("customer.updated", NOON, attributes={"tier": "new"})
    assert entered(customer) == []
    customer.does("customer.updated", NOON + 1, attributes={"tier": "vip"})
    customer.does("viewed", NOON + 2)
    assert entered(customer) == [JOURNEY]


def test_who_ceased_to_match_may_come_to_match_again() -> None:
    customer = Customer(a_directory(a_short(kind="segment", audience=VIP, re_entry={"kind": "always"})))
    for at_ms, tier in enumerate(("vip", "new", "vip"), NOON):
        customer.does("customer.updated", at_ms, attributes={"tier": tier})
    assert entered(customer) == [JOURNEY, JOURNEY]


def test_an_attribute_set_by_another_journey_counts_in_the_same_turn() -> None:
    update = {"kind": "update", "set": {"tier": {"kind": "literal", "value": "vip"}}, "next": "done"}
    directory = a_directory(
        a_short(kind="segment", audience=VIP), **{"journey-2": a_journey(start="up", steps=steps(up=update))}
    )
    customer = Customer(directory)
    customer.does("customer.signed_up", NOON)
    assert entered(customer) == ["journey-2", JOURNEY]


def test_time_alone_makes_a_customer_match_when_looked_at() -> None:
    lapsed = {
        "kind": "all",
        "of": [
            {"kind": "happened", "event": "ordered"},
            {"kind": "not", "of": {"kind": "happened", "event": "ordered", "within": "P30D"}},
        ],
    }
    recheck = {"kind": "cron", "expression": "0 6 * * *"}
    customer = Customer(a_directory(a_short(kind="segment", audience=lapsed, recheck=recheck)))
    customer.does("ordered", NOON)
    is_walked(customer, NOON + 29 * DAY)
    assert entered(customer) == []
    is_walked(customer, NOON + 31 * DAY)
    is_walked(customer, NOON + 32 * DAY)
    assert entered(customer) == [JOURNEY]


def test_nobody_is_lost_who_comes_to_match_while_paused() -> None:
    customer = Customer(a_directory(a_short(kind="segment", audience=VIP), "PAUSED"))
    customer.does("customer.updated", NOON, attributes={"tier": "vip"})
    assert entered(customer) == []
    customer.directory = customer.directory.with_record(a_standing("ACTIVE"))
    is_walked(customer, NOON + HOUR)
    assert entered(customer) == [JOURNEY]


# by schedule


def test_everyone_in_the_audience_enters_at_the_moment_and_once_however_often_it_is_told() -> None:
    entry = {
        "kind": "schedule",
        "schedule": {"kind": "cron", "expression": "0 12 * * MON"},
        "audience": VIP,
        "re_entry": {"kind": "always"},
    }
    customer = Customer(a_directory(a_short(**entry)))
    customer.does("customer.updated", NOON - 1, attributes={"tier": "vip"})
    for _ in range(3):
        is_walked(customer, NOON)
    is_walked(customer, NOON + 7 * DAY)
    assert entered(customer) == [JOURNEY, JOURNEY]
    assert customer.activities[0].details["occasion_ms"] == NOON


def test_who_is_not_in_the_audience_of_a_schedule_is_left_alone() -> None:
    entry = {"kind": "schedule", "schedule": {"kind": "dates", "at": ["2026-01-05T12:00"]}, "audience": VIP}
    customer = Customer(a_directory(a_short(**entry)))
    customer.does("viewed", NOON - 1)
    is_walked(customer, NOON)
    assert customer.effects == []


# by request


def test_the_control_plane_may_ask_for_an_entry_with_fields() -> None:
    journey = a_short(kind="api", key="order_id", re_entry={"kind": "once_per_key"})
    journey["steps"]["hello"]["variables"] = {"order": {"kind": "entry", "name": "order_id"}}
    customer = Customer(a_directory(journey))
    for nth, order in enumerate(("o1", "o2", "o2")):
        customer.does(ENTRY_REQUESTED, NOON + nth, journey_id=JOURNEY, fields={"order_id": order})
    assert [command.variables["order"] for command in customer.commands] == ["o1", "o2"]


def test_a_request_for_a_journey_of_another_kind_or_workspace_does_nothing() -> None:
    customer = Customer(a_directory(a_short(kind="event", type="customer.signed_up")))
    customer.does(ENTRY_REQUESTED, NOON, journey_id=JOURNEY, fields={})
    customer.does(ENTRY_REQUESTED, NOON + 1, journey_id="no-such", fields={})
    customer.does(ENTRY_REQUESTED, NOON + 2, journey_id=None, fields="x")
    assert customer.effects == []


# what stands against it


def test_the_window_of_entry_is_kept() -> None:
    entry = {
        "kind": "event",
        "type": "customer.signed_up",
        "re_entry": {"kind": "always"},
        "opens_at": "2026-01-05T12:00:01Z",
        "closes_at": "2026-01-05T12:00:02Z",
    }
    customer = Customer(a_directory(a_short(**entry)))
    for at_ms in (NOON, NOON + 1_000, NOON + 1_999, NOON + 2_000):
        customer.does("customer.signed_up", at_ms)
    assert entered(customer) == [JOURNEY, JOURNEY]
    refused = [activity.details for activity in customer.activities if activity.type == "entry_refused"]
    assert [details["rule"] for details in refused] == ["not_open", "closed"]
    assert refused[0]["next_eligible_ms"] == NOON + 1_000


def test_the_excluded_do_not_enter() -> None:
    entry = {
        "kind": "event",
        "type": "customer.signed_up",
        "exclude": {"kind": "customer", "ids": ["somebody", CUSTOMER]},
    }
    customer = Customer(a_directory(a_short(**entry)))
    customer.does("customer.signed_up", NOON)
    assert customer.last("entry_refused").details["rule"] == "excluded"


def two_of_a_group(first: int, second: int) -> Customer:
    def waiting(event: str, priority: int) -> dict[str, Any]:
        return a_journey(
            entry={"kind": "event", "type": event},
            start="pause",
            steps=steps(pause={"kind": "wait", "duration": "P9D", "next": "done"}),
            exclusion_group="promo",
            priority=priority,
        )

    return Customer(a_directory(waiting("one", first), **{"journey-2": waiting("two", second)}))


def test_one_journey_of_a_group_at_a_time() -> None:
    customer = two_of_a_group(50, 50)
    customer.does("one", NOON)
    customer.does("two", NOON + 1)
    assert entered(customer) == [JOURNEY]
    assert customer.last("entry_refused").details["rule"] == "exclusion_group"


def test_a_journey_of_higher_priority_takes_over() -> None:
    customer = two_of_a_group(50, 60)
    customer.does("one", NOON)
    customer.does("two", NOON + 1)
    assert entered(customer) == [JOURNEY, "journey-2"]
    assert customer.last("run_exited").details == {"reason": "displaced"}
    assert [run.journey_id for run in customer.state.runs] == ["journey-2"]


def test_the_higher_priority_gets_the_room_that_a_cap_leaves() -> None:
    guardrails = {"consent": {"marketing": "opt_out"}, "caps": [{"limit": 1, "per": "day"}]}
    entry = {"kind": "event", "type": "x"}
    low = a_journey(entry=entry, start="hello", steps=HELLO, guardrails=guardrails, priority=10)
    high = a_journey(entry=entry, start="hello", steps=HELLO, guardrails=guardrails, priority=90)
    customer = Customer(a_directory(low, **{"journey-2": high}))
    customer.does("x", NOON)
    assert [command.journey_id for command in customer.commands] == ["journey-2"]


def test_of_sends_due_at_one_moment_the_higher_priority_goes_first() -> None:
    guardrails = {
        "consent": {"marketing": "opt_out"},
        "quiet_hours": {"from": "11:00", "to": "18:00"},
        "caps": [{"limit": 1, "per": "day"}],
    }
    low = a_journey(entry={"kind": "event", "type": "a"}, start="hello", steps=HELLO, guardrails=guardrails, priority=1)
    high = {**low, "entry": {"kind": "event", "type": "b"}, "priority": 2}
    customer = Customer(a_directory(low, **{"journey-2": high}))
    customer.does("a", NOON)
    customer.does("b", NOON + 1)
    customer.waits_until(NOON + 6 * HOUR)
    assert [command.journey_id for command in customer.commands] == ["journey-2"]


# what the workspace says


def test_the_workspaces_holdout_gets_nothing_from_any_journey() -> None:
    settings = WorkspaceSettings(workspace_id=WORKSPACE, holdout_percent=95)
    directory = a_directory(a_short(kind="event", type="x")).with_record(settings)
    held_out = 0
    for number in range(200):
        name = f"c{number}"
        customer = Customer(directory)
        event = _an_event_of(name)
        customer._keep(advance(directory, customer.state, event, NOON))
        details = customer.activities[0]
        if details.arm == "holdout":
            held_out += 1
            assert details.details["holdout"] == "workspace"
            assert customer.commands == []
    assert 170 <= held_out <= 200


def _an_event_of(customer_id: str) -> Any:
    from msgspec.structs import replace

    from tests.builders import an_event

    return replace(an_event("x", NOON), customer_id=customer_id)


def test_the_workspaces_guardrails_bind_beside_the_journeys_own() -> None:
    settings = WorkspaceSettings(
        workspace_id=WORKSPACE,
        guardrails={"caps": [{"limit": 1, "per": "P7D"}], "consent": {"marketing": "opt_out"}},
        costs={"email": 0.25},
    )
    journey = a_short(kind="event", type="x", re_entry={"kind": "always"})
    customer = Customer(a_directory(journey).with_record(settings))
    customer.does("x", NOON)
    customer.does("x", NOON + 1)
    assert [command.cost for command in customer.commands] == [0.25]
    assert customer.last("send_suppressed").details["rule"] == "frequency_cap"
