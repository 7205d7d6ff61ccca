"""Clocks that jump, and clocks that disagree: no wait ends twice, none is forgotten, none ends early by its worker."""

import pytest

from orchestrator.settings import Settings
from tests.faults.conftest import MakeWorker
from tests.faults.other_clock import Clock
from tests.faults.patience import caught_up
from tests.faults.verifier import verify_counting
from tests.worker_process import counts, fired, produce_events

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance]

COUNTING = ("-m", "tests.faults.other_clock", "tests.counting")
HOUR_S = 3_600.0
CUSTOMERS = 200


async def test_a_clock_that_jumps_two_hours_forth_and_back_ends_every_wait_once(
    make_worker: MakeWorker, settings: Settings
) -> None:
    clock = Clock(settings.data_dir / "clock")
    worker = make_worker(command=COUNTING, COUNTING_DELAY_MS="60000", **clock.environment)
    worker.start()
    await produce_events(settings, CUSTOMERS, customers=CUSTOMERS)
    await caught_up(settings, worker)
    clock.is_wrong_by(2 * HOUR_S)  # all waits are over
    await fired(settings, CUSTOMERS, worker)
    await produce_events(settings, CUSTOMERS, customers=CUSTOMERS, first=CUSTOMERS)  # waits until after the two hours
    await caught_up(settings, worker)
    clock.is_wrong_by(0)
    worker.kill()
    worker.start()
    await worker.takes_over(2)
    assert sum(state.fired for state in (await counts(settings)).values()) == CUSTOMERS
    clock.is_wrong_by(2 * HOUR_S + 120)
    await fired(settings, 2 * CUSTOMERS, worker)
    clock.is_wrong_by(-2 * HOUR_S)
    await produce_events(settings, CUSTOMERS, customers=CUSTOMERS, first=2 * CUSTOMERS)
    await caught_up(settings, worker)
    clock.is_wrong_by(0)
    await fired(settings, 3 * CUSTOMERS, worker)
    assert await worker.stop() == 0
    await verify_counting(settings, [worker], sent=3 * CUSTOMERS, fired=3 * CUSTOMERS)


async def test_workers_whose_clocks_are_five_minutes_apart_end_every_wait_once(
    make_worker: MakeWorker, settings: Settings
) -> None:
    clocks = [Clock(settings.data_dir / "clock-1", 150.0), Clock(settings.data_dir / "clock-2", -150.0)]
    early, late = (
        make_worker(f"worker-{number}", COUNTING, COUNTING_DELAY_MS="10000", **clock.environment)
        for number, clock in enumerate(clocks, 1)
    )
    early.start()
    late.start()
    await early.takes_over()
    await late.takes_over()
    await produce_events(settings, CUSTOMERS, customers=CUSTOMERS)
    await caught_up(settings, early, late)
    early.kill()  # its waits go to the worker for which they lie five minutes ahead
    taken = late.said("partitions_taken_over")
    await late.takes_over(taken + 1)
    taken = early.said("partitions_taken_over")
    early.start()
    await early.takes_over(taken + 1)
    taken = early.said("partitions_taken_over")
    late.kill()  # and come back
    await early.takes_over(taken + 1)
    taken = late.said("partitions_taken_over")
    late.start()
    await late.takes_over(taken + 1)
    for clock in clocks:
        clock.is_wrong_by(0)
    await fired(settings, CUSTOMERS, early, late)
    assert await early.stop() == 0
    assert await late.stop() == 0
    await verify_counting(settings, [early, late], sent=CUSTOMERS, fired=CUSTOMERS)
