"""A journey's figures over HTTP: by day, in total, and treatment against holdout."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.compared import comparisons
from orchestrator.api.documents import MetricsDocument
from orchestrator.api.figures import by_day, figures_of, notes_on
from orchestrator.api.moments import Day
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.api.problems import BadRequest
from orchestrator.definitions.zone import ZoneName
from orchestrator.guardrails.zone import Zone, known_zone
from orchestrator.store.journeys import find_journey
from orchestrator.store.quarters import date_in
from orchestrator.store.reports import added_up
from orchestrator.store.zone_days import days_in_zone, newest_day

USUAL_DAYS = 30
MOST_DAYS = 400

FirstDay = Annotated[Day | None, Query(alias="from", description="First day, of the zone.")]
LastDay = Annotated[Day | None, Query(alias="to", description="Last day, included.")]
OfZone = Annotated[ZoneName, Query(description="Whose days: an IANA time zone.", max_length=100)]

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["reports"])


@router.get("/{id}/metrics", operation_id="getJourneyMetrics", summary="Figures by day, in total, and the uplift")
async def read(
    tenant: CallersTenant,
    journey_id: JourneyId,
    since: FirstDay = None,
    until: LastDay = None,
    zone: OfZone = "UTC",
) -> MetricsDocument:
    """The period defaults to the last 30 days that have figures. The comparison covers the journey's whole life.

    Whatever the zone, the days of a period that covers everything add up to the same.
    """
    now = datetime.now(UTC)
    await find_journey(tenant, journey_id)  # another workspace's journey is not there at all
    known = zone_of(zone)
    newest = until or await newest_day(tenant, journey_id, known) or date_in(known, now)
    first, last = period(since, until, newest)
    chosen, compared = await asyncio.gather(
        days_in_zone(tenant, journey_id, known, first, last), comparisons(tenant, [journey_id], now)
    )
    return MetricsDocument(
        journey_id=journey_id,
        since=first,
        until=last,
        zone=zone,
        generated_at=now,
        notes=notes_on(chosen.undivided, zone),
        days=by_day(first, last, chosen.days),
        totals=figures_of(added_up(chosen.days.values())),
        comparison=compared[journey_id],
    )


def zone_of(name: str) -> Zone:
    """The zone of a name that was checked."""
    zone = known_zone(name)
    if zone is None:
        raise BadRequest(f"{name!r} is not a time zone of the installed tzdata package")
    return zone


def period(since: date | None, until: date | None, newest: date) -> tuple[date, date]:
    """The first and the last day of a report; ``newest`` is the last day that has figures.

    Raises:
        BadRequest: the period is upside down or too long.
    """
    try:
        last = until or max(newest, since or newest)
        first = since or last - timedelta(days=USUAL_DAYS - 1)
    except OverflowError as error:
        raise BadRequest("the period begins before the year 1") from error
    if first > last:
        raise BadRequest(f"the period ends on {last}, before it begins on {first}; swap from and to")
    if (last - first).days >= MOST_DAYS:
        raise BadRequest(f"the period from {first} to {last} is longer than {MOST_DAYS} days; ask in parts")
    return first, last
