"""A journey plays its own tests: in one thread, in stream time, without Kafka. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from orchestrator.definitions.duration import duration_ms, format_duration
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.journey_test import ExpectedSend, GivenEvent, GivenReport, JourneyTest
from orchestrator.guardrails.zone import DAY_MS
from orchestrator.journeys.compile import compile_plan
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.plan import ExperimentPlan, Plan, SplitPlan, StepPlan
from orchestrator.journeys.replay import Replaying
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand
from orchestrator.messages.config import JourneyStanding
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.report import report_of

WORKSPACE = "rehearsal"
JOURNEY = "journey"
SOURCE = "test"
FOR_EVER_MS = 800 * DAY_MS  # past every run's own end


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of a test: ``differences`` is empty when it went as expected, ``notes`` says what was held back."""

    name: str
    differences: tuple[str, ...]
    notes: tuple[str, ...] = ()


def rehearse(journey: JourneyDefinition) -> list[Rehearsed]:
    """Plays every test of the journey, each on its own."""
    return [_play(journey, test) for test in journey.tests]


def _play(journey: JourneyDefinition, test: JourneyTest) -> Rehearsed:
    start_ms = round(test.starts.timestamp() * 1_000)
    plan = compile_plan(WORKSPACE, JOURNEY, 1, journey)
    if mistakes := tuple(_mistaken_arms(plan, test)):
        return Rehearsed(test.name, mistakes)
    replaying = Replaying(_directory(plan, test, start_ms))
    for number, given in enumerate(test.given):
        at_ms = start_ms + duration_ms(given.at)
        replaying.reach(at_ms)
        replaying.run_out(at_ms - 1)
        match given:
            case GivenEvent():
                replaying.take(_event(given, number, at_ms))
            case GivenReport():
                sent = _last_of(replaying, given)
                if sent is None:
                    message = f"given {number + 1}: nothing was sent at {given.step!r} that could be {given.report}"
                    return Rehearsed(test.name, (message,), _notes(replaying, start_ms))
                replaying.take(report_of(sent, given.report, at_ms, id=f"given-{number}", source=SOURCE))
    until_ms = start_ms + (FOR_EVER_MS if test.runs_for is None else duration_ms(test.runs_for))
    replaying.reach(until_ms)
    replaying.run_out(until_ms)
    differences = (*_compare_sends(replaying, test, start_ms), *_compare_ends(replaying, test))
    return Rehearsed(test.name, differences, _notes(replaying, start_ms) if differences else ())


def _mistaken_arms(plan: Plan, test: JourneyTest) -> Iterator[str]:
    for step_id, arm in test.arms.items():
        step = plan.steps.get(step_id)
        if not isinstance(step, SplitPlan | ExperimentPlan):
            yield f"arms: {step_id!r} is no split and no experiment"
        elif arm not in (step.names if isinstance(step, SplitPlan) else step.nexts):
            yield f"arms: the step {step_id!r} has no path {arm!r}"


def _directory(plan: Plan, test: JourneyTest, start_ms: int) -> Directory:
    standing = JourneyStanding(
        workspace_id=WORKSPACE, journey_id=JOURNEY, version=1, status="ACTIVE", changed_at_ms=start_ms
    )
    return Directory.of_plan(_without_chance(plan, test), standing)


def _without_chance(plan: Plan, test: JourneyTest) -> Plan:
    steps = {step_id: _decided(step, test.arms.get(step_id)) for step_id, step in plan.steps.items()}
    return replace(plan, steps=steps, holdout_percent=0.0)


def _decided(step: StepPlan, arm: str | None) -> StepPlan:
    """A split or an experiment that leaves nothing to the hash of a customer."""
    match step:
        case SplitPlan():
            chosen = arm or step.names[0]
            return SplitPlan((chosen,), (100.0,), (step.nexts[step.names.index(chosen)],))
        case ExperimentPlan():
            name = arm or next(iter(step.nexts))
            return ExperimentPlan({name: step.nexts[name]}, {name: 100.0})
        case _:
            return step


def _event(given: GivenEvent, number: int, at_ms: int) -> EngagementEvent:
    return EngagementEvent(
        id=f"given-{number}",
        source=SOURCE,
        type=given.event,
        time_ms=at_ms,
        workspace_id=WORKSPACE,
        customer_id=given.customer,
        data=given.data,
    )


def _sent(replaying: Replaying) -> list[SendCommand]:
    return [effect for effect in replaying.replay.effects if isinstance(effect, SendCommand)]


def _last_of(replaying: Replaying, given: GivenReport) -> SendCommand | None:
    found = [each for each in _sent(replaying) if each.step == given.step and each.customer_id == given.customer]
    return found[-1] if found else None


def _compare_sends(replaying: Replaying, test: JourneyTest, start_ms: int) -> list[str]:
    # In order of time; customers do not influence one another, so theirs come one after the other.
    sent = sorted(_sent(replaying), key=lambda command: command.decided_at_ms)
    differences = []
    for place in range(max(len(sent), len(test.sends))):
        got = sent[place] if place < len(sent) else None
        expected = test.sends[place] if place < len(test.sends) else None
        if got is None or expected is None or not _matches(got, expected, start_ms):
            wanted = "nothing more" if expected is None else _wanted(expected)
            actual = "nothing more was sent" if got is None else _actual(got, start_ms)
            differences.append(f"message {place + 1}: expected {wanted}, but {actual}")
    return differences


def _matches(got: SendCommand, expected: ExpectedSend, start_ms: int) -> bool:
    return (
        got.template == expected.template
        and expected.channel in (None, got.channel)
        and expected.customer in (None, got.customer_id)
        and (expected.at is None or got.decided_at_ms == start_ms + duration_ms(expected.at))
        and (expected.variables is None or got.variables == expected.variables)
    )


def _wanted(expected: ExpectedSend) -> str:
    parts = [repr(expected.template)]
    if expected.channel:
        parts.append(f"over {expected.channel}")
    if expected.customer:
        parts.append(f"to {expected.customer}")
    if expected.at is not None:
        parts.append(f"at {format_duration(expected.at)}")
    if expected.variables is not None:
        parts.append(f"with {expected.variables}")
    return " ".join(parts)


def _actual(got: SendCommand, start_ms: int) -> str:
    with_variables = f" with {got.variables}" if got.variables else ""
    at = _after(got.decided_at_ms, start_ms)
    return f"{got.template!r} was sent over {got.channel} to {got.customer_id} at {at}{with_variables}"


def _compare_ends(replaying: Replaying, test: JourneyTest) -> list[str]:
    if test.ends is None:
        return []
    ended = [
        str(activity.details["reason"])
        for activity in _activities(replaying)
        if activity.type in ("run_completed", "run_exited")
    ]
    return [] if ended == list(test.ends) else [f"the runs ended with {ended}, expected {list(test.ends)}"]


def _activities(replaying: Replaying) -> Sequence[Activity]:
    found = [effect for effect in replaying.replay.effects if isinstance(effect, Activity)]
    return sorted(found, key=lambda activity: activity.at_ms)


def _notes(replaying: Replaying, start_ms: int) -> tuple[str, ...]:
    """What was held back or refused: the first thing to look at when a message is missing."""
    return tuple(
        f"at {_after(activity.at_ms, start_ms)} {activity.customer_id}: {_what(activity)} "
        f"({activity.details['rule']}): {activity.details['reason']}"
        for activity in _activities(replaying)
        if activity.type in ("entry_refused", "send_suppressed", "send_deferred")
    )


def _what(activity: Activity) -> str:
    match activity.type:
        case "entry_refused":
            return "was not let in"
        case "send_deferred":
            return f"{activity.details['template']} was put off"
        case _:
            return f"{activity.details['template']} was not sent"


def _after(at_ms: int, start_ms: int) -> str:
    return format_duration(timedelta(milliseconds=at_ms - start_ms))
