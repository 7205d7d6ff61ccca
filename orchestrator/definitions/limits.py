"""Guardrails that forbid what the journey itself does: messages that can never be sent."""

from collections.abc import Iterator
from datetime import timedelta
from math import inf

from orchestrator.definitions.duration import length_in_words
from orchestrator.definitions.flow import is_quiet_throughout, quiet_length
from orchestrator.definitions.guardrail import FrequencyCap
from orchestrator.definitions.journey import DEFAULT_EXPIRY
from orchestrator.definitions.step import Loop, Send, Step, Wait, WaitFor, WaitUntil
from orchestrator.definitions.ways import Ways
from orchestrator.errors import Problem

_DAY_S = 86_400
_CLOCK_CHANGES_S = 2 * 3_600  # by which a night may be longer than the clock says
_LOCAL_MOMENT_S = 8 * _DAY_S  # within which each time of each weekday comes, clock changes included


def limit_problems(ways: Ways) -> Iterator[Problem]:
    """Messages that a cap or a budget of the journey forbids to everybody."""
    yield from _beyond_budgets(ways)
    yield from beyond_caps(ways, are_alike=True)


def beyond_caps(ways: Ways, *, are_alike: bool) -> Iterator[Problem]:
    """Sends that on every way come after as many as a cap allows, all of them surely within its window.

    With ``are_alike`` only those of the same channel and category count, which need the same consent: what forbids the
    earlier ones forbids the later one too. Without it, those that only come so far if the earlier ones were sent.
    """
    longest: dict[str, dict[str, float]] = {}
    for index, cap in enumerate(ways.journey.guardrails.caps):
        window_s = cap.per.total_seconds() if isinstance(cap.per, timedelta) else 0.0
        for step_id in _late_sends(ways, cap):
            if step_id not in longest:
                longest[step_id] = _seconds_to(ways, step_id)
            before = _sent_before(ways, cap, step_id, longest[step_id], window_s, are_alike=are_alike)
            if before < cap.limit:
                continue
            allowed = f"the limit of {_counted(cap.limit)} {_window(cap)} is used up by {_counted(before)} before it"
            message = f"this message never goes out: {allowed}" if are_alike else f"{allowed}, if those are sent"
            fix = f"raise $.guardrails.caps[{index}], or remove a message"
            yield Problem(f"$.steps.{step_id}", "forbidden_by_cap", message, fix)


def _counted(messages: int) -> str:
    return f"{messages} message" if messages == 1 else f"{messages} messages"


def _window(cap: FrequencyCap) -> str:
    return f"in {length_in_words(cap.per)}" if isinstance(cap.per, timedelta) else f"a {cap.per}"


def _late_sends(ways: Ways, cap: FrequencyCap) -> Iterator[str]:
    """Sends that come after as many as the cap allows, whenever those are made: the only ones to look at closely."""

    def counts(step_id: str) -> int:
        return int(_concerns(cap, ways.journey.steps[step_id]))

    for step_id, before in ways.least(ways.journey.start, counts).items():
        if before >= cap.limit and _concerns(cap, ways.journey.steps[step_id]):
            yield step_id


def _sent_before(
    ways: Ways, cap: FrequencyCap, end: str, seconds_to: dict[str, float], window_s: float, *, are_alike: bool
) -> int:
    last = ways.journey.steps[end]

    def counts(step_id: str) -> int:
        step = ways.journey.steps[step_id]
        if not (isinstance(step, Send) and isinstance(last, Send) and _concerns(cap, step)):
            return 0
        is_alike = step.channel == last.channel and step.category == last.category
        # At the very end of a sliding window a send no longer counts; on a calendar day only one instant surely does.
        is_within = seconds_to.get(step_id, inf) < window_s or (not window_s and not seconds_to.get(step_id, inf))
        return int(is_within and (is_alike or not are_alike))

    return ways.least(ways.journey.start, counts)[end]


def _concerns(cap: FrequencyCap, step: Step) -> bool:
    return isinstance(step, Send) and cap.channel in (None, step.channel) and cap.category in (None, step.category)


def _seconds_to(ways: Ways, end: str) -> dict[str, float]:
    """Of each step: the most time that can pass between it and the send ``end``."""
    journey = ways.journey
    most_s = (journey.expires_after or DEFAULT_EXPIRY).total_seconds()
    steps = journey.steps
    put_off_s = _put_off_s(ways, end)
    rounds = 1 + sum(step.times for step in steps.values() if isinstance(step, Loop))
    if rounds > 1:  # whatever lies between may be gone through again
        total_s = put_off_s + rounds * sum(_takes_s(ways, step_id) for step_id in steps)
        return dict.fromkeys(steps, min(most_s, total_s))
    between = ways.longest_to(end, lambda step_id: _takes_s(ways, step_id))
    return {step_id: min(most_s, put_off_s + between[step_id] + _reports_s(steps[step_id])) for step_id in between}


def _takes_s(ways: Ways, step_id: str) -> float:
    """The longest that a customer can stay at the step."""
    match ways.journey.steps[step_id]:
        case Wait(duration=length) | WaitFor(timeout=length):
            return length.total_seconds()
        case WaitUntil(until=until):
            return _LOCAL_MOMENT_S if until.kind in ("local_time", "local_window") else inf
        case Send() as send:
            return _put_off_s(ways, step_id) + _reports_s(send)
        case _:
            return 0.0


def _reports_s(step: Step) -> float:
    """How long a send step waits for reports at most, over all the channels it tries."""
    if not isinstance(step, Send) or step.fallback is None or step.fallback.within is None:
        return 0.0
    return step.fallback.within.total_seconds() * len(step.fallback.to)


def _put_off_s(ways: Ways, step_id: str) -> float:
    """How long the journey's guardrails can put a send off at most."""
    step, rules = ways.journey.steps[step_id], ways.journey.guardrails
    expires_s = step.expires_after.total_seconds() if isinstance(step, Send) and step.expires_after else inf
    budgets_wait = any(budget.when_spent == "defer" for budget in rules.budgets)
    if rules.minimum_gap is not None or rules.rates or budgets_wait:
        return expires_s  # other messages decide how long
    quiet = rules.quiet_hours
    if quiet is None or quiet.on_quiet == "skip" or not isinstance(step, Send) or not is_quiet_throughout(step, quiet):
        return 0.0
    days = 0 if len(quiet.weekdays) == 7 else 8 - len(quiet.weekdays)
    return min(expires_s, quiet_length(quiet).total_seconds() + days * _DAY_S + _CLOCK_CHANGES_S)


def _beyond_budgets(ways: Ways) -> Iterator[Problem]:
    """Single messages that cost more than a budget of money holds."""
    for index, budget in enumerate(ways.journey.guardrails.budgets):
        if budget.kind != "money":
            continue
        for step_id, step in ways.journey.steps.items():
            if not isinstance(step, Send):
                continue
            others = step.fallback.to if step.fallback is not None else ()
            places = [
                (f"$.steps.{step_id}.cost", step.channel, step.cost),
                *((f"$.steps.{step_id}.fallback.to[{i}].cost", to.channel, to.cost) for i, to in enumerate(others)),
            ]
            for path, channel, cost in places:
                if budget.channel in (None, channel) and cost is not None and cost > budget.limit:
                    message = f"one message costs {cost:g}, and the budget holds {budget.limit:g}"
                    yield Problem(path, "forbidden_by_budget", message, f"raise $.guardrails.budgets[{index}]")
