"""Disks that fill up, of worker, PostgreSQL and Kafka: told in clear words; with room again, everything counts once."""

import asyncio
import shutil
from pathlib import Path

import pytest

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.kafka.topics import apply_topics
from orchestrator.local.kafka import KafkaServer, await_kafka, start_kafka
from orchestrator.settings import Settings
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool
from orchestrator.store.tally import activity_count
from orchestrator.store.tenant import Tenant
from tests.faults.conftest import MakeWorker
from tests.faults.load import load
from tests.faults.own_postgres import own_postgres
from tests.faults.patience import caught_up, comes_true
from tests.faults.small_disk import small_disk
from tests.faults.verifier import check_i5, verify_counting
from tests.integration.test_sink import publish
from tests.sink_story import WORKSPACE, a_story, add_journeys
from tests.stack import JARS
from tests.worker_process import WorkerProcess, produce_events

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance]

EXIT_HALTED = 70
SINK = ("-m", "orchestrator", "sink")


async def test_a_worker_whose_disk_is_full_says_so_and_goes_on_once_there_is_room(
    make_worker: MakeWorker, settings: Settings, topics: Catalog
) -> None:
    worker = make_worker()
    with small_disk(worker.folder, 32) as disk:
        await produce_events(settings, 1_000, customers=100)
        worker.start()
        await caught_up(settings, worker)
        disk.fill()
        await produce_events(settings, 2_000, customers=500, first=1_000)
        assert await worker.ended() == EXIT_HALTED
        said = worker.log.read_text()
        assert "the disk is full" in said
        assert "Make room" in said
        disk.free()
        worker.start()
        await caught_up(settings, worker)
        assert await worker.stop() == 0
    await verify_counting(settings, [worker], sent=3_000)


async def test_a_postgresql_whose_disk_is_full_holds_the_sink_up_until_there_is_room(
    settings: Settings, topics: Catalog, tmp_path: Path, make_worker: MakeWorker
) -> None:
    folder = Path("/var/tmp") / f"orchestrator-small-{tmp_path.name}-{settings.group[-8:]}"  # where every user can go
    folder.mkdir()
    with small_disk(folder, 160) as disk:
        async with own_postgres(folder / "postgres") as postgres:
            own = postgres.settings(settings)
            pool = await open_pool(own, patience_s=30)
            await migrate(pool)
            await add_journeys(pool)
            story = a_story(40_000)
            sink = make_worker("sink-0", SINK, own)
            async with closing(await open_producer(settings, "test")) as producer:
                await publish(producer, topics.activities, story[:2_000])
                sink.start()

                async def has(count: int) -> bool:
                    return await activity_count(Tenant(pool, WORKSPACE)) >= count

                await comes_true(lambda: has(2_000), "the first activities in PostgreSQL", sink)
                disk.fill()
                await publish(producer, topics.activities, story[2_000:])
            await comes_true(lambda: _said(sink, "sink_interrupted"), "the sink says what is wrong", sink)
            assert sink.process.poll() is None
            assert "No space left" in sink.log.read_text() or "does not answer" in sink.log.read_text()
            disk.free()
            if not postgres.server.process.is_running():  # without room for its own log it ends by itself
                await postgres.start()
            await pool.close()
            pool = await open_pool(own, patience_s=60)
            await comes_true(lambda: has(40_000), "all activities in PostgreSQL", sink)
            assert await sink.stop() == 0
            await check_i5(pool, story)
            await pool.close()
    shutil.rmtree(folder)


async def _said(process: WorkerProcess, action: str) -> bool:
    return process.said(action) > 0


async def test_a_broker_whose_disk_is_full_loses_nothing_that_it_had_acknowledged(
    settings: Settings, tmp_path: Path, make_worker: MakeWorker
) -> None:
    with small_disk(tmp_path / "kafka", 96) as disk:
        broker = await asyncio.to_thread(start_kafka, tmp_path / "kafka", JARS, None, lambda _: None)
        try:
            assert await asyncio.to_thread(await_kafka, broker, tmp_path / "kafka")
            own = settings.model_copy(update={"kafka": broker.bootstrap})
            await apply_topics(own)
            worker = make_worker(of=own)
            worker.start()
            await worker.takes_over()
            async with load(own) as running:
                await running.reaches(500)
                disk.fill()
                await comes_true(lambda: _has_ended(broker), "the broker, which has no other folder, ends")
                disk.free()
                ports = (broker.port, broker.controller_port)
                broker = await asyncio.to_thread(start_kafka, tmp_path / "kafka", JARS, ports, lambda _: None)
                assert await asyncio.to_thread(await_kafka, broker, tmp_path / "kafka")
                await running.reaches(running.sent + 500)
            if worker.process.poll() is not None:  # a transaction of unknown outcome is a reason to end
                assert worker.process.poll() == EXIT_HALTED
                worker.start()
            await caught_up(own, worker)
            assert await worker.stop() == 0
            await verify_counting(own, [worker], running.sent)
        finally:
            await asyncio.to_thread(broker.process.stop)


async def _has_ended(broker: KafkaServer) -> bool:
    return not broker.process.is_running()
