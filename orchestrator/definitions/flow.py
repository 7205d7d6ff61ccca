"""What is wrong with the ways through a journey and the time they take. Linear in the steps: no way is walked twice."""

from collections.abc import Iterator
from datetime import timedelta

from orchestrator.definitions.clock import MINUTES_PER_DAY, minute_of
from orchestrator.definitions.condition import Condition, DeliveryWas, InSegment, parts_of
from orchestrator.definitions.duration import length_in_words
from orchestrator.definitions.guardrail import QuietHours
from orchestrator.definitions.journey import DEFAULT_EXPIRY, JourneyDefinition
from orchestrator.definitions.places import conditions_of
from orchestrator.definitions.step import Loop, Send, Step, Wait, WaitFor, WaitUntil
from orchestrator.definitions.ways import Ways
from orchestrator.errors import Problem


def flow_problems(ways: Ways) -> Iterator[Problem]:
    """Every problem of the ways; there are no cycles but through loop steps, and no unknown steps."""
    yield from _loops(ways)
    yield from _steps_after_the_end(ways)
    yield from _messages_that_always_expire(ways.journey)


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
    expires = ways.journey.expires_after or DEFAULT_EXPIRY

    def shortest_s(step_id: str) -> int:
        step = ways.journey.steps[step_id]
        return int(step.duration.total_seconds()) if isinstance(step, Wait) else 0

    for step_id, seconds in ways.least(ways.journey.start, shortest_s).items():
        if seconds >= expires.total_seconds():
            message = (
                f"the waits before this step take {length_in_words(timedelta(seconds=seconds))}, and a run "
                f"ends after {length_in_words(expires)}: nobody ever comes here"
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
        waits = quiet is not None and quiet.on_quiet == "defer" and is_quiet_throughout(step, quiet)
        if quiet is not None and waits and step.expires_after < (length := quiet_length(quiet)):
            message = (
                f"quiet hours last {length_in_words(length)}, and this message is dropped after "
                f"{length_in_words(step.expires_after)}: what is put off at their beginning never goes out"
            )
            yield Problem(path, "shorter_than_quiet_hours", message, "raise it, or set on_quiet to skip")
        if gap is not None and step.expires_after < gap:
            message = (
                f"a customer gets one message per {length_in_words(gap)}, and this one is dropped after "
                f"{length_in_words(step.expires_after)}: what another message puts off may never go out"
            )
            yield Problem(path, "shorter_than_gap", message, "raise it, or lower minimum_gap")


def is_quiet_throughout(step: Send, quiet: QuietHours) -> bool:
    """Whether in quiet hours the step has no channel to use: its own is quiet, and so are those it falls back to."""
    fallback = step.fallback
    others = fallback.to if fallback is not None and "quiet_hours" in fallback.when else ()
    return all(quiet.holds_for(channel) for channel in (step.channel, *(contact.channel for contact in others)))


def quiet_length(quiet: QuietHours) -> timedelta:
    """How long it is quiet each day, on a day without a clock change."""
    return timedelta(minutes=(minute_of(quiet.ends) - minute_of(quiet.starts)) % MINUTES_PER_DAY)


def report_problems(ways: Ways) -> Iterator[Problem]:
    """A step that asks what was reported of a message which, on every way, is sent later or not at all.

    Segments are looked into, so they must be small when written out.
    """
    for path, condition in conditions_of(ways.journey):
        asked = _sends_asked_about(condition, ways.journey, frozenset())
        if not asked:
            continue
        if path.startswith("$.entry."):
            yield Problem(
                path, "nothing_sent_yet", "when a customer enters, nothing can have been sent", "ask in a step instead"
            )
        elif path.startswith("$.steps."):
            here = path.split(".")[2]
            for send in sorted(asked):
                if here not in ways.after(send):
                    message = f"no way leads from {send!r} to this step, so nothing can have been reported of it"
                    yield Problem(path, "nothing_sent_yet", message, "name a send step before this one")


def _sends_asked_about(condition: Condition, journey: JourneyDefinition, seen: frozenset[str]) -> frozenset[str]:
    match condition:
        case DeliveryWas(step=step):
            return frozenset((step,)) if step in journey.steps else frozenset()
        case InSegment(name=name) if name in journey.segments and name not in seen:
            return _sends_asked_about(journey.segments[name], journey, seen | {name})
        case _:
            found = [_sends_asked_about(part, journey, seen) for part in parts_of(condition)]
            return frozenset[str]().union(*found)
