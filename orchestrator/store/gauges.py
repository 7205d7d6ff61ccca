"""What gauges read: how much was sent, spent and let in within a period, and since when a rule is in force.

All of it is as far as the sink has come. Every function raises ``Unavailable`` when the database does not answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from orchestrator.guardrails.zone import Zone
from orchestrator.store.faults import translated
from orchestrator.store.quarters import edges, quarter_of, start_of
from orchestrator.store.queries import load_queries
from orchestrator.store.reports import Metrics, added_up, exactly
from orchestrator.store.tenant import Tenant

_DAY = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time whose quarters of an hour count; ``times`` -1: they were counted with a day, and do not belong to it."""

    starts_at: datetime
    ends_at: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class Period:
    """UTC days from ``first`` to ``last``, both included, and stretches beside them. ``first`` after ``last``: none."""

    first: date = date.max
    last: date = date.min
    stretches: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """What happened in a period: sends and their cost by channel, and runs begun."""

    sends: Mapping[str, int] = field(default_factory=dict)
    costs: Mapping[str, Decimal] = field(default_factory=dict)
    entered: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a journey's version, or of a workspace, as they were written ``at`` (UTC)."""

    at: datetime
    guardrails: Mapping[str, Any]
    capacity: Mapping[str, Any] | None = None


def day_in(zone: Zone, day: date) -> Period:
    """A day of a zone, as ``store/quarters.py`` makes it."""
    stretches = [
        Stretch(edge.starts_at, edge.ends_at, 1 if edge.zone_day == day else -1)
        for edge in edges(zone, day, day)
        if day in (edge.zone_day, edge.utc_day)
    ]
    return Period(day, day, tuple(stretches))


def time_from(starts_at: datetime, ends_at: datetime) -> Period:
    """A time of whole quarters of an hour."""
    return Period(stretches=(Stretch(starts_at, ends_at),))


def everything_since(at: datetime) -> Period:
    """All from the quarter of an hour on that ``at`` is in."""
    quarter = start_of(quarter_of((at - _EPOCH) // _MILLISECOND))
    tomorrow = datetime.combine(at.date() + _DAY, time(), UTC)
    return Period(tomorrow.date(), date.max, (Stretch(quarter, tomorrow),))


EVERYTHING = Period(date.min, date.max)


async def count(tenant: Tenant, config_id: UUID | None, period: Period) -> Counted:
    """What happened within the period in a journey; None: in all journeys of the workspace."""
    with translated("counting what limits bind"):
        rows = await tenant.fetch(
            load_queries("gauges")["counted"],
            tenant.workspace_id,
            config_id,
            period.first,
            period.last,
            [stretch.starts_at for stretch in period.stretches],
            [stretch.ends_at for stretch in period.stretches],
            [stretch.times for stretch in period.stretches],
        )
    amounts: dict[str, dict[str, Decimal]] = {"sends": {}, "cost": {}, "entered": {}}
    for row in rows:
        amounts[row["figure"]][row["channel"]] = row["amount"]
    return Counted(
        sends={channel: int(amount) for channel, amount in amounts["sends"].items()},
        costs=amounts["cost"],
        entered=int(amounts["entered"].get("", 0)),
    )


async def count_in_minute(tenant: Tenant, config_id: UUID | None, minute: datetime) -> int:
    """How many messages were asked for in a minute, in a journey or (None) all journeys of the workspace."""
    with translated("counting a minute's messages"):
        sql = load_queries("gauges")["asked_for_in_minute"]
        found: int = await tenant.fetchval(sql, tenant.workspace_id, config_id, minute)
    return found


async def deliveries_since(tenant: Tenant, config_id: UUID, since: datetime) -> dict[str, int]:
    """A journey's messages since a whole minute: asked for, and by bad outcome; what brakes look at."""
    with translated("counting a journey's deliveries"):
        rows = await tenant.fetch(load_queries("steward")["count_deliveries"], config_id, since)
    return {row["outcome"]: row["messages"] for row in rows}


async def held_back_since(tenant: Tenant, config_id: UUID, since: datetime) -> dict[str, int]:
    """Sends of a journey that were suppressed or deferred, and entries refused, by rule, from a quarter hour on."""
    with translated("counting what was held back"):
        rows = await tenant.fetch(load_queries("gauges")["held_back"], tenant.workspace_id, config_id, since)
    groups = added_up(exactly(row["metrics"]) for row in rows)
    held: Metrics = added_up(groups.get(name, {}) for name in ("send_suppressed", "send_deferred", "entry_refused"))
    return dict(held)


async def resumed_at(tenant: Tenant, config_id: UUID) -> datetime:
    """When the journey last became active; where it never was: when it was created."""
    with translated("reading when the journey was resumed"):
        at: datetime = await tenant.fetchval(load_queries("gauges")["resumed_at"], tenant.workspace_id, config_id)
    return at


async def rules_of_versions(tenant: Tenant, config_id: UUID) -> Sequence[Rules]:
    """The rules of a journey's versions, in order."""
    with translated("reading the rules of a journey's versions"):
        rows = await tenant.fetch(load_queries("gauges")["rules_of_versions"], tenant.workspace_id, config_id)
    return [Rules(row["created_at"], row["guardrails"] or {}, row["capacity"]) for row in rows]


async def rules_of_workspace(tenant: Tenant) -> Sequence[tuple[Rules, Mapping[str, Any]]]:
    """Each change of the workspace's guardrails that is on record, in order, with the guardrails before it."""
    with translated("reading how the workspace's rules changed"):
        rows = await tenant.fetch(load_queries("gauges")["rules_of_workspace"], tenant.workspace_id)
    return [(Rules(row["at"], row["after"] or {}), row["before"] or {}) for row in rows]
