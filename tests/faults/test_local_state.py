"""The local copy of the states, lost or damaged: it is never trusted, the changelog is the truth, and it comes back."""

import random
from pathlib import Path

import pytest

from orchestrator.settings import Settings
from tests.faults.conftest import MakeWorker
from tests.faults.other_clock import Clock
from tests.faults.patience import caught_up
from tests.faults.seed import chance
from tests.faults.verifier import verify_counting
from tests.worker_process import WorkerProcess, fired, produce_events

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance]

EXIT_HALTED = 70
BY_CLOCK = ("-m", "tests.faults.other_clock", "tests.counting")
DAY_MS = 86_400_000


def flip(file: Path, moments: random.Random, share: float) -> None:
    """Turns over a bit in this share of a file's bytes."""
    content = bytearray(file.read_bytes())
    for _ in range(max(1, int(len(content) * share))):
        content[moments.randrange(len(content))] ^= 1 << moments.randrange(8)
    file.write_bytes(content)


async def starts_again(worker: WorkerProcess, settings: Settings) -> int:
    """Starts it as a supervisor would, until it has caught up; how many times it had to end for it."""
    for deaths in range(10):
        worker.start()
        try:
            await caught_up(settings, worker)
        except AssertionError:
            assert worker.process.poll() == EXIT_HALTED, worker.log.read_text()[-4_000:]
        else:
            return deaths
    raise AssertionError(f"it does not come up any more\n{worker.log.read_text()[-4_000:]}")


async def test_flipped_bits_in_the_tables_are_noticed_and_the_states_are_read_from_the_changelog(
    make_worker: MakeWorker, settings: Settings
) -> None:
    """With waits in them: a customer who is not found there would never hear from us again."""
    moments = chance("flipped bits")
    clock = Clock(settings.data_dir / "clock")
    worker = make_worker(command=BY_CLOCK, COUNTING_DELAY_MS=str(DAY_MS), **clock.environment)
    await produce_events(settings, 2_000, customers=500)
    worker.start()
    await caught_up(settings, worker)
    assert await worker.stop() == 0
    tables = list(worker.folder.rglob("*.sst"))
    assert tables, "nothing was written to a table, so that nothing is tried here"
    # Somewhere in the first half are the blocks with the states. Whether opening, indexing or reading finds it
    # is left to chance.
    for file in tables:
        flip(file, moments, share=0.001)
    await produce_events(settings, 500, customers=500, first=2_000)
    assert await starts_again(worker, settings) >= 1
    said = worker.log.read_text()
    assert "it is damaged" in said
    assert "Dropped the damaged local state" in said
    clock.is_wrong_by(2 * DAY_MS / 1_000)
    await fired(settings, 500, worker)
    assert await worker.stop() == 0
    await verify_counting(settings, [worker], sent=2_500, fired=500)


async def test_whatever_is_damaged_or_lost_after_a_kill_the_states_come_back(
    make_worker: MakeWorker, settings: Settings
) -> None:
    """Each kind of RocksDB's files in turn, in an order left to chance."""
    moments = chance("damage of all kinds")
    worker = make_worker()
    await produce_events(settings, 1_000, customers=200)
    worker.start()
    await caught_up(settings, worker)
    assert await worker.stop() == 0  # what was in memory only is in a table now
    kinds = ("*.log", "MANIFEST-*", "CURRENT", "*.sst", "a lost table")
    for round_, kind in enumerate(moments.sample(kinds, len(kinds)), 1):
        await produce_events(settings, 400, customers=200, first=600 + round_ * 400)
        await starts_again(worker, settings)
        worker.kill()
        if kind == "a lost table":
            for file in worker.folder.rglob("*.sst"):
                file.unlink()
        else:
            for file in worker.folder.rglob(kind):
                if file.stat().st_size:
                    flip(file, moments, share=0.01)
    await produce_events(settings, 400, customers=200, first=3_000)
    await starts_again(worker, settings)
    assert await worker.stop() == 0
    assert worker.said("local_state_dropped") > 0
    await verify_counting(settings, [worker], sent=3_400)
