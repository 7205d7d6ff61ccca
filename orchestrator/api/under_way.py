"""How many runs are under way, by journey: counted once for all who look at about the same time.

PostgreSQL counts by looking at each, which takes a tenth of a second or more where there are hundreds of thousands. So
a count is good for some seconds; after that the next one who asks still gets it while it is being counted anew, unless
it is a minute old.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from orchestrator.store.overview import under_way_by_journey
from orchestrator.store.tenant import Tenant

FRESH_S = 15.0  # so long nobody counts again
OLDEST_S = 60.0  # nobody is told what is older
MOST_WORKSPACES = 1_000

Counts = dict[UUID, int]


@dataclass(slots=True)
class _Counted:
    """What was counted of a workspace, and when it was begun; ``again``: the counting that is under way."""

    at: float = float("-inf")
    counts: Counts = field(default_factory=dict)
    again: asyncio.Task[Counts] | None = None


class UnderWay:
    """One for each API process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, _Counted] = {}

    async def by_journey(self, tenant: Tenant) -> Counts:
        """The runs under way of each journey of the workspace, without the holdout; one without any is absent.

        Raises:
            Unavailable: the database does not answer, and what was counted before is too old.
        """
        if len(self._known) > MOST_WORKSPACES:
            self._known = {name: known for name, known in self._known.items() if known.again is not None}
        known = self._known.setdefault(tenant.workspace_id, _Counted())
        age = self._clock() - known.at
        if age < FRESH_S:
            return known.counts
        if known.again is None or known.again.done():
            known.again = asyncio.create_task(self._count(tenant, known), name="count-under-way")
            known.again.add_done_callback(_heard)
        if age < OLDEST_S:
            return known.counts
        # Shielded: one caller who leaves does not take it from the others.
        return await asyncio.shield(known.again)

    async def _count(self, tenant: Tenant, known: _Counted) -> Counts:
        began = self._clock()
        counts = await under_way_by_journey(tenant)
        known.at, known.counts = began, counts
        return counts


def _heard(task: asyncio.Task[Counts]) -> None:
    """Takes note of a failure: whoever waits for the count is told; nobody else needs to be."""
    if not task.cancelled():
        task.exception()


def _under_way(request: Request) -> UnderWay:
    return cast(UnderWay, request.app.state.under_way)


UnderWayOfApp = Annotated[UnderWay, Depends(_under_way)]
