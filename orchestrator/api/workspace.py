"""The workspace over HTTP: who the key belongs to, the kill switch, and what holds for every journey."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from orchestrator.api.access import Caller, demand
from orchestrator.api.body import StrictRoute
from orchestrator.api.documents import WorkspaceDocument, WorkspacePatch
from orchestrator.api.journeys import BASE, PUBLISH_WAIT_S, PUBLISHED
from orchestrator.api.problems import InvalidPart
from orchestrator.api.services import ServicesOfApp
from orchestrator.definitions.guardrail import Guardrails
from orchestrator.definitions.parse import parse_guardrails
from orchestrator.errors import DefinitionError
from orchestrator.store.workspaces import Workspace, WorkspaceChange, find_workspace, write_workspace

router = APIRouter(prefix=f"{BASE}/workspace", route_class=StrictRoute, tags=["workspace"])


@router.get("", operation_id="getWorkspace", summary="Read the workspace's settings")
async def read(caller: Caller, services: ServicesOfApp) -> WorkspaceDocument:
    """The settings of the workspace that the key belongs to, and the key's role."""
    workspace = await find_workspace(services.database.pool, caller.workspace_id)
    return _document(workspace, caller.role, workspace.is_published)


@router.patch("", operation_id="changeWorkspace", summary="Use the kill switch, or change what holds for every journey")
async def change(
    caller: Caller, services: ServicesOfApp, body: WorkspacePatch, response: Response
) -> WorkspaceDocument:
    """Changes what the body names. An editor may stop every send; anything else needs an admin."""
    given = body.model_fields_set
    if given != {"is_sending"} or body.is_sending:
        demand(caller, "admin", "changing what holds for a whole workspace")
    guardrails = _checked(body.guardrails) if "guardrails" in given else None
    change = WorkspaceChange(
        is_sending=body.is_sending if "is_sending" in given else None,
        holdout_percent=body.holdout_percent if "holdout_percent" in given else None,
        guardrails=None if guardrails is None else guardrails.model_dump(mode="json", by_alias=True),
        costs={str(channel): cost for channel, cost in body.costs.items()} if "costs" in given else None,
    )
    now_ms = int(datetime.now(UTC).timestamp() * 1_000)
    workspace, outbox_id = await write_workspace(services.database.pool, caller.workspace_id, change, now_ms)
    is_published = await services.relay.handed_over(outbox_id, PUBLISH_WAIT_S)
    response.headers[PUBLISHED] = "true" if is_published else "false"
    return _document(workspace, caller.role, is_published)


def _checked(document: object) -> Guardrails:
    try:
        return parse_guardrails(document)
    except DefinitionError as error:
        raise InvalidPart("$.guardrails", error) from error


def _document(workspace: Workspace, role: str, is_published: bool) -> WorkspaceDocument:
    return WorkspaceDocument.model_validate(
        {
            "workspace_id": workspace.workspace_id,
            "is_sending": workspace.is_sending,
            "holdout_percent": workspace.holdout_percent,
            "guardrails": workspace.guardrails,
            "costs": workspace.costs,
            "role": role,
            "updated_at": workspace.updated_at,
            "published": is_published,
        }
    )
