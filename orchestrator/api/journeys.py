"""Journeys over HTTP: create, list, read, change, stop."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Path, Query, Response, status

from orchestrator.api.access import Caller
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import (
    TRANSITIONS,
    check_precondition,
    checked_definition,
    etag,
    new_journey,
    patched,
    stopped,
)
from orchestrator.api.documents import JourneyDocument, JourneyItem, JourneyList, JourneyPatch, NewJourney
from orchestrator.api.services import Services, ServicesOfApp
from orchestrator.messages.config import JourneyStatus
from orchestrator.store.journeys import (
    Change,
    Journey,
    Written,
    change_journey,
    create_journey,
    find_journey,
    list_journeys,
    step_names,
)
from orchestrator.store.reports import read_cursor, write_cursor

ROOT = "/api/v1"
BASE = f"{ROOT}/033-omnichannel-journey-orchestrator"
PUBLISHED = "Orchestrator-Published"
# A caller who pauses wants to know that it is done; longer than this, Kafka is in trouble and the record waits.
PUBLISH_WAIT_S = 2.0
MAX_LISTED = 200

JourneyId = Annotated[UUID, Path(alias="id", description="The journey's id.")]
IfMatch = Annotated[str | None, Header(description="Change only what still has this ETag.", max_length=1_000)]

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["journeys"])


@router.post("", status_code=status.HTTP_201_CREATED, operation_id="createJourney", summary="Create a journey")
async def create(caller: Caller, services: ServicesOfApp, body: NewJourney, response: Response) -> JourneyDocument:
    """Checks the definition and starts the journey, or keeps it as a draft."""
    definition = checked_definition(body.config)
    change = new_journey(uuid4(), caller.workspace_id, body, definition, datetime.now(UTC))
    written = await create_journey(services.database.pool, change)
    response.headers["Location"] = f"{BASE}/{written.journey.id}"
    return await _answer(services, written, response)


@router.get("", operation_id="listJourneys", summary="List journeys, newest first")
async def list_all(
    caller: Caller,
    services: ServicesOfApp,
    status: Annotated[JourneyStatus | None, Query(description="Only journeys of this status.")] = None,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
) -> JourneyList:
    """A page of the workspace's journeys, without their definitions. Archived ones only when asked for by status."""
    after = None if cursor is None else read_cursor(cursor)
    # One more than asked for tells whether there is another page.
    found = await list_journeys(
        services.database.pool, caller.workspace_id, limit=limit + 1, status=status, after=after
    )
    page = found[:limit]
    next_cursor = write_cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return JourneyList(items=[_item(journey) for journey in page], next_cursor=next_cursor)


@router.get("/{id}", operation_id="getJourney", summary="Read a journey")
async def read(caller: Caller, services: ServicesOfApp, journey_id: JourneyId, response: Response) -> JourneyDocument:
    """The journey with the definition of its current version."""
    journey = await find_journey(services.database.pool, caller.workspace_id, journey_id)
    response.headers["ETag"] = etag(journey)
    return _document(journey)


@router.patch("/{id}", operation_id="changeJourney", summary="Change, pause, resume or stop a journey")
async def change(
    caller: Caller,
    services: ServicesOfApp,
    journey_id: JourneyId,
    body: JourneyPatch,
    response: Response,
    if_match: IfMatch = None,
) -> JourneyDocument:
    """Changes what the body names. A new definition makes a new version; `in_flight` says what becomes of runs."""
    definition = checked_definition(body.config) if "config" in body.model_fields_set else None
    pool = services.database.pool
    known = await step_names(pool, caller.workspace_id, journey_id) if body.in_flight.steps else frozenset[str]()

    def decide(before: Journey) -> Change:
        check_precondition(if_match, etag(before))
        return patched(before, body, definition, datetime.now(UTC), known)

    written = await change_journey(services.database.pool, caller.workspace_id, journey_id, decide)
    return await _answer(services, written, response)


@router.delete(
    "/{id}",
    status_code=status.HTTP_204_NO_CONTENT,
    operation_id="stopJourney",
    summary="Deactivate a journey and keep its history",
)
async def delete(
    caller: Caller, services: ServicesOfApp, journey_id: JourneyId, response: Response, if_match: IfMatch = None
) -> None:
    """Stops the journey: customers under way leave at their next signal. A second time changes nothing."""

    def decide(before: Journey) -> Change:
        check_precondition(if_match, etag(before))
        return stopped(before, datetime.now(UTC))

    written = await change_journey(services.database.pool, caller.workspace_id, journey_id, decide)
    await _answer(services, written, response)


async def _answer(services: Services, written: Written, response: Response) -> JourneyDocument:
    """What now holds, and whether Kafka has it."""
    is_published = await services.relay.handed_over(written.outbox_id, PUBLISH_WAIT_S)
    response.headers[PUBLISHED] = "true" if is_published else "false"
    response.headers["ETag"] = etag(written.journey)
    return _document(written.journey, is_published)


def _item(journey: Journey, is_published: bool | None = None) -> JourneyItem:
    return JourneyItem(
        id=journey.id,
        workspace_id=journey.workspace_id,
        name=journey.name,
        campaign_id=journey.campaign_id,
        status=journey.status,
        drain=journey.drain,
        paused_reason=journey.paused_reason or None,
        version=journey.version,
        allowed_statuses=list(TRANSITIONS[journey.status]),
        created_at=journey.created_at,
        updated_at=journey.updated_at,
        published=journey.is_published if is_published is None else is_published,
    )


def _document(journey: Journey, is_published: bool | None = None) -> JourneyDocument:
    return JourneyDocument(**_item(journey, is_published).model_dump(), config=journey.config)
