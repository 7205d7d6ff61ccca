"""Deletes what is older than people want to keep, in batches so small that nobody waits for one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from orchestrator.store.faults import translated
from orchestrator.store.pool import Connection
from orchestrator.store.queries import load_queries

Place = tuple[datetime, UUID]
BEGINNING: Place = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))  # before the oldest activity there can be


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of one batch of a journey's activities; ``place`` is that of the last, None: there was none."""

    seen: int
    activities: int
    runs: int
    place: Place | None


class RetentionSession:
    """Works for all workspaces through one connection, a statement at a time. Raises ``Unavailable``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sql = load_queries("retention")

    async def journeys(self) -> list[UUID]:
        """Every journey of every workspace."""
        with translated("reading whose activities may be old"):
            return [row["id"] for row in await self._connection.fetch(self._sql["journeys"])]

    async def forget_activities(self, journey_id: UUID, before: datetime, place: Place, limit: int) -> Forgotten:
        """Looks at ``limit`` activities from before a time, oldest first after ``place``; deletes those it may."""
        with translated("deleting old activities"):
            row = await self._connection.fetchrow(self._sql["forget_activities"], journey_id, before, *place, limit)
        if row is None:
            return Forgotten(0, 0, 0, None)
        return Forgotten(row["seen"], row["activities"], row["runs"], (row["created_at"], row["id"]))

    async def forget_refusals(self, before: datetime, limit: int) -> int:
        """Deletes so many records that could not be used; returns how many there were."""
        with translated("deleting old records that could not be used"):
            return _count(await self._connection.execute(self._sql["forget_refusals"], before, limit))

    async def forget_requests(self, before: datetime) -> int:
        """Deletes answers that were kept for requests that come again; returns how many there were."""
        with translated("deleting old answers"):
            return _count(await self._connection.execute(load_queries("requests")["forget"], before))

    async def forget_backtests(self, before: datetime, most: int, limit: int) -> int:
        """Deletes so many backtests that are over: old ones, and those beyond the newest ``most`` of a workspace."""
        with translated("deleting old backtests"):
            sql = load_queries("backtests")["forget"]
            return _count(await self._connection.execute(sql, before, most, limit))


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])  # "DELETE 7"
