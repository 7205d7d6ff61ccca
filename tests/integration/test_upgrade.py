"""This program on what each earlier release has left: topics, states, tables and waits go on as if nothing had changed.

tests/upgrade/VERSION.estate.xz was written by that release (tests/upgrade/record.py): six sample journeys, an
experiment, a paused journey, some hundred customers of whom many wait. What comes later is played to this program, and
everything is compared with the single-threaded reference over both parts.
"""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_admin
from orchestrator.kafka.topics import apply_topics, plan_topics
from orchestrator.messages.activity import Activity
from orchestrator.settings import Settings
from orchestrator.store.migrate import migrate, pending, shipped_migrations
from orchestrator.store.pool import open_pool
from orchestrator.store.tally import activity_count
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE, serving
from tests.faults.patience import comes_true
from tests.faults.verifier import verify_journeys
from tests.stack import TestStack
from tests.upgrade.estate import FOLDER, Estate, load, migrations_of, restore_tables, restore_topics
from tests.upgrade.record import at_rest, feed, let_time_run_on, reference
from tests.worker_process import WorkerProcess

pytestmark = pytest.mark.integration

RELEASES = sorted(FOLDER.glob("*.estate.xz"))


@dataclass
class Restored:
    """An estate on the servers of the test, not yet upgraded."""

    estate: Estate
    settings: Settings


@pytest.fixture(params=RELEASES, ids=lambda file: file.name.removesuffix(".estate.xz"))
async def restored(
    request: pytest.FixtureRequest, stack: TestStack, database: str, tmp_path: Path
) -> AsyncIterator[Restored]:
    estate = load(request.param)
    settings = estate.settings(stack.kafka, database, tmp_path)
    pool = await open_pool(settings)
    await migrate(pool, migrations_of(estate.migrations, tmp_path / "migrations"))
    await pool.close()
    await restore_tables(estate, database)
    await apply_topics(settings)
    await restore_topics(estate, settings)
    yield Restored(estate, settings)
    async with closing(await open_admin(settings)) as admin:
        await admin.delete_topics([spec.name for spec in Catalog(settings).specs])


def test_there_is_an_estate_of_the_first_release() -> None:
    assert "0.1.0.estate.xz" in [file.name for file in RELEASES]


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.name)
def test_no_migration_of_a_release_was_changed_since(file: Path) -> None:
    shipped = {each.name: each.digest.hex() for each in shipped_migrations()}
    assert load(file).migrations.items() <= shipped.items()


async def test_an_earlier_release_is_taken_over_and_everything_goes_on_from_where_it_was(restored: Restored) -> None:
    estate, settings = restored.estate, restored.settings
    pool = await open_pool(settings)
    tenant = Tenant(pool, estate.workspace)
    recorded = await activity_count(tenant)
    newer = [each.name for each in shipped_migrations() if each.name not in estate.migrations]
    assert await migrate(pool) == newer
    assert await pending(pool) == []
    assert (await plan_topics(settings)).is_empty

    worker = WorkerProcess(settings, "worker-0", ("-m", "orchestrator", "worker"))
    sink = WorkerProcess(settings, "sink-0", ("-m", "orchestrator", "sink"))
    with ExitStack() as ending:
        for process in (worker, sink):
            ending.callback(process.close)
            process.start()
        await at_rest(settings, worker)
        assert await activity_count(tenant) == recorded  # what was decided and counted is not decided and counted again
        await feed(settings, estate.later)
        await let_time_run_on(settings, estate.until_ms)
        expected = await reference(settings, estate.until_ms)
        assert len(expected) > recorded + 100

        async def is_written() -> bool:
            return await activity_count(tenant) >= len(expected)

        await comes_true(is_written, "all activities in PostgreSQL", worker, sink)
        await at_rest(settings, worker)
        for process in (worker, sink):
            assert await process.stop() == 0
    await verify_journeys(settings, (worker, sink), estate.until_ms, pool)
    await pool.close()
    await _the_api_tells_both_parts(restored, expected)


async def _the_api_tells_both_parts(restored: Restored, expected: list[Activity]) -> None:
    signed_in = {"Authorization": f"Bearer {restored.estate.key}"}
    async with serving(restored.settings) as session, session.client_with(signed_in) as client:
        journeys = (await _get(client, BASE))["items"]
        assert sorted(each["status"] for each in journeys) == ["ACTIVE"] * 7 + ["PAUSED"]
        for journey in journeys:
            own = [each for each in expected if each.journey_id == journey["id"]]
            path = f"{BASE}/{journey['id']}"
            totals = (await _get(client, f"{path}/metrics?whole_life=true"))["totals"]
            assert totals["entered"] == sum(each.type == "journey_entered" for each in own)
            if own:
                customer = quote(own[0].customer_id)
                assert (await _get(client, f"{path}/customers/{customer}/explain"))["customer_id"]


async def _get(client: httpx.AsyncClient, path: str) -> dict[str, object]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found
