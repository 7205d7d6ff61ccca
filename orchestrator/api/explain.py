"""Why a customer got what they got, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.documents import Explanation
from orchestrator.api.explanation import explain
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.errors import NotFound
from orchestrator.messages.key import MAX_CUSTOMER_ID_CHARS
from orchestrator.store.journeys import find_definitions, find_journey
from orchestrator.store.reports import MAX_PAGE, ActivityItem, activities_page
from orchestrator.store.tenant import Tenant

MOST_TOLD = 1_000

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["reports"])


@router.get(
    "/{id}/customers/{customer_id:text}/explain",
    operation_id="explainCustomer",
    summary="Why a customer got what they got",
)
async def read(
    tenant: CallersTenant,
    journey_id: JourneyId,
    customer_id: Annotated[str, Path(min_length=1, max_length=MAX_CUSTOMER_ID_CHARS)],
) -> Explanation:
    """The customer's path, each decision with its rule, inputs and counters, and when they are next eligible."""
    return await told(tenant, journey_id, customer_id)


async def told(tenant: Tenant, journey_id: UUID, customer_id: str) -> Explanation:
    """What is on record of the customer in the journey.

    Raises:
        NotFound: this workspace has no such journey, or nothing was decided for the customer.
        Unavailable: the database does not answer.
    """
    await find_journey(tenant, journey_id)
    newest: list[ActivityItem] = []
    cursor: str | None = None
    while len(newest) < MOST_TOLD:
        page = await activities_page(tenant, journey_id, limit=MAX_PAGE, cursor=cursor, customer_id=customer_id)
        newest += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    if not newest:
        raise NotFound(f"nothing was decided for the customer {customer_id!r} in this journey")
    in_order = sorted(newest, key=lambda activity: (activity.created_at, activity.sequence))
    versions = {activity.version for activity in in_order}
    definitions = await find_definitions(tenant, journey_id, versions)
    return explain(journey_id, customer_id, in_order, definitions, is_cut=cursor is not None)
