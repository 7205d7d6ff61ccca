"""A journey's figures by the days of a zone, and how the arms of its experiments fared on them.

Every function raises ``Unavailable`` when the database does not answer.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from orchestrator.guardrails.zone import Zone
from orchestrator.store.faults import translated
from orchestrator.store.quarters import FIRST_DAY, LAST_DAY, Edge, date_in, days_of_zone, edges_of_days, zone_days
from orchestrator.store.queries import load_queries
from orchestrator.store.reports import Metrics, daily_metrics, date_span, exactly
from orchestrator.store.tenant import Tenant

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DaysInZone:
    """Figures by the zone's day; a day without any is absent. ``variants``: {step: {arm: {customers, …}}}.

    ``undivided``: UTC days of which some or all is not known by the quarter of an hour, because it was counted before
    quarters were; it lies on the zone's day of the same date.
    """

    days: Mapping[date, Metrics]
    undivided: tuple[date, ...] = ()


async def newest_day(tenant: Tenant, config_id: UUID | str, zone: Zone) -> date | None:
    """The zone's last day that has figures; None: there are none."""
    span = await date_span(tenant, config_id)
    if span is None:
        return None
    last = span[1]
    if zone.name == "UTC":
        return last
    with translated("reading the newest quarter of an hour"):
        newest = await tenant.fetchval(load_queries("reports")["newest_quarter"], tenant.workspace_id, config_id)
    # A last day without quarters is a UTC day, whatever the zone.
    return date_in(zone, newest) if newest is not None and last <= newest.date() <= LAST_DAY else last


async def days_in_zone(tenant: Tenant, config_id: UUID | str, zone: Zone, first: date, last: date) -> DaysInZone:
    """The days of the zone from ``first`` to ``last``, both included."""
    around = (max(first, FIRST_DAY) - _DAY, min(last, LAST_DAY) + _DAY)
    utc = {day.date: day.metrics for day in await daily_metrics(tenant, config_id, *around)}
    known = _within(first, last, utc)
    if not known:
        return DaysInZone({})
    # In threads: the midnights of ten years take long enough for others to notice.
    found = await asyncio.to_thread(edges_of_days, zone, known)
    of_edges, undivided, variants = await asyncio.gather(
        _of_edges(tenant, config_id, found),
        _undivided(tenant, config_id, (known[0], known[-1]) if found else None),
        _variants(tenant, config_id, zone, known),
    )
    days: dict[date, Metrics] = {day: metrics for day, metrics in utc.items() if first <= day <= last}
    if found:  # else its midnight is that of UTC
        cut = await asyncio.to_thread(days_of_zone, utc, of_edges, first, last)
        days = {day: dict(figures) for day, figures in cut.items()}
    for day, of_steps in variants.items():
        days[day] = {**days.get(day, {}), "variants": of_steps}
    return DaysInZone(days, undivided)


def _within(first: date, last: date, utc: Iterable[date]) -> list[date]:
    """The days of the period that can have figures, in order: however long it is, at most three for each of UTC."""
    since, until = max(first, FIRST_DAY), min(last, LAST_DAY)
    held = [min(max(day, FIRST_DAY), LAST_DAY) for day in utc]
    near = {day for each in held for day in (each - _DAY, each, each + _DAY)}
    return sorted(day for day in near if since <= day <= until)


async def _of_edges(tenant: Tenant, config_id: UUID | str, found: Sequence[Edge]) -> list[tuple[Edge, Metrics]]:
    if not found:
        return []
    with translated("reading metrics by the quarter of an hour"):
        rows = await tenant.fetch(
            load_queries("reports")["quarters_within"],
            tenant.workspace_id,
            config_id,
            [edge.starts_at for edge in found],
            [edge.ends_at for edge in found],
        )
    return [(found[row["place"] - 1], exactly(row["metrics"])) for row in rows]


async def _undivided(tenant: Tenant, config_id: UUID | str, divided: tuple[date, date] | None) -> tuple[date, ...]:
    """Of the days that are divided at midnight, those of which not all is known; None: none is."""
    if divided is None:
        return ()
    with translated("reading which days have quarters"):
        sql = load_queries("reports")["undivided_days"]
        rows = await tenant.fetch(sql, tenant.workspace_id, config_id, divided[0] - _DAY, divided[1] + _DAY)
    return tuple(row["date"] for row in rows)


async def _variants(
    tenant: Tenant, config_id: UUID | str, zone: Zone, known: Sequence[date]
) -> dict[date, dict[str, dict[str, dict[str, int]]]]:
    wanted = zone_days(zone, known)
    with translated("reading how experiments fared"):
        rows = await tenant.fetch(
            load_queries("reports")["variants_by_day"],
            tenant.workspace_id,
            config_id,
            [day.date for day in wanted],
            [day.starts_at for day in wanted],
            [day.ends_at for day in wanted],
        )
    days: dict[date, dict[str, dict[str, dict[str, int]]]] = {}
    for row in rows:
        counts = {"customers": row["customers"], "customers_converted": row["customers_converted"]}
        days.setdefault(row["date"], {}).setdefault(row["step"], {})[row["arm"]] = counts
    return days
