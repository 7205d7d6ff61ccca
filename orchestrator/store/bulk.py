"""Fills the tables of the sink by COPY, to measure and to try out: much faster than the sink, and never beside it.

Rows are lines in the text format of COPY, in the order of ``TABLES``.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg

from orchestrator.errors import ConfigurationError
from orchestrator.store.faults import translated
from orchestrator.store.pool import Connection
from orchestrator.store.queries import load_queries

PREFIX = "033_omnichannel_journey_orchestrator_"
# A COPY of a journey, or an index over all activities, takes longer than any statement of a running system may.
TIMEOUT_S = 3_600.0
_SORTS_IN = "512MB"  # an index over millions of rows is sorted in memory, or much more slowly

TABLES: Mapping[str, tuple[str, ...]] = {
    "activities": (
        "id",
        "config_id",
        "workspace_id",
        "activity_type",
        "details",
        "created_at",
        "customer_id",
        "run_id",
        "version",
        "step",
        "arm",
        "cause",
        "recorded_at",
    ),
    "participants": (
        "config_id",
        "customer_id",
        "arm",
        "first_entered_at",
        "entries",
        "conversions",
        "value",
        "past",
        "was_active",
    ),
    "runs": (
        "run_id",
        "config_id",
        "workspace_id",
        "customer_id",
        "version",
        "step",
        "arm",
        "status",
        "reason",
        "entered_at",
        "moved_at",
        "arrived_at",
    ),
    "exposures": ("config_id", "step", "customer_id", "arm", "run_id", "exposed_at", "converted_at"),
}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def line_of(cells: Iterable[object]) -> str:
    """A row in the text format of COPY; None is null, True and False are ``t`` and ``f``."""
    return "\t".join(_text(cell) for cell in cells) + "\n"


def _text(cell: object) -> str:
    match cell:
        case None:
            return "\\N"
        case bool():
            return "t" if cell else "f"
        case str():
            return cell.translate(_ESCAPES)
        case _:
            return str(cell)


class BulkWriter:
    """Writes through one connection; the caller holds the transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sql = load_queries("bulk")

    async def has_activities(self) -> bool:
        """Whether there is any activity, of whatever workspace."""
        with translated("looking whether the database is empty"):
            return bool(await self._connection.fetchval(self._sql["has_activities"]))

    @asynccontextmanager
    async def without_indexes(self) -> AsyncIterator[None]:
        """Within the block the activities have no indexes but their key; they are built when it ends well."""
        indexes = await self._connection.fetch(self._sql["indexes"])
        for index in indexes:
            await self._connection.execute(f'drop index "{index["name"]}"')
        yield
        await self._connection.execute(f"set local maintenance_work_mem to '{_SORTS_IN}'")
        for index in indexes:
            await self._connection.execute(index["definition"], timeout=TIMEOUT_S)

    async def copy(self, table: str, lines: AsyncIterator[bytes]) -> None:
        """Adds rows to one of ``TABLES``.

        Raises:
            ConfigurationError: PostgreSQL does not let this user.
        """
        with translated(f"copying into {table}"):
            try:
                await self._connection.copy_to_table(
                    PREFIX + table, source=lines, columns=TABLES[table], format="text", timeout=TIMEOUT_S
                )
            except asyncpg.FeatureNotSupportedError as error:
                raise ConfigurationError(
                    f"copying into {table}: {error}; log in to PostgreSQL as a user above row-level security"
                ) from error

    async def save_variants(self, rows: Sequence[tuple[str, datetime, str, str, int, int]]) -> None:
        """Adds how the arms of experiments fared: journey, quarter of an hour, step, arm, customers, converted."""
        if rows:
            with translated("writing how the arms of experiments fared"):
                await self._connection.execute(self._sql["save_variants"], *map(list, zip(*rows, strict=True)))

    async def backdate(self, journey_ids: Sequence[UUID], began_at: datetime) -> None:
        """Makes these journeys old, a second apart, the last of them the youngest."""
        with translated("making journeys old"):
            await self._connection.execute(self._sql["backdate"], journey_ids, began_at)
