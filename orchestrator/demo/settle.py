"""Waiting for conditions instead of for time: until something is so, and until nothing moves any more."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from orchestrator.errors import Unavailable

POLL_S = 0.2
# The sink tells its lag once a second, and the worker commits its offsets as often: two looks further apart than that
# show the same only when nothing has happened in between.
LOOK_S = 1.2
STUCK_S = 60.0


@dataclass(frozen=True, slots=True)
class Look:
    """What can still be under way. None: a process did not say.

    ``worker_lag``: input records the worker has not acknowledged. ``timers``: customers that wait for a moment.
    ``adapter_is_idle``: every command is carried out and reported. ``sink_lag``: activities the sink has not read.
    ``inputs`` and ``rows``: how many input records and activities in PostgreSQL there are.
    """

    worker_lag: int
    timers: int | None
    adapter_is_idle: bool
    sink_lag: int | None
    inputs: int
    rows: int

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way, as far as one look can tell."""
        return self.worker_lag == 0 and self.timers == 0 and self.adapter_is_idle and self.sink_lag == 0

    def __str__(self) -> str:
        adapter = "idle" if self.adapter_is_idle else "busy"
        return (
            f"{self.worker_lag} records before the worker, {_told(self.timers)} customers waiting, adapter {adapter}, "
            f"{_told(self.sink_lag)} activities before the sink, {self.rows} in PostgreSQL"
        )


async def settled(look: Callable[[], Awaitable[Look]], stuck_s: float = STUCK_S) -> Look:
    """Waits until two looks in a row show the same, and nothing under way.

    Raises:
        Unavailable: nothing has moved for ``stuck_s``, and it is not quiet.
    """
    before = await look()
    moved = time.monotonic()
    while True:
        await asyncio.sleep(LOOK_S)
        now = await look()
        if now != before:
            before, moved = now, time.monotonic()
        elif now.is_quiet:
            return now
        elif time.monotonic() - moved > stuck_s:
            raise Unavailable(f"waiting for the replay to end: nothing has moved for {stuck_s:.0f} s with {now}")


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, deadline_s: float) -> None:
    """Waits until ``condition`` holds; ``what`` says what that means.

    Raises:
        Unavailable: it does not hold within ``deadline_s``.
    """
    deadline = time.monotonic() + deadline_s
    while not await condition():
        if time.monotonic() > deadline:
            raise Unavailable(f"waiting until {what}: not so after {deadline_s:.0f} s")
        await asyncio.sleep(POLL_S)


def _told(number: int | None) -> str:
    return "an unknown number of" if number is None else str(number)
