"""What people do to journeys, each by its name: publish, pause, resume, stop, archive. As ``PATCH`` with a status."""

from fastapi import APIRouter

from orchestrator.api.body import StrictRoute
from orchestrator.api.control_documents import StopRequest
from orchestrator.api.documents import JourneyDocument, JourneyPatch
from orchestrator.api.paths import BASE
from orchestrator.api.publishing import ErrandOfCaller, change_or_propose
from orchestrator.api.repeats import IdOfCreation

_AT_ONCE = StopRequest()  # what a request without a body means

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["journeys"])


@router.post("/{id}/publish", operation_id="publishJourney", summary="Start a draft")
async def publish(errand: ErrandOfCaller, proposal_id: IdOfCreation) -> JourneyDocument:
    """Customers enter from now on. 202: the workspace asks for a second person first."""
    return await change_or_propose(errand, JourneyPatch(status="ACTIVE"), proposal_id, only_from="DRAFT")


@router.post("/{id}/pause", operation_id="pauseJourney", summary="Pause a journey at once")
async def pause(errand: ErrandOfCaller, proposal_id: IdOfCreation) -> JourneyDocument:
    """Nothing is sent from now on. What happens is recorded, what falls due is held."""
    return await change_or_propose(errand, JourneyPatch(status="PAUSED"), proposal_id)


@router.post("/{id}/resume", operation_id="resumeJourney", summary="Let a paused journey go on")
async def resume(errand: ErrandOfCaller, proposal_id: IdOfCreation) -> JourneyDocument:
    """What was held is released at a pace; what has expired meanwhile is dropped."""
    return await change_or_propose(errand, JourneyPatch(status="ACTIVE"), proposal_id, only_from="PAUSED")


@router.post("/{id}/stop", operation_id="endJourney", summary="Stop a journey for good")
async def stop(errand: ErrandOfCaller, proposal_id: IdOfCreation, body: StopRequest = _AT_ONCE) -> JourneyDocument:
    """Customers under way leave at once, or finish when the body says `drain`."""
    return await change_or_propose(errand, JourneyPatch(status="STOPPED", drain=body.drain), proposal_id)


@router.post("/{id}/archive", operation_id="archiveJourney", summary="Put a stopped journey away")
async def archive(errand: ErrandOfCaller, proposal_id: IdOfCreation) -> JourneyDocument:
    """It is listed only when asked for; its history stays."""
    return await change_or_propose(errand, JourneyPatch(status="ARCHIVED"), proposal_id)
