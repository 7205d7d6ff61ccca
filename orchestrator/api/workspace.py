"""The workspace over HTTP: who the key belongs to, the kill switch, and what holds for every journey."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from pydantic import ValidationError

from orchestrator.api.access import Caller, CallersTenant, demand
from orchestrator.api.body import StrictRoute
from orchestrator.api.control_documents import CheckedSettings, SettingsToCheck
from orchestrator.api.documents import (
    WorkspaceDocument,
    WorkspacePatch,
    WorkspaceSettingsDocument,
)
from orchestrator.api.paths import BASE, ROOT
from orchestrator.api.problems import InvalidPart, items_of
from orchestrator.api.workspace_change import (
    SettingsErrandOfCaller,
    change_of,
    change_or_propose_settings,
    checked_guardrails,
    costs_of,
    document_of_settings,
    etag_of_settings,
    needs_second_person,
    words_of,
)
from orchestrator.api.workspace_sentences import in_words
from orchestrator.definitions.parse import field_problems
from orchestrator.errors import DefinitionError, Problem
from orchestrator.store.workspaces import WorkspaceChange, changed, find_workspace

router = APIRouter(prefix=f"{ROOT}/workspace", route_class=StrictRoute, tags=["workspace"])


@router.get("", operation_id="getWorkspace", summary="Read the workspace's settings")
async def read(caller: Caller, tenant: CallersTenant, response: Response) -> WorkspaceDocument:
    """The settings of the workspace that the key belongs to, and the key's role."""
    workspace = await find_workspace(tenant)
    response.headers["ETag"] = etag_of_settings(workspace)
    return document_of_settings(workspace, caller.role, workspace.is_published)


@router.put("", operation_id="replaceWorkspace", summary="Set what holds for every journey")
async def replace(errand: SettingsErrandOfCaller, body: WorkspaceSettingsDocument) -> WorkspaceDocument:
    """Sets everything. It needs an admin.

    202: the workspace asks for a second person, since this does not only tighten; `proposal_id` waits.
    """
    demand(errand.caller, "admin", "changing what holds for a whole workspace")
    change = WorkspaceChange(
        is_sending=body.is_sending,
        holdout_percent=body.holdout_percent,
        guardrails=checked_guardrails(body.guardrails),
        costs=costs_of(body.costs),
        needs_approval=body.needs_approval,
    )
    return await change_or_propose_settings(errand, change)


@router.patch("", operation_id="changeWorkspace", summary="Use the kill switch, or change what holds for every journey")
async def change(errand: SettingsErrandOfCaller, body: WorkspacePatch) -> WorkspaceDocument:
    """Changes what the body names. An editor may stop every send; anything else needs an admin.

    202: the workspace asks for a second person, since this does not only tighten; `proposal_id` waits. To stop every
    send never waits.
    """
    given = body.model_fields_set
    if given != {"is_sending"} or body.is_sending:
        demand(errand.caller, "admin", "changing what holds for a whole workspace")
    return await change_or_propose_settings(errand, change_of(body))


@router.post("/check", operation_id="checkWorkspace", summary="Check settings without keeping them")
async def check(tenant: CallersTenant, body: SettingsToCheck) -> CheckedSettings:
    """Every problem at once, or what would hold, in words. What is left out stays as it is."""
    try:
        change = _read(body.settings)
    except DefinitionError as error:
        return CheckedSettings(is_acceptable=False, problems=items_of(error.problems), in_words=[], waits=False)
    workspace = await find_workspace(tenant)
    would_be = changed(workspace, change)
    switch = in_words({"is_sending": would_be.is_sending}) if "is_sending" in body.settings else []
    waits = needs_second_person(workspace, would_be)
    return CheckedSettings(is_acceptable=True, problems=[], in_words=[*switch, *words_of(would_be)], waits=waits)


# Where the workspace stood before it had settings of its own; the path would also fit a journey's.
former = APIRouter(prefix=f"{BASE}/workspace", route_class=StrictRoute, include_in_schema=False)
former.add_api_route("", read, methods=["GET"])
former.add_api_route("", change, methods=["PATCH"])


def _read(settings: Mapping[str, Any]) -> WorkspaceChange:
    """The change that settings make which somebody is still writing.

    Raises:
        DefinitionError: with every problem at once, those of the guardrails among them.
    """
    problems: list[Problem] = []
    if isinstance(settings.get("guardrails"), dict):
        try:
            checked_guardrails(settings["guardrails"])
        except InvalidPart as error:
            problems += error.problems
    try:
        patch = WorkspacePatch.model_validate_json(json.dumps(settings))
    except ValidationError as error:
        raise DefinitionError([*field_problems(error, settings), *problems]) from error
    if problems:
        raise DefinitionError(problems)
    return change_of(patch)
