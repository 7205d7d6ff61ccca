"""A database filled by ``orchestrator load`` is as the sink would have left it, and nobody scans its activities."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from orchestrator.demo.load import LoadOptions, load
from orchestrator.errors import ConfigurationError
from orchestrator.messages.activity import Activity
from orchestrator.settings import Settings
from orchestrator.sink.exposures import exposures
from orchestrator.sink.fold import fold
from orchestrator.sink.positions import positions
from orchestrator.store.pool import Pool, open_pool
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

pytestmark = pytest.mark.integration

WORKSPACE = "load"
OPTIONS = LoadOptions(6, 12, 12_000, WORKSPACE, 3, datetime(2026, 1, 20, 9, 30, tzinfo=UTC))
PREFIX = "033_omnichannel_journey_orchestrator_"


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    await load(settings, OPTIONS, lambda what, there: None)
    pool = await open_pool(settings)
    try:
        yield pool
    finally:
        await pool.close()


async def activities_of(pool: Pool) -> list[Activity]:
    rows = await pool.fetch(f'select * from "{PREFIX}activities" order by created_at, sequence')
    return [
        Activity(
            id=str(row["id"]),
            workspace_id=row["workspace_id"],
            customer_id=row["customer_id"],
            journey_id=str(row["config_id"]),
            version=row["version"],
            run_id=str(row["run_id"] or ""),
            type=row["activity_type"],
            at_ms=round(row["created_at"].timestamp() * 1_000),
            step=row["step"],
            arm=row["arm"],
            details=row["details"],
        )
        for row in rows
    ]


def exact(document: str | bytes) -> Any:
    return msgspec.json.Decoder(float_hook=lambda text: Decimal(text).normalize()).decode(document)


def without_zeros(figures: Any) -> Any:
    if not isinstance(figures, dict):
        return figures
    kept = {name: without_zeros(amount) for name, amount in figures.items()}
    return {name: amount for name, amount in kept.items() if amount}


async def test_every_table_follows_from_the_activities_as_the_sink_has_it(pool: Pool, settings: Settings) -> None:
    activities = await activities_of(pool)
    assert abs(len(activities) - OPTIONS.activities) < OPTIONS.activities // 5
    assert len({activity.journey_id for activity in activities}) == OPTIONS.journeys
    folded = fold(activities, {})

    encoder = msgspec.json.Encoder(decimal_format="number")
    rows = await pool.fetch(f'select config_id::text, date, metrics::text from "{PREFIX}metrics"')
    on_record = {(row["config_id"], row["date"]): without_zeros(exact(row["metrics"])) for row in rows}
    days = {key: without_zeros(exact(encoder.encode(day))) for key, day in folded.days.items()}
    assert on_record == days

    rows = await pool.fetch(f'select config_id::text, quarter, metrics::text from "{PREFIX}quarters"')
    quarters = {
        (row["config_id"], int(row["quarter"].timestamp()) // 900): without_zeros(exact(row["metrics"])) for row in rows
    }
    assert quarters == {key: without_zeros(exact(encoder.encode(each))) for key, each in folded.quarters.items()}

    rows = await pool.fetch(f'select config_id::text, customer_id, arm, conversions, value from "{PREFIX}participants"')
    assert {(row["config_id"], row["customer_id"]): tuple(row.values())[2:] for row in rows} == {
        key: (one.arm, one.conversions, one.value) for key, one in folded.participants.items()
    }
    rows = await pool.fetch(f'select run_id::text, step, status, reason from "{PREFIX}runs"')
    assert {row["run_id"]: tuple(row.values())[1:] for row in rows} == {
        run_id: (one.step, one.status, one.reason) for run_id, one in positions(activities).items()
    }
    given = exposures(activities).first
    assert await pool.fetchval(f'select count(*) from "{PREFIX}exposures"') == len(given)
    assert await pool.fetchval(f'select coalesce(sum(customers), 0) from "{PREFIX}variants"') == len(given)
    await refuses_a_database_that_has_activities(settings)
    await nobody_scans(pool)


async def refuses_a_database_that_has_activities(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="has activities already"):
        await load(settings, OPTIONS, lambda what, there: None)


async def nobody_scans(pool: Pool) -> None:
    """Each question about activities is answered along an index, and the overview asks nothing about them."""
    journey_id = await pool.fetchval(f'select id from "{PREFIX}configs" order by created_at limit 1')
    customer_id = await pool.fetchval(
        f'select customer_id from "{PREFIX}activities" where config_id = $1 limit 1', journey_id
    )
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    bounds = (WORKSPACE, journey_id, first, last, last, journey_id, 50)
    asked: dict[str, tuple[object, ...]] = {
        "activities": bounds,
        "activities_of_type": (*bounds, "send_requested"),
        "activities_of_customer": (*bounds, customer_id, None),
    }
    for name, arguments in asked.items():
        plan = await plan_of(pool, load_queries("reports")[name], arguments)
        assert "Seq Scan" not in plan, (name, plan)
        assert "Index" in plan, (name, plan)
    span = (first.date(), last.date())
    of_overview: dict[str, tuple[object, ...]] = {
        "oldest_day": (WORKSPACE,),
        "oldest_quarter": (WORKSPACE, first.date()),
        "newest_day": (WORKSPACE,),
        "newest_quarter": (WORKSPACE, first.date()),
        "figures": (WORKSPACE, None, None, None, *span, [first], [last], [1]),
        "undivided_days": (WORKSPACE, None, None, None, [first.date()]),
        "under_way": (WORKSPACE,),
        "lives": (WORKSPACE, [journey_id]),
        "arms": (WORKSPACE, [journey_id], [first.date()]),
    }
    assert set(of_overview) == set(load_queries("overview"))
    for name, arguments in of_overview.items():
        assert "activities" not in await plan_of(pool, load_queries("overview")[name], arguments), name
    old = (journey_id, last, first, journey_id, 100)
    plan = await plan_of(pool, load_queries("retention")["forget_activities"], old)
    assert f"Seq Scan on {PREFIX}activities" not in plan.replace('"', "")


async def plan_of(pool: Pool, sql: str, arguments: tuple[object, ...]) -> str:
    async with Tenant(pool, WORKSPACE).connection() as connection:
        return "\n".join(row[0] for row in await connection.fetch(f"explain {sql}", *arguments))
