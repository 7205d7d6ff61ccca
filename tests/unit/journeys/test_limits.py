"""Limits over all customers, as a journey meets them."""

from collections import Counter
from typing import Any

from msgspec.structs import replace

from orchestrator.guardrails.budget import Purse
from orchestrator.guardrails.grants import ANSWER_MS, take
from orchestrator.journeys.engine import advance
from orchestrator.journeys.replay import replay
from orchestrator.journeys.state import EMPTY
from orchestrator.messages.activity import Activity
from orchestrator.messages.allowance import AllowanceAsked, AllowanceGranted
from orchestrator.messages.command import SendCommand
from orchestrator.messages.config import WorkspaceSettings
from orchestrator.messages.timer import TimerDue
from tests.builders import DAY, HOUR, MONDAY_NOON, WORKSPACE, a_directory, a_journey, an_event, steps

NOON = MONDAY_NOON
OPEN = {"consent": {"marketing": "opt_out"}}


def offering(
    entry: dict[str, Any] | None = None, send: dict[str, Any] | None = None, **guardrails: Any
) -> dict[str, Any]:
    offer = {"kind": "send", "channel": "sms", "template": "t", "cost": 0.5, "next": "done", **(send or {})}
    entered = {"kind": "event", "type": "customer.signed_up", **(entry or {})}
    return a_journey(entry=entered, start="offer", steps=steps(offer=offer), guardrails={**OPEN, **guardrails})


def crowd(journey: dict[str, Any], count: int, pause_ms: int = 0, settings: WorkspaceSettings | None = None) -> Any:
    """So many customers who sign up one after the other."""
    directory = a_directory(journey)
    if settings is not None:
        directory = directory.with_record(settings)
    signals = [
        replace(an_event("customer.signed_up", NOON + number * pause_ms, f"e{number}"), customer_id=f"c{number}")
        for number in range(count)
    ]
    return replay(directory, signals, NOON + 30 * DAY).effects


def sends(effects: Any) -> list[int]:
    return sorted(effect.decided_at_ms for effect in effects if isinstance(effect, SendCommand))


def rules(effects: Any, type_: str) -> Counter[str]:
    found = (effect for effect in effects if isinstance(effect, Activity) and effect.type == type_)
    return Counter(str(activity.details["rule"]) for activity in found)


def test_a_rate_lets_so_many_through_in_each_second_and_all_in_the_end() -> None:
    effects = crowd(offering(rates=[{"limit": 10, "per": "second"}]), 95)
    moments = sends(effects)
    assert len(moments) == 95
    assert max(Counter(moment // 1_000 for moment in moments).values()) == 10
    assert moments[-1] < NOON + 10_000
    assert rules(effects, "send_deferred")["rate"] == 85  # nobody had to be looked at twice


def test_a_days_budget_of_money_is_spent_and_the_rest_waits_for_the_next_days() -> None:
    effects = crowd(offering(budgets=[{"kind": "money", "limit": 5, "per": "day"}]), 25)
    by_day = Counter((moment - NOON + 12 * HOUR) // DAY for moment in sends(effects))
    assert by_day == {0: 10, 1: 10, 2: 5}


def test_a_total_budget_is_never_exceeded_and_what_is_over_is_told() -> None:
    effects = crowd(offering(budgets=[{"kind": "messages", "limit": 7, "per": "total"}]), 20)
    assert len(sends(effects)) == 7
    assert rules(effects, "send_suppressed") == {"budget": 13}
    refused = next(effect for effect in effects if getattr(effect, "type", "") == "send_suppressed")
    assert refused.details["inputs"] == {"rule": "budget", "limit": 7, "per": "total", "left_here": 0}


def test_a_part_that_is_too_small_for_one_message_is_told_as_such() -> None:
    effects = crowd(offering(budgets=[{"kind": "money", "limit": 0.4, "per": "total"}]), 1)
    refused = next(effect for effect in effects if getattr(effect, "type", "") == "send_suppressed")
    assert "no room for one message" in refused.details["reason"]


def test_a_budget_that_skips_does_not_put_off() -> None:
    budget = {"kind": "messages", "limit": 7, "per": "day", "when_spent": "skip"}
    assert len(sends(crowd(offering(budgets=[budget]), 20))) == 7


def test_a_limit_of_another_channel_does_not_bind() -> None:
    budget = {"kind": "messages", "limit": 7, "per": "total", "channel": "email"}
    assert len(sends(crowd(offering(budgets=[budget]), 20))) == 20


def test_a_message_that_expires_while_it_waits_for_its_turn_is_not_sent() -> None:
    journey = offering(send={"expires_after": "PT3S"}, rates=[{"limit": 1, "per": "second"}])
    effects = crowd(journey, 10)
    assert len(sends(effects)) == 4
    assert rules(effects, "send_suppressed") == {"message_expired": 6}


def test_nothing_is_used_of_a_limit_by_a_send_that_another_rule_forbids() -> None:
    journey = offering(budgets=[{"kind": "messages", "limit": 5, "per": "total"}], consent={"marketing": "required"})
    assert rules(crowd(journey, 9), "send_suppressed") == {"consent": 9}


def test_the_workspaces_limits_bind_over_all_journeys() -> None:
    guardrails = {**OPEN, "budgets": [{"kind": "messages", "limit": 4, "per": "total"}]}
    settings = WorkspaceSettings(workspace_id=WORKSPACE, guardrails=guardrails)
    assert len(sends(crowd(offering(), 9, settings=settings))) == 4


def test_a_journey_lets_in_as_many_as_it_has_room_for() -> None:
    effects = crowd(offering(entry={"capacity": {"limit": 3}}), 8)
    assert len(sends(effects)) == 3
    assert rules(effects, "entry_refused") == {"capacity": 5}
    daily = crowd(offering(entry={"capacity": {"limit": 3, "per": "day"}}), 10, pause_ms=6 * HOUR)
    assert len(sends(daily)) == 8  # two on the first day, three on each of the next two


def test_a_clock_that_runs_back_lets_no_more_through() -> None:
    effects = crowd(offering(budgets=[{"kind": "messages", "limit": 2, "per": "day", "when_spent": "skip"}]), 9, -DAY)
    by_day = Counter((moment - NOON + 12 * HOUR) // DAY for moment in sends(effects))
    assert max(by_day.values()) <= 2


def test_where_others_can_be_asked_a_send_waits_for_their_answer_and_one_that_is_refused_is_told_why() -> None:
    directory = a_directory(offering(budgets=[{"kind": "messages", "limit": 2, "per": "total"}]))
    purse = Purse({}, 7, 8, may_ask=True)  # the last of 8 partitions has no part of 2
    later = advance(directory, EMPTY, an_event("customer.signed_up", NOON + 1), NOON + 1, purse=purse)
    purse = purse.with_spent(later.spent)
    (asked,) = [effect for effect in later.effects if isinstance(effect, AllowanceAsked)]
    deferred = later.effects[-1]
    assert isinstance(deferred, Activity)
    assert (deferred.type, deferred.details["rule"]) == ("send_deferred", "budget")
    assert deferred.details["until_ms"] == NOON + 1 + ANSWER_MS
    assert "the others are asked" in str(deferred.details["reason"])

    # No answer yet: it waits twice as long, and does not ask twice.
    timer = TimerDue(workspace_id=WORKSPACE, customer_id="c1", due_ms=NOON + 1 + ANSWER_MS)
    still = advance(directory, later.state, timer, NOON + 1 + ANSWER_MS, purse=purse)
    (deferred,) = still.effects
    assert deferred.details["until_ms"] == NOON + 1 + 3 * ANSWER_MS  # type: ignore[union-attr]
    for units, type_ in ((1, "send_requested"), (0, "send_suppressed")):
        spent = take(purse, AllowanceGranted(stake=asked.stake, units=units))
        assert spent is not None
        told = purse.with_spent({asked.stake.key: spent})
        last = advance(directory, still.state, replace(timer, due_ms=NOON + 10_000), NOON + 10_000, purse=told)
        assert type_ in [getattr(effect, "type", "") for effect in last.effects]
