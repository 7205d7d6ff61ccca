"""Half of all events are one customer's: all of them count, and the others go on."""

import pytest

from orchestrator.settings import Settings
from tests.faults.conftest import MakeWorker
from tests.faults.load import load
from tests.faults.patience import caught_up, keeps_up
from tests.faults.verifier import verify_counting

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance]

HOT = "hot"


def every_other(number: int) -> str:
    """The hot customer at every second event, and one of a hundred others between."""
    return HOT if number % 2 else f"c{number // 2 % 100}"


async def test_a_customer_with_half_of_all_events_is_counted_like_any_other_and_delays_nobody_for_ever(
    make_worker: MakeWorker, settings: Settings
) -> None:
    one, two = make_worker("worker-1"), make_worker("worker-2")
    one.start()
    two.start()
    async with load(settings, every_other) as running:
        for worker in (one, two):
            await worker.takes_over()
        await running.reaches(2_000)
        taken = one.said("partitions_taken_over")
        one.kill()  # whoever had the hot partition
        await keeps_up(settings, two)
        one.start()
        await one.takes_over(taken + 1)
        await running.reaches(10_000)
        await keeps_up(settings, one, two)
    await caught_up(settings, one, two)
    for worker in (one, two):
        assert await worker.stop() == 0
    found = await verify_counting(settings, [one, two], running.sent)
    assert sum(each.customer_id == HOT for each in found.commands) == running.sent // 4
