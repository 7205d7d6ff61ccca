"""Whatever happens to workers while waits end: every wait ends once, and none is lost. The kills are real."""

from collections.abc import AsyncIterator, Callable

import pytest

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.streams.crash import AFTER_COMMIT, AFTER_PRODUCE, EXIT_CODE, VARIABLE
from tests.worker_process import WorkerProcess, counted, counts, fired, produce_events, read_all, until

pytestmark = [pytest.mark.integration, pytest.mark.faults]

CUSTOMERS = 3_000
KILLS = 4
# Small batches, so that there are many; a wait that is over before all customers are counted, so that all overlaps.
ENVIRONMENT = {"ORCHESTRATOR_BATCH_MAX_RECORDS": "25", "COUNTING_DELAY_MS": "500"}


@pytest.fixture
async def make_worker(settings: Settings, topics: Catalog) -> AsyncIterator[Callable[..., WorkerProcess]]:
    made: list[WorkerProcess] = []

    def make(slot: str = "worker-0") -> WorkerProcess:
        made.append(WorkerProcess(settings, slot, **ENVIRONMENT))
        return made[-1]

    yield make
    for worker in made:
        worker.close()


async def assert_each_wait_ended_once(settings: Settings) -> None:
    states = await counts(settings)
    assert {(state.events, state.fired, state.due_ms) for state in states.values()} == {(1, 1, -1)}
    activities = [each.headers["ce_id"] for each in await read_all(settings, Catalog(settings).activities)]
    assert len(activities) == len(set(activities)) == len(states) == CUSTOMERS


@pytest.mark.endurance
async def test_a_worker_killed_again_and_again_while_waits_end_loses_none_and_repeats_none(
    make_worker: Callable[..., WorkerProcess], settings: Settings
) -> None:
    worker = make_worker().start()
    await produce_events(settings, CUSTOMERS, customers=CUSTOMERS)
    for kill in range(1, KILLS):
        await fired(settings, kill * CUSTOMERS // KILLS, worker)
        worker.kill()
        if kill % 2:
            worker.wipe()
        taken = worker.said("partitions_taken_over")
        worker.start()
    # Once more as soon as it works, while it still finds out who waits.
    await worker.takes_over(taken + 1)
    worker.kill()
    worker.start()
    await fired(settings, CUSTOMERS, worker)
    assert await worker.stop() == 0
    await assert_each_wait_ended_once(settings)


@pytest.mark.parametrize("point", [AFTER_PRODUCE, AFTER_COMMIT])
async def test_a_death_around_the_commit_of_waits_that_end_changes_nothing(
    make_worker: Callable[..., WorkerProcess], settings: Settings, point: str
) -> None:
    worker = make_worker().start()
    await produce_events(settings, CUSTOMERS, customers=CUSTOMERS)
    await counted(settings, CUSTOMERS, worker)
    worker.kill()
    for count in (2, 5):  # nothing but timers is left to be done
        worker.start(**{VARIABLE: f"{point}:{count}"})
        assert await worker.ended() == EXIT_CODE
    worker.start()
    await fired(settings, CUSTOMERS, worker)
    assert await worker.stop() == 0
    await assert_each_wait_ended_once(settings)


async def test_waits_end_once_though_their_partitions_go_from_worker_to_worker(
    make_worker: Callable[..., WorkerProcess], settings: Settings
) -> None:
    first, second = make_worker("worker-0").start(), make_worker("worker-1")
    await produce_events(settings, CUSTOMERS, customers=CUSTOMERS)
    await fired(settings, CUSTOMERS // 8, first)
    second.start()
    await second.takes_over()
    first.kill()  # and is not started again: what it had sent and not worked off, its heir sends once more
    await until(lambda: second.said("partitions_taken_over") > 1, second)
    await fired(settings, CUSTOMERS, second)
    assert await second.stop() == 0
    await assert_each_wait_ended_once(settings)
