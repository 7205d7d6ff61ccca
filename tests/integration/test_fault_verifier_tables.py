"""The judge of the fault tests sees each breach there can be in PostgreSQL, and names the invariant."""

from collections.abc import AsyncIterator, Sequence
from random import Random

import pytest

from orchestrator.demo.scenario import LONGEST_RUN_MS, WORKSPACE
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import replay
from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Pool, open_pool
from tests.faults.verifier import check_i5
from tests.faults.win_back import JOURNEY_ID, RECORDS, a_history
from tests.sink_story import sunk

pytestmark = pytest.mark.integration

_TABLE = '"033_omnichannel_journey_orchestrator_{}"'


@pytest.fixture(scope="module")
def activities() -> Sequence[Activity]:
    """What some real customers lead to."""
    history = a_history(Random(5), 30)
    directory = Directory.empty()
    for record in RECORDS:
        directory = directory.with_record(record)
    effects = replay(directory, history, history[-1].time_ms + LONGEST_RUN_MS).effects
    return [effect for effect in effects if isinstance(effect, Activity)]


@pytest.fixture
async def pool(settings: Settings, activities: Sequence[Activity]) -> AsyncIterator[Pool]:
    """A database that the sink has written them to."""
    pool = await open_pool(settings)
    await migrate(pool)
    configs = _TABLE.format("configs")
    await pool.execute(
        f"insert into {configs} (id, workspace_id, config) values ($1, $2, '{{}}')", JOURNEY_ID, WORKSPACE
    )
    await sunk(settings, activities)
    yield pool
    await pool.close()


async def test_what_is_right_passes(pool: Pool, activities: Sequence[Activity]) -> None:
    assert len(activities) > 100
    await check_i5(pool, activities, activities)


async def test_a_row_that_is_missing_is_seen(pool: Pool, activities: Sequence[Activity]) -> None:
    await pool.execute(f"delete from {_TABLE.format('activities')} where id = $1", activities[7].id)
    with pytest.raises(AssertionError, match="I5: every activity of the topic is in PostgreSQL"):
        await check_i5(pool, activities)


async def test_a_row_that_nobody_published_is_seen(pool: Pool, activities: Sequence[Activity]) -> None:
    table = _TABLE.format("activities")
    await pool.execute(
        f"insert into {table} (id, config_id, workspace_id, activity_type, details) "
        f"select $1, config_id, workspace_id, activity_type, details from {table} limit 1",
        derived_id("activity", "of nobody"),
    )
    with pytest.raises(AssertionError, match="I5: PostgreSQL has no others"):
        await check_i5(pool, activities)


@pytest.mark.parametrize(("table", "what"), [("metrics", "the daily"), ("quarters", "by the quarter of an hour")])
async def test_a_figure_that_is_wrong_by_one_is_seen(
    table: str, what: str, pool: Pool, activities: Sequence[Activity]
) -> None:
    name = _TABLE.format(table)
    await pool.execute(
        f"update {name} set metrics = jsonb_set(metrics, '{{completed}}', to_jsonb((metrics->>'completed')::int + 1)) "
        f"where ctid = (select ctid from {name} where metrics ? 'completed' limit 1)"
    )
    with pytest.raises(AssertionError, match=f"I5: {what} figures are those of the activities"):
        await check_i5(pool, activities)


async def test_figures_that_are_not_the_references_are_seen(pool: Pool, activities: Sequence[Activity]) -> None:
    """The tables agree with the topic; but by the reference somebody more should have come to an end."""
    end = next(each for each in activities if each.type == "run_completed")
    with pytest.raises(AssertionError, match="I5: the figures of a journey are the reference's"):
        await check_i5(pool, activities, [*activities, end])
