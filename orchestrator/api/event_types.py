"""Which events really come in, over HTTP."""

from fastapi import APIRouter

from orchestrator.api.access import CallersTenant
from orchestrator.api.arrival_documents import EventTypeList
from orchestrator.api.body import StrictRoute
from orchestrator.api.lookout import LookoutOfApp
from orchestrator.api.paths import ROOT

router = APIRouter(prefix=ROOT, route_class=StrictRoute, tags=["journeys"])


@router.get("/event-types", operation_id="listEventTypes", summary="Which types of events have come in lately")
async def list_event_types(tenant: CallersTenant, lookout: LookoutOfApp) -> EventTypeList:
    """The types among the workspace's newest events in Kafka, when they came, and which fields their data has.

    Names and counts only: no value of a field, and no customer. At most the newest 2,000 records of each partition are
    looked at, of all workspaces together, and the caller's own are told. 503: Kafka does not answer within 4 seconds.
    """
    return await lookout.of(tenant.workspace_id)
