"""Journeys as people configure them: each change in one transaction with the records that tell the workers of it."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
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
from orchestrator.store.audit import Author, note
from orchestrator.store.faults import translated
from orchestrator.store.outbox import append
from orchestrator.store.pool import Connection
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

if TYPE_CHECKING:
    import asyncpg


MOST_LIVE = 1_000


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey of a workspace; ``config`` is the definition of ``version``, empty in a listing.

    ``drain``: when STOPPED, customers under way finish (True) or leave at once (False).
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
class Sought:
    """Which journeys: what is given must hold for them. Without a ``status``: all but the archived.

    ``campaign_id``: the whole of it. ``name``: a part of the name, in whatever case.
    """

    status: JourneyStatus | None = None
    campaign_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A journey of the workspace, and whether it is one of those sought."""

    id: UUID
    name: str
    is_sought: bool


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


async def create_journey(tenant: Tenant, change: Change, author: Author) -> Written:
    """Writes a new journey, its first version and its records. The times of ``change.journey`` are the database's.

    Raises:
        Conflict: there is a journey of this id.
        Unavailable: the database does not answer.
    """
    sql = load_queries("journeys")
    new = change.journey
    with translated("creating the journey"):
        async with tenant.transaction() as connection:
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
            await note(connection, tenant.workspace_id, author, "journey_created", str(new.id), {}, _audited(new))
            outbox_id = await append(connection, change.records) if change.records else None
    return Written(_as_of(new, times, is_published=outbox_id is None), outbox_id)


async def change_journey(
    tenant: Tenant,
    journey_id: UUID,
    decide: Callable[[Journey], Change],
    author: Author,
    also: Callable[[Connection], Awaitable[None]] | None = None,
) -> Written:
    """Writes what ``decide`` makes of the journey as it is; others who change the same journey wait meanwhile.

    ``also`` is done in the same transaction. Whatever the two raise undoes everything. A change to the same journey
    writes nothing, but for ``also``.

    Raises:
        NotFound: this workspace has no such journey.
        Unavailable: the database does not answer.
    """
    sql = load_queries("journeys")
    workspace_id = tenant.workspace_id
    with translated("changing the journey"):
        async with tenant.transaction() as connection:
            await connection.execute(sql["lock_journey"], workspace_id, journey_id)
            # A statement of its own: one that has waited for the lock does not see all that was written meanwhile.
            key = _standing_key(workspace_id, str(journey_id))
            row = await connection.fetchrow(sql["find_journey"], workspace_id, journey_id, key)
            if row is None:
                raise _no_such(journey_id)
            before = _journey(row)
            change = decide(before)
            after = change.journey
            if also is not None:
                await also(connection)
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
            was, is_now = _audited(before), _audited(after)
            await note(connection, workspace_id, author, "journey_changed", str(journey_id), was, is_now)
            outbox_id = await append(connection, change.records) if change.records else None
    is_published = outbox_id is None and before.is_published
    return Written(_as_of(after, times, is_published=is_published), outbox_id)


async def find_journey(tenant: Tenant, journey_id: UUID) -> Journey:
    """The journey as it is.

    Raises:
        NotFound: this workspace has no such journey.
        Unavailable: the database does not answer.
    """
    key = _standing_key(tenant.workspace_id, str(journey_id))
    with translated("reading the journey"):
        row = await tenant.fetchrow(load_queries("journeys")["find_journey"], tenant.workspace_id, journey_id, key)
    if row is None:
        raise _no_such(journey_id)
    return _journey(row)


async def list_journeys(
    tenant: Tenant, sought: Sought, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Journey]:
    """At most ``limit`` journeys without ``config``, newest first: those older than ``after`` (creation time, id)."""
    since, last_id = after or (None, None)
    prefix = _standing_key(tenant.workspace_id, "")
    with translated("listing journeys"):
        rows = await tenant.fetch(
            load_queries("journeys")["list_journeys"],
            tenant.workspace_id,
            sought.status,
            sought.campaign_id,
            sought.name,
            since,
            last_id,
            limit,
            prefix,
        )
    return [_journey(row) for row in rows]


async def every_journey(tenant: Tenant, sought: Sought) -> list[Candidate]:
    """All journeys of the workspace, archived ones too, in the order in which they were made."""
    chosen = (sought.status, sought.campaign_id, sought.name)
    with translated("reading what journeys there are"):
        rows = await tenant.fetch(load_queries("journeys")["every_journey"], tenant.workspace_id, *chosen)
    return [Candidate(**dict(row)) for row in rows]


async def journeys_of(tenant: Tenant, journey_ids: Sequence[UUID]) -> list[Journey]:
    """These journeys without ``config``, in this order."""
    prefix = _standing_key(tenant.workspace_id, "")
    with translated("reading journeys"):
        rows = await tenant.fetch(load_queries("journeys")["journeys_of"], tenant.workspace_id, journey_ids, prefix)
    found = {row["id"]: _journey(row) for row in rows}
    return [found[journey_id] for journey_id in journey_ids if journey_id in found]


async def live_journeys(tenant: Tenant) -> list[Journey]:
    """The journeys that are active or paused, with their definitions, newest first; at most ``MOST_LIVE``.

    Whether their last change has left the outbox is not looked up.
    """
    with translated("listing the journeys that run"):
        rows = await tenant.fetch(load_queries("journeys")["live_journeys"], tenant.workspace_id, MOST_LIVE)
    return [_journey(row) for row in rows]


async def list_versions(tenant: Tenant, journey_id: UUID, limit: int) -> list[Version]:
    """The newest versions of a journey without their definitions, newest first."""
    with translated("listing a journey's versions"):
        rows = await tenant.fetch(load_queries("journeys")["list_versions"], tenant.workspace_id, journey_id, limit)
    return [_version(row, {}) for row in rows]


async def find_version(tenant: Tenant, journey_id: UUID, version: int) -> Version:
    """One version with its definition.

    Raises:
        NotFound: this workspace has no such journey, or the journey no such version.
    """
    with translated("reading a journey's version"):
        row = await tenant.fetchrow(load_queries("journeys")["find_version"], tenant.workspace_id, journey_id, version)
    if row is None:
        raise NotFound(f"this workspace has no version {version} of a journey {journey_id}")
    return _version(row, row["config"])


async def find_definitions(tenant: Tenant, journey_id: UUID, versions: Iterable[int]) -> dict[int, dict[str, object]]:
    """The definitions of these versions of a journey, as far as they exist."""
    with translated("reading a journey's definitions"):
        sql = load_queries("journeys")["find_definitions"]
        rows = await tenant.fetch(sql, tenant.workspace_id, journey_id, sorted(versions))
    return {row["version"]: row["config"] for row in rows}


async def step_names(tenant: Tenant, journey_id: UUID) -> frozenset[str]:
    """The steps of all versions of a journey."""
    with translated("reading the steps of a journey's versions"):
        rows = await tenant.fetch(load_queries("journeys")["step_names"], tenant.workspace_id, journey_id)
    return frozenset(row["step"] for row in rows)


async def journey_names(tenant: Tenant, journey_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these journeys are called by now; one that the workspace does not have is left out."""
    if not journey_ids:
        return {}
    with translated("reading what journeys are called"):
        rows = await tenant.fetch(load_queries("journeys")["journey_names"], tenant.workspace_id, list(journey_ids))
    return {row["id"]: row["name"] for row in rows}


async def count_under_way(tenant: Tenant, journey_id: UUID) -> dict[tuple[int, str], int]:
    """How many runs are under way, by (version, step); as far as the sink has come."""
    with translated("counting who is under way"):
        rows = await tenant.fetch(load_queries("journeys")["count_under_way"], journey_id, tenant.workspace_id)
    return {(row["version"], row["step"]): row["runs"] for row in rows}


async def holdout_percents(tenant: Tenant, journey_id: UUID) -> list[float]:
    """The different shares of the holdout, in percent, over the journey's versions."""
    with translated("reading the journey's holdout"):
        rows = await tenant.fetch(load_queries("journeys")["holdout_percents"], tenant.workspace_id, journey_id)
    return [row["percent"] for row in rows]


def _audited(journey: Journey) -> dict[str, object]:
    """What the audit tells of a journey: its definition by the version, since versions are kept."""
    return {
        "name": journey.name,
        "campaign_id": journey.campaign_id,
        "status": journey.status,
        "drain": journey.drain,
        "paused_reason": journey.paused_reason,
        "version": journey.version,
    }


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
