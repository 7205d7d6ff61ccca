"""Faults and quiet in turn, for as long as one likes: ``make soak MINUTES=30``. Not part of ``make test-faults``."""

import asyncio
import logging
import os
import random
import signal
import time

import psutil
import pytest

from orchestrator.settings import Settings
from tests.faults.conftest import MakeWorker
from tests.faults.load import load
from tests.faults.patience import caught_up, keeps_up
from tests.faults.seed import chance
from tests.faults.verifier import verify_counting
from tests.worker_process import SESSION_S, WorkerProcess

log = logging.getLogger(__name__)

MINUTES = float(os.environ.get("ORCHESTRATOR_SOAK_MINUTES") or 1)
pytestmark = [
    pytest.mark.integration,
    pytest.mark.endurance,
    pytest.mark.soak,
    pytest.mark.timeout(int(MINUTES * 60) + 600),
]

SETTLED_MINUTES = 10  # before it a worker still fills its caches
MOST_GROWTH = 1.25


async def suffers(worker: WorkerProcess, moments: random.Random) -> None:
    """One fault, and the worker is back."""
    taken = worker.said("partitions_taken_over")
    match moments.choice(("killed", "wiped", "stopped", "asleep")):
        case "asleep":
            worker.send(signal.SIGSTOP)
            await asyncio.sleep(moments.uniform(0.5, 2.0) * SESSION_S)
            worker.send(signal.SIGCONT)
            await asyncio.sleep(SESSION_S)  # by then it has noticed whether it was expelled
            if worker.process.poll() is None:
                return
        case "stopped":
            assert await worker.stop() == 0
        case "wiped":
            worker.kill()
            worker.wipe()
        case _:
            worker.kill()
    worker.start()
    await worker.takes_over(taken + 1)


def resident_kib(worker: WorkerProcess) -> int:
    """The memory that the worker has in RAM."""
    return psutil.Process(worker.process.pid).memory_info().rss // 1024


async def test_faults_and_quiet_in_turn_lose_and_double_nothing_and_memory_stays_flat(
    make_worker: MakeWorker, settings: Settings
) -> None:
    """One worker lives through it all: its memory is measured, once it has settled, in what is left of the time."""
    moments = chance("soak")
    steady, unlucky = make_worker("worker-1"), make_worker("worker-2")
    began = time.monotonic()
    settled_kib = 0
    async with load(settings) as running:
        for worker in (steady, unlucky):
            worker.start()
        for worker in (steady, unlucky):
            await worker.takes_over()
        while time.monotonic() < began + MINUTES * 60:
            await asyncio.sleep(moments.uniform(0, 10))  # quiet
            await suffers(unlucky, moments)
            await keeps_up(settings, steady, unlucky)
            if not settled_kib and time.monotonic() > began + SETTLED_MINUTES * 60:
                settled_kib = resident_kib(steady)
        at_the_end_kib = resident_kib(steady)
    await caught_up(settings, steady, unlucky)
    for worker in (steady, unlucky):
        assert await worker.stop() == 0
    await verify_counting(settings, [steady, unlucky], running.sent)
    log.info(
        "%d events; the steady worker had %d KiB when it had settled, %d at the end",
        running.sent,
        settled_kib,
        at_the_end_kib,
    )
    if settled_kib:
        assert at_the_end_kib < MOST_GROWTH * settled_kib
