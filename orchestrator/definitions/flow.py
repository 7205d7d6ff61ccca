"""What is wrong with the ways through a journey and the time they take. Linear in the steps: no way is walked twice."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from graphlib import TopologicalSorter

from orchestrator.definitions.duration import format_duration
from orchestrator.definitions.guardrail import FrequencyCap
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.step import (
    Branch,
    Exit,
    Experiment,
    Loop,
    Send,
    Split,
    Step,
    Wait,
    WaitFor,
    WaitUntil,
)
from orchestrator.errors import Problem

NEVER = timedelta.max
NOTHING = timedelta(0)


class Ways:
    """The ways from step to step, without those back; ``order``: each step after all that lead to it."""

    def __init__(self, journey: JourneyDefinition) -> None:
        self.journey = journey
        self.onward = {step_id: _onward(step) for step_id, step in journey.steps.items()}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The steps, each after those that lead to it."""
        before: dict[str, set[str]] = {step_id: set() for step_id in self.onward}
        for step_id, targets in self.onward.items():
            for target in targets:
                before[target].add(step_id)
        return tuple(TopologicalSorter(before).static_order())

    def least(self, start: str, cost: Callable[[str], int]) -> Mapping[str, int]:
        """Of each step that can be reached from ``start``: the least that the steps before it cost together."""
        found = {start: 0}
        for step_id in self.order:
            if step_id not in found:
                continue
            total = found[step_id] + cost(step_id)
            for target in self.onward[step_id]:
                if target not in found or total < found[target]:
                    found[target] = total
        return found


def flow_problems(journey: JourneyDefinition) -> Iterator[Problem]:
    """Every problem of the ways; the journey has no cycles but through loop steps, and no unknown steps."""
    ways = Ways(journey)
    yield from _loops(ways)
    yield from _steps_after_the_end(ways)
    yield from _messages_that_always_expire(journey)
    for index, cap in enumerate(journey.guardrails.caps):
        yield from _sends_that_a_cap_forbids(ways, index, cap)


def _onward(step: Step) -> tuple[str, ...]:
    match step:
        case Exit():
            return ()
        case WaitFor():
            return (step.next, step.on_timeout)
        case WaitUntil():
            missing = getattr(step.until, "when_missing", None)
            return (step.next,) if missing is None else (step.next, missing)
        case Branch():
            return (*(path.next for path in step.paths), step.otherwise)
        case Split():
            return tuple(path.next for path in step.paths)
        case Experiment():
            return tuple(arm.next for arm in step.arms)
        case _:
            return (step.next,)


def _is_waiting(step: Step) -> bool:
    return isinstance(step, Wait | WaitFor) or (isinstance(step, WaitUntil) and step.until.kind == "local_time")


def _loops(ways: Ways) -> Iterator[Problem]:
    """A loop must come round, and never without any time passing."""
    for step_id, step in ways.journey.steps.items():
        if not isinstance(step, Loop):
            continue
        waits = ways.least(step.back_to, lambda other: int(_is_waiting(ways.journey.steps[other])))
        path = f"$.steps.{step_id}.back_to"
        if step_id not in waits:
            message = f"no way leads from {step.back_to!r} back to this step, so it is no loop"
            yield Problem(path, "no_loop", message, "go back to a step before it, or use next alone")
        elif waits[step_id] == 0:
            message = f"from {step.back_to!r} a customer comes back here without waiting: all rounds happen at once"
            yield Problem(path, "loop_without_wait", message, "put a wait or a wait_for on the way")


def _steps_after_the_end(ways: Ways) -> Iterator[Problem]:
    """A step that even the quickest customer comes to only after the run has expired."""
    expires = ways.journey.expires_after
    if expires is None:
        return

    def shortest_s(step_id: str) -> int:
        step = ways.journey.steps[step_id]
        return int(step.duration.total_seconds()) if isinstance(step, Wait) else 0

    for step_id, seconds in ways.least(ways.journey.start, shortest_s).items():
        if seconds >= expires.total_seconds():
            message = (
                f"the waits before this step take {format_duration(timedelta(seconds=seconds))}, and the run "
                f"expires after {format_duration(expires)}"
            )
            yield Problem(f"$.steps.{step_id}", "after_expiry", message, "shorten a wait, or raise expires_after")


def _messages_that_always_expire(journey: JourneyDefinition) -> Iterator[Problem]:
    """A message that is put off at the beginning of quiet hours must still be worth sending at their end."""
    rules = journey.guardrails
    quiet = rules.quiet_hours
    gap = rules.minimum_gap
    for step_id, step in journey.steps.items():
        if not isinstance(step, Send) or step.expires_after is None:
            continue
        path = f"$.steps.{step_id}.expires_after"
        if quiet is not None and quiet.on_quiet == "defer" and step.expires_after < (length := _length(quiet)):
            message = f"quiet hours last {format_duration(length)}: what is put off at their beginning always expires"
            yield Problem(path, "shorter_than_quiet_hours", message, "raise it, or set on_quiet to skip")
        if gap is not None and step.expires_after < gap:
            message = f"the minimum gap is {format_duration(gap)}: what is put off by it may expire every time"
            yield Problem(path, "shorter_than_gap", message, "raise it, or lower minimum_gap")


def _length(quiet: object) -> timedelta:
    starts, ends = (_minutes(getattr(quiet, name)) for name in ("starts", "ends"))
    return timedelta(minutes=(ends - starts) % (24 * 60))


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _sends_that_a_cap_forbids(ways: Ways, index: int, cap: FrequencyCap) -> Iterator[Problem]:
    """A send that on every way comes after as many as the cap allows, all of them within its window."""
    longest = _longest_run(ways.journey)
    window = cap.per if isinstance(cap.per, timedelta) else NOTHING
    # A calendar day may end at any moment; only what happens at one instant is surely within one.
    if longest > window or (isinstance(cap.per, timedelta) and longest == window):
        return

    def counts(step_id: str) -> int:
        step = ways.journey.steps[step_id]
        return int(isinstance(step, Send) and _concerns(cap, step))

    for step_id, before in ways.least(ways.journey.start, counts).items():
        step = ways.journey.steps[step_id]
        if isinstance(step, Send) and _concerns(cap, step) and before >= cap.limit:
            message = (
                f"on every way {before} messages that the cap counts come before this one; {cap.limit} are allowed"
            )
            yield Problem(
                f"$.steps.{step_id}",
                "forbidden_by_cap",
                message,
                f"raise $.guardrails.caps[{index}], or drop a message",
            )


def _concerns(cap: FrequencyCap, step: Send) -> bool:
    return cap.channel in (None, step.channel) and cap.category in (None, step.category)


def _longest_run(journey: JourneyDefinition) -> timedelta:
    """The longest that a run can take, or more; ``NEVER`` when nothing bounds it."""
    rules = journey.guardrails
    rounds = 1 + sum(step.times for step in journey.steps.values() if isinstance(step, Loop))
    total = NOTHING
    for step in journey.steps.values():
        match step:
            case Wait():
                total += step.duration
            case WaitFor():
                total += step.timeout
            case WaitUntil():
                return journey.expires_after or NEVER
            case Send():
                if rules.quiet_hours is not None or rules.minimum_gap is not None or rules.rates or rules.budgets:
                    return journey.expires_after or NEVER  # it may be put off
                if step.fallback is not None and step.fallback.within is not None:
                    total += step.fallback.within * len(step.fallback.to)
            case _:
                pass
    total = total * rounds
    return total if journey.expires_after is None else min(total, journey.expires_after)
