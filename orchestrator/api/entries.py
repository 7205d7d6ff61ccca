"""Entries over HTTP: a system asks that a customer enter a journey."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response, status

from orchestrator.api.access import CallersTenant
from orchestrator.api.answers import PUBLISH_WAIT_S, PUBLISHED
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import TRANSITIONS, part_of
from orchestrator.api.documents import EntryAccepted, NewEntry
from orchestrator.api.edge import TraceOfRequest
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.api.problems import BadRequest, StatusConflict, TooLarge
from orchestrator.api.repeats import IdOfCreation
from orchestrator.api.services import ServicesOfApp
from orchestrator.messages.codec import encode_event
from orchestrator.messages.event import ENTRY_REQUESTED, EngagementEvent
from orchestrator.messages.key import is_customer_id
from orchestrator.store.journeys import find_journey
from orchestrator.store.outbox import append_event

SOURCE = "/orchestrator/api"
MAX_EVENT_BYTES = 64 * 1024  # far below what Kafka refuses, which would hold up everything behind it

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["journeys"])


@router.post(
    "/{id}/entries",
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="requestEntry",
    summary="Ask that a customer enter a journey",
)
async def request(
    tenant: CallersTenant,
    services: ServicesOfApp,
    journey_id: JourneyId,
    entry_id: IdOfCreation,
    body: NewEntry,
    response: Response,
    trace: TraceOfRequest,
) -> EntryAccepted:
    """For journeys whose entry is of the kind `api`. The answer means that the request is safe, not yet decided on."""
    if not is_customer_id(body.customer_id):
        raise BadRequest("customer_id has a control character (0x00 or 0x1f)")
    journey = await find_journey(tenant, journey_id)
    kind = part_of(journey.config, "entry").get("kind")
    if kind != "api":
        raise BadRequest(f"customers enter this journey by {kind}; only where the entry is api may they be sent in")
    if journey.status != "ACTIVE":
        raise StatusConflict(f"the journey is {journey.status}: nobody enters", TRANSITIONS[journey.status])
    event = EngagementEvent(
        id=f"{journey_id}/{body.id or entry_id}",
        source=SOURCE,
        type=ENTRY_REQUESTED,
        time_ms=int(datetime.now(UTC).timestamp() * 1_000),
        workspace_id=tenant.workspace_id,
        customer_id=body.customer_id,
        data={"journey_id": str(journey_id), "fields": body.fields},
    )
    size = len(encode_event(event).value)
    if size > MAX_EVENT_BYTES:
        raise TooLarge(f"the request for an entry takes {size} bytes as an event; at most {MAX_EVENT_BYTES} are taken")
    outbox_id = await append_event(tenant, event, trace=trace)
    is_published = await services.relay.handed_over(outbox_id, PUBLISH_WAIT_S, is_event=True)
    response.headers[PUBLISHED] = "true" if is_published else "false"
    return EntryAccepted(event_id=event.id, customer_id=body.customer_id, published=is_published)
