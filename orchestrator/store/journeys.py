"""Journeys as people configure them: each change in one transaction with the records that tell the workers of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from orchestrator.errors import NotFound
from orchestrator.messages.config import (
    ConfigRecord,
    JourneyStanding,
    JourneyStatus,
    Migration,
    MigrationPolicy,
    config_key,
)
from orchestrator.store.faults import translated
from orchestrator.store.outbox import append
from orchestrator.store.pool import Connection, Pool
from orchestrator.store.queries import load_queries

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey of a workspace; ``config`` is the definition of ``version``, empty in a listing.

    ``drain``: when STOPPED, customers under way finish (True) or leave at their next signal (False).
    ``migrations``: how customers under way went over to its versions, where they did not stay. ``is_published``: no
    record of it waits in the outbox. ``paused_reason``: why it paused by itself; empty: it did not. Times are UTC.
    """

    id: UUID
    workspace_id: str
    name: str
    campaign_id: str | None
    config: dict[str, object]
    status: JourneyStatus
    drain: bool
    version: int
    created_at: datetime
    updated_at: datetime
    is_published: bool = True
    migrations: tuple[Migration, ...] = ()
    paused_reason: str = ""

    def migration(self, version: int) -> Migration:
        """How customers under way went over to ``version``."""
        found = (each for each in self.migrations if each.version == version)
        return next(found, Migration(version=version, policy="pin"))


@dataclass(frozen=True, slots=True)
class Version:
    """A published definition; ``config`` is empty in a listing. The rest is that of ``Migration``, times in UTC."""

    version: int
    created_at: datetime
    policy: MigrationPolicy
    steps: dict[str, str]
    drained_at: datetime | None
    config: dict[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """What a journey is to become, and the records that tell the workers, in order."""

    journey: Journey
    records: Sequence[ConfigRecord]


@dataclass(frozen=True, slots=True)
class Written:
    """What now stands in the database, and the outbox id that the relay must reach; None: nothing is to be relayed."""

    journey: Journey
    outbox_id: int | None


async def create_journey(pool: Pool, change: Change) -> Written:
    """Writes a new journey, its first version and its records. The times of ``change.journey`` are the database's."""
    sql = load_queries("journeys")
    new = change.journey
    with translated("creating the journey"):
        async with pool.acquire() as connection, connection.transaction():
            times = await connection.fetchrow(
                sql["insert_journey"],
                new.id,
                new.workspace_id,
                new.name,
                new.campaign_id,
                new.config,
                new.status,
                new.drain,
                new.version,
            )
            await _insert_version(connection, new)
            outbox_id = await append(connection, change.records) if change.records else None
    return Written(_as_of(new, times, is_published=outbox_id is None), outbox_id)


async def change_journey(
    pool: Pool, workspace_id: str, journey_id: UUID, decide: Callable[[Journey], Change]
) -> Written:
    """Writes what ``decide`` makes of the journey as it is; others who change the same journey wait meanwhile.

    Whatever ``decide`` raises undoes everything. A change to the same journey writes nothing.

    Raises:
        NotFound: this workspace has no such journey.
        Unavailable: the database does not answer.
    """
    sql = load_queries("journeys")
    with translated("changing the journey"):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(sql["lock_journey"], workspace_id, journey_id)
            # A statement of its own: one that has waited for the lock does not see all that was written meanwhile.
            key = _standing_key(workspace_id, str(journey_id))
            row = await connection.fetchrow(sql["find_journey"], workspace_id, journey_id, key)
            if row is None:
                raise _no_such(journey_id)
            before = _journey(row)
            change = decide(before)
            after = change.journey
            if after == before:
                return Written(before, None)
            times = await connection.fetchrow(
                sql["update_journey"],
                workspace_id,
                journey_id,
                after.name,
                after.campaign_id,
                after.config,
                after.status,
                after.drain,
                after.version,
                after.paused_reason,
            )
            if after.version != before.version:
                await _insert_version(connection, after)
            outbox_id = await append(connection, change.records) if change.records else None
    return Written(_as_of(after, times, is_published=outbox_id is None), outbox_id)


async def find_journey(pool: Pool, workspace_id: str, journey_id: UUID) -> Journey:
    """The journey as it is.

    Raises:
        NotFound: this workspace has no such journey.
        Unavailable: the database does not answer.
    """
    key = _standing_key(workspace_id, str(journey_id))
    with translated("reading the journey"):
        row = await pool.fetchrow(load_queries("journeys")["find_journey"], workspace_id, journey_id, key)
    if row is None:
        raise _no_such(journey_id)
    return _journey(row)


async def list_journeys(
    pool: Pool,
    workspace_id: str,
    *,
    limit: int,
    status: JourneyStatus | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> list[Journey]:
    """At most ``limit`` journeys without ``config``, newest first: those older than ``after`` (creation time, id).

    Without a ``status``: all but the archived.
    """
    since, last_id = after or (None, None)
    prefix = _standing_key(workspace_id, "")
    with translated("listing journeys"):
        sql = load_queries("journeys")["list_journeys"]
        rows = await pool.fetch(sql, workspace_id, status, since, last_id, limit, prefix)
    return [_journey(row) for row in rows]


async def list_versions(pool: Pool, workspace_id: str, journey_id: UUID, limit: int) -> list[Version]:
    """The newest versions of a journey without their definitions, newest first."""
    with translated("listing a journey's versions"):
        rows = await pool.fetch(load_queries("journeys")["list_versions"], workspace_id, journey_id, limit)
    return [_version(row, {}) for row in rows]


async def find_version(pool: Pool, workspace_id: str, journey_id: UUID, version: int) -> Version:
    """One version with its definition.

    Raises:
        NotFound: this workspace has no such journey, or the journey no such version.
    """
    with translated("reading a journey's version"):
        row = await pool.fetchrow(load_queries("journeys")["find_version"], workspace_id, journey_id, version)
    if row is None:
        raise NotFound(f"this workspace has no version {version} of a journey {journey_id}")
    return _version(row, row["config"])


async def find_definitions(
    pool: Pool, workspace_id: str, journey_id: UUID, versions: Iterable[int]
) -> dict[int, dict[str, object]]:
    """The definitions of these versions of a journey, as far as they exist."""
    with translated("reading a journey's definitions"):
        sql = load_queries("journeys")["find_definitions"]
        rows = await pool.fetch(sql, workspace_id, journey_id, sorted(versions))
    return {row["version"]: row["config"] for row in rows}


async def step_names(pool: Pool, workspace_id: str, journey_id: UUID) -> frozenset[str]:
    """The steps of all versions of a journey."""
    with translated("reading the steps of a journey's versions"):
        rows = await pool.fetch(load_queries("journeys")["step_names"], workspace_id, journey_id)
    return frozenset(row["step"] for row in rows)


async def count_under_way(pool: Pool, workspace_id: str, journey_id: UUID) -> dict[tuple[int, str], int]:
    """How many runs are under way, by (version, step); as far as the sink has come."""
    with translated("counting who is under way"):
        rows = await pool.fetch(load_queries("journeys")["count_under_way"], journey_id, workspace_id)
    return {(row["version"], row["step"]): row["runs"] for row in rows}


async def holdout_percents(pool: Pool, workspace_id: str, journey_id: UUID) -> list[float]:
    """The different shares of the holdout, in percent, over the journey's versions."""
    with translated("reading the journey's holdout"):
        rows = await pool.fetch(load_queries("journeys")["holdout_percents"], workspace_id, journey_id)
    return [row["percent"] for row in rows]


async def _insert_version(connection: Connection, journey: Journey) -> None:
    migration = journey.migration(journey.version)
    await connection.execute(
        load_queries("journeys")["insert_version"],
        journey.id,
        journey.version,
        journey.config,
        migration.policy,
        migration.steps,
        migration.until_ms,
    )


def _version(row: "asyncpg.Record", config: dict[str, object]) -> Version:
    return Version(row["version"], row["created_at"], row["policy"], row["steps"], row["drained_at"], config)


def _standing_key(workspace_id: str, journey_id: str) -> str:
    # The standing is the last record of every change, and records leave the outbox in order.
    return config_key(JourneyStanding(workspace_id=workspace_id, journey_id=journey_id, version=1, status="DRAFT"))


def _no_such(journey_id: UUID) -> NotFound:
    return NotFound(f"this workspace has no journey {journey_id}")


def _as_of(journey: Journey, times: "asyncpg.Record | None", *, is_published: bool) -> Journey:
    if times is None:  # the row is locked by this transaction, so only a changed statement can come here
        raise _no_such(journey.id)
    return replace(journey, created_at=times["created_at"], updated_at=times["updated_at"], is_published=is_published)


def _journey(row: "asyncpg.Record") -> Journey:
    return Journey(
        id=row["id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        campaign_id=row["campaign_id"],
        config=row["config"] or {},
        status=row["status"],
        drain=row["drain"],
        version=row["current_version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        is_published=row["is_published"],
        migrations=msgspec.convert(row["migrations"] or [], tuple[Migration, ...]),
        paused_reason=row["paused_reason"],
    )
