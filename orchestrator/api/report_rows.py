"""The rows of a report over time: a day, a week from Monday, or a month of the calendar each. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, assert_never

from orchestrator.api.documents import DayFigures, Grain
from orchestrator.api.figures import figures_of
from orchestrator.api.problems import BadRequest
from orchestrator.store.reports import added_up

By = Literal["day", "week", "month", "none", "fitting"]

MOST_ROWS = 400  # of an answer
MOST_DRAWN = 120  # points of a line that can still be told apart
_GRAINS: Sequence[Grain] = ("day", "week", "month")


def grain_of(by: By, first: date, last: date, most_fitting: int = MOST_DRAWN) -> Grain:
    """How long each row is. ``fitting``: as short as leaves no more than ``most_fitting`` rows; of months, MOST_ROWS.

    Raises:
        BadRequest: there would be too many rows.
    """
    if by == "none":
        return by
    if by == "fitting":
        fits = (grain for grain in _GRAINS if _count(grain, first, last) <= _most(grain, most_fitting))
        return next(fits, "none")
    if _count(by, first, last) > MOST_ROWS:
        raise BadRequest(f"from {first} to {last} there are more than {MOST_ROWS} {by}s; ask by=fitting, or in parts")
    return by


def rows_of(grain: Grain, first: date, last: date, days: Mapping[date, Mapping[str, Any]]) -> list[DayFigures]:
    """A row for each day, week or month from ``first`` to ``last``, also those without figures; see ``DayFigures``."""
    if grain == "none":
        return []
    groups: dict[date, list[Mapping[str, Any]]] = {}
    for day in map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1)):
        group = groups.setdefault(max(first, _start(grain, day)), [])
        if day in days:
            group.append(days[day])
    return [DayFigures(date=start, **dict(figures_of(added_up(group)))) for start, group in groups.items()]


def _most(grain: Grain, most_fitting: int) -> int:
    return MOST_ROWS if grain == "month" else most_fitting


def _count(grain: Grain, first: date, last: date) -> int:
    match grain:
        case "day":
            return (last - first).days + 1
        case "week":
            return (_start(grain, last) - _start(grain, first)).days // 7 + 1
        case "month":
            return (last.year - first.year) * 12 + last.month - first.month + 1
        case "none":
            return 0
        case _:
            assert_never(grain)


def _start(grain: Grain, day: date) -> date:
    match grain:
        case "week":
            return date.fromordinal(day.toordinal() - day.weekday())  # the first day of the calendar is a Monday
        case "month":
            return day.replace(day=1)
        case _:
            return day
