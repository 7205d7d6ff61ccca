"""A journey's activities over HTTP: what was decided for whom, when and why."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.decision_words import sentence_of
from orchestrator.api.documents import ActivityDocument, ActivityList
from orchestrator.api.moments import Cursor, From, To
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.messages.activity import ActivityType
from orchestrator.messages.key import MAX_CUSTOMER_ID_CHARS
from orchestrator.store.journeys import find_journey
from orchestrator.store.reports import MAX_PAGE, ActivityItem, activities_page

OfType = Annotated[ActivityType | None, Query(description="Only activities of this type.")]
OfCustomer = Annotated[str | None, Query(min_length=1, max_length=MAX_CUSTOMER_ID_CHARS)]

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["reports"])


@router.get("/{id}/activities", operation_id="listJourneyActivities", summary="Activities, newest first")
async def read(
    tenant: CallersTenant,
    journey_id: JourneyId,
    type: OfType = None,
    customer_id: OfCustomer = None,
    since: From = None,
    until: To = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> ActivityList:
    """A page of the journey's activities. Give the same filters with the cursor as for the first page."""
    await find_journey(tenant, journey_id)
    page = await activities_page(
        tenant,
        journey_id,
        limit=limit,
        cursor=cursor,
        activity_type=type,
        customer_id=customer_id,
        since=since,
        until=until,
    )
    # Pages are cut by id within a moment; what one signal led to is told in the order in which it came about.
    told = sorted(page.items, key=lambda item: (item.created_at, item.sequence), reverse=True)
    return ActivityList(items=[_document(item, journey_id) for item in told], next_cursor=page.next_cursor)


def _document(item: ActivityItem, journey_id: UUID) -> ActivityDocument:
    return ActivityDocument(
        id=item.id,
        journey_id=journey_id,
        customer_id=item.customer_id,
        run_id=item.run_id,
        version=item.version,
        type=item.activity_type,
        step=item.step,
        arm=item.arm,
        at=item.created_at,
        sentence=sentence_of(item),
        details=item.details,
        cause=item.cause,
    )
