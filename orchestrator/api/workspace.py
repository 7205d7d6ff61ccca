"""The workspace over HTTP: who the key belongs to, the kill switch, and what holds for every journey."""

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Response

from orchestrator.api.access import Caller, CallersName, CallersTenant, demand
from orchestrator.api.answers import PUBLISH_WAIT_S, PUBLISHED
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import check_precondition
from orchestrator.api.documents import WorkspaceDocument, WorkspacePatch, WorkspaceSettingsDocument
from orchestrator.api.paths import BASE, ROOT, IfMatch
from orchestrator.api.problems import InvalidPart
from orchestrator.api.services import Services, ServicesOfApp
from orchestrator.definitions.guardrail import Channel
from orchestrator.definitions.parse import parse_guardrails
from orchestrator.errors import DefinitionError
from orchestrator.store.audit import Author
from orchestrator.store.keys import Role
from orchestrator.store.tenant import Tenant
from orchestrator.store.workspaces import Workspace, WorkspaceChange, find_workspace, write_workspace

router = APIRouter(prefix=f"{ROOT}/workspace", route_class=StrictRoute, tags=["workspace"])


@router.get("", operation_id="getWorkspace", summary="Read the workspace's settings")
async def read(caller: Caller, tenant: CallersTenant, response: Response) -> WorkspaceDocument:
    """The settings of the workspace that the key belongs to, and the key's role."""
    workspace = await find_workspace(tenant)
    response.headers["ETag"] = _etag(workspace)
    return _document(workspace, caller.role, workspace.is_published)


@router.put("", operation_id="replaceWorkspace", summary="Set what holds for every journey")
async def replace(
    caller: Caller,
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    body: WorkspaceSettingsDocument,
    response: Response,
    if_match: IfMatch = None,
) -> WorkspaceDocument:
    """Sets everything. It needs an admin."""
    demand(caller, "admin", "changing what holds for a whole workspace")
    change = WorkspaceChange(
        is_sending=body.is_sending,
        holdout_percent=body.holdout_percent,
        guardrails=_checked(body.guardrails) if body.guardrails else {},
        costs=_costs(body.costs),
        needs_approval=body.needs_approval,
    )
    written = await _write(tenant, author, services, change, if_match)
    return _answer(*written, caller.role, response)


@router.patch("", operation_id="changeWorkspace", summary="Use the kill switch, or change what holds for every journey")
async def change(
    caller: Caller,
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    body: WorkspacePatch,
    response: Response,
    if_match: IfMatch = None,
) -> WorkspaceDocument:
    """Changes what the body names. An editor may stop every send; anything else needs an admin."""
    given = body.model_fields_set
    if given != {"is_sending"} or body.is_sending:
        demand(caller, "admin", "changing what holds for a whole workspace")
    change = WorkspaceChange(
        is_sending=body.is_sending if "is_sending" in given else None,
        holdout_percent=body.holdout_percent if "holdout_percent" in given else None,
        guardrails=_checked(body.guardrails) if "guardrails" in given else None,
        costs=_costs(body.costs) if "costs" in given else None,
        needs_approval=body.needs_approval if "needs_approval" in given else None,
    )
    written = await _write(tenant, author, services, change, if_match)
    return _answer(*written, caller.role, response)


# Where the workspace stood before it had settings of its own; the path would also fit a journey's.
former = APIRouter(prefix=f"{BASE}/workspace", route_class=StrictRoute, include_in_schema=False)
former.add_api_route("", read, methods=["GET"])
former.add_api_route("", change, methods=["PATCH"])


async def _write(
    tenant: Tenant, author: Author, services: Services, change: WorkspaceChange, if_match: str | None
) -> tuple[Workspace, bool]:
    """What now holds, and whether Kafka has it."""

    def check(before: Workspace) -> None:
        check_precondition(if_match, _etag(before))

    now_ms = int(datetime.now(UTC).timestamp() * 1_000)
    workspace, outbox_id = await write_workspace(tenant, change, now_ms, author, check)
    return workspace, await services.relay.handed_over(outbox_id, PUBLISH_WAIT_S)


def _answer(workspace: Workspace, is_published: bool, role: Role, response: Response) -> WorkspaceDocument:
    response.headers[PUBLISHED] = "true" if is_published else "false"
    response.headers["ETag"] = _etag(workspace)
    return _document(workspace, role, is_published)


def _etag(workspace: Workspace) -> str:
    at = 0.0 if workspace.updated_at is None else workspace.updated_at.timestamp()
    return f'"{at:.6f}"'


def _costs(costs: Mapping[Channel, float]) -> dict[str, float]:
    return {str(channel): cost for channel, cost in costs.items()}


def _checked(document: object) -> dict[str, object]:
    """The guardrails as they are stored: with their defaults written out."""
    try:
        return parse_guardrails(document).model_dump(mode="json", by_alias=True)
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
            "needs_approval": workspace.needs_approval,
            "role": role,
            "updated_at": workspace.updated_at,
            "published": is_published,
        }
    )
