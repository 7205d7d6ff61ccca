"""What holds for every journey of a workspace: the kill switch, the holdout, shared guardrails and costs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.messages.config import WorkspaceSettings, config_key
from orchestrator.store.audit import Author, note
from orchestrator.store.faults import translated
from orchestrator.store.outbox import append
from orchestrator.store.pool import Connection
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace as it is; one that was never written sends. ``updated_at`` is UTC, None: never written.

    ``needs_approval``: what reaches customers anew or is loosened waits for a second person (of the control plane
    alone; workers know nothing of it). The other fields are those of
    :class:`orchestrator.messages.config.WorkspaceSettings`.
    """

    workspace_id: str
    is_sending: bool = True
    holdout_percent: float = 0.0
    guardrails: dict[str, object] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    needs_approval: bool = False
    updated_at: datetime | None = None
    is_published: bool = True


@dataclass(frozen=True, slots=True)
class WorkspaceChange:
    """What is to be set; None leaves it as it is."""

    is_sending: bool | None = None
    holdout_percent: float | None = None
    guardrails: dict[str, object] | None = None
    costs: dict[str, float] | None = None
    needs_approval: bool | None = None


async def find_workspace(tenant: Tenant) -> Workspace:
    """The workspace's settings, or those that hold when nothing was ever set."""
    workspace_id = tenant.workspace_id
    key = config_key(WorkspaceSettings(workspace_id=workspace_id))
    with translated("reading the workspace"):
        row = await tenant.fetchrow(load_queries("workspaces")["find_workspace"], workspace_id, key)
    return Workspace(workspace_id) if row is None else _workspace(row)


async def write_workspace(
    tenant: Tenant,
    change: WorkspaceChange,
    changed_at_ms: int,
    author: Author,
    check: Callable[[Workspace], None] = lambda _: None,
    also: Callable[[Connection], Awaitable[None]] | None = None,
) -> tuple[Workspace, int]:
    """Writes the change with the record that tells the workers; also returns the outbox id the relay must reach.

    ``check`` sees the workspace as it is, while nobody else can change it; ``also`` is done in the same transaction.
    What the two raise undoes everything.
    """
    sql = load_queries("workspaces")
    workspace_id = tenant.workspace_id
    with translated("writing the workspace"):
        async with tenant.transaction() as connection:
            await connection.execute(sql["take_turn"], workspace_id)
            found = await connection.fetchrow(sql["find_workspace"], workspace_id, "")
            before = Workspace(workspace_id) if found is None else _workspace(found)
            check(before)
            if also is not None:
                await also(connection)
            row = await connection.fetchrow(
                sql["write_workspace"],
                workspace_id,
                change.is_sending,
                change.holdout_percent,
                change.guardrails,
                change.costs,
                change.needs_approval,
            )
            if row is None:
                raise AssertionError("an upsert returns its row")  # pragma: no cover
            workspace = _workspace(row)
            record = WorkspaceSettings(
                workspace_id=workspace_id,
                is_sending=workspace.is_sending,
                changed_at_ms=changed_at_ms,
                holdout_percent=workspace.holdout_percent,
                guardrails=workspace.guardrails,
                costs=workspace.costs,
            )
            was, is_now = settings_of(before), settings_of(workspace)
            await note(connection, workspace_id, author, "workspace_changed", "workspace", was, is_now)
            outbox_id = await append(connection, [record])
    return workspace, outbox_id


def changed(before: Workspace, change: WorkspaceChange) -> Workspace:
    """The workspace with what is to be set."""
    given = {each.name: getattr(change, each.name) for each in fields(change)}
    return replace(before, **{name: value for name, value in given.items() if value is not None})


def settings_of(workspace: Workspace) -> dict[str, Any]:
    """All that a change may set, as it is."""
    return {
        "is_sending": workspace.is_sending,
        "holdout_percent": workspace.holdout_percent,
        "guardrails": workspace.guardrails,
        "costs": workspace.costs,
        "needs_approval": workspace.needs_approval,
    }


def _workspace(row: "asyncpg.Record") -> Workspace:
    return Workspace(
        row["workspace_id"],
        row["is_sending"],
        row["holdout_percent"],
        row["guardrails"],
        row["costs"],
        row["needs_approval"],
        row["updated_at"],
        row["is_published"],
    )
