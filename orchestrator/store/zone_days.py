"""A journey's figures by the days of a zone, and how the arms of its experiments fared on them.

Every function raises ``Unavailable`` when the database does not answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from orchestrator.guardrails.zone import Zone
from orchestrator.store.faults import translated
from orchestrator.store.quarters import Edge, date_in, days_of_zone, edges, zone_days
from orchestrator.store.queries import load_queries
from orchestrator.store.reports import Metrics, daily_metrics, date_span, exactly
from orchestrator.store.tenant import Tenant

_DAY = timedelta(days=1)
# Between these the first instant of a day, and that of the next, can be written down in every zone.
_FIRST, _LAST = date(1970, 1, 2), date(9998, 12, 30)


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
    with translated("reading the newest quarter of an hour"):
        newest = await tenant.fetchval(load_queries("reports")["newest_quarter"], tenant.workspace_id, config_id)
    # A last day without quarters is a UTC day, whatever the zone.
    return date_in(zone, newest) if newest is not None and last <= newest.date() <= _LAST else last


async def days_in_zone(tenant: Tenant, config_id: UUID | str, zone: Zone, first: date, last: date) -> DaysInZone:
    """The days of the zone from ``first`` to ``last``, both included."""
    around = (max(first, _FIRST) - _DAY, min(last, _LAST) + _DAY)
    utc = {day.date: day.metrics for day in await daily_metrics(tenant, config_id, *around)}
    known = _within(first, last, utc)
    if known is None:
        return DaysInZone({})
    found = edges(zone, *known)
    days: dict[date, Metrics] = {day: metrics for day, metrics in utc.items() if first <= day <= last}
    undivided: tuple[date, ...] = ()
    if found:  # else its midnight is that of UTC
        cut = days_of_zone(utc, await _of_edges(tenant, config_id, found), first, last)
        days = {day: dict(figures) for day, figures in cut.items()}
        undivided = await _undivided(tenant, config_id, known)
    for day, variants in (await _variants(tenant, config_id, zone, *known)).items():
        days[day] = {**days.get(day, {}), "variants": variants}
    return DaysInZone(days, undivided)


def _within(first: date, last: date, utc: Mapping[date, Metrics]) -> tuple[date, date] | None:
    """What of the period can have figures."""
    if not utc:
        return None
    since = max(first, max(min(utc), _FIRST) - _DAY, _FIRST)
    until = min(last, min(max(utc), _LAST) + _DAY, _LAST)
    return (since, until) if since <= until else None


async def _of_edges(tenant: Tenant, config_id: UUID | str, found: Sequence[Edge]) -> list[tuple[Edge, Metrics]]:
    with translated("reading metrics by the quarter of an hour"):
        rows = await tenant.fetch(
            load_queries("reports")["quarters_within"],
            tenant.workspace_id,
            config_id,
            [edge.starts_at for edge in found],
            [edge.ends_at for edge in found],
        )
    return [(found[row["place"] - 1], exactly(row["metrics"])) for row in rows]


async def _undivided(tenant: Tenant, config_id: UUID | str, known: tuple[date, date]) -> tuple[date, ...]:
    with translated("reading which days have quarters"):
        sql = load_queries("reports")["undivided_days"]
        rows = await tenant.fetch(sql, tenant.workspace_id, config_id, known[0] - _DAY, known[1] + _DAY)
    return tuple(row["date"] for row in rows)


async def _variants(
    tenant: Tenant, config_id: UUID | str, zone: Zone, first: date, last: date
) -> dict[date, dict[str, dict[str, dict[str, int]]]]:
    wanted = zone_days(zone, first, last)
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
