"""A journey's figures over HTTP: by day, in total, and treatment against holdout."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from orchestrator.api.access import CallersTenant
from orchestrator.api.body import StrictRoute
from orchestrator.api.compared import comparisons
from orchestrator.api.documents import MetricsDocument
from orchestrator.api.figures import figures_of, notes_on
from orchestrator.api.moments import Day
from orchestrator.api.paths import BASE, JourneyId
from orchestrator.api.problems import BadRequest
from orchestrator.api.report_rows import MOST_DRAWN, By, grain_of, rows_of
from orchestrator.definitions.zone import ZoneName
from orchestrator.guardrails.zone import Zone, known_zone
from orchestrator.store.journeys import find_journey
from orchestrator.store.quarters import date_in
from orchestrator.store.reports import added_up
from orchestrator.store.tenant import Tenant
from orchestrator.store.zone_days import DaysInZone, days_in_zone, newest_day

USUAL_DAYS = 30

FirstDay = Annotated[Day | None, Query(alias="from", description="First day, of the zone.")]
LastDay = Annotated[Day | None, Query(alias="to", description="Last day, included.")]
OfZone = Annotated[ZoneName, Query(description="Whose days: an IANA time zone.", max_length=100)]
WholeLife = Annotated[
    bool, Query(description="True: from the first to the last day that has figures; then without `from` and `to`.")
]
ByRows = Annotated[
    By,
    Query(
        description="How long each of `days` is; none: totals alone. There are up to 400; `fitting` is as short "
        "as the period allows. Totals are of the whole period whatever this says."
    ),
]

router = APIRouter(prefix=BASE, route_class=StrictRoute, tags=["reports"])


@dataclass(frozen=True, slots=True)
class Span:
    """Which days of which zone are asked about; None: the usual ones."""

    since: date | None
    until: date | None
    zone: str
    whole_life: bool

    def __post_init__(self) -> None:
        if self.whole_life and (self.since or self.until):
            raise BadRequest("whole_life=true names the days, and so do from and to; leave one of them out")


@router.get("/{id}/metrics", operation_id="getJourneyMetrics", summary="Figures by day, in total, and the uplift")
async def read(
    tenant: CallersTenant,
    journey_id: JourneyId,
    since: FirstDay = None,
    until: LastDay = None,
    zone: OfZone = "UTC",
    whole_life: WholeLife = False,
    by: ByRows = "day",
) -> MetricsDocument:
    """The period defaults to the last 30 days that have figures. The comparison covers the journey's whole life.

    Whatever the zone, the days of a period that covers everything add up to the same.
    """
    return await figures_over(tenant, journey_id, Span(since, until, zone, whole_life), by)


async def figures_over(
    tenant: Tenant, journey_id: UUID, span: Span, by: By, most_fitting: int = MOST_DRAWN
) -> MetricsDocument:
    """What ``getJourneyMetrics`` answers; ``fitting`` rows are at most so many.

    Raises:
        BadRequest: the period is upside down, named twice, or has too many rows.
        NotFound: the workspace has no such journey.
    """
    now = datetime.now(UTC)
    await find_journey(tenant, journey_id)  # another workspace's journey is not there at all
    zone = zone_of(span.zone)
    (first, last, chosen), compared = await asyncio.gather(
        _days_of(tenant, journey_id, span, zone, now), comparisons(tenant, [journey_id], now)
    )
    grain = grain_of(by, first, last, most_fitting)
    # In threads: ten years take long enough for other requests to notice.
    rows = await asyncio.to_thread(rows_of, grain, first, last, chosen.days)
    totals = await asyncio.to_thread(lambda: figures_of(added_up(chosen.days.values())))
    return MetricsDocument(
        journey_id=journey_id,
        since=first,
        until=last,
        zone=span.zone,
        generated_at=now,
        notes=notes_on(chosen.undivided, span.zone),
        by=grain,
        days=rows,
        totals=totals,
        comparison=compared[journey_id],
    )


async def _days_of(
    tenant: Tenant, journey_id: UUID, span: Span, zone: Zone, now: datetime
) -> tuple[date, date, DaysInZone]:
    """The period, and its days that have figures."""
    if span.whole_life:
        lived = await days_in_zone(tenant, journey_id, zone, date.min, date.max)
        if lived.days:
            return min(lived.days), max(lived.days), lived
    newest = span.until or await newest_day(tenant, journey_id, zone) or date_in(zone, now)
    first, last = period(span.since, span.until, newest)
    return first, last, await days_in_zone(tenant, journey_id, zone, first, last)


def zone_of(name: str) -> Zone:
    """The zone of a name that was checked."""
    zone = known_zone(name)
    if zone is None:
        raise BadRequest(f"{name!r} is not a time zone of the installed tzdata package")
    return zone


def period(since: date | None, until: date | None, newest: date) -> tuple[date, date]:
    """The first and the last day of a report; ``newest`` is the last day that has figures.

    Raises:
        BadRequest: the period is upside down.
    """
    try:
        last = until or max(newest, since or newest)
        first = since or last - timedelta(days=USUAL_DAYS - 1)
    except OverflowError as error:
        raise BadRequest("the period begins before the year 1") from error
    if first > last:
        raise BadRequest(f"the period ends on {last}, before it begins on {first}; swap from and to")
    return first, last
