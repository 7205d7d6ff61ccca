"""Hooks: where the webhooks of other systems come in. Secrets stand sealed, and never leave this room otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from orchestrator.definitions.moment import moment_at, ms_of
from orchestrator.errors import Conflict, NotFound
from orchestrator.store.audit import Author, note
from orchestrator.store.faults import translated
from orchestrator.store.pool import Pool
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant, every_workspace

if TYPE_CHECKING:
    import asyncpg

MAX_HOOKS = 100  # of a workspace
REFUSALS_KEPT = 20  # of a hook


@dataclass(frozen=True, slots=True)
class RefusalOnRecord:
    """A payload, or an item of one, that could not be used: when, why, where in it and in the mapping."""

    at: datetime
    reason: str
    place: str
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook on record. Times are UTC. ``old_secret`` counts beside ``secret`` until ``old_secret_until``."""

    id: UUID
    workspace_id: str
    name: str
    mapping: dict[str, Any]
    is_enabled: bool
    secret: bytes
    old_secret: bytes | None
    old_secret_until: datetime | None
    refusals: tuple[RefusalOnRecord, ...]
    created_at: datetime
    updated_at: datetime

    def sealed_secrets(self, now: datetime) -> tuple[bytes, ...]:
        """Those that count at ``now``, sealed."""
        is_old_one_in_use = self.old_secret_until is not None and now < self.old_secret_until
        return (self.secret, self.old_secret) if self.old_secret and is_old_one_in_use else (self.secret,)


@dataclass(frozen=True, slots=True)
class HookChange:
    """What is to be otherwise; None: that stays. ``secret``: sealed; without ``old_secret_until`` the old one ends."""

    name: str | None = None
    mapping: dict[str, Any] | None = None
    is_enabled: bool | None = None
    secret: bytes | None = None
    old_secret_until: datetime | None = None


async def create_hook(
    tenant: Tenant,
    hook_id: UUID,
    name: str,
    mapping: dict[str, Any],
    secret: bytes,
    author: Author,
    *,
    is_enabled: bool = True,
) -> Hook:
    """Makes a hook; ``secret``: sealed. One of this id, which the same request has made before, stays as it is.

    Raises:
        Conflict: the workspace has as many as it may.
        Unavailable: the database does not answer.
    """
    with translated("making a hook"):
        async with tenant.transaction() as connection:
            sql = load_queries("hooks")
            of_workspace = tenant.workspace_id
            row = await connection.fetchrow(
                sql["create_hook"], of_workspace, hook_id, name, mapping, is_enabled, secret, MAX_HOOKS
            )
            if row is None:
                made_before = await connection.fetchrow(sql["find_hook"], of_workspace, hook_id)
                if made_before is None:
                    raise Conflict(f"the workspace has {MAX_HOOKS} hooks, the most there may be; delete one")
                return _hook(made_before)
            hook = _hook(row)
            await note(connection, tenant.workspace_id, author, "hook_created", str(hook.id), {}, _told(hook))
    return hook


async def find_hook(tenant: Tenant, hook_id: UUID) -> Hook:
    """The hook of this id.

    Raises:
        NotFound: this workspace has none.
        Unavailable: the database does not answer.
    """
    with translated("reading a hook"):
        row = await tenant.fetchrow(load_queries("hooks")["find_hook"], tenant.workspace_id, hook_id)
    if row is None:
        raise _no_such(hook_id)
    return _hook(row)


async def find_hook_of_anyone(pool: Pool, hook_id: UUID) -> Hook | None:
    """The hook at which something came in. The address tells its workspace; the signature is still to be checked."""
    with translated("looking a hook up"):
        row = await every_workspace(pool).fetchrow(load_queries("hooks")["find_hook_of_anyone"], hook_id)
    return None if row is None else _hook(row)


async def list_hooks(tenant: Tenant) -> list[Hook]:
    """Every hook of the workspace, newest first."""
    with translated("listing hooks"):
        rows = await tenant.fetch(load_queries("hooks")["list_hooks"], tenant.workspace_id)
    return [_hook(row) for row in rows]


async def change_hook(tenant: Tenant, hook_id: UUID, change: HookChange, author: Author) -> Hook:
    """The hook with what ``change`` says, which is written.

    Raises:
        NotFound: this workspace has none.
        Unavailable: the database does not answer.
    """
    sql = load_queries("hooks")
    with translated("changing a hook"):
        async with tenant.transaction() as connection:
            row = await connection.fetchrow(sql["find_hook_to_change"], tenant.workspace_id, hook_id)
            if row is None:
                raise _no_such(hook_id)
            before = _hook(row)
            after = changed(before, change)
            row = await connection.fetchrow(
                sql["change_hook"],
                tenant.workspace_id,
                hook_id,
                after.name,
                after.mapping,
                after.is_enabled,
                after.secret,
                after.old_secret,
                after.old_secret_until,
            )
            if row is None:
                raise AssertionError("the row is held")  # pragma: no cover
            was, is_now = _told(before), _told(after)
            if change.secret is not None:
                is_now["secret"] = "replaced"  # noqa: S105 - a word for the audit
            await note(connection, tenant.workspace_id, author, "hook_changed", str(hook_id), was, is_now)
    return _hook(row)


def changed(hook: Hook, change: HookChange) -> Hook:
    """The hook as it would be."""
    if change.secret is not None:
        old = (hook.secret, change.old_secret_until) if change.old_secret_until is not None else (None, None)
        hook = replace(hook, secret=change.secret, old_secret=old[0], old_secret_until=old[1])
    return replace(
        hook,
        name=hook.name if change.name is None else change.name,
        mapping=hook.mapping if change.mapping is None else change.mapping,
        is_enabled=hook.is_enabled if change.is_enabled is None else change.is_enabled,
    )


async def delete_hook(tenant: Tenant, hook_id: UUID, author: Author) -> None:
    """Forgets the hook, its secrets and its refusals; that it was there stays in the audit.

    Raises:
        NotFound: this workspace has none.
        Unavailable: the database does not answer.
    """
    with translated("deleting a hook"):
        async with tenant.transaction() as connection:
            row = await connection.fetchrow(load_queries("hooks")["delete_hook"], tenant.workspace_id, hook_id)
            if row is None:
                raise _no_such(hook_id)
            await note(connection, tenant.workspace_id, author, "hook_deleted", str(hook_id), _told(_hook(row)), {})


async def keep_refusals(tenant: Tenant, hook_id: UUID, refusals: Sequence[RefusalOnRecord]) -> None:
    """Puts refusals on record, newest first; of a hook the newest are kept."""
    newest = [
        {
            "at_ms": ms_of(each.at),
            "reason": each.reason,
            "place": each.place,
            "path": each.path,
            "message": each.message,
        }
        for each in refusals[:REFUSALS_KEPT]
    ]
    with translated("noting what a hook could not use"):
        sql = load_queries("hooks")["keep_refusals"]
        await tenant.execute(sql, tenant.workspace_id, hook_id, newest, REFUSALS_KEPT)


def _no_such(hook_id: UUID) -> NotFound:
    return NotFound(f"this workspace has no hook {hook_id}")


def _told(hook: Hook) -> dict[str, object]:
    """As the audit has it. Of a mapping, which may have a salt, it shows that it is another, and not what is in it."""
    return {
        "name": hook.name,
        "is_enabled": hook.is_enabled,
        "mapping_sha256": sha256(msgspec.json.encode(hook.mapping, order="sorted")).hexdigest(),
        "old_secret_until": hook.old_secret_until,
    }


def _hook(row: "asyncpg.Record") -> Hook:
    return Hook(
        id=row["id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        mapping=row["mapping"],
        is_enabled=row["is_enabled"],
        secret=row["secret"],
        old_secret=row["old_secret"],
        old_secret_until=row["old_secret_until"],
        refusals=tuple(_refusal(each) for each in row["refusals"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _refusal(each: Mapping[str, Any]) -> RefusalOnRecord:
    return RefusalOnRecord(
        at=moment_at(each["at_ms"]),
        reason=each["reason"],
        place=each["place"],
        path=each["path"],
        message=each["message"],
    )
