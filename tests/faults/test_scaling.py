"""Workers come, go, die and restart one after the other while events come in: nothing is lost, nothing sent twice."""

import asyncio

import pytest

from orchestrator.settings import Settings
from tests.faults.conftest import MakeWorker
from tests.faults.load import load
from tests.faults.patience import caught_up, keeps_up
from tests.faults.seed import chance
from tests.faults.verifier import verify_counting
from tests.worker_process import until

pytestmark = [pytest.mark.integration, pytest.mark.faults]


async def test_a_rolling_restart_under_load_loses_and_doubles_nothing(
    make_worker: MakeWorker, settings: Settings
) -> None:
    workers = [make_worker(f"worker-{number}") for number in (1, 2)]
    async with load(settings) as running:
        for worker in workers:
            worker.start()
        for worker in workers:
            await worker.takes_over()
        for worker in workers:
            taken = worker.said("partitions_taken_over")
            assert await worker.stop() == 0
            worker.start()
            await worker.takes_over(taken + 1)
        await keeps_up(settings, *workers)
    await caught_up(settings, *workers)
    for worker in workers:
        assert await worker.stop() == 0
    await verify_counting(settings, workers, running.sent)


@pytest.mark.endurance
async def test_one_worker_becomes_four_then_two_then_three_under_load(
    make_worker: MakeWorker, settings: Settings
) -> None:
    moments = chance("scaling")
    one, two, three, four = (make_worker(f"worker-{number}") for number in (1, 2, 3, 4))
    async with load(settings) as running:
        one.start()
        await one.takes_over()
        for worker in (two, three, four):
            worker.start()
        for worker in (two, three, four):
            await worker.takes_over()
        await keeps_up(settings, one, two, three, four)
        leaving = moments.sample([one, two, three, four], 2)
        staying = [worker for worker in (one, two, three, four) if worker not in leaving]
        for worker in leaving:
            assert await worker.stop() == 0
        await keeps_up(settings, *staying)
        back, away = leaving
        taken = back.said("partitions_taken_over")
        back.start()
        await back.takes_over(taken + 1)
        await keeps_up(settings, *staying, back)
    alive = [*staying, back]
    await caught_up(settings, *alive)
    for worker in alive:
        assert await worker.stop() == 0
    await verify_counting(settings, [*alive, away], running.sent)


@pytest.mark.endurance
async def test_workers_that_are_killed_while_partitions_move_leave_all_to_the_others(
    make_worker: MakeWorker, settings: Settings
) -> None:
    """A kill at a random moment of each rebalance, the disk lost every other time."""
    moments = chance("kills while partitions move")
    steady, unlucky = make_worker("worker-1"), make_worker("worker-2")
    async with load(settings) as running:
        steady.start()
        await steady.takes_over()
        for life in range(4):
            unlucky.start()
            await until(lambda births=life + 1: unlucky.said("worker_starting") >= births, unlucky)
            await asyncio.sleep(moments.uniform(0.0, 3.0))  # somewhere between joining and having joined
            unlucky.kill()
            if life % 2:
                unlucky.wipe()
        taken = unlucky.said("partitions_taken_over")
        unlucky.start()
        await unlucky.takes_over(taken + 1)
        await keeps_up(settings, steady, unlucky)
    await caught_up(settings, steady, unlucky)
    for worker in (steady, unlucky):
        assert await worker.stop() == 0
    await verify_counting(settings, [steady, unlucky], running.sent)


async def test_workers_that_start_at_once_on_topics_nobody_has_read_begin_at_the_first_record(
    make_worker: MakeWorker, settings: Settings
) -> None:
    workers = [make_worker(f"worker-{number}") for number in (1, 2)]
    async with load(settings) as running:
        await running.reaches(500)
        for worker in workers:
            worker.start()
        for worker in workers:
            await worker.takes_over()
    await caught_up(settings, *workers)
    for worker in workers:
        assert await worker.stop() == 0
    await verify_counting(settings, workers, running.sent)
