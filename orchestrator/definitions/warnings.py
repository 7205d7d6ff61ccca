"""What may be meant, and more often is not. Nothing here keeps a journey from being published."""

from collections.abc import Iterator
from datetime import timedelta

from orchestrator.definitions.condition import Condition, Happened, InSegment, Not, TimeOfDay, parts_of
from orchestrator.definitions.duration import length_in_words
from orchestrator.definitions.entry import SegmentEntry
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.limits import beyond_caps
from orchestrator.definitions.moments import sends_in_quiet_hours
from orchestrator.definitions.places import conditions_of
from orchestrator.definitions.step import Experiment, Send, Split, Wait, WaitFor
from orchestrator.definitions.ways import Ways
from orchestrator.errors import Problem

LONG_WAIT = timedelta(days=365)


def find_warnings(journey: JourneyDefinition) -> list[Problem]:
    """Everything that is odd about a journey that may be published."""
    ways = Ways(journey)
    forbidden = {problem.path for problem in beyond_caps(ways, are_alike=True)}
    return [
        *_limits_on_nothing(journey),
        *_segments_not_used(journey),
        *_long_waits(journey),
        *_goals_over_before_the_first_message(ways),
        *_one_way_for_all(journey),
        *_matches_that_time_alone_brings(journey),
        *_put_off_every_time(journey),
        *(problem for problem in beyond_caps(ways, are_alike=False) if problem.path not in forbidden),
    ]


def _sends(journey: JourneyDefinition) -> list[Send]:
    return [step for step in journey.steps.values() if isinstance(step, Send)]


def _limits_on_nothing(journey: JourneyDefinition) -> Iterator[Problem]:
    """Limits on channels and categories that no message has."""
    rules, sends = journey.guardrails, _sends(journey)
    channels = {send.channel for send in sends}
    channels |= {to.channel for send in sends if send.fallback is not None for to in send.fallback.to}
    categories = {send.category for send in sends}
    fix = "correct it, or remove the limit"
    named = {
        **{f"caps[{index}]": cap.channel for index, cap in enumerate(rules.caps)},
        **{f"rates[{index}]": rate.channel for index, rate in enumerate(rules.rates)},
        **{f"budgets[{index}]": budget.channel for index, budget in enumerate(rules.budgets)},
    }
    for place, channel in named.items():
        if channel is not None and channel not in channels:
            message = f"no message of this journey goes by {channel}"
            yield Problem(f"$.guardrails.{place}.channel", "unused_channel", message, fix)
    for index, cap in enumerate(rules.caps):
        if cap.category is not None and cap.category not in categories:
            message = f"no message of this journey is of the category {cap.category!r}"
            yield Problem(f"$.guardrails.caps[{index}].category", "unused_category", message, fix)
    for index in range(len(rules.brakes) if not sends else 0):
        message = "the journey sends no message of which anything could be reported"
        yield Problem(f"$.guardrails.brakes[{index}]", "no_messages", message, fix)


def _segments_not_used(journey: JourneyDefinition) -> Iterator[Problem]:
    used = {name for _, condition in conditions_of(journey) for name in _names(condition)}
    for name in journey.segments:
        if name not in used:
            yield Problem(f"$.segments.{name}", "unused_segment", "no condition names this segment", "remove it")


def _names(condition: Condition) -> Iterator[str]:
    if isinstance(condition, InSegment):
        yield condition.name
    for part in parts_of(condition):
        yield from _names(part)


def _long_waits(journey: JourneyDefinition) -> Iterator[Problem]:
    for step_id, step in journey.steps.items():
        if isinstance(step, Wait | WaitFor):
            field, length = ("duration", step.duration) if isinstance(step, Wait) else ("timeout", step.timeout)
            if length > LONG_WAIT:
                message = f"a customer waits here for {length_in_words(length)}, which is more than a year"
                yield Problem(
                    f"$.steps.{step_id}.{field}", "long_wait", message, "check the unit: M after T is minutes"
                )


def _goals_over_before_the_first_message(ways: Ways) -> Iterator[Problem]:
    """A goal that can only be reached before anything was said."""
    goal = ways.journey.goal
    if goal is None or not _sends(ways.journey):
        return

    def shortest_s(step_id: str) -> int:
        step = ways.journey.steps[step_id]
        return int(step.duration.total_seconds()) if isinstance(step, Wait) else 0

    reached = ways.least(ways.journey.start, shortest_s).items()
    earliest = min(
        (seconds for step_id, seconds in reached if isinstance(ways.journey.steps[step_id], Send)), default=0
    )
    if earliest >= goal.window.total_seconds():
        message = (
            f"the first message comes {length_in_words(timedelta(seconds=earliest))} after the entry at the soonest"
        )
        yield Problem("$.goal.window", "goal_before_messages", message, "count the goal for longer than that")


def _one_way_for_all(journey: JourneyDefinition) -> Iterator[Problem]:
    """A split or an experiment all of whose arms lead to the same step."""
    for step_id, step in journey.steps.items():
        match step:
            case Split():
                field, targets = "paths", {path.next for path in step.paths}
            case Experiment():
                field, targets = "arms", {arm.next for arm in step.arms}
            case _:
                continue
        if len(targets) == 1:
            message = "all of them lead to the same step, so nothing is compared"
            yield Problem(f"$.steps.{step_id}.{field}", "same_way", message, "lead them to different steps")


def _matches_that_time_alone_brings(journey: JourneyDefinition) -> Iterator[Problem]:
    """A segment that a customer comes into by doing nothing, and nobody who looks."""
    entry = journey.entry
    if isinstance(entry, SegmentEntry) and entry.recheck is None and _comes_by_time(entry.audience, journey, False):
        message = "time alone brings customers into the audience, and it is looked at only when they do something"
        fix = 'add when to look, such as {"kind": "cron", "expression": "0 6 * * *"}'
        yield Problem("$.entry.recheck", "no_recheck", message, fix)


def _comes_by_time(condition: Condition, journey: JourneyDefinition, is_denied: bool) -> bool:
    """Whether the condition (or, when denied, its opposite) may come to hold by the passing of time."""
    match condition:
        case Not(of=of):
            return _comes_by_time(of, journey, not is_denied)
        case Happened(within=within):
            return is_denied and within is not None
        case TimeOfDay():
            return True
        case InSegment(name=name):
            return _comes_by_time(journey.segments[name], journey, is_denied)
        case _:
            return any(_comes_by_time(part, journey, is_denied) for part in parts_of(condition))


def _put_off_every_time(journey: JourneyDefinition) -> Iterator[Problem]:
    quiet = journey.guardrails.quiet_hours
    if quiet is not None and quiet.on_quiet == "defer":
        for path in sends_in_quiet_hours(journey):
            message = "the message that follows comes in quiet hours, and is put off every time"
            yield Problem(path, "put_off_every_time", message, "choose another time, or change quiet_hours")
