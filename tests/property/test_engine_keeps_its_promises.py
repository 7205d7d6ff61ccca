"""Random journeys meet random lives: whatever happens, the guardrails hold, ids stay unique and nothing is stuck."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.journeys.engine import advance, next_due_ms
from orchestrator.journeys.replay import replay
from orchestrator.journeys.state import EMPTY, SEEN_EVENTS, decode_state, encode_state
from orchestrator.journeys.turn import Effect
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.timer import TimerDue
from tests.builders import CUSTOMER, JOURNEY, WORKSPACE, a_directory, a_report, a_standing
from tests.property import invariants
from tests.property.journeys import FAR_FUTURE, journeys, lives

OUTCOMES = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed")
BOTH = given(journeys(), lives())


def assert_all_holds(
    effects: list[Effect],
    journey: dict[str, Any],
    events: list[EngagementEvent],
    heard: list[EngagementEvent] | None = None,
) -> None:
    """``heard``: the events with the times at which they came to be known, where these are not their own."""
    zones = invariants.zones_of(events, journey["guardrails"]["fallback_zones"][0])
    invariants.assert_ids_are_unique(effects)
    invariants.assert_every_command_is_on_record(effects)
    invariants.assert_every_non_send_has_a_reason(effects)
    invariants.assert_the_holdout_gets_nothing(effects)
    invariants.assert_caps_hold(effects, journey["guardrails"], zones)
    invariants.assert_gaps_hold(effects, journey["guardrails"])
    invariants.assert_quiet_hours_hold(effects, journey["guardrails"], zones)
    invariants.assert_consent_holds(effects, journey["guardrails"], events if heard is None else heard)


@BOTH
def test_guardrails_hold_and_every_run_ends_in_stream_time(
    journey: dict[str, Any], events: list[EngagementEvent]
) -> None:
    outcome = replay(a_directory(journey), events, FAR_FUTURE)
    assert_all_holds(list(outcome.effects), journey, events)
    state = outcome.states[WORKSPACE, CUSTOMER]
    assert not [run for run in state.runs if run.is_under_way]


@given(journeys(), lives(), st.data())
def test_guardrails_hold_on_the_wall_however_late_timers_are(
    journey: dict[str, Any], events: list[EngagementEvent], data: st.DataObject
) -> None:
    directory, state, effects = a_directory(journey), EMPTY, []
    now_ms = 0
    heard: list[EngagementEvent] = []
    for event in events:
        now_ms = max(now_ms, event.time_ms) + data.draw(st.integers(0, 3 * 3_600_000), "delay")
        heard.append(replace(event, time_ms=now_ms))
        for signal in (event, *_reports(effects, now_ms, data)):
            advanced = advance(directory, state, signal, now_ms, "wall")
            state = decode_state(encode_state(advanced.state))
            effects += advanced.effects
    for _ in range(200):
        due_ms = next_due_ms(directory, WORKSPACE, state)
        if due_ms is None:
            break
        now_ms = max(now_ms, due_ms) + data.draw(st.sampled_from([0, 1, 5 * 60_000, 9 * 3_600_000]), "lateness")
        timer = TimerDue(workspace_id=WORKSPACE, customer_id=CUSTOMER, due_ms=due_ms)
        advanced = advance(directory, state, timer, now_ms, "wall")
        assert not advanced.is_duplicate
        state, effects = advanced.state, [*effects, *advanced.effects]
    assert next_due_ms(directory, WORKSPACE, state) is None
    assert_all_holds(effects, journey, events, heard)


def _reports(effects: list[Effect], now_ms: int, data: st.DataObject) -> list[DeliveryEvent]:
    """What adapters may say now of what was sent, in any order and any number."""
    sent = invariants.messages_in(effects)
    if not sent:
        return []
    told = data.draw(st.lists(st.tuples(st.sampled_from(sent), st.sampled_from(OUTCOMES)), max_size=2), "reports")
    return [replace(a_report(command, outcome, now_ms), is_permanent=True) for command, outcome in told]


@BOTH
def test_when_timers_arrive_changes_nothing_in_stream_time(
    journey: dict[str, Any], events: list[EngagementEvent]
) -> None:
    directory = a_directory(journey)
    plain = replay(directory, events, FAR_FUTURE)
    with_timers: list[Any] = []
    clock_ms = 0
    for event in events:
        # A timer for every moment that time has reached, before each event and twice.
        clock_ms = max(clock_ms, event.time_ms)
        timer = TimerDue(workspace_id=WORKSPACE, customer_id=CUSTOMER, due_ms=clock_ms)
        with_timers += [timer, timer, event]
    assert replay(directory, with_timers, FAR_FUTURE).effects == plain.effects


@BOTH
def test_events_that_come_again_change_nothing(journey: dict[str, Any], events: list[EngagementEvent]) -> None:
    directory = a_directory(journey)
    once = replay(directory, events, FAR_FUTURE)
    emitted = sum(isinstance(effect, EngagementEvent) for effect in once.effects)
    assume(len(events) + emitted <= SEEN_EVENTS)
    state = once.states[WORKSPACE, CUSTOMER]
    for event in events:
        assert advance(directory, state, event, FAR_FUTURE, "stream").is_duplicate


@given(journeys(), lives(), st.integers(0, 24), st.integers(0, 24))
def test_nothing_is_sent_between_pause_and_resume_and_nothing_is_lost(
    journey: dict[str, Any], events: list[EngagementEvent], pause_at: int, length: int
) -> None:
    directory, state = a_directory(journey), EMPTY
    paused = directory.with_record(a_standing("PAUSED", journey_id=JOURNEY))
    effects: list[Effect] = []
    for number, event in enumerate(events):
        is_paused = pause_at <= number < pause_at + length
        advanced = advance(paused if is_paused else directory, state, event, event.time_ms, "stream")
        state, effects = advanced.state, [*effects, *advanced.effects]
        assert not (is_paused and invariants.commands_in(advanced.effects))
    timer = TimerDue(workspace_id=WORKSPACE, customer_id=CUSTOMER, due_ms=FAR_FUTURE)
    advanced = advance(directory, state, timer, FAR_FUTURE, "stream")
    effects += advanced.effects
    assert not [run for run in advanced.state.runs if run.is_under_way]
    entered = {activity.run_id for activity in invariants.activities_in(effects, "journey_entered")}
    ended = {activity.run_id for activity in invariants.activities_in(effects, "run_completed", "run_exited")}
    held_out = {a.run_id for a in invariants.activities_in(effects, "journey_entered") if a.arm == "holdout"}
    assert entered - held_out == ended
