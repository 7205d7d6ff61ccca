"""Whatever happens to a worker, every event counts once and every command leaves once. The kills are real."""

import asyncio
import signal

import pytest

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_admin
from orchestrator.kafka.topics import apply_topics
from orchestrator.settings import Settings
from orchestrator.streams.crash import AFTER_FORWARD, DURING_RECOVERY, EXIT_CODE, POINTS, VARIABLE
from tests.faults.conftest import MakeWorker
from tests.faults.patience import caught_up
from tests.faults.seed import chance
from tests.faults.verifier import verify_counting
from tests.worker_process import SESSION_S, counted, counts, produce_events, until

pytestmark = [pytest.mark.integration, pytest.mark.faults]


STEPS = [point for point in POINTS if point not in (AFTER_FORWARD, DURING_RECOVERY)]


async def test_a_death_after_every_step_of_the_protocol_changes_nothing(
    make_worker: MakeWorker, settings: Settings
) -> None:
    """In an order left to chance, and the disk is lost too in the end."""
    moments = chance("deaths after every step")
    await produce_events(settings, 3_000, customers=30)
    worker = make_worker()
    for point in moments.sample(STEPS, len(STEPS)):
        worker.start(**{VARIABLE: f"{point}:{moments.randint(1, 4)}"})
        assert await worker.ended() == EXIT_CODE
    worker.wipe()
    worker.start()
    await caught_up(settings, worker)
    assert await worker.stop() == 0
    await verify_counting(settings, [worker], sent=3_000)


async def test_a_death_during_recovery_only_repeats_the_recovery(make_worker: MakeWorker, settings: Settings) -> None:
    await produce_events(settings, 1_000, customers=300)
    worker = make_worker()
    worker.start()
    await counted(settings, 1_000, worker)
    worker.kill()
    worker.wipe()
    await produce_events(settings, 500, customers=300, first=1_000)
    worker.start(**{VARIABLE: f"{DURING_RECOVERY}:2"})
    assert await worker.ended() == EXIT_CODE
    worker.start()
    await caught_up(settings, worker)
    assert await worker.stop() == 0
    await verify_counting(settings, [worker], sent=1_500)


@pytest.mark.endurance
async def test_kills_at_any_moment_with_and_without_the_disk_lose_and_repeat_nothing(
    make_worker: MakeWorker, settings: Settings
) -> None:
    moments = chance("kills at any moment")
    worker = make_worker()
    for life in range(6):
        await produce_events(settings, 1_000, customers=50, first=life * 1_000)
        worker.start()
        await worker.takes_over(life + 1)
        await asyncio.sleep(moments.random() * 0.8)
        worker.kill()
        if life % 2:
            worker.wipe()
    worker.start()
    await caught_up(settings, worker)
    assert await worker.stop() == 0
    await verify_counting(settings, [worker], sent=6_000)


async def test_a_worker_that_slept_through_its_expulsion_cannot_undo_what_its_successor_did(
    make_worker: MakeWorker, settings: Settings
) -> None:
    sleeper, successor = make_worker("worker-1"), make_worker("worker-2")
    await produce_events(settings, 5_000, customers=40)
    sleeper.start()
    await sleeper.takes_over()
    await asyncio.sleep(0.2)  # in the middle of its work
    sleeper.send(signal.SIGSTOP)
    successor.start()
    await successor.takes_over()
    await counted(settings, 5_000, successor)
    before = await counts(settings)
    sleeper.send(signal.SIGCONT)
    await asyncio.sleep(SESSION_S)
    assert await counts(settings) == before
    await produce_events(settings, 1_000, customers=40, first=5_000)
    if sleeper.process.poll() is not None:
        assert sleeper.process.poll() == 70
        assert "another worker owns it now" in sleeper.log.read_text()
        sleeper.start()
    await sleeper.takes_over(2)
    await caught_up(settings, successor)
    assert await sleeper.stop() == 0
    assert await successor.stop() == 0
    await verify_counting(settings, [sleeper, successor], sent=6_000)


async def test_a_worker_without_its_changelog_refuses_to_start_from_nothing(
    make_worker: MakeWorker, settings: Settings, topics: Catalog
) -> None:
    await produce_events(settings, 100, customers=10)
    worker = make_worker()
    worker.start()
    await counted(settings, 100, worker)
    assert await worker.stop() == 0
    worker.wipe()
    async with closing(await open_admin(settings)) as admin:
        await admin.delete_topics([topics.changelog])
    await asyncio.sleep(1)
    await apply_topics(settings)
    worker.start()
    assert await worker.ended() == 70
    assert "Was the changelog" in worker.log.read_text()
    await until(lambda: worker.said("partitions_taken_over") == 2, worker)
