"""Changes that wait for a second person, over HTTP: see who proposed what, approve it or reject it."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from orchestrator.api.access import Caller, CallersName, CallersTenant, demand
from orchestrator.api.answers import answer
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import etag_of
from orchestrator.api.control_documents import Decision, ProposalDocument, ProposalList, ProposedSettings
from orchestrator.api.documents import JourneyDocument, JourneyPatch, WorkspaceDocument
from orchestrator.api.moments import Cursor
from orchestrator.api.paths import ROOT
from orchestrator.api.publishing import carry_out
from orchestrator.api.services import ServicesOfApp
from orchestrator.api.workspace_change import answer_with, carry_out_settings, etag_of_moment
from orchestrator.api.workspace_sentences import words_or_none
from orchestrator.errors import Conflict, Forbidden
from orchestrator.store.keys import Holder
from orchestrator.store.proposals import (
    OfJourney,
    OfSettings,
    Proposal,
    ProposalStatus,
    find_proposal,
    list_proposals,
    reject,
)
from orchestrator.store.reports import page_of, read_cursor, write_cursor
from orchestrator.store.tenant import Tenant

MAX_LISTED = 100

_WITHOUT_REASON = Decision()  # what a request without a body means

ProposalId = Annotated[UUID, Path(alias="id", description="The proposal's id.")]

router = APIRouter(prefix=f"{ROOT}/proposals", route_class=StrictRoute, tags=["proposals"])


@router.get("", operation_id="listProposals", summary="List proposed changes, newest first")
async def list_all(
    tenant: CallersTenant,
    status: Annotated[ProposalStatus | None, Query(description="Only proposals of this status.")] = None,
    journey_id: Annotated[UUID | None, Query(description="Only proposals about this journey.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 20,
) -> ProposalList:
    """A page of proposals of the workspace."""
    after = None if cursor is None else read_cursor(cursor)
    found = await list_proposals(tenant, limit=limit + 1, status=status, journey_id=journey_id, after=after)
    page, next_cursor = page_of(found, limit, lambda last: write_cursor(last.created_at, last.id))
    return ProposalList(items=[_document(each) for each in page], next_cursor=next_cursor)


@router.get("/{id}", operation_id="getProposal", summary="Read a proposed change")
async def read(tenant: CallersTenant, proposal_id: ProposalId) -> ProposalDocument:
    """What is to change, who wants it, and whether it has been decided about."""
    return _document(await find_proposal(tenant, proposal_id))


@router.post("/{id}/approve", operation_id="approveProposal", summary="Agree, and carry the change out")
async def approve(
    caller: Caller,
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    proposal_id: ProposalId,
    response: Response,
    body: Decision = _WITHOUT_REASON,
) -> JourneyDocument | WorkspaceDocument:
    """It needs an approver, who is not the one that proposed it. The change is made at once.

    The answer is the journey or, where settings were to change, the workspace as it now is.
    """
    proposal = await _open(caller, tenant, proposal_id)
    if proposal.author.id == caller.id:
        raise Forbidden("a change is approved by somebody else than who proposed it")
    match proposal.about:
        case OfJourney() as journey:
            written = await carry_out(tenant, proposal, journey.id, body.reason, author)
            return await answer(services, written, response)
        case OfSettings():
            now = await carry_out_settings(tenant, services, proposal, body.reason, author)
            return answer_with(*now, caller.role, response)


@router.post("/{id}/reject", operation_id="rejectProposal", summary="Do not make the change")
async def turn_down(
    caller: Caller,
    tenant: CallersTenant,
    author: CallersName,
    proposal_id: ProposalId,
    body: Decision = _WITHOUT_REASON,
) -> ProposalDocument:
    """It needs an approver, or the one who proposed it."""
    proposal = await _open(caller, tenant, proposal_id)
    await reject(tenant, proposal, body.reason, author)
    return _document(await find_proposal(tenant, proposal_id))


async def _open(caller: Holder, tenant: Tenant, proposal_id: UUID) -> Proposal:
    """The proposal, if the caller may decide about it and nobody has."""
    proposal = await find_proposal(tenant, proposal_id)
    if proposal.author.id != caller.id:
        demand(caller, "approver", "deciding about a proposed change")
    if proposal.status != "open":
        raise Conflict(f"the proposal was {proposal.status} already")
    return proposal


def _document(proposal: Proposal) -> ProposalDocument:
    about: dict[str, Any] = {"journey_id": None, "journey_name": None, "change": None, "settings": None}
    match proposal.about:
        case OfJourney() as journey:
            etag = etag_of(journey.version, journey.updated_at)
            change = JourneyPatch.model_validate_json(json.dumps(proposal.patch))
            about |= {"journey_id": journey.id, "journey_name": journey.name, "change": change}
        case OfSettings() as settings:
            etag = etag_of_moment(settings.updated_at)
            about |= {"settings": _settings(settings.before, proposal.patch)}
    is_open = proposal.status == "open"
    return ProposalDocument(
        id=proposal.id,
        **about,
        author=proposal.author.name,
        created_at=proposal.created_at,
        status=proposal.status,
        reason=proposal.reason,
        decided_by=None if proposal.decider is None else proposal.decider.name,
        decided_at=proposal.decided_at,
        is_stale=is_open and etag != proposal.etag,
    )


def _settings(before: dict[str, Any], after: dict[str, Any]) -> ProposedSettings:
    return ProposedSettings(
        before=before, after=after, before_in_words=words_or_none(before), after_in_words=words_or_none(after)
    )
