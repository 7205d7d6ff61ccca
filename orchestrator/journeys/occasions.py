"""The moments at which a journey looks at all known customers: those of its schedule, and its start.

A worker (or a replay) asks, for each partition of customers, which moment is the latest that has come; it remembers the
last one it has carried out. So a moment that passes while nobody works is made up for, and only the latest one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, assert_never

from cronsim import CronSim

from orchestrator.definitions.schedule import Cron, Dates, Schedule
from orchestrator.guardrails.zone import Zone, known_zone
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.plan import Plan

_SECOND = timedelta(seconds=1)


class Occasion(NamedTuple):
    """A moment at which all known customers of a workspace are looked at for one journey."""

    workspace_id: str
    journey_id: str
    at_ms: int


def due_occasions(directory: Directory, done: Mapping[str, int], now_ms: int) -> list[Occasion]:
    """Of each active journey the latest moment up to ``now_ms`` that is not done yet, in order of journey id.

    ``done``: by journey id, the last moment carried out.
    """
    due: list[Occasion] = []
    for journey_id, plan in sorted(directory.entered.items()):
        if plan.entry.kind not in ("segment", "schedule") or directory.is_held(plan.workspace_id, journey_id):
            continue
        at_ms = _latest(plan, directory.standings[journey_id].changed_at_ms, now_ms)
        if at_ms is not None and at_ms > done.get(journey_id, -1):
            due.append(Occasion(plan.workspace_id, journey_id, at_ms))
    return due


def _latest(plan: Plan, started_ms: int, now_ms: int) -> int | None:
    """The latest moment from ``started_ms`` to ``now_ms``: of the schedule, or, of a segment, the start itself."""
    found = None if plan.entry.schedule is None else latest_moment(plan.entry.schedule, now_ms)
    if found is not None and found < started_ms:
        found = None
    if found is None and plan.entry.kind == "segment" and started_ms <= now_ms:
        return started_ms
    return found


def next_occasion(directory: Directory, journey_id: str, after_ms: int) -> Occasion | None:
    """The first moment after ``after_ms`` at which the journey looks at all known customers; None when none comes."""
    plan = directory.entered.get(journey_id)
    if plan is None or plan.entry.kind not in ("segment", "schedule"):
        return None
    started_ms = directory.standings[journey_id].changed_at_ms
    if plan.entry.kind == "segment" and after_ms < started_ms:
        return Occasion(plan.workspace_id, journey_id, started_ms)
    if plan.entry.schedule is None:
        return None
    at_ms = next_moment(plan.entry.schedule, max(after_ms, started_ms - 1))
    return None if at_ms is None else Occasion(plan.workspace_id, journey_id, at_ms)


def next_moment(schedule: Schedule, after_ms: int) -> int | None:
    """The first moment of the schedule after ``after_ms``; None when none comes."""
    zone = _zone(schedule)
    match schedule:
        case Cron():
            from_here = datetime.fromtimestamp(after_ms // 1_000, UTC).astimezone(zone.rules)
            try:
                return _ms(next(CronSim(schedule.expression, from_here)))
            except StopIteration:  # it looks ahead 50 years
                return None
        case Dates():
            moments = [_instant(zone, text) for text in schedule.at]
            return min((at_ms for at_ms in moments if at_ms > after_ms), default=None)
        case _:
            assert_never(schedule)


def latest_moment(schedule: Schedule, now_ms: int) -> int | None:
    """The latest moment of the schedule at or before ``now_ms``; None when it has none yet."""
    zone = _zone(schedule)
    match schedule:
        case Cron():
            # From the next second backwards, so that a moment counts as soon as it comes.
            from_here = datetime.fromtimestamp(now_ms // 1_000, UTC).astimezone(zone.rules) + _SECOND
            try:
                return _ms(next(CronSim(schedule.expression, from_here, reverse=True)))
            except StopIteration:  # it looks back 50 years
                return None
        case Dates():
            moments = [_instant(zone, text) for text in schedule.at]
            return max((at_ms for at_ms in moments if at_ms <= now_ms), default=None)
        case _:
            assert_never(schedule)


def _zone(schedule: Schedule) -> Zone:
    zone = known_zone(schedule.zone)
    if zone is None:
        raise AssertionError("the definition has checked the zone")  # pragma: no cover
    return zone


def _instant(zone: Zone, text: str) -> int:
    return _ms(datetime.fromisoformat(text).replace(tzinfo=zone.rules))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
