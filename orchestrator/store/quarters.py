"""Quarters of an hour, and the days of a zone that are made of them. Pure.

Midnight is at another time in each zone, and a quarter of an hour is the finest step by which clocks differ (Nepal is
5 h 45 min ahead of UTC). So the figures that can be added up are kept by the quarter as well as by the UTC day, and a
day of a zone is made of both: it is the UTC day of the same date, without what lies on the neighbouring days of the
zone, and with what lies on it of the neighbouring UTC days. Two things follow. Only the quarters between the two
midnights are looked at. And over a period that covers everything the sum is that of the UTC days, whatever the zone,
the change of its clocks, or the quarters that are missing because they were not kept yet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from orchestrator.guardrails.zone import DAY_MS, Zone, first_instant, local_day
from orchestrator.store.figures import NUMBERS, add_figures
from orchestrator.store.rows import Figures

QUARTER_MS = 900_000
_Sums: TypeAlias = "dict[str, int | Decimal | _Sums]"
# Between these the first instant of a day, and that of the next, can be written down in every zone.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9998, 12, 30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MILLISECOND = timedelta(milliseconds=1)

# Of a day alone: a sum of squares cannot be cut at another midnight, and the others look at the customer's whole past.
OF_WHOLE_DAYS = frozenset({"value_squares", "past", "baseline"})
# Of an arm only what reports show: the rest would double the size of every quarter.
OF_ARMS = frozenset({"entered", "customers_entered", "completed", "goals", "customers_converted", "value", "cost"})


@dataclass(frozen=True, slots=True)
class Edge:
    """A stretch between the midnights of UTC and of a zone: counted on one UTC day, it lies on another day there."""

    starts_at: datetime
    ends_at: datetime
    utc_day: date
    zone_day: date


@dataclass(frozen=True, slots=True)
class ZoneDay:
    """A day of a zone, from its first instant to that of the next."""

    date: date
    starts_at: datetime
    ends_at: datetime


def quarter_of(at_ms: int) -> int:
    """The quarter of an hour that a time is in, by number since 1970."""
    return at_ms // QUARTER_MS


def start_of(quarter: int) -> datetime:
    """The first instant of a quarter of an hour."""
    return _at(quarter * QUARTER_MS)


def that_add_up(figures: Figures) -> Figures:
    """The figures (``sink/fold.py``) that are kept by the quarter; a group that is empty is left out."""
    kept = {name: amount for name, amount in figures.items() if name not in OF_WHOLE_DAYS}
    arms = figures.get("arms", {})
    if isinstance(arms, Mapping):
        kept["arms"] = {
            arm: {name: amount for name, amount in counters.items() if name in OF_ARMS}
            for arm, counters in arms.items()
            if isinstance(counters, Mapping)
        }
    return without_zeros(kept)


def without_zeros(figures: Figures) -> Figures:
    """The figures without counters that are zero and groups that are empty: absent means the same."""
    kept = {name: amount if isinstance(amount, NUMBERS) else without_zeros(amount) for name, amount in figures.items()}
    return {name: amount for name, amount in kept.items() if amount}


def edges(zone: Zone, first: date, last: date) -> list[Edge]:
    """What of the UTC days from ``first`` to ``last`` lies on another day in the zone, and the other way round."""
    return _edges(zone, range(first.toordinal(), last.toordinal() + 2))


def edges_of_days(zone: Zone, days: Iterable[date]) -> list[Edge]:
    """The same of single days, however far they lie apart."""
    ordinals = {day.toordinal() for day in days}
    return _edges(zone, sorted(ordinals | {ordinal + 1 for ordinal in ordinals}))


def edges_of_period(zone: Zone, first: date, last: date) -> list[tuple[Edge, int]]:
    """Where the days of the zone from ``first`` to ``last`` begin and end elsewhere than those of UTC do.

    With each how many times what lies there is to be added to the sum of the UTC days: 1, or -1. What lies between two
    days of the period counts on whichever of them.
    """
    ends = (first.toordinal(), last.toordinal() + 1)
    known = range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 2)
    found = _edges(zone, (ordinal for ordinal in ends if ordinal in known))
    return [(edge, (first <= edge.zone_day <= last) - (first <= edge.utc_day <= last)) for edge in found]


def _edges(zone: Zone, ordinals: Iterable[int]) -> list[Edge]:
    """The edges at the beginnings of these days."""
    found = []
    for ordinal in ordinals:
        day = ordinal - _EPOCH_ORDINAL
        midnight, of_zone = day * DAY_MS, first_instant(zone, day)
        before, after = _dates(ordinal)
        if of_zone < midnight:
            found.append(Edge(_at(of_zone), _at(midnight), utc_day=before, zone_day=after))
        elif of_zone > midnight:
            found.append(Edge(_at(midnight), _at(of_zone), utc_day=after, zone_day=before))
    return found


def zone_days(zone: Zone, days: Iterable[date]) -> list[ZoneDay]:
    """These days of the zone, in order."""
    ordinals = sorted({day.toordinal() for day in days})
    midnights = {ordinal for day in ordinals for ordinal in (day, day + 1)}
    starts = {ordinal: _at(first_instant(zone, ordinal - _EPOCH_ORDINAL)) for ordinal in midnights}
    return [ZoneDay(date.fromordinal(ordinal), starts[ordinal], starts[ordinal + 1]) for ordinal in ordinals]


def days_of_zone(
    days: Mapping[date, Figures], of_edges: Iterable[tuple[Edge, Figures]], first: date, last: date
) -> dict[date, Figures]:
    """The zone's days from ``first`` to ``last``, from the UTC days and the figures of the edges between them.

    Of all figures those that add up; a day without any is absent.
    """
    sums: dict[Edge, _Sums] = {}
    for edge, figures in of_edges:
        add_figures(sums.setdefault(edge, {}), figures)
    cut: dict[date, _Sums] = {}
    for day, figures in days.items():
        if first <= day <= last:
            add_figures(cut.setdefault(day, {}), that_add_up(figures))
    for edge, total in sums.items():
        for day, times in ((edge.zone_day, 1), (edge.utc_day, -1)):
            if first <= day <= last:
                add_figures(cut.setdefault(day, {}), total, times)
    return {day: kept for day, figures in sorted(cut.items()) if (kept := without_zeros(figures))}


def date_in(zone: Zone, at: datetime) -> date:
    """The date that a calendar in the zone shows."""
    return date.fromordinal(_EPOCH_ORDINAL + local_day(zone, (at - _EPOCH) // _MILLISECOND))


def _dates(ordinal: int) -> tuple[date, date]:
    """The day before, and the day itself."""
    return date.fromordinal(ordinal - 1), date.fromordinal(ordinal)


def _at(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
