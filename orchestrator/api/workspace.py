"""The workspace over HTTP: who the key belongs to, the kill switch, and what holds for every journey."""

import json
from collections.abc import Mapping
from dataclasses import replace as with_changes
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import ValidationError

from orchestrator.api.access import Caller, CallersName, CallersTenant, demand
from orchestrator.api.answers import PUBLISH_WAIT_S, PUBLISHED
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import check_precondition
from orchestrator.api.control_documents import CheckedSettings, SettingsToCheck
from orchestrator.api.documents import (
    SettingInWords,
    WorkspaceDocument,
    WorkspacePatch,
    WorkspaceSettingsDocument,
)
from orchestrator.api.paths import BASE, ROOT, IfMatch
from orchestrator.api.problems import InvalidPart, items_of
from orchestrator.api.services import Services, ServicesOfApp
from orchestrator.api.workspace_sentences import in_words
from orchestrator.definitions.guardrail import Channel
from orchestrator.definitions.parse import field_problems, parse_guardrails
from orchestrator.errors import DefinitionError, Problem
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
        guardrails=_checked(body.guardrails),
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
    written = await _write(tenant, author, services, _change(body), if_match)
    return _answer(*written, caller.role, response)


@router.post("/check", operation_id="checkWorkspace", summary="Check settings without keeping them")
async def check(tenant: CallersTenant, body: SettingsToCheck) -> CheckedSettings:
    """Every problem at once, or what would hold, in words. What is left out stays as it is."""
    try:
        change = _read(body.settings)
    except DefinitionError as error:
        return CheckedSettings(is_acceptable=False, problems=items_of(error.problems), in_words=[])
    given = {name: getattr(change, name) for name in body.settings}
    would_be = with_changes(await find_workspace(tenant), **given)
    switch = in_words({"is_sending": would_be.is_sending}) if "is_sending" in given else []
    return CheckedSettings(is_acceptable=True, problems=[], in_words=[*switch, *_words(would_be)])


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


def _change(patch: WorkspacePatch) -> WorkspaceChange:
    given = patch.model_fields_set
    return WorkspaceChange(
        is_sending=patch.is_sending if "is_sending" in given else None,
        holdout_percent=patch.holdout_percent if "holdout_percent" in given else None,
        guardrails=_checked(patch.guardrails) if "guardrails" in given else None,
        costs=_costs(patch.costs) if "costs" in given else None,
        needs_approval=patch.needs_approval if "needs_approval" in given else None,
    )


def _read(settings: Mapping[str, Any]) -> WorkspaceChange:
    """The change that settings make which somebody is still writing.

    Raises:
        DefinitionError: with every problem at once, those of the guardrails among them.
    """
    problems: list[Problem] = []
    if isinstance(settings.get("guardrails"), dict):
        try:
            _checked(settings["guardrails"])
        except InvalidPart as error:
            problems += error.problems
    try:
        patch = WorkspacePatch.model_validate_json(json.dumps(settings))
    except ValidationError as error:
        raise DefinitionError([*field_problems(error, settings), *problems]) from error
    if problems:
        raise DefinitionError(problems)
    return _change(patch)


def _costs(costs: Mapping[Channel, float]) -> dict[str, float]:
    return {str(channel): cost for channel, cost in costs.items()}


def _checked(document: Mapping[str, object]) -> dict[str, object]:
    """The guardrails as they are stored: with their defaults written out, or none at all."""
    if not document:
        return {}
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
            "in_words": _words(workspace),
            "role": role,
            "updated_at": workspace.updated_at,
            "published": is_published,
        }
    )


def _words(workspace: Workspace) -> list[SettingInWords]:
    """All that holds but the kill switch, which is not a rule of sending but its end."""
    names = ("holdout_percent", "guardrails", "costs", "needs_approval")
    return in_words({name: getattr(workspace, name) for name in names})
