"""Rows of the views, read a batch at a time: memory does not grow with how many there are."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from orchestrator.store.faults import translated
from orchestrator.store.pool import Connection, Pool
from orchestrator.store.queries import load_queries

BATCH_ROWS = 2_000
# Of what a statement reads: all of a workspace, or of a journey; one UTC day of either.
Cut = Literal["workspace", "day", "journey", "moment"]
Row: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The views as they were at one moment, whatever is written meanwhile.

    ``journeys``: those that the login may read, by workspace.
    """

    connection: Connection
    journeys: Mapping[str, Sequence[UUID]]

    async def rows(
        self, view: str, cut: Cut, order: Sequence[str], workspace_id: str, day: date | None = None
    ) -> AsyncIterator[list[Row]]:
        """Batches of a view's rows of a workspace, and of a UTC day where the cut is by days; JSON comes as text.

        Of a view that is cut by journeys all of one come before those of the next.

        Raises:
            Unavailable: the database does not answer.
        """
        with translated(f"reading the view {view}"):
            sql = await self.connection.fetchval(load_queries("views")["select_of"], view, cut, list(order))
            for arguments in self._arguments(cut, workspace_id, day):
                cursor = await self.connection.cursor(sql, *arguments, timeout=None)
                while batch := await cursor.fetch(BATCH_ROWS, timeout=None):
                    yield [tuple(row.values()) for row in batch]

    def _arguments(self, cut: Cut, workspace_id: str, day: date | None) -> list[tuple[object, ...]]:
        journeys = self.journeys.get(workspace_id, ())
        match cut:
            case "workspace":
                return [(workspace_id,)]
            case "day":
                return [(workspace_id, day)]
            case "journey":
                return [(journey_id,) for journey_id in journeys]
            case "moment":
                if day is None:
                    raise ValueError(f"a view that is cut by {cut} is read of a day")
                first, last = (datetime.combine(day, clock, UTC) for clock in (time.min, time.max))
                return [(journey_id, first, last) for journey_id in journeys]
            case _:
                assert_never(cut)


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Snapshot]:
    """The views as they are now, while the block lasts.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("reading the views"):
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            journeys: dict[str, list[UUID]] = {}
            for row in await connection.fetch(load_queries("views")["journeys"]):
                journeys.setdefault(row["workspace_id"], []).append(row["journey_id"])
            yield Snapshot(connection, journeys)
