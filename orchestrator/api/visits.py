"""The way of a run through the steps of its journey, read off its activities. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.store.reports import ActivityItem

_AT_NO_STEP = frozenset({"journey_entered", "message_reported", "goal_reached"})


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay at a step of a version; ``left_at`` None: the run is still there."""

    step: str
    version: int
    arrived_at: datetime
    left_at: datetime | None = None


def visits(story: Iterable[ActivityItem]) -> list[Visit]:
    """The stays of one run, oldest first; ``story`` are its activities in order."""
    found: list[Visit] = []
    for activity in story:
        if activity.activity_type in _AT_NO_STEP or not activity.step:
            continue
        at, here = activity.created_at, (activity.step, activity.version)
        if not found or found[-1].left_at is not None or (found[-1].step, found[-1].version) != here:
            if activity.activity_type == "run_exited" and found and found[-1].left_at is not None:
                continue  # it left at the step it had passed on to, where nothing else was decided
            _leave(found, at)
            found.append(Visit(activity.step, activity.version, at))
        if _passes(activity):
            _leave(found, at)
    return found


def _passes(activity: ActivityItem) -> bool:
    """Whether the run is past the step after this activity."""
    match activity.activity_type:
        case "step_passed" | "webhook_requested":
            return activity.details.get("next") != activity.step  # a send that tries its next channel stays
        case "send_requested":
            return "report_until_ms" not in activity.details
        case "run_completed" | "run_exited":
            return True
        case _:
            return False


def _leave(found: list[Visit], at: datetime) -> None:
    if found and found[-1].left_at is None:
        found[-1] = replace(found[-1], left_at=at)
