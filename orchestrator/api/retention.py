"""Lets go of what is old: a little at a time, so that the sink and everybody who reads go on as if nothing happened.

Deleted are activities older than ``activity_retention_days``, with the runs that ended as long ago, records the sink
could not use, answers kept for requests that come again (a day), and backtests (30 days, and the newest 100 of a
workspace). No figure changes: those of the days stay, and so
do participants and exposures, from which comparisons and experiments are counted.
"""

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from orchestrator.store import backtests
from orchestrator.store.requests import KEPT
from orchestrator.store.retention import BEGINNING, RetentionSession
from orchestrator.telemetry.metrics import ROWS_FORGOTTEN

log = logging.getLogger(__name__)

BATCH_ROWS = 1_000  # of one statement: some ten milliseconds
BATCH_BACKTESTS = 50  # each has a definition and a result
PAUSE_S = 0.2  # between two of them: at most 5,000 rows a second
_SWEEPS_EVERY = timedelta(hours=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Retention:
    """One after the other, a sweep over all journeys; ``days`` 0: activities stay for ever."""

    def __init__(self, session: RetentionSession, days: int) -> None:
        self._session = session
        self._kept = timedelta(days=days)
        self._before = _LONG_AGO
        self._next_at = _LONG_AGO
        self._ahead: list[UUID] = []
        self._place = BEGINNING
        self._has_refusals = False
        self._has_backtests = False
        self._deleted: Counter[str] = Counter()

    async def step(self, now: datetime) -> bool:
        """One statement's worth of work; False: there is nothing to do until the next sweep.

        Raises:
            Unavailable: the database does not answer.
        """
        if self._ahead:
            await self._forget_activities(self._ahead[-1])
        elif self._has_refusals:
            count = await self._session.forget_refusals(self._before, BATCH_ROWS)
            self._note("refusals", count)
            self._has_refusals = count == BATCH_ROWS
        elif self._has_backtests:
            count = await self._session.forget_backtests(now - backtests.KEPT, backtests.MOST_KEPT, BATCH_BACKTESTS)
            self._note("backtests", count)
            self._has_backtests = count == BATCH_BACKTESTS
        elif now >= self._next_at:
            await self._begin(now)
        else:
            return False
        if not (self._ahead or self._has_refusals or self._has_backtests):
            self._tell()
        return True

    async def _begin(self, now: datetime) -> None:
        self._next_at = now + _SWEEPS_EVERY
        self._note("requests", await self._session.forget_requests(now - KEPT))
        self._has_backtests = True
        if self._kept:
            self._before = now - self._kept
            self._ahead = await self._session.journeys()
            self._has_refusals = True

    async def _forget_activities(self, journey_id: UUID) -> None:
        found = await self._session.forget_activities(journey_id, self._before, self._place, BATCH_ROWS)
        self._note("activities", found.activities)
        self._note("runs", found.runs)
        if found.seen == BATCH_ROWS and found.place is not None:
            self._place = found.place
        else:
            self._ahead.pop()
            self._place = BEGINNING

    def _note(self, table: str, count: int) -> None:
        if count:
            ROWS_FORGOTTEN.labels(table).inc(count)
            self._deleted[table] += count

    def _tell(self) -> None:
        if self._deleted:
            told = ", ".join(f"{count:,} {table}" for table, count in sorted(self._deleted.items()))
            log.info("What was too old has been deleted: %s", told, extra={"action": "old_rows_deleted"})
        self._deleted.clear()
