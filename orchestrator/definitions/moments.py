"""Moments that never come, or at which nothing may be sent."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from orchestrator.definitions.clock import MINUTES_PER_DAY, minute_of
from orchestrator.definitions.entry import ScheduleEntry
from orchestrator.definitions.flow import is_quiet_throughout
from orchestrator.definitions.guardrail import QuietHours
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.schedule import Dates
from orchestrator.definitions.step import LocalTime, LocalWindow, Send, WaitUntil
from orchestrator.errors import Problem

# By how much a clock anywhere may differ from UTC; dates that are nearer to a limit are not judged.
_WIDEST_OFFSET = timedelta(hours=16)

Stretch = tuple[int, int]  # minutes after midnight: the first one, and the first one after it


def moment_problems(journey: JourneyDefinition) -> Iterator[Problem]:
    """Dates outside the time of entry, and messages that are always skipped because they come in quiet hours."""
    yield from _dates_without_entry(journey)
    quiet = journey.guardrails.quiet_hours
    if quiet is not None and quiet.on_quiet == "skip":
        for path in sends_in_quiet_hours(journey):
            message = "the message that follows comes in quiet hours, and is skipped every time"
            yield Problem(path, "always_quiet", message, "choose another time, or change quiet_hours")


def sends_in_quiet_hours(journey: JourneyDefinition) -> Iterator[str]:
    """Where a customer is made to wait until a time that lies wholly in quiet hours, for a message right after it."""
    quiet = journey.guardrails.quiet_hours
    for step_id, step in journey.steps.items():
        if quiet is None or not isinstance(step, WaitUntil):
            continue
        send, until = journey.steps.get(step.next), step.until
        if not isinstance(send, Send) or not is_quiet_throughout(send, quiet):
            continue
        if isinstance(until, LocalTime | LocalWindow) and not _meet(until, quiet):
            yield f"$.steps.{step_id}.until"


def _meet(until: LocalTime | LocalWindow, quiet: QuietHours) -> bool:
    """Whether some moment that is waited for is one at which sending is allowed."""
    if not set(until.weekdays) & set(quiet.weekdays):
        return False
    if isinstance(until, LocalTime):
        minute = minute_of(until.time)
        wanted: tuple[Stretch, ...] = ((minute, minute + 1),)
    else:
        wanted = _stretches(until.starts, until.ends)
    allowed = _stretches(quiet.ends, quiet.starts)
    return any(max(a, c) < min(b, d) for a, b in wanted for c, d in allowed)


def _stretches(starts: str, ends: str) -> tuple[Stretch, ...]:
    """The minutes of a day from one time to before another; over midnight, both of its parts."""
    first, end = minute_of(starts), minute_of(ends)
    return ((first, end),) if first < end else ((first, MINUTES_PER_DAY), (0, end))


def _dates_without_entry(journey: JourneyDefinition) -> Iterator[Problem]:
    entry = journey.entry
    if not isinstance(entry, ScheduleEntry) or not isinstance(entry.schedule, Dates):
        return
    for index, text in enumerate(entry.schedule.at):
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        is_early = entry.opens_at is not None and moment + _WIDEST_OFFSET < entry.opens_at
        is_late = entry.closes_at is not None and moment - _WIDEST_OFFSET >= entry.closes_at
        if is_early or is_late:
            message = "nobody may enter before opens_at" if is_early else "nobody may enter from closes_at on"
            yield Problem(f"$.entry.schedule.at[{index}]", "outside_entry", message, "move the date, or the limit")
