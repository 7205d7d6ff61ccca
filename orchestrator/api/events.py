"""Events over HTTP, for campaign systems without a Kafka client."""

from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Response, status
from fastapi.responses import JSONResponse
from starlette.requests import Request

from orchestrator.api.access import Caller
from orchestrator.api.body import RawRoute
from orchestrator.api.edge import TraceOfRequest
from orchestrator.api.event_documents import REQUEST_BODY, EventsAccepted, EventsSorted
from orchestrator.api.offered_events import offering_in
from orchestrator.api.paths import EVENTS
from orchestrator.api.problems import EventsRefused
from orchestrator.errors import Unavailable
from orchestrator.kafka.event_writer import EventWriter
from orchestrator.messages.codec import encode_event
from orchestrator.telemetry.metrics import EVENTS_OFFERED

router = APIRouter(route_class=RawRoute, tags=["events"])


def _event_writer(request: Request) -> EventWriter:
    return cast(EventWriter, request.app.state.event_writer)


EventWriterOfApp = Annotated[EventWriter, Depends(_event_writer)]


@router.post(
    EVENTS,
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="publishEvents",
    summary="Publish events",
    response_model=EventsAccepted,
    response_description="All events are in Kafka.",
    responses={207: {"model": EventsSorted, "description": "Some are in Kafka, and some were refused."}},
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def publish(request: Request, caller: Caller, writer: EventWriterOfApp, trace: TraceOfRequest) -> Response:
    """Engagement events of the caller's workspace, up to 1,000 and 1 MiB in a request, each up to 64 KiB.

    Each is accepted or refused by itself. The answer comes when Kafka has those that are accepted. Whatever goes wrong,
    the same request may be sent again: an event is known by its `source` and `id`, and comes about once. 422: none was
    accepted; `refused` says why.
    """
    now_ms = int(datetime.now(UTC).timestamp() * 1_000)
    offering = offering_in(request.headers, await request.body(), caller.workspace_id, now_ms)
    for each in offering.refused:
        EVENTS_OFFERED.labels(each.code).inc()
    if offering.events:
        records = [encode_event(event) for event in offering.events]
        if trace is not None:
            for record in records:
                record.headers.extend(trace.headers())
        try:
            await writer.write(records)
        except Unavailable as error:
            EVENTS_OFFERED.labels("unavailable").inc(len(offering.events))
            raise Unavailable(
                f"{error}; send the same request again: by source and id an event is known, and comes about once"
            ) from error
        EVENTS_OFFERED.labels("accepted").inc(len(offering.events))
    elif offering.refused:
        count = len(offering.refused)
        raise EventsRefused(f"none of the {count} event(s) was accepted; refused says why", offering.refused)
    answer = EventsSorted(accepted=len(offering.events), refused=list(offering.refused))
    code = status.HTTP_207_MULTI_STATUS if offering.refused else status.HTTP_202_ACCEPTED
    return JSONResponse(answer.model_dump(), code)
