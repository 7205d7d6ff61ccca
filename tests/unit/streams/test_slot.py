"""One process has a slot at a time; the next one waits for it."""

import asyncio
import subprocess
import sys
from pathlib import Path

from orchestrator.streams.slot import Slot

HOLD = """
import sys
from pathlib import Path
from orchestrator.streams.slot import Slot
slot = Slot(Path(sys.argv[1]), "worker-0")
print(slot.take(), flush=True)
sys.stdin.read()
"""


def holder(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


async def test_a_slot_is_had_by_one_process_and_by_the_next_when_that_one_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "True\n"
        slot = Slot(tmp_path, "worker-0")
        assert not slot.take()
        waiting = asyncio.create_task(slot.wait())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        first.kill()
        await asyncio.wait_for(waiting, 30)
    with holder(tmp_path) as third:
        assert third.stdout is not None
        assert third.stdout.readline() == "False\n"
        third.kill()


def test_slots_of_other_names_are_others(tmp_path: Path) -> None:
    one, two = Slot(tmp_path, "worker-0"), Slot(tmp_path, "worker-1")
    assert one.take()
    assert two.take()
