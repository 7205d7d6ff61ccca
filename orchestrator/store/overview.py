"""Many journeys at once, from the figures of their days: what the list of journeys and every comparison is made of.

Sums of money are exact: PostgreSQL adds decimals, and only the sum becomes a binary number. Every function raises
``Unavailable`` when the database does not answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from orchestrator.experiments.before_after import BeforeAfter
from orchestrator.guardrails.zone import Zone
from orchestrator.store.faults import translated
from orchestrator.store.journeys import Sought
from orchestrator.store.quarters import FIRST_DAY, LAST_DAY, date_in, edges_of_period
from orchestrator.store.queries import load_queries
from orchestrator.store.reports import Arm, paired
from orchestrator.store.tenant import Tenant

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class JourneyCounts:
    """What happened in a journey within some days; see ``sink/fold.py``. Money in the unit of the events."""

    entered: int = 0
    customers: int = 0
    completed: int = 0
    exited: int = 0
    sends: int = 0
    suppressed: int = 0
    conversions: int = 0
    customers_converted: int = 0
    revenue: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class CountsOfPeriod:
    """What happened in each journey; one without figures is absent.

    ``undivided``: UTC days that the period has in part, and whose figures are not all known by the quarter of an hour;
    see ``DaysInZone``.
    """

    by_journey: Mapping[UUID, JourneyCounts]
    undivided: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """A journey that has figures: its first and last day, the goal of its definition, the holdouts of its versions.

    ``ended_on``: a day after which nobody has entered, once nobody can; null: customers may enter.
    """

    first_day: date
    last_day: date
    goal: Mapping[str, Any] | None
    holdout_percents: tuple[float, ...]
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class LifeOfArm:
    """An arm over the journey's whole life, and before and after of those whose goal's window is over."""

    arm: Arm
    baseline: BeforeAfter


async def newest_day(tenant: Tenant, zone: Zone) -> date | None:
    """The zone's last day of which the workspace has figures; None: it has none."""
    with translated("reading the workspace's last day"):
        last: date | None = await tenant.fetchval(load_queries("overview")["newest_day"], tenant.workspace_id)
        if last is None or zone.name == "UTC":
            return last
        sql = load_queries("overview")["newest_quarter"]
        newest = await tenant.fetchval(sql, tenant.workspace_id, last)
    # A last day without quarters is a UTC day, whatever the zone.
    return date_in(zone, newest) if newest is not None and newest.date() <= LAST_DAY else last


async def oldest_day(tenant: Tenant, zone: Zone) -> date | None:
    """The zone's first day of which the workspace has figures, or that of UTC if it is earlier; None: it has none."""
    with translated("reading the workspace's first day"):
        first: date | None = await tenant.fetchval(load_queries("overview")["oldest_day"], tenant.workspace_id)
        if first is None or zone.name == "UTC":
            return first
        sql = load_queries("overview")["oldest_quarter"]
        oldest = await tenant.fetchval(sql, tenant.workspace_id, first)
    # Figures that are not known by the quarter stand on the UTC day.
    return min(first, date_in(zone, oldest)) if oldest is not None and first >= FIRST_DAY else first


async def counts_of_period(tenant: Tenant, sought: Sought, zone: Zone, first: date, last: date) -> CountsOfPeriod:
    """What happened on the days of the zone from ``first`` to ``last``, both included, in each journey sought."""
    chosen = (tenant.workspace_id, sought.status, sought.campaign_id, sought.name)
    ends = edges_of_period(zone, first, last)
    with translated("adding up the figures of the journeys"):
        rows = await tenant.fetch(
            load_queries("overview")["figures"],
            *chosen,
            first,
            last,
            [edge.starts_at for edge, _ in ends],
            [edge.ends_at for edge, _ in ends],
            [times for _, times in ends],
        )
        divided = [edge.utc_day for edge, _ in ends]
        undivided = await tenant.fetch(load_queries("overview")["undivided_days"], *chosen, divided) if divided else []
    return CountsOfPeriod(
        {row["config_id"]: JourneyCounts(*list(row.values())[1:]) for row in rows},
        tuple(row["date"] for row in undivided),
    )


async def under_way_by_journey(tenant: Tenant) -> dict[UUID, int]:
    """How many runs of each journey are under way, without the holdout; a journey without any is absent."""
    with translated("counting who is under way"):
        rows = await tenant.fetch(load_queries("overview")["under_way"], tenant.workspace_id)
    return {row["config_id"]: row["runs"] for row in rows}


async def lives(tenant: Tenant, journey_ids: Sequence[UUID]) -> dict[UUID, Life]:
    """Of these journeys, those that have figures."""
    with translated("reading the lives of the journeys"):
        rows = await tenant.fetch(load_queries("overview")["lives"], tenant.workspace_id, journey_ids)
    return {row["id"]: _life(row) for row in rows}


def _life(row: "asyncpg.Record") -> Life:
    # Figures may come after the last entry, and so may a change of the name: the earlier one is the nearer.
    has_ended = row["status"] in ("STOPPED", "ARCHIVED")
    ended_on = min(row["last_day"], row["updated_at"].date()) if has_ended else None
    return Life(row["first_day"], row["last_day"], row["goal"], tuple(row["percents"] or ()), ended_on)


async def arms_by_journey(
    tenant: Tenant, first_open_days: Mapping[UUID, date | None]
) -> dict[UUID, dict[str, LifeOfArm]]:
    """The arms of these journeys by name.

    ``first_open_days``: of each journey the first day of which the goal's window is not over, for before and after;
    None: it does not compare them.
    """
    with translated("adding up the arms of the journeys"):
        rows = await tenant.fetch(
            load_queries("overview")["arms"],
            tenant.workspace_id,
            list(first_open_days),
            list(first_open_days.values()),
        )
    found: dict[UUID, dict[str, LifeOfArm]] = {}
    for row in rows:
        found.setdefault(row["config_id"], {})[row["arm"]] = _arm(row)
    return found


def _arm(row: "asyncpg.Record") -> LifeOfArm:
    _, name, customers, converted, conversions, value, value_squares, cost, *groups = row.values()
    past, baseline = groups[:5], groups[5:]
    arm = Arm(name, customers, converted, conversions, value, value_squares, cost, paired(*past))
    return LifeOfArm(arm, BeforeAfter(*baseline))
