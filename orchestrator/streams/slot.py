"""A worker's slot: its name in the group and its folder, which one process has at a time.

The next process of a slot may be started before the last one has ended: it loads and reads what it can, and waits here.
So customers do not wait for a program to load. The kernel gives a lock back when its process ends, however it ends.
"""

import asyncio
import fcntl
import os
from pathlib import Path

POLL_S = 0.02


class Slot:
    """The lock of one slot. It lies beside the slot's folder, which may be wiped at any time."""

    def __init__(self, data_dir: Path, name: str) -> None:
        self.name = name
        data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(data_dir / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)

    def take(self) -> bool:
        """Whether this process has the slot from now on, until it ends; False: another one has it."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def wait(self) -> None:
        """Comes back when this process has the slot."""
        while not self.take():  # noqa: ASYNC110  the kernel tells nobody when a lock is given back
            await asyncio.sleep(POLL_S)
