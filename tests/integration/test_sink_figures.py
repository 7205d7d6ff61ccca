"""Figures by the quarter of an hour and of experiments, and where runs stand: once, however often a batch comes."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from uuid import UUID

import msgspec
import pytest

from orchestrator.guardrails.zone import known_zone
from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from orchestrator.sink.commit import commit
from orchestrator.sink.decode import RawRecord, decode
from orchestrator.sink.exposures import exposures
from orchestrator.store import gauges, reports
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Connection, Pool, connect, open_pool
from orchestrator.store.quarters import quarter_of, start_of
from orchestrator.store.tenant import Tenant
from orchestrator.store.writer import ActivityWriter
from tests.sink_story import (
    JOURNEYS,
    START_MS,
    TOPIC,
    WORKSPACE,
    a_story,
    add_journeys,
    contents,
    quarters,
    quarters_of,
    raw_records,
)

pytestmark = pytest.mark.integration

VARIANTS = (
    "select config_id::text, quarter, step, arm, customers, customers_converted "
    'from "033_omnichannel_journey_orchestrator_variants" order by config_id, quarter, step, arm'
)
MINUTE_MS = 60_000


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    """A migrated database with the story's journeys."""
    pool = await open_pool(settings, patience_s=30)
    await migrate(pool)
    await add_journeys(pool)
    yield pool
    await pool.close()


@pytest.fixture
async def connection(settings: Settings, pool: Pool) -> AsyncIterator[Connection]:
    connection = await connect(settings, application="test", patience_s=30)
    yield connection
    await connection.close()


async def write(connection: Connection, *batches: Sequence[RawRecord]) -> None:
    writer = ActivityWriter(connection, "sink")
    for batch in batches:
        await commit(connection, writer, TOPIC, [decode(raw) for raw in batch])


def a_busy_story(count: int) -> list[Activity]:
    """Several activities in each quarter of an hour, and two arms."""
    return [
        msgspec.structs.replace(
            activity,
            at_ms=START_MS + number * 4 * MINUTE_MS,
            details={**activity.details, "path": ("short", "long")[number % 2]},
        )
        for number, activity in enumerate(a_story(count))
    ]


def variants_of(activities: Iterable[Activity]) -> list[tuple[object, ...]]:
    """Who was given an arm first, and who converted, counted one by one."""
    counts: Counter[tuple[str, datetime, str, str, int]] = Counter()
    for exposure in exposures(activities).first:
        for kind, at_ms in enumerate((exposure.exposed_ms, exposure.converted_ms)):
            if at_ms is not None:
                key = (exposure.journey_id, start_of(quarter_of(at_ms)), exposure.step, exposure.arm)
                counts[*key, kind] += 1
    keys = sorted({key[:4] for key in counts})
    return [(*key, counts[*key, 0], counts[*key, 1]) for key in keys]


async def test_quarters_and_variants_are_those_of_the_activities_however_batches_overlap(
    connection: Connection, pool: Pool
) -> None:
    story = a_busy_story(400)
    records = raw_records(story)
    await write(connection, records[:150], records[100:260], records[:90], records[200:], records)
    recorded = await quarters(pool)
    assert recorded == quarters_of(story)
    assert len(recorded) > 50
    variants = [tuple(row.values()) for row in await pool.fetch(VARIANTS)]
    assert variants == variants_of(story)
    assert sum(row[4] for row in variants) > sum(row[5] for row in variants) > 0


async def test_a_batch_that_comes_again_changes_no_figure_of_quarters_or_variants(
    connection: Connection, pool: Pool
) -> None:
    records = raw_records(a_busy_story(200))
    await write(connection, records)
    before = await contents(pool)
    assert before["quarters"]
    assert before["variants"]
    await write(connection, records[50:120], records)
    assert await contents(pool) == before


async def test_who_was_given_an_arm_before_variants_were_counted_is_counted_by_the_migration(
    connection: Connection, pool: Pool
) -> None:
    story = a_busy_story(300)
    await write(connection, raw_records(story))
    table = '"033_omnichannel_journey_orchestrator_variants"'
    [backfill] = [
        f"insert into {table}{statement.split(';')[0]}"
        for statement in _migration("0005_quarters_variants.sql").split(f"insert into {table}")[1:]
    ]
    before = await pool.fetch(VARIANTS)
    await pool.execute(f"delete from {table}")
    await pool.execute(backfill)
    assert await pool.fetch(VARIANTS) == before


def _migration(name: str) -> str:
    return files("orchestrator.store").joinpath("migrations", name).read_text()


async def test_what_is_counted_in_a_period_is_a_recount_of_its_activities(connection: Connection, pool: Pool) -> None:
    story = a_busy_story(600)
    await write(connection, raw_records(story))
    tenant = Tenant(pool, WORKSPACE)
    hour = datetime.fromtimestamp(START_MS / 1_000, UTC) + timedelta(hours=5)
    tokyo = known_zone("Asia/Tokyo")
    assert tokyo is not None
    tokyo_day = datetime(2026, 1, 5, 15, tzinfo=UTC), datetime(2026, 1, 6, 15, tzinfo=UTC)
    later = datetime(2026, 1, 5, 20, 30, tzinfo=UTC)
    periods = [
        (gauges.time_from(hour, hour + timedelta(hours=1)), hour, hour + timedelta(hours=1)),
        (gauges.day_in(tokyo, tokyo_day[1].date()), *tokyo_day),
        (gauges.everything_since(later), later, None),
        (gauges.EVERYTHING, datetime.min.replace(tzinfo=UTC), None),
    ]
    for period, starts_at, ends_at in periods:
        for journey in (*JOURNEYS, None):
            sends = [
                each
                for each in story
                if each.type in ("send_requested", "journey_entered")
                and journey in (None, each.journey_id)
                and starts_at <= datetime.fromtimestamp(each.at_ms / 1_000, UTC)
                and (ends_at is None or datetime.fromtimestamp(each.at_ms / 1_000, UTC) < ends_at)
            ]
            counted = await gauges.count(tenant, None if journey is None else UUID(journey), period)
            of_channel = Counter(str(each.details["channel"]) for each in sends if each.type == "send_requested")
            assert {name: count for name, count in counted.sends.items() if count} == of_channel
            assert counted.entered == sum(each.type == "journey_entered" for each in sends)
            costs = sum(Decimal(str(each.details["cost"])) for each in sends if each.type == "send_requested")
            assert sum(counted.costs.values()) == costs
    assert (await gauges.count(Tenant(pool, "globex"), None, gauges.EVERYTHING)).sends == {}


async def test_a_run_stands_at_its_step_since_it_came_there_whatever_happens_to_it_there(
    connection: Connection, pool: Pool
) -> None:
    first = a_story(1)[0]

    def of(number: int, kind: str, step: str, **details: object) -> Activity:
        identity = {"id": derived_id("activity", "stands", str(number)), "run_id": derived_id("run", "anna")}
        at_ms = START_MS + number * MINUTE_MS
        return msgspec.structs.replace(first, **identity, type=kind, step=step, details=details, at_ms=at_ms)

    async def stands() -> list[tuple[str, datetime]]:
        found = await reports.standings(Tenant(pool, WORKSPACE), first.journey_id)
        return [(each.step, each.since) for each in found]

    def minute(number: int) -> datetime:
        return datetime.fromtimestamp(START_MS / 1_000, UTC) + timedelta(minutes=number)

    came = [of(1, "step_passed", "pause", next="offer"), of(2, "send_deferred", "offer")]
    await write(connection, raw_records(came))
    assert await stands() == [("offer", minute(1))]
    await write(connection, raw_records([of(9, "send_deferred", "offer")]))
    assert await stands() == [("offer", minute(1))]
    await write(connection, raw_records([of(12, "wait_started", "rest")]))  # the send took no time
    assert await stands() == [("rest", minute(12))]
    await write(connection, raw_records(came))
    assert await stands() == [("rest", minute(12))]
    await write(connection, raw_records([of(20, "run_completed", "done")]))
    assert await stands() == []
