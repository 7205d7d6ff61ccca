"""A worker that gets no more memory ends, and leaves what any death leaves."""

import psutil
import pytest

from orchestrator.settings import Settings
from tests.faults.conftest import MakeWorker
from tests.faults.load import load
from tests.faults.patience import caught_up
from tests.faults.verifier import verify_counting

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance]


async def test_a_worker_out_of_memory_ends_and_its_restart_counts_everything_once(
    make_worker: MakeWorker, settings: Settings
) -> None:
    worker = make_worker()
    async with load(settings) as running:
        worker.start()
        await worker.takes_over()
        await running.reaches(1_000)
        process = psutil.Process(worker.process.pid)
        limit = process.memory_info().vms // 2  # nothing new can be had from now on
        process.rlimit(psutil.RLIMIT_AS, (limit, limit))
        assert await worker.ended() != 0
        worker.start()
        await worker.takes_over(2)
        await running.reaches(running.sent + 500)
    await caught_up(settings, worker)
    assert await worker.stop() == 0
    await verify_counting(settings, [worker], running.sent)
