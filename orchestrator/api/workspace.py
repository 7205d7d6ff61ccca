"""The workspace over HTTP: who the key belongs to, and the kill switch."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from orchestrator.api.access import Caller, demand
from orchestrator.api.body import StrictRoute
from orchestrator.api.documents import WorkspaceDocument, WorkspacePatch
from orchestrator.api.journeys import BASE, PUBLISH_WAIT_S, PUBLISHED
from orchestrator.api.services import ServicesOfApp
from orchestrator.messages.config import WorkspaceSettings
from orchestrator.store.workspaces import Workspace, find_workspace, write_workspace

router = APIRouter(prefix=f"{BASE}/workspace", route_class=StrictRoute, tags=["workspace"])


@router.get("", operation_id="getWorkspace", summary="Read the workspace's settings")
async def read(caller: Caller, services: ServicesOfApp) -> WorkspaceDocument:
    """The settings of the workspace that the key belongs to, and the key's role."""
    workspace = await find_workspace(services.database.pool, caller.workspace_id)
    return _document(workspace, caller.role, workspace.is_published)


@router.patch("", operation_id="changeWorkspace", summary="Use the kill switch")
async def change(
    caller: Caller, services: ServicesOfApp, body: WorkspacePatch, response: Response
) -> WorkspaceDocument:
    """Stops or resumes every send of the workspace. An editor may stop them; only an admin may let them start again."""
    if body.is_sending:
        demand(caller, "admin", "letting a workspace send again")
    record = WorkspaceSettings(
        workspace_id=caller.workspace_id,
        is_sending=body.is_sending,
        changed_at_ms=int(datetime.now(UTC).timestamp() * 1_000),
    )
    workspace, outbox_id = await write_workspace(services.database.pool, record)
    is_published = await services.relay.handed_over(outbox_id, PUBLISH_WAIT_S)
    response.headers[PUBLISHED] = "true" if is_published else "false"
    return _document(workspace, caller.role, is_published)


def _document(workspace: Workspace, role: str, is_published: bool) -> WorkspaceDocument:
    return WorkspaceDocument.model_validate(
        {
            "workspace_id": workspace.workspace_id,
            "is_sending": workspace.is_sending,
            "role": role,
            "updated_at": workspace.updated_at,
            "published": is_published,
        }
    )
