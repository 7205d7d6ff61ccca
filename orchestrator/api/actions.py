"""What people do to journeys, each by its name: publish, pause, resume, stop, archive. As ``PATCH`` with a status."""

from typing import Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Response

from orchestrator.api.access import CallersName, CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.control_documents import StopRequest
from orchestrator.api.documents import JourneyDocument, JourneyPatch
from orchestrator.api.journeys import BASE, IfMatch, JourneyId
from orchestrator.api.publishing import change_or_propose
from orchestrator.api.repeats import IdOfCreation
from orchestrator.api.services import Services, ServicesOfApp
from orchestrator.messages.config import JourneyStatus

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["journeys"])


@router.post("/{id}/publish", operation_id="publishJourney", summary="Start a draft")
async def publish(
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    journey_id: JourneyId,
    proposal_id: IdOfCreation,
    response: Response,
    if_match: IfMatch = None,
) -> JourneyDocument:
    """Customers enter from now on. 202: the workspace asks for a second person first."""
    patch = JourneyPatch(status="ACTIVE")
    return await change_or_propose(
        tenant,
        author,
        services,
        journey_id,
        patch,
        response,
        if_match=if_match,
        proposal_id=proposal_id,
        only_from="DRAFT",
    )


@router.post("/{id}/pause", operation_id="pauseJourney", summary="Pause a journey at once")
async def pause(
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    journey_id: JourneyId,
    response: Response,
    if_match: IfMatch = None,
) -> JourneyDocument:
    """Nothing is sent from now on. What happens is recorded, what falls due is held."""
    return await _set(tenant, author, services, journey_id, "PAUSED", response, if_match)


@router.post("/{id}/resume", operation_id="resumeJourney", summary="Let a paused journey go on")
async def resume(
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    journey_id: JourneyId,
    response: Response,
    if_match: IfMatch = None,
) -> JourneyDocument:
    """What was held is released at a pace; what has expired meanwhile is dropped."""
    return await _set(tenant, author, services, journey_id, "ACTIVE", response, if_match, only_from="PAUSED")


@router.post("/{id}/stop", operation_id="endJourney", summary="Stop a journey for good")
async def stop(
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    journey_id: JourneyId,
    body: StopRequest,
    response: Response,
    if_match: IfMatch = None,
) -> JourneyDocument:
    """Customers under way leave at their next signal, or finish when the body says `drain`."""
    return await _set(tenant, author, services, journey_id, "STOPPED", response, if_match, drain=body.drain)


@router.post("/{id}/archive", operation_id="archiveJourney", summary="Put a stopped journey away")
async def archive(
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    journey_id: JourneyId,
    response: Response,
    if_match: IfMatch = None,
) -> JourneyDocument:
    """It is listed only when asked for; its history stays."""
    return await _set(tenant, author, services, journey_id, "ARCHIVED", response, if_match)


async def _set(
    tenant: CallersTenant,
    author: CallersName,
    services: Services,
    journey_id: UUID,
    status: Literal["ACTIVE", "PAUSED", "STOPPED", "ARCHIVED"],
    response: Response,
    if_match: str | None,
    *,
    drain: bool = False,
    only_from: JourneyStatus | None = None,
) -> JourneyDocument:
    patch = JourneyPatch(status=status, drain=drain) if drain else JourneyPatch(status=status)
    return await change_or_propose(
        tenant,
        author,
        services,
        journey_id,
        patch,
        response,
        if_match=if_match,
        proposal_id=uuid4(),
        only_from=only_from,
    )
