"""PostgreSQL dies, is slow, is locked, is emptied; the sink dies around its commit: workers go on, tables end right."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import psutil
import pytest

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.config import JourneyStanding, JourneyVersion
from orchestrator.settings import Settings
from orchestrator.store.pool import Pool
from orchestrator.store.tally import activity_count
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE, ApiSession, relayed, serving
from tests.builders import a_journey
from tests.faults.conftest import MakeWorker
from tests.faults.dying_sink import AFTER_COMMIT, BEFORE_COMMIT, EXIT_CODE, VARIABLE
from tests.faults.own_postgres import OwnPostgres, own_postgres
from tests.faults.patience import caught_up, comes_true
from tests.faults.seed import chance
from tests.faults.verifier import check_i5, find
from tests.faults.win_back import House, a_house
from tests.integration.test_sink import publish
from tests.sink_story import WORKSPACE, a_story, add_journeys, contents
from tests.worker_process import WorkerProcess

pytestmark = [pytest.mark.integration, pytest.mark.faults]

SINK = ("-m", "orchestrator", "sink")
ACTIVITIES = '"033_omnichannel_journey_orchestrator_activities"'
# Twice what it holds of Kafka's records at most, as bytes and as objects.
SINK_GROWTH_BYTES = 200 << 20
SLOW = f"""
create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return null; end $$;
create trigger slow after insert on {ACTIVITIES} for each statement execute function slow();
"""


@pytest.fixture
async def house(settings: Settings, topics: Catalog) -> AsyncIterator[House]:
    async with a_house(settings, chance("history"), customers=120) as house:
        yield house


class Editor:
    """Somebody who publishes one version of a journey after the other. ``published``: those that were confirmed."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url
        self.published: list[int] = [1]
        self.refused = 0

    @classmethod
    async def of(cls, api: ApiSession) -> "Editor":
        client = await api.client()
        created = await client.post(BASE, json={"config": a_journey()})
        assert created.status_code == 201, created.text
        return cls(client, f"{BASE}/{created.json()['id']}")

    async def edit(self) -> None:
        """One more version; a refusal is counted."""
        name = f"Version {len(self.published) + self.refused}"
        answer = await self._client.patch(self._url, json={"config": a_journey(name=name)})
        if answer.status_code == 200:
            self.published.append(answer.json()["version"])
        else:
            assert answer.status_code == 503, answer.text
            self.refused += 1

    async def standing(self) -> int:
        """The version that the API says is in force, once all has been handed to Kafka; 0 before."""
        answer = await self._client.get(self._url)
        return int(answer.json()["version"]) if answer.status_code == 200 and answer.json()["published"] else 0


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[OwnPostgres]:
    async with own_postgres(tmp_path / "postgres") as postgres:
        yield postgres
    shutil.rmtree(postgres.server.folder)


@pytest.mark.timeout(600)
async def test_a_killed_postgresql_stops_no_worker_and_loses_no_row_and_no_change(
    settings: Settings, topics: Catalog, postgres: OwnPostgres
) -> None:
    moments = chance("PostgreSQL killed")
    own = postgres.settings(settings)
    async with a_house(own, chance("history"), customers=120) as house, serving(house.settings) as api:
        editor = await Editor.of(api)
        house.worker.start()
        house.sink.start()
        share = len(house.history) // 3
        for life in range(2):
            await house.feed(house.history[life * share : (life + 1) * share])
            await editor.edit()
            await asyncio.sleep(moments.random())  # not a wait for anything: the moment of death is left to chance
            await postgres.kill()
            await editor.edit()
            await caught_up(settings, house.worker)  # while there is no database
            await postgres.start()
            await editor.edit()
        await house.feed(house.history[2 * share :])
        await house.finish()

        async def edits() -> bool:
            await editor.edit()
            return editor.published[-1] == await editor.standing()

        await comes_true(edits, "changes reach Kafka again")
        await house.verify()
        assert editor.refused >= 2
        records = [each for each in await relayed(house.settings) if each.workspace_id == "acme"]
        versions = [each.version for each in records if isinstance(each, JourneyVersion)]
        # At least once: what Kafka had, and a dying PostgreSQL had not forgotten, comes again in the same order.
        first = list(dict.fromkeys(versions))
        assert first == sorted(first), "in the order in which they were made"
        assert versions[-1] == max(versions), "and what holds is what was made last"
        assert set(editor.published) <= set(versions)
        standings = [each.version for each in records if isinstance(each, JourneyStanding)]
        assert standings[-1] == editor.published[-1]
    assert house.worker.said("worker_ended") == 0
    assert house.sink.log.read_text().count("Traceback") == 0


@pytest.mark.endurance
async def test_locked_tables_hold_up_the_sink_and_nobody_else(house: House) -> None:
    house.worker.start()
    house.sink.start()
    half = len(house.history) // 2
    await house.feed(house.history[:half])
    await caught_up(house.settings, house.worker)
    async with house.pool.acquire() as connection, connection.transaction():
        await connection.execute(f"lock table {ACTIVITIES} in access exclusive mode")
        await house.feed(house.history[half:])
        await house.finish()
        await caught_up(house.settings, house.worker)
        written = await connection.fetchval(f"select count(*) from {ACTIVITIES}")
        assert written < house.expected
        assert house.sink.process.poll() is None
    await house.verify()


@pytest.mark.endurance
async def test_a_slow_database_delays_the_tables_and_nothing_else(house: House) -> None:
    await house.pool.execute(SLOW)
    house.worker.start()
    house.sink.start()
    await house.feed(house.history)
    await house.finish()
    await caught_up(house.settings, house.worker)
    await house.verify()


@pytest.mark.endurance
async def test_a_sink_that_is_held_up_takes_no_more_memory_for_a_longer_backlog(
    settings: Settings, topics: Catalog, pool: Pool, make_worker: MakeWorker
) -> None:
    await add_journeys(pool)
    story = a_story(50_000)
    sink = make_worker("sink-0", SINK)

    def written(count: int) -> Callable[[], Awaitable[bool]]:
        async def is_written() -> bool:
            return await activity_count(Tenant(pool, WORKSPACE)) >= count

        return is_written

    async with closing(await open_producer(settings, "test")) as producer:
        await publish(producer, topics.activities, story[:15_000])
        sink.start()
        await comes_true(written(15_000), "the first activities in PostgreSQL", sink)
        process = psutil.Process(sink.process.pid)
        at_work = process.memory_info().rss
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(f"lock table {ACTIVITIES} in access exclusive mode")
            await publish(producer, topics.activities, story[15_000:])
            held_up = 0
            for _ in range(50):  # five seconds in which it could go on reading
                held_up = max(held_up, process.memory_info().rss)
                await asyncio.sleep(0.1)
        assert held_up < at_work + SINK_GROWTH_BYTES
        await comes_true(written(50_000), "all activities in PostgreSQL", sink)
    assert await sink.stop() == 0
    await check_i5(pool, story)


async def test_a_sink_that_dies_right_before_or_after_its_commit_writes_each_activity_once(house: House) -> None:
    house.sink = WorkerProcess(house.settings, "sink-0", ("-m", "tests.faults.dying_sink"))
    house.worker.start()
    share = len(house.history) // 4
    for life, point in enumerate((BEFORE_COMMIT, AFTER_COMMIT, BEFORE_COMMIT, AFTER_COMMIT)):
        await house.feed(house.history[life * share : (life + 1) * share])
        house.sink.start(**{VARIABLE: point})
        assert await house.sink.ended() == EXIT_CODE
    await house.feed(house.history[4 * share :])
    await house.finish()
    house.sink.start()
    await house.verify()


@pytest.mark.endurance
async def test_tables_that_were_emptied_are_filled_from_the_topic_with_the_same_rows_and_figures(house: House) -> None:
    house.worker.start()
    house.sink.start()
    await house.feed(house.history)
    await house.finish()
    await house.verify()
    before = await contents(house.pool)
    tables = ", ".join(f'"033_omnichannel_journey_orchestrator_{name}"' for name in before)
    await house.pool.execute(f"truncate {tables}")
    house.sink.start()
    await comes_true(house.is_written, "all activities in PostgreSQL once more", house.sink)
    assert await house.sink.stop() == 0
    assert await contents(house.pool) == before
    await check_i5(house.pool, (await find(house.settings)).activities)
