"""Backtests on somebody's request: what was asked, how far it is, and what came of it.

A workspace has one that runs at a time. The API process that runs it says so every few seconds; one that is silent for
long has died, and whoever looks next finds the backtest failed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from orchestrator.errors import Conflict, NotFound
from orchestrator.store.audit import Author, note
from orchestrator.store.faults import translated
from orchestrator.store.pool import Connection
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

if TYPE_CHECKING:
    import asyncpg

BacktestStatus = Literal["RUNNING", "DONE", "FAILED", "CANCELLED"]

KEPT = timedelta(days=30)
MOST_KEPT = 100  # of a workspace
LONGEST_SILENCE = timedelta(seconds=30)
DIED = "the API process that ran it ended before it was done; start it again"


@dataclass(frozen=True, slots=True)
class Backtest:
    """A definition run over history. In a listing ``definition`` and ``result`` are empty. Times are UTC.

    ``journey_id`` None: the journey is not yet created. ``options``, ``progress`` and ``result`` are documents of the
    API (``api/backtest_documents.py``). ``failure``: why there is no result.
    """

    id: UUID
    journey_id: UUID | None
    definition: dict[str, Any]
    options: dict[str, Any]
    author: Author
    status: BacktestStatus
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    failure: str
    created_at: datetime
    ended_at: datetime | None


async def begin_backtest(
    tenant: Tenant,
    backtest_id: UUID,
    journey_id: UUID | None,
    definition: dict[str, Any],
    options: dict[str, Any],
    author: Author,
) -> tuple[Backtest, bool]:
    """Writes a backtest that runs from now on, and whether it is new: one of this id that is there stays as it is.

    Raises:
        Conflict: another one of this workspace runs.
        Unavailable: the database does not answer.
    """
    sql = load_queries("backtests")
    with translated("beginning a backtest"):
        async with tenant.transaction() as connection:
            await _bury(connection, tenant)
            status = await connection.execute(
                sql["begin"],
                backtest_id,
                tenant.workspace_id,
                journey_id,
                definition,
                options,
                author.id,
                author.name,
            )
            row = await connection.fetchrow(sql["find_backtest"], tenant.workspace_id, backtest_id)
            if row is None:
                running = await connection.fetchrow(sql["running"], tenant.workspace_id)
                raise Conflict(_who_runs(running))
            is_new = status == "INSERT 0 1"
            if is_new:
                after = {"backtest": str(backtest_id), **options}
                subject = str(journey_id or backtest_id)
                await note(connection, tenant.workspace_id, author, "backtest_started", subject, {}, after)
    return _backtest(row), is_new


async def find_backtest(tenant: Tenant, backtest_id: UUID) -> Backtest:
    """The backtest of this id.

    Raises:
        NotFound: this workspace has none.
        Unavailable: the database does not answer.
    """
    with translated("reading a backtest"):
        async with tenant.transaction() as connection:
            await _bury(connection, tenant)
            sql = load_queries("backtests")["find_backtest"]
            row = await connection.fetchrow(sql, tenant.workspace_id, backtest_id)
    if row is None:
        raise NotFound(f"this workspace has no backtest {backtest_id}")
    return _backtest(row)


async def list_backtests(
    tenant: Tenant, *, limit: int, journey_id: UUID | None = None, after: tuple[datetime, UUID] | None = None
) -> list[Backtest]:
    """At most ``limit`` backtests, newest first: those older than ``after`` (creation time, id)."""
    since, last_id = after or (None, None)
    with translated("listing backtests"):
        async with tenant.transaction() as connection:
            await _bury(connection, tenant)
            sql = load_queries("backtests")["list_backtests"]
            rows = await connection.fetch(sql, tenant.workspace_id, journey_id, since, last_id, limit)
    return [_backtest(row) for row in rows]


async def beat(tenant: Tenant, backtest_id: UUID, progress: dict[str, Any] | None) -> bool:
    """Says that it still runs, and how far it is; False: it has been ended, and nobody waits for it any more."""
    with translated("telling how far a backtest is"):
        sql = load_queries("backtests")["beat"]
        return await tenant.fetchval(sql, tenant.workspace_id, backtest_id, progress) is not None


async def end_backtest(
    tenant: Tenant,
    backtest_id: UUID,
    status: BacktestStatus,
    result: dict[str, Any] | None = None,
    failure: str = "",
) -> None:
    """Writes what came of it; one that has been ended meanwhile stays as it is."""
    with translated("ending a backtest"):
        sql = load_queries("backtests")["end"]
        await tenant.execute(sql, tenant.workspace_id, backtest_id, status, result, failure)


async def cancel_backtest(tenant: Tenant, backtest_id: UUID, author: Author) -> None:
    """Ends one that runs; one that has been cancelled stays as it is.

    Raises:
        NotFound: this workspace has none of this id.
        Conflict: it is over.
    """
    with translated("cancelling a backtest"):
        async with tenant.transaction() as connection:
            sql = load_queries("backtests")
            failure = f"{author.name} has cancelled it"
            row = await connection.fetchrow(sql["end"], tenant.workspace_id, backtest_id, "CANCELLED", None, failure)
            if row is not None:
                subject, after = str(row["config_id"] or backtest_id), {"backtest": str(backtest_id)}
                await note(connection, tenant.workspace_id, author, "backtest_cancelled", subject, {}, after)
                return
            found = await connection.fetchrow(sql["find_backtest"], tenant.workspace_id, backtest_id)
    if found is None:
        raise NotFound(f"this workspace has no backtest {backtest_id}")
    if found["status"] != "CANCELLED":
        raise Conflict(f"the backtest is {found['status']}: there is nothing to cancel")


async def _bury(connection: Connection, tenant: Tenant) -> None:
    await connection.execute(load_queries("backtests")["bury"], tenant.workspace_id, LONGEST_SILENCE, DIED)


def _who_runs(row: "asyncpg.Record | None") -> str:
    if row is None:
        return "a backtest of this workspace has just ended; ask again"
    since = f"{row['created_at']:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"a backtest of this workspace runs since {since}, started by {row['author_name']}; wait for it, or cancel it"
    )


def _backtest(row: "asyncpg.Record") -> Backtest:
    return Backtest(
        id=row["id"],
        journey_id=row["config_id"],
        definition=row.get("definition") or {},
        options=row["options"],
        author=Author(row["author_id"], row["author_name"]),
        status=row["status"],
        progress=row["progress"],
        result=row.get("result"),
        failure=row["failure"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )
