"""The wall between workspaces: whoever works for one has connections that see the rows of no other.

PostgreSQL sees to it by row-level security (``migrations/0004_…``), beside the condition that every query has anyway:
a query that forgets it finds nothing of others, instead of everything.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.store.pool import EVERY_WORKSPACE, Connection, Pool
from orchestrator.store.queries import load_queries

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class Tenant:
    """The database as one workspace sees it."""

    pool: Pool
    workspace_id: str

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection that sees the workspace's rows only; the pool resets it when the block ends."""
        async with self.pool.acquire() as connection:
            await connection.execute(load_queries("tenant")["enter"], self.workspace_id)
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """The same in a transaction, committed when the block ends without an error."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, sql: str, *arguments: object) -> "list[asyncpg.Record]":
        """The rows of one query."""
        async with self.connection() as connection:
            return await connection.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: object) -> "asyncpg.Record | None":
        """The first row of one query."""
        async with self.connection() as connection:
            return await connection.fetchrow(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: object) -> Any:  # noqa: ANN401 - as asyncpg has it
        """The first value of the first row."""
        async with self.connection() as connection:
            return await connection.fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: object) -> str:
        """Carries a statement out; the status as PostgreSQL words it."""
        async with self.connection() as connection:
            return await connection.execute(sql, *arguments)


def every_workspace(pool: Pool) -> Tenant:
    """The database as those see it who work for all workspaces: to find whose a key is, and for the command line."""
    return Tenant(pool, EVERY_WORKSPACE)
