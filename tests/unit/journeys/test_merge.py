"""Two customers who turn out to be one, and a customer who wants to be forgotten."""

from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.journeys.engine import Signal, advance
from orchestrator.journeys.state import EMPTY, CustomerState
from orchestrator.journeys.turn import Effect
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.handover import Handover
from orchestrator.messages.timer import TimerDue
from tests.builders import DAY, MONDAY_NOON, WORKSPACE, a_directory, a_journey, a_report, an_event, steps

NOON = MONDAY_NOON
WAIT = steps(
    pause={"kind": "wait", "duration": "P2D", "next": "offer"},
    offer={"kind": "send", "channel": "email", "template": "offer", "next": "done"},
)
OPEN = {"consent": {"marketing": "opt_out"}}


class Town:
    """Several customers; what is addressed to one of them by another arrives, in order."""

    def __init__(self, journey: dict[str, Any] | None = None) -> None:
        self.directory = a_directory(journey or a_journey(start="pause", steps=WAIT, guardrails=OPEN))
        self.states: dict[str, CustomerState] = {}
        self.effects: list[Effect] = []

    def hears(self, customer: str, type_: str, at_ms: int, id_: str | None = None, **data: Any) -> None:
        event = replace(an_event(type_, at_ms, id_ or f"{customer}/{type_}@{at_ms}", **data), customer_id=customer)
        self.takes(event, at_ms)

    def merges(self, customer: str, into: str, at_ms: int) -> None:
        self.hears(customer, "customer.merged", at_ms, into=into)

    def waits_until(self, customer: str, at_ms: int) -> None:
        self.takes(TimerDue(workspace_id=WORKSPACE, customer_id=customer, due_ms=at_ms), at_ms)

    def takes(self, signal: Signal, at_ms: int) -> None:
        waiting = [signal]
        for _ in range(50):
            if not waiting:
                return
            now = waiting.pop(0)
            state = self.states.get(now.customer_id, EMPTY)
            advanced = advance(self.directory, state, now, at_ms)
            self.states[now.customer_id] = advanced.state
            self.effects += advanced.effects
            waiting += [
                each for each in advanced.effects if isinstance(each, Handover | EngagementEvent | DeliveryEvent)
            ]
        raise AssertionError("messages go round for ever")

    @property
    def commands(self) -> list[SendCommand]:
        return [effect for effect in self.effects if isinstance(effect, SendCommand)]

    def activities(self, type_: str) -> list[Activity]:
        return [effect for effect in self.effects if isinstance(effect, Activity) and effect.type == type_]


def test_a_visitor_who_signs_in_goes_on_where_they_were() -> None:
    town = Town()
    town.hears("anon", "customer.signed_up", NOON)
    town.merges("anon", "known", NOON + 1)
    town.waits_until("known", NOON + 2 * DAY)
    (command,) = town.commands
    assert command.customer_id == "known"
    assert town.activities("run_adopted")[0].details == {"from_customer_id": "anon"}
    assert town.states["anon"].runs == ()
    assert town.states["anon"].merged_into == "known"


def test_what_comes_later_for_the_old_customer_counts_for_the_new_one() -> None:
    town = Town()
    town.merges("anon", "known", NOON)
    town.hears("anon", "customer.signed_up", NOON + 1)
    assert [run.journey_id for run in town.states["known"].runs] == ["journey-1"]
    town.waits_until("known", NOON + 1 + 2 * DAY)
    report = replace(a_report(town.commands[0], "complained", NOON + 3 * DAY), customer_id="anon")
    town.takes(report, NOON + 3 * DAY)
    assert town.states["known"].consents.suppressions["email"].is_active


def test_newer_attributes_and_stricter_consent_win() -> None:
    town = Town()
    town.hears("a", "customer.updated", NOON, attributes={"tier": "old", "city": "Rome", "same": "a"})
    town.hears("b", "customer.updated", NOON, id_="b1", attributes={"same": "b"})
    town.hears("b", "customer.updated", NOON + 5, attributes={"tier": "new"})
    town.hears("a", "consent.revoked", NOON + 6, channel="email")
    town.hears("b", "consent.granted", NOON + 6, channel="email")
    town.hears("a", "consent.granted", NOON + 7, channel="sms")
    town.merges("a", "b", NOON + 9)
    merged = town.states["b"]
    assert {name: each.value for name, each in merged.attributes.items()} == {
        "tier": "new",
        "city": "Rome",
        "same": "b",
    }
    assert not merged.consents.given["email"]["*"].is_granted
    assert merged.consents.given["sms"]["*"].is_granted


def test_caps_count_what_both_were_sent() -> None:
    now = steps(offer={"kind": "send", "channel": "email", "template": "t", "next": "done"})
    guardrails = {**OPEN, "caps": [{"limit": 2, "per": "P7D"}]}
    again = {"kind": "event", "type": "x", "re_entry": {"kind": "always"}}
    town = Town(a_journey(entry=again, start="offer", steps=now, guardrails=guardrails))
    town.hears("a", "x", NOON)
    town.hears("b", "x", NOON + 1)
    town.merges("a", "b", NOON + 2)
    town.hears("b", "x", NOON + 3)
    assert len(town.commands) == 2
    assert town.activities("send_suppressed")[0].details["rule"] == "frequency_cap"


def test_history_and_entries_add_up_and_what_was_seen_counts_once() -> None:
    again = {"kind": "event", "type": "x", "re_entry": {"kind": "always"}}
    now = steps(offer={"kind": "send", "channel": "email", "template": "t", "next": "done"})
    town = Town(a_journey(entry=again, start="offer", steps=now))
    town.hears("a", "x", NOON, id_="first")
    town.hears("b", "x", NOON + 1, id_="second")
    town.merges("a", "b", NOON + 2)
    town.hears("b", "x", NOON + 3, id_="first")  # delivered again, to the other name
    merged = town.states["b"]
    assert merged.history["x"].count == 2
    assert merged.entries["journey-1"].count == 2
    town.hears("b", "x", NOON + 4, id_="third")
    run_ids = {each.run_id for each in town.activities("journey_entered")}
    assert len(run_ids) == 3


def test_of_two_runs_of_a_journey_the_older_goes_on() -> None:
    town = Town()
    town.hears("b", "customer.signed_up", NOON)
    town.hears("a", "customer.signed_up", NOON - 5)
    town.merges("a", "b", NOON + 1)
    (run,) = town.states["b"].runs
    assert run.entered_ms == NOON - 5
    assert [each.details for each in town.activities("run_exited")] == [{"reason": "merged"}]


def test_a_holdout_stays_a_holdout() -> None:
    goal = {"event": "ordered", "window": "P30D"}
    town = Town(a_journey(start="pause", steps=WAIT, guardrails=OPEN, goal=goal, holdout={"percent": 50}))
    arms: dict[str, str] = {}
    for number in range(40):
        town.hears(f"c{number}", "customer.signed_up", NOON + number)
        arms[f"c{number}"] = town.states[f"c{number}"].runs[0].arm
    held_out = next(name for name, arm in arms.items() if arm == "holdout")
    treated = next(name for name, arm in arms.items() if arm == "treatment")
    town.merges(held_out, treated, NOON + 100)
    town.waits_until(treated, NOON + 3 * DAY)
    assert town.commands == []
    assert [run.arm for run in town.states[treated].runs] == ["holdout"]
    town.hears(treated, "ordered", NOON + 4 * DAY)
    assert [each.arm for each in town.activities("goal_reached")] == ["holdout"]


@pytest.mark.parametrize("into", ["", "a", None, 7, "x" * 513, "a\x1fb"])
def test_a_merge_into_nobody_is_an_event_like_any_other(into: Any) -> None:
    town = Town()
    town.hears("a", "customer.merged", NOON, into=into)
    assert town.states["a"].merged_into == ""
    assert town.states["a"].history["customer.merged"].count == 1


def test_a_merge_told_twice_happens_once() -> None:
    town = Town()
    town.hears("a", "customer.signed_up", NOON)
    town.merges("a", "b", NOON + 1)
    before = town.states["b"]
    handover = next(effect for effect in town.effects if isinstance(effect, Handover))
    town.takes(handover, NOON + 2)
    assert town.states["b"] == before


def test_a_chain_of_merges_ends_at_the_last_customer() -> None:
    town = Town()
    town.merges("b", "c", NOON)
    town.hears("a", "customer.signed_up", NOON + 1)
    town.merges("a", "b", NOON + 2)
    assert len(town.states["c"].runs) == 1
    town.hears("a", "viewed", NOON + 3)
    assert town.states["c"].history["viewed"].count == 1


@pytest.mark.parametrize("circle", [("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")])
def test_a_circle_of_merges_leaves_one_customer_with_everything(circle: tuple[str, ...]) -> None:
    town = Town()
    for nth, name in enumerate(circle):
        town.hears(name, "viewed", NOON + nth)
    for nth, name in enumerate(circle):
        town.merges(name, circle[(nth + 1) % len(circle)], NOON + 100 + nth)
    living = [name for name in circle if not town.states[name].merged_into]
    assert len(living) == 1
    assert town.states[living[0]].history["viewed"].count == len(circle)
    for nth, name in enumerate(circle):
        town.hears(name, "viewed", NOON + 200 + nth)
    assert town.states[living[0]].history["viewed"].count == 2 * len(circle)


def test_an_erased_customer_is_as_if_never_known_and_a_receipt_is_named() -> None:
    town = Town()
    town.hears("a", "customer.signed_up", NOON)
    town.hears("a", "customer.erased", NOON + 1, id_="erase-1")
    assert town.states["a"] is EMPTY
    (erased,) = town.activities("customer_erased")
    assert erased.journey_id == ""
    town.hears("a", "customer.erased", NOON + 2, id_="erase-1")
    assert town.activities("customer_erased")[1].id == erased.id
    town.waits_until("a", NOON + 9 * DAY)
    assert town.commands == []


def test_erasing_a_merged_customer_erases_the_one_who_went_on() -> None:
    town = Town()
    town.hears("a", "customer.signed_up", NOON)
    town.merges("a", "b", NOON + 1)
    town.hears("a", "customer.erased", NOON + 2)
    assert town.states["a"] is EMPTY
    assert town.states["b"] is EMPTY
    assert sorted(each.customer_id for each in town.activities("customer_erased")) == ["a", "b"]
