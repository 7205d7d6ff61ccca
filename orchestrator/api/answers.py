"""What is answered about a journey that was read or changed."""

from uuid import UUID

from fastapi import Response

from orchestrator.api.change import TRANSITIONS, etag
from orchestrator.api.documents import JourneyDocument, JourneyItem
from orchestrator.api.services import Services
from orchestrator.store.journeys import Journey, Written

PUBLISHED = "Orchestrator-Published"
# A caller who pauses wants to know that it is done; longer than this, Kafka is in trouble and the record waits.
PUBLISH_WAIT_S = 2.0


async def answer(services: Services, written: Written, response: Response) -> JourneyDocument:
    """What now holds, and whether Kafka has it."""
    if written.outbox_id is None:  # nothing was changed; what was changed before may still be on its way
        is_published = written.journey.is_published
    else:
        is_published = await services.relay.handed_over(written.outbox_id, PUBLISH_WAIT_S)
    response.headers[PUBLISHED] = "true" if is_published else "false"
    response.headers["ETag"] = etag(written.journey)
    return document_of(written.journey, is_published)


def item_of(journey: Journey, is_published: bool | None = None) -> JourneyItem:
    """The journey without its definition; ``is_published`` None: as the journey says."""
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


def document_of(journey: Journey, is_published: bool | None = None, proposal_id: UUID | None = None) -> JourneyDocument:
    """The journey with its definition; ``proposal_id``: of the change that waits."""
    item = item_of(journey, is_published).model_dump()
    return JourneyDocument(**item, config=journey.config, proposal_id=proposal_id)
