"""What the journeys of a workspace have that people look for across them: schedules and segments."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec
from fastapi import APIRouter
from pydantic import TypeAdapter

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import part_of
from orchestrator.api.control_documents import ScheduleItem, ScheduleList, SegmentItem, SegmentList
from orchestrator.api.paths import ROOT
from orchestrator.definitions.moment import moment_at
from orchestrator.definitions.schedule import Schedule
from orchestrator.journeys.occasions import next_moment
from orchestrator.store.journeys import Journey, live_journeys

MOMENTS_TOLD = 5
ENTRY_SEGMENT = "audience"

_SCHEDULE: TypeAdapter[Schedule] = TypeAdapter(Schedule)

router = APIRouter(prefix=ROOT, route_class=StrictRoute, tags=["journeys"])


@router.get("/schedules", operation_id="listSchedules", summary="When journeys look at every known customer")
async def list_schedules(tenant: CallersTenant) -> ScheduleList:
    """The schedules of journeys that are active or paused, each with its next moments; a paused one sends nothing."""
    now_ms = int(datetime.now(UTC).timestamp() * 1_000)
    items = [item for journey in await live_journeys(tenant) for item in _schedules(journey, now_ms)]
    return ScheduleList(items=sorted(items, key=lambda item: (not item.next, item.next[:1], str(item.journey_id))))


@router.get("/segments", operation_id="listSegments", summary="The segments that journeys define")
async def list_segments(tenant: CallersTenant) -> SegmentList:
    """Named conditions, and who enters by matching, of journeys that are active or paused."""
    return SegmentList(items=[item for journey in await live_journeys(tenant) for item in _segments(journey)])


def _schedules(journey: Journey, now_ms: int) -> Iterator[ScheduleItem]:
    entry = part_of(journey.config, "entry")
    for kind, name in (("entry", "schedule"), ("recheck", "recheck")):
        document = entry.get(name)
        if isinstance(document, dict):
            yield ScheduleItem(
                journey_id=journey.id,
                journey_name=journey.name,
                status=journey.status,
                kind=kind,
                schedule=document,
                next=_moments(document, now_ms),
            )


def _moments(document: Mapping[str, object], now_ms: int) -> list[datetime]:
    # Read as JSON text: in strict mode only JSON may write a list where a tuple is meant.
    schedule = _SCHEDULE.validate_json(msgspec.json.encode(document))
    found: list[datetime] = []
    after_ms = now_ms
    while len(found) < MOMENTS_TOLD:
        at_ms = next_moment(schedule, after_ms)
        if at_ms is None:
            break
        found.append(moment_at(at_ms))
        after_ms = at_ms
    return found


def _segments(journey: Journey) -> Iterator[SegmentItem]:
    entry = part_of(journey.config, "entry")
    named = dict(part_of(journey.config, "segments"))
    audience = entry.get("audience")
    found = [*((name, condition, False) for name, condition in named.items())]
    if entry.get("kind") == "segment":
        found.insert(0, (ENTRY_SEGMENT, audience, True))
    for name, condition, is_entry in found:
        if isinstance(condition, dict):
            yield SegmentItem(
                journey_id=journey.id,
                journey_name=journey.name,
                status=journey.status,
                name=name,
                is_entry=is_entry,
                condition=condition,
            )
