"""The sink from Kafka to PostgreSQL: stops, restarts, second sinks, and a database or a topic that goes away."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import REGISTRY

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer, open_transactional_producer
from orchestrator.kafka.topics import apply_topics
from orchestrator.local.kafka import start_kafka
from orchestrator.local.postgres import start_postgres
from orchestrator.local.postgres_binaries import find_binaries
from orchestrator.messages.activity import Activity
from orchestrator.messages.key import customer_key
from orchestrator.settings import Settings
from orchestrator.sink.health import Vitals
from orchestrator.sink.loop import drain
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Pool, open_pool
from tests.sink_story import a_story, add_journeys, contents, metrics, metrics_of
from tests.stack import JARS

pytestmark = pytest.mark.integration

DEADLINE_S = 60
LOOK_AGAIN_S = 0.05
COUNT = 'select count(*) from "033_omnichannel_journey_orchestrator_activities"'
END_SINK_SESSIONS = (
    "select count(pg_terminate_backend(pid)) from pg_stat_activity "
    "where application_name = 'orchestrator-sink' and datname = current_database()"
)


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    """A migrated database with the story's journeys."""
    async with migrated(settings) as pool:
        yield pool


@pytest.fixture
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    async with closing(await open_producer(settings, "test")) as producer:
        yield producer


@asynccontextmanager
async def migrated(settings: Settings) -> AsyncIterator[Pool]:
    pool = await open_pool(settings, patience_s=30)
    try:
        await migrate(pool)
        await add_journeys(pool)
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def a_sink(settings: Settings, topics: Catalog) -> AsyncIterator[None]:
    """A sink in this process, stopped in the orderly way at the end of the block."""
    stop = asyncio.Event()
    running = asyncio.create_task(drain(settings, topics.activities, stop, Vitals()))
    try:
        yield
        assert not running.done()
    finally:
        stop.set()
        await asyncio.wait_for(running, DEADLINE_S)


async def publish(producer: AIOKafkaProducer, topic: str, activities: Iterable[Activity]) -> None:
    futures = [
        await producer.send(topic, msgspec.json.encode(each), key=customer_key(each.workspace_id, each.customer_id))
        for each in activities
    ]
    await asyncio.gather(*futures)


async def until_written(pool: Pool, count: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while await pool.fetchval(COUNT) < count:  # noqa: ASYNC110 - rows are written by another session
            await asyncio.sleep(LOOK_AGAIN_S)


async def until_logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(DEADLINE_S):
        # Logging has no event to wait for.
        while not any(text in record.getMessage() for record in caplog.records):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_AGAIN_S)


async def test_every_partition_is_written_and_a_restart_goes_on_where_it_was(
    settings: Settings, topics: Catalog, pool: Pool, producer: AIOKafkaProducer
) -> None:
    story = a_story(600)
    await publish(producer, topics.activities, story[:300])
    await producer.send_and_wait(topics.activities, b"poison", key=b"acme:x")
    async with a_sink(settings, topics):
        await until_written(pool, 300)
        assert REGISTRY.get_sample_value("orchestrator_sink_writing") == 1
    # Without a session it knows no lag: that nobody writes must be told in another way.
    assert REGISTRY.get_sample_value("orchestrator_sink_lag_records", {"partition": "0"}) is None
    assert REGISTRY.get_sample_value("orchestrator_sink_writing") == 0
    await publish(producer, topics.activities, story[300:])
    async with a_sink(settings, topics):
        await until_written(pool, 600)
    assert await metrics(pool) == metrics_of(story)
    tables = await contents(pool)
    assert len(tables["refusals"]) == 1
    assert sum(row[3] for row in tables["sink_offsets"]) == 601


async def test_all_is_read_again_without_effect_when_the_offsets_are_deleted(
    settings: Settings, topics: Catalog, pool: Pool, producer: AIOKafkaProducer
) -> None:
    story = a_story(200)
    await publish(producer, topics.activities, story)
    async with a_sink(settings, topics):
        await until_written(pool, 200)
    before = await contents(pool)
    await pool.execute('delete from "033_omnichannel_journey_orchestrator_sink_offsets"')
    last = a_story(1, seed=2)
    await publish(producer, topics.activities, last)
    async with a_sink(settings, topics):
        await until_written(pool, 201)
    assert set(before["activities"]) < set((await contents(pool))["activities"])
    assert await metrics(pool) == metrics_of([*story, *last])


async def test_activities_of_an_aborted_transaction_are_not_written(
    settings: Settings, topics: Catalog, pool: Pool
) -> None:
    aborted, committed = a_story(50, seed=3), a_story(50, seed=4)
    async with closing(await open_transactional_producer(settings, "test", f"{settings.group}-test")) as producer:
        await producer.begin_transaction()
        await publish(producer, topics.activities, aborted)
        await producer.abort_transaction()
        await producer.begin_transaction()
        await publish(producer, topics.activities, committed)
        await producer.commit_transaction()
    async with a_sink(settings, topics):
        await until_written(pool, 50)
    assert await metrics(pool) == metrics_of(committed)


async def test_a_lost_session_loses_and_doubles_nothing(
    settings: Settings, topics: Catalog, pool: Pool, producer: AIOKafkaProducer
) -> None:
    story = a_story(2_000)
    async with a_sink(settings, topics):
        for start in range(0, 2_000, 250):
            await publish(producer, topics.activities, story[start : start + 250])
            await pool.fetchval(END_SINK_SESSIONS)
        await until_written(pool, 2_000)
    assert await metrics(pool) == metrics_of(story)


async def test_a_second_sink_stands_by_and_takes_over(
    settings: Settings, topics: Catalog, pool: Pool, producer: AIOKafkaProducer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "orchestrator.sink")

    def actions() -> list[str]:
        return [record.action for record in caplog.records]

    story = a_story(400)
    async with a_sink(settings, topics):
        await publish(producer, topics.activities, story[:200])
        await until_written(pool, 200)
        stop = asyncio.Event()
        standby = asyncio.create_task(drain(settings, topics.activities, stop, Vitals()))
        await until_logged(caplog, "standing by")
        assert actions().count("sink_started") == 1
    await publish(producer, topics.activities, story[200:])
    await until_written(pool, 400)
    stop.set()
    await standby
    assert actions().count("sink_started") == 2
    assert await metrics(pool) == metrics_of(story)


async def test_a_topic_and_tables_that_are_not_there_yet_are_waited_for(
    settings: Settings, catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_sink(settings, catalog):
        await until_logged(caplog, "orchestrator db migrate")
        async with migrated(settings) as pool:
            await until_logged(caplog, "orchestrator topics apply")
            await apply_topics(settings)
            async with closing(await open_producer(settings, "test")) as producer:
                await publish(producer, catalog.activities, a_story(20))
            await until_written(pool, 20)
    warnings = [each for each in caplog.records if each.name == "orchestrator.sink.loop" and each.levelname != "INFO"]
    assert {each.action for each in warnings} == {"sink_interrupted"}


@pytest.mark.faults
async def test_postgresql_restarts_in_the_middle(
    settings: Settings, topics: Catalog, producer: AIOKafkaProducer, tmp_path: Path
) -> None:
    folder, binaries = tmp_path / "postgres", find_binaries(None)
    server = await asyncio.to_thread(start_postgres, folder, binaries, None, False, lambda _: None)
    own = settings.model_copy(update={"postgres": type(settings.postgres)(server.dsn)})
    story = a_story(3_000)
    try:
        async with migrated(own):
            pass
        async with a_sink(own, topics):
            for start, how in [(0, signal.SIGINT), (1_000, signal.SIGQUIT)]:  # an orderly restart, and a crash
                await publish(producer, topics.activities, story[start : start + 1_000])
                await asyncio.to_thread(server.process.stop, how)
                await publish(producer, topics.activities, story[start + 1_000 : start + 1_500])
                server = await asyncio.to_thread(start_postgres, folder, binaries, server.port, False, lambda _: None)
            await publish(producer, topics.activities, story[2_500:])
            pool = await open_pool(own, patience_s=DEADLINE_S)
            await until_written(pool, 3_000)
        assert await metrics(pool) == metrics_of(story)
        await pool.close()
    finally:
        await asyncio.to_thread(server.stop)


@pytest.mark.faults
async def test_the_broker_restarts_in_the_middle(settings: Settings, pool: Pool, tmp_path: Path) -> None:
    folder = tmp_path / "kafka"
    broker = await asyncio.to_thread(start_kafka, folder, JARS, None, lambda _: None)
    own = settings.model_copy(update={"kafka": broker.bootstrap})
    story = a_story(3_000)
    try:
        await apply_topics(own)
        topics = Catalog(own)
        async with a_sink(own, topics), closing(await open_producer(own, "test")) as producer:
            for start, how in [(0, signal.SIGTERM), (1_000, signal.SIGKILL)]:
                await publish(producer, topics.activities, story[start : start + 1_000])
                await asyncio.to_thread(broker.process.stop, how)
                ports = (broker.port, broker.controller_port)
                broker = await asyncio.to_thread(start_kafka, folder, JARS, ports, lambda _: None)
            await publish(producer, topics.activities, story[2_000:])
            await until_written(pool, 3_000)
        assert await metrics(pool) == metrics_of(story)
    finally:
        await asyncio.to_thread(broker.process.stop)


RUN = """
import asyncio
from orchestrator.settings import load_settings
from orchestrator.sink.app import run
asyncio.run(run(load_settings()))
"""


async def a_process(settings: Settings) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RUN,
        env={
            **os.environ,
            "ORCHESTRATOR_KAFKA": settings.kafka,
            "ORCHESTRATOR_POSTGRES": settings.postgres.get_secret_value(),
            "ORCHESTRATOR_GROUP": settings.group,
            "ORCHESTRATOR_SINK_GROUP": settings.sink_group,
            "ORCHESTRATOR_TOPIC_PREFIX": settings.topic_prefix,
        },
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.faults
async def test_a_killed_process_leaves_tables_from_which_the_next_goes_on(
    settings: Settings, topics: Catalog, pool: Pool, producer: AIOKafkaProducer
) -> None:
    story = a_story(12_000)
    first = await a_process(settings)
    await publish(producer, topics.activities, story)
    await until_written(pool, 1)
    first.kill()
    await first.communicate()
    second = await a_process(settings)
    await until_written(pool, 12_000)
    second.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(second.communicate(), DEADLINE_S)
    assert second.returncode == 0
    assert b"Traceback" not in errors
    assert b"sink_stopped" in errors
    assert await metrics(pool) == metrics_of(story)
