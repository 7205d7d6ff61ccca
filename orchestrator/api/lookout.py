"""Looks at the newest events in Kafka, once for all who ask at about the same time.

One look serves every workspace: however many ask, the broker is asked once in ``FRESH_S``, and by one reader. While it
looks, all wait for the same answer; a failure too is told again for a moment before it is tried anew.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from orchestrator.api.arrival_documents import EventTypeList
from orchestrator.api.arrivals import Arrivals, arrivals_in
from orchestrator.catalog import Catalog
from orchestrator.kafka.newest import Bounds, Newest, read_newest
from orchestrator.settings import Settings

FRESH_S = 30.0  # so long nobody looks again
FAILED_S = 5.0  # so long a failure is told without trying again
BOUNDS = Bounds(records=2_000, size_bytes=16 * 1024 * 1024, time_s=4.0)

Read = Callable[[], Awaitable[Newest]]


class Lookout:
    """One for each API process; ``close`` it at the end."""

    def __init__(self, read: Read, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._look: asyncio.Task[Arrivals] | None = None
        self._good_until = 0.0

    @classmethod
    def at_events(cls, settings: Settings) -> "Lookout":
        """Looks at the topic of engagement events of this installation."""
        return cls(partial(_newest_events, settings))

    async def of(self, workspace_id: str) -> EventTypeList:
        """Which types have come in for this workspace, as of ``FRESH_S`` ago at the most.

        Raises:
            Unavailable: Kafka does not answer in time.
        """
        if self._look is None or (self._look.done() and self._clock() >= self._good_until):
            self._look = asyncio.create_task(self._arrivals(), name="look-at-events")
            self._look.add_done_callback(_heard)
        # Shielded: one caller who leaves does not take it from the others.
        return (await asyncio.shield(self._look)).of(workspace_id)

    async def close(self) -> None:
        """Ends a look that is under way."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.wait([self._look])

    async def _arrivals(self) -> Arrivals:
        good_s = FAILED_S
        try:
            newest = await self._read()
            looked_at = datetime.now(UTC)
            # In a thread: thousands of events take some tenths of a second to read.
            found = await asyncio.to_thread(arrivals_in, newest.records, is_all=newest.is_all, looked_at=looked_at)
            good_s = FRESH_S
            return found
        finally:
            self._good_until = self._clock() + good_s


async def _newest_events(settings: Settings) -> Newest:
    catalog = Catalog(settings)
    return await read_newest(settings, "event-types", catalog.events, catalog.customer_partitions, BOUNDS)


def _heard(task: asyncio.Task[Arrivals]) -> None:
    """Takes note of a failure: whoever waits for the look is told; nobody else needs to be."""
    if not task.cancelled():
        task.exception()


def _lookout(request: Request) -> Lookout:
    return cast(Lookout, request.app.state.lookout)


LookoutOfApp = Annotated[Lookout, Depends(_lookout)]
