"""A journey plays its own tests: in one thread, in stream time, without Kafka. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from orchestrator.definitions.document import MAX_LENGTH
from orchestrator.definitions.duration import duration_ms, format_duration
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.journey_test import ExpectedSend, GivenEvent, GivenReport, JourneyTest
from orchestrator.definitions.moment import ms_of
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
# Where every moment of a story is one of the calendar, in whatever zone.
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

_SECOND_MS = 1_000

Watch = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of a test: ``differences`` is empty when it went as expected, ``notes`` says what was held back.

    Of what happened: how many runs were begun, all messages and all ends of runs, in order of time. ``start_ms``: when
    the story began. ``is_whole`` False: it has a mistake and was played up to there; the difference says which.
    """

    name: str
    start_ms: int
    is_whole: bool
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    entries: int = 0
    messages: tuple[SendCommand, ...] = ()
    ends: tuple[Activity, ...] = ()


def rehearse(journey: JourneyDefinition) -> list[Rehearsed]:
    """Plays every test of the journey, each on its own."""
    plan = plan_to_play(journey)
    return [play(plan, test) for test in journey.tests]


def plan_to_play(journey: JourneyDefinition) -> Plan:
    """The journey as ``play`` takes it."""
    return compile_plan(WORKSPACE, JOURNEY, 1, journey)


def play(plan: Plan, test: JourneyTest, watch: Watch | None = None) -> Rehearsed:
    """What comes of one test.

    ``watch`` is called before every signal of the story, and what it raises ends the playing: a story may take long.
    """
    start_ms = ms_of(test.starts)
    if mistakes := (*_mistaken_arms(plan, test), *_mistaken_times(test)):
        return Rehearsed(test.name, start_ms, False, mistakes)
    replaying = Replaying(_directory(plan, test, start_ms), watch=watch)
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
                    return replace(_told(replaying, test, start_ms, (message,)), is_whole=False)
                replaying.take(report_of(sent, given.report, at_ms, id=f"given-{number}", source=SOURCE))
    until_ms = start_ms + (FOR_EVER_MS if test.runs_for is None else duration_ms(test.runs_for))
    replaying.reach(until_ms)
    replaying.run_out(until_ms)
    differences = (*_compare_sends(replaying, test, start_ms), *_compare_ends(replaying, test))
    return _told(replaying, test, start_ms, differences)


def _told(replaying: Replaying, test: JourneyTest, start_ms: int, differences: tuple[str, ...]) -> Rehearsed:
    activities = _activities(replaying)
    return Rehearsed(
        test.name,
        start_ms,
        True,
        differences,
        _notes(activities, start_ms),
        sum(activity.type == "journey_entered" for activity in activities),
        tuple(_sent_in_order(replaying)),
        tuple(_ends(activities)),
    )


def _mistaken_arms(plan: Plan, test: JourneyTest) -> Iterator[str]:
    for step_id, arm in test.arms.items():
        step = plan.steps.get(step_id)
        if not isinstance(step, SplitPlan | ExperimentPlan):
            yield f"arms: {step_id!r} is no split and no experiment"
        elif arm not in (step.names if isinstance(step, SplitPlan) else step.nexts):
            yield f"arms: the step {step_id!r} has no path {arm!r}"


def _mistaken_times(test: JourneyTest) -> Iterator[str]:
    if not EARLIEST <= test.starts < LATEST:
        yield f"starts: a story begins between {EARLIEST.year} and {LATEST.year}"
    lengths = {f"given {number + 1}": given.at for number, given in enumerate(test.given)}
    for place, length in (*lengths.items(), ("runs_for", test.runs_for)):
        if length is not None and length > MAX_LENGTH:
            yield f"{place}: a story is at most {format_duration(MAX_LENGTH)} long"


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


def _sent_in_order(replaying: Replaying) -> list[SendCommand]:
    # In order of time; customers do not influence one another, so theirs come one after the other.
    return sorted(_sent(replaying), key=lambda command: command.decided_at_ms)


def _last_of(replaying: Replaying, given: GivenReport) -> SendCommand | None:
    found = [each for each in _sent(replaying) if each.step == given.step and each.customer_id == given.customer]
    return found[-1] if found else None


def _compare_sends(replaying: Replaying, test: JourneyTest, start_ms: int) -> list[str]:
    sent = _sent_in_order(replaying)
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
        and (expected.at is None or _is_at(expected.at, got.decided_at_ms - start_ms))
        and (expected.variables is None or got.variables == expected.variables)
    )


def _is_at(expected: timedelta, after_ms: int) -> bool:
    return after_ms // _SECOND_MS == duration_ms(expected) // _SECOND_MS  # a length of time is written in seconds


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
    ended = [reason_of(activity) for activity in _ends(_activities(replaying))]
    return [] if ended == list(test.ends) else [f"the runs ended with {ended}, expected {list(test.ends)}"]


def _ends(activities: Sequence[Activity]) -> Iterator[Activity]:
    return (activity for activity in activities if activity.type in ("run_completed", "run_exited"))


def reason_of(activity: Activity) -> str:
    """Why the run ended."""
    return str(activity.details["reason"])


def _activities(replaying: Replaying) -> Sequence[Activity]:
    found = [effect for effect in replaying.replay.effects if isinstance(effect, Activity)]
    return sorted(found, key=lambda activity: activity.at_ms)


def _notes(activities: Sequence[Activity], start_ms: int) -> tuple[str, ...]:
    """What was held back or refused: the first thing to look at when a message is missing."""
    return tuple(
        f"at {_after(activity.at_ms, start_ms)} {activity.customer_id}: {_what(activity)} "
        f"({activity.details['rule']}): {activity.details['reason']}"
        for activity in activities
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
