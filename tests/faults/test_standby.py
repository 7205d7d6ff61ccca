"""Copies on other workers: whoever takes a partition over has its state already, and nothing else changes."""

import json

import pytest

from orchestrator.settings import Settings
from tests.faults.conftest import MakeWorker
from tests.faults.load import load
from tests.faults.patience import caught_up, comes_true, copied, keeps_up
from tests.faults.verifier import verify_counting
from tests.worker_process import WorkerProcess, produce_events

pytestmark = [pytest.mark.integration, pytest.mark.faults]

CUSTOMERS = 2_000
COPIES = {"ORCHESTRATOR_STANDBYS": "1"}


def recovered(worker: WorkerProcess) -> list[int]:
    """How many changelog records each of its take-overs has read."""
    lines = [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]
    return [line["recovered"] for line in lines if line.get("action") == "partitions_taken_over"]


async def test_who_has_a_copy_takes_over_without_reading_the_changelog_again(
    make_worker: MakeWorker, settings: Settings
) -> None:
    one, two = make_worker("worker-1", **COPIES), make_worker("worker-2", **COPIES)
    await produce_events(settings, CUSTOMERS, CUSTOMERS)
    for worker in (one, two):
        worker.start()
    for worker in (one, two):
        await worker.takes_over()
    await comes_true(lambda: copied(one, two), "both follow what the other owns", one, two)
    await caught_up(settings, one, two)
    taken = two.said("partitions_taken_over")
    one.kill()
    one.wipe()
    await two.takes_over(taken + 1)
    # Without a copy it would have read half of all customers. What is left is what came since the last look.
    assert recovered(two)[-1] < CUSTOMERS / 10
    async with load(settings, lambda number: f"c{number % CUSTOMERS}") as running:
        await running.reaches(200)
    assert running.sent >= 200
    await caught_up(settings, two)
    assert await two.stop() == 0


@pytest.mark.endurance
async def test_copies_change_nothing_about_what_is_decided_when_workers_die_and_return(
    make_worker: MakeWorker, settings: Settings
) -> None:
    workers = [make_worker(f"worker-{number}", **COPIES) for number in (1, 2)]
    async with load(settings) as running:
        for worker in workers:
            worker.start()
        for worker in workers:
            await worker.takes_over()
        for worker in workers:
            other = workers[1 - workers.index(worker)]
            taken = other.said("partitions_taken_over")
            worker.kill()
            await other.takes_over(taken + 1)
            taken = worker.said("partitions_taken_over")
            worker.start()
            await worker.takes_over(taken + 1)
            await keeps_up(settings, *workers)
    await caught_up(settings, *workers)
    for worker in workers:
        assert await worker.stop() == 0
    await verify_counting(settings, workers, running.sent)
