"""Journeys over HTTP: create, list, read, change, stop."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from orchestrator.api.access import CallersName, CallersTenant
from orchestrator.api.answers import answer, document_of, item_of
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import checked_definition, etag, new_journey, stopped
from orchestrator.api.documents import CampaignId, JourneyDocument, JourneyList, JourneyPatch, NewJourney
from orchestrator.api.list_order import ListCursor, OfOwnOrder, OwnOrder, check_newest, ranked_page
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.api.publishing import ErrandOfCaller, change_or_propose, propose_change
from orchestrator.api.repeats import IdOfCreation
from orchestrator.api.services import ServicesOfApp
from orchestrator.errors import Conflict
from orchestrator.messages.config import JourneyStatus
from orchestrator.store.journeys import (
    Change,
    Journey,
    Sought,
    Written,
    change_journey,
    create_journey,
    every_journey,
    find_journey,
    journeys_of,
    list_journeys,
)
from orchestrator.store.reports import page_of, read_cursor, write_cursor
from orchestrator.store.tenant import Tenant
from orchestrator.store.workspaces import find_workspace

MAX_LISTED = 200

OfStatus = Annotated[JourneyStatus | None, Query(description="Only journeys of this status.")]
OfCampaign = Annotated[CampaignId | None, Query(description="Only journeys on this campaign.")]
OfName = Annotated[
    str | None, Query(min_length=1, max_length=200, description="Only journeys with this text in their name.")
]

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["journeys"])


@router.post("", status_code=status.HTTP_201_CREATED, operation_id="createJourney", summary="Create a journey")
async def create(
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    journey_id: IdOfCreation,
    body: NewJourney,
    response: Response,
) -> JourneyDocument:
    """Checks the definition and starts the journey, or keeps it as a draft.

    202: the workspace asks for a second person before it starts; it is a draft until then.
    """
    definition = checked_definition(body.config)
    waits = body.status == "ACTIVE" and (await find_workspace(tenant)).needs_approval
    first = body.model_copy(update={"status": "DRAFT"}) if waits else body
    change = new_journey(journey_id, tenant.workspace_id, first, definition, datetime.now(UTC))
    try:
        written = await create_journey(tenant, change, author)
    except Conflict:  # the same request came before, and its process died before it could answer
        written = Written(await find_journey(tenant, journey_id), None)
    response.headers["Location"] = f"{BASE}/{written.journey.id}"
    if waits:
        start = JourneyPatch(status="ACTIVE")
        return await propose_change(tenant, author, written.journey, start, response, journey_id)
    return await answer(services, written, response)


@router.get("", operation_id="listJourneys", summary="List journeys")
async def list_all(
    tenant: CallersTenant,
    status: OfStatus = None,
    campaign_id: OfCampaign = None,
    name: OfName = None,
    sort: OfOwnOrder = "newest",
    cursor: ListCursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
) -> JourneyList:
    """A page of the workspace's journeys, without their definitions. Archived ones only when asked for by status."""
    page, next_cursor = await page_by_its_own(tenant, Sought(status, campaign_id, name), sort, cursor, limit)
    return JourneyList(items=[item_of(journey) for journey in page], next_cursor=next_cursor)


async def page_by_its_own(
    tenant: Tenant, sought: Sought, order: OwnOrder, cursor: str | None, limit: int
) -> tuple[Sequence[Journey], str | None]:
    """A page in an order for which no figures are needed, and the cursor of the next; None: it is the last.

    Raises:
        RequestError: the cursor is of another order.
    """
    if order == "newest":
        after = None if cursor is None else read_cursor(check_newest(cursor))
        found = await list_journeys(tenant, sought, limit=limit + 1, after=after)
        return page_of(found, limit, lambda last: write_cursor(last.created_at, last.id))
    ids, next_cursor = ranked_page(await every_journey(tenant, sought), order, {}, cursor, limit)
    return await journeys_of(tenant, ids), next_cursor


@router.get("/{id}", operation_id="getJourney", summary="Read a journey")
async def read(tenant: CallersTenant, journey_id: JourneyId, response: Response) -> JourneyDocument:
    """The journey with the definition of its current version."""
    journey = await find_journey(tenant, journey_id)
    response.headers["ETag"] = etag(journey)
    return document_of(journey)


@router.patch("/{id}", operation_id="changeJourney", summary="Change, pause, resume or stop a journey")
async def change(errand: ErrandOfCaller, proposal_id: IdOfCreation, body: JourneyPatch) -> JourneyDocument:
    """Changes what the body names. A new definition makes a new version; `in_flight` says what becomes of runs.

    202: the workspace asks for a second person; nothing has changed, `proposal_id` waits.
    """
    return await change_or_propose(errand, body, proposal_id)


@router.delete(
    "/{id}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="stopJourney",
    summary="Deactivate a journey and keep its history",
)
async def delete(errand: ErrandOfCaller) -> None:
    """Stops the journey: customers under way leave at once. A second time changes nothing."""

    def decide(before: Journey) -> Change:
        errand.check(before)
        return stopped(before, datetime.now(UTC))

    written = await change_journey(errand.tenant, errand.journey_id, decide, errand.author)
    await answer(errand.services, written, errand.response)
