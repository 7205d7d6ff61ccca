"""What holds for every journey of a workspace: the kill switch."""

from dataclasses import dataclass
from datetime import datetime

from orchestrator.messages.config import WorkspaceSettings, config_key
from orchestrator.store.faults import translated
from orchestrator.store.outbox import append
from orchestrator.store.pool import Pool
from orchestrator.store.queries import load_queries


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace as it is; one that was never written sends. ``updated_at`` is UTC, None: never written."""

    workspace_id: str
    is_sending: bool = True
    updated_at: datetime | None = None
    is_published: bool = True


async def find_workspace(pool: Pool, workspace_id: str) -> Workspace:
    """The workspace's settings, or those that hold when nothing was ever set."""
    key = config_key(WorkspaceSettings(workspace_id=workspace_id))
    with translated("reading the workspace"):
        row = await pool.fetchrow(load_queries("workspaces")["find_workspace"], workspace_id, key)
    if row is None:
        return Workspace(workspace_id)
    return Workspace(workspace_id, row["is_sending"], row["updated_at"], row["is_published"])


async def write_workspace(pool: Pool, record: WorkspaceSettings) -> tuple[Workspace, int]:
    """Writes the settings with the record that tells the workers; also returns the outbox id the relay must reach."""
    with translated("writing the workspace"):
        async with pool.acquire() as connection, connection.transaction():
            updated_at = await connection.fetchval(
                load_queries("workspaces")["write_workspace"], record.workspace_id, record.is_sending
            )
            outbox_id = await append(connection, [record])
    return Workspace(record.workspace_id, record.is_sending, updated_at, is_published=False), outbox_id
