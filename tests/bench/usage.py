"""The CPU time of processes and of the machine over time, so that it can be told for any span afterwards."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

SAMPLE_S = 0.05


MACHINE = 0  # in place of a pid: everything that runs here
IDLE = {"idle", "iowait", "guest", "guest_nice"}  # guests are counted as user and nice as well


class Usage:
    """Samples of (Unix time, CPU seconds so far, user and system together) of one process, or of the machine."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid) if pid != MACHINE else None
        self._samples: list[tuple[float, float]] = []
        self.rss_bytes = 0  # the most that was seen

    def sample(self) -> None:
        """Takes one sample."""
        if self._process is None:
            busy_s = sum(spent for name, spent in psutil.cpu_times()._asdict().items() if name not in IDLE)
        else:
            times = self._process.cpu_times()
            busy_s = times.user + times.system
            self.rss_bytes = max(self.rss_bytes, self._process.memory_info().rss)
        self._samples.append((time.time(), busy_s))

    def between(self, began_s: float, ended_s: float) -> float:
        """CPU seconds spent from one Unix time to another, between samples in proportion."""
        return self._at(ended_s) - self._at(began_s)

    def _at(self, moment_s: float) -> float:
        place = bisect_left(self._samples, (moment_s, 0.0))
        if place == 0:
            return self._samples[0][1]
        if place == len(self._samples):
            return self._samples[-1][1]
        (before_s, before), (after_s, after) = self._samples[place - 1 : place + 1]
        return before + (after - before) * (moment_s - before_s) / (after_s - before_s)


@asynccontextmanager
async def watched(*pids: int) -> AsyncIterator[list[Usage]]:
    """The usage of these processes while the block lasts."""
    usages = [Usage(pid) for pid in pids]

    async def follow() -> None:
        while True:
            for usage in usages:
                usage.sample()
            await asyncio.sleep(SAMPLE_S)

    task = asyncio.create_task(follow())
    try:
        yield usages
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
