"""The scenario shows what it is there to show, and its two arms are comparable."""

from collections import Counter

import pytest

from orchestrator.definitions.duration import duration_ms
from orchestrator.definitions.parse import parse_journey
from orchestrator.definitions.step import Send, WaitFor
from orchestrator.demo.scenario import LONGEST_RUN_MS, TRIAL_OFFER, WIN_BACK, end_ms, events, silent_customers
from orchestrator.journeys.replay import Replay
from orchestrator.journeys.state import TREATMENT
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import EngagementEvent


def activities(played: Replay, journey_id: str) -> list[Activity]:
    return [each for each in played.effects if isinstance(each, Activity) and each.journey_id == journey_id]


def test_both_journeys_may_be_published() -> None:
    assert parse_journey(WIN_BACK).goal is not None
    assert parse_journey(TRIAL_OFFER).goal is not None


def test_everything_a_guardrail_can_do_happens(played: Replay) -> None:
    done = Counter((each.type, each.details.get("rule")) for each in activities(played, "win-back"))

    for expected in (
        ("send_requested", None),
        ("send_suppressed", "consent"),
        ("send_suppressed", "frequency_cap"),
        ("send_deferred", "quiet_hours"),
        ("entry_refused", "re_entry"),
        ("goal_reached", None),
        ("run_exited", None),
        ("run_completed", None),
    ):
        assert done[expected] > 0, expected


def test_both_channels_are_used(played: Replay) -> None:
    channels = Counter(
        each.channel for each in played.effects if isinstance(each, SendCommand) and each.journey_id == "win-back"
    )

    assert set(channels) == {"email", "push"}


def test_the_arms_of_the_win_back_enter_alike(played: Replay) -> None:
    # A treated customer who is still in the journey could not enter again, and one held out could.
    refusals = {each.details["rule"] for each in activities(played, "win-back") if each.type == "entry_refused"}

    assert refusals == {"re_entry"}


def test_every_treated_persona_gets_the_offer_once(played: Replay) -> None:
    entered = {
        each.customer_id
        for each in activities(played, "trial-offer")
        if each.type == "journey_entered" and each.arm == TREATMENT
    }
    commands = [
        each.customer_id
        for each in played.effects
        if isinstance(each, SendCommand) and each.journey_id == "trial-offer"
    ]

    assert sorted(commands) == sorted(entered)


def test_nothing_waits_between_an_offer_and_its_answer() -> None:
    steps = parse_journey(TRIAL_OFFER).steps
    first = steps["offer"]

    assert isinstance(first, Send)
    assert not any(isinstance(step, WaitFor) for step in steps.values())


def test_time_runs_on_until_everything_is_over(played: Replay, happening: list[EngagementEvent]) -> None:
    windows = [duration_ms(goal.window) for goal in (parse_journey(d).goal for d in (WIN_BACK, TRIAL_OFFER)) if goal]

    assert max(windows) < LONGEST_RUN_MS
    assert end_ms(happening) == happening[-1].time_ms + LONGEST_RUN_MS
    assert not any(run.is_under_way for state in played.states.values() for run in state.runs if run.arm == TREATMENT)


@pytest.mark.parametrize("personas", [0, 40])
def test_history_is_told_in_order_of_time(personas: int) -> None:
    happening = events(personas)
    times = [event.time_ms for event in happening]

    assert times == sorted(times)
    assert len({(event.source, event.id) for event in happening}) == len(happening)
    assert sum(event.type == "trial.started" for event in happening) == personas


def test_silent_customers_have_one_event(happening: list[EngagementEvent]) -> None:
    counts = Counter(event.customer_id for event in happening)

    assert {counts[customer] for customer in silent_customers(400)} == {1}
