"""All journeys at once over HTTP: what each has done, how many are under way, and what its comparison says."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from math import fsum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from orchestrator.api.access import CallersTenant
from orchestrator.api.answers import item_of
from orchestrator.api.body import StrictRoute
from orchestrator.api.compared import comparisons
from orchestrator.api.experiment_documents import ComparisonDocument
from orchestrator.api.figures import notes_on
from orchestrator.api.journeys import MAX_LISTED, OfCampaign, OfName, OfStatus
from orchestrator.api.metrics import FirstDay, LastDay, OfZone, Span, WholeLife, period, zone_of
from orchestrator.api.moments import Cursor
from orchestrator.api.overview_documents import OverviewDocument, OverviewFigures, OverviewItem
from orchestrator.api.paths import ROOT
from orchestrator.api.under_way import UnderWay, UnderWayOfApp
from orchestrator.store.journeys import Journey, Sought, list_journeys
from orchestrator.store.overview import JourneyCounts, counts_of_period, newest_day, oldest_day
from orchestrator.store.quarters import date_in
from orchestrator.store.reports import page_of, read_cursor, write_cursor
from orchestrator.store.tenant import Tenant

router = APIRouter(prefix=f"{ROOT}/overview", route_class=StrictRoute, tags=["reports"])


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about all journeys: which of them, and which days."""

    sought: Sought
    span: Span


@router.get("", operation_id="getOverview", summary="All journeys with their figures and what their comparisons say")
async def read(
    tenant: CallersTenant,
    standing: UnderWayOfApp,
    since: FirstDay = None,
    until: LastDay = None,
    zone: OfZone = "UTC",
    whole_life: WholeLife = False,
    status: OfStatus = None,
    campaign_id: OfCampaign = None,
    name: OfName = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
) -> OverviewDocument:
    """A page of the journeys that `listJourneys` lists. The period defaults to the last 30 days that have figures.

    A journey's figures are the totals of `getJourneyMetrics` for the same days and zone. Finding and verdict cover its
    whole life, as they do there; who is under way was counted within the last minute.
    """
    asked = Asked(Sought(status, campaign_id, name), Span(since, until, zone, whole_life))
    return await _read(tenant, standing, asked, cursor, limit)


async def whole_overview(tenant: Tenant, standing: UnderWay, asked: Asked) -> OverviewDocument:
    """Every page as one."""
    pages = [await _read(tenant, standing, asked, None, MAX_LISTED)]
    same_days = replace(asked, span=Span(pages[0].since, pages[0].until, asked.span.zone, whole_life=False))
    while pages[-1].next_cursor is not None:
        pages.append(await _read(tenant, standing, same_days, pages[-1].next_cursor, MAX_LISTED))
    items = [item for page in pages for item in page.items]
    return pages[0].model_copy(update={"items": items, "next_cursor": None})


async def _read(tenant: Tenant, standing: UnderWay, asked: Asked, cursor: str | None, limit: int) -> OverviewDocument:
    now = datetime.now(UTC)
    zone = zone_of(asked.span.zone)
    newest = asked.span.until or await newest_day(tenant, zone) or date_in(zone, now)
    oldest = await oldest_day(tenant, zone) if asked.span.whole_life else asked.span.since
    first, last = period(oldest, asked.span.until, newest)
    after = None if cursor is None else read_cursor(cursor)
    # Side by side: PostgreSQL adds up the period and the whole lives, each a good part of the time.
    counted, (found, compared), under_way = await asyncio.gather(
        counts_of_period(tenant, asked.sought, zone, first, last),
        _compared(tenant, asked.sought, limit, after, now),
        standing.by_journey(tenant),
    )
    page, next_cursor = page_of(found, limit, lambda last: write_cursor(last.created_at, last.id))
    return OverviewDocument(
        since=first,
        until=last,
        zone=asked.span.zone,
        generated_at=now,
        notes=notes_on(counted.undivided, asked.span.zone),
        items=_items(page, counted.by_journey, under_way, compared),
        totals=OverviewFigures.model_validate(added_up(counted.by_journey.values())),
        next_cursor=next_cursor,
    )


def added_up(counts: Iterable[JourneyCounts]) -> JourneyCounts:
    """The sum, figure by figure."""
    every = tuple(counts)
    sums = JourneyCounts(*(sum(getattr(each, part.name) for each in every) for part in fields(JourneyCounts)))
    return replace(sums, revenue=_money(each.revenue for each in every), cost=_money(each.cost for each in every))


def _money(amounts: Iterable[float]) -> float:
    """The sum, which has as many decimals as its parts have."""
    return round(fsum(amounts), 6)


async def _compared(
    tenant: Tenant, sought: Sought, limit: int, after: tuple[datetime, UUID] | None, now: datetime
) -> tuple[list[Journey], dict[UUID, ComparisonDocument | None]]:
    """The journeys of a page and one more, which tells whether there is another page; the comparisons of the page."""
    found = await list_journeys(tenant, sought, limit=limit + 1, after=after)
    return found, await comparisons(tenant, [journey.id for journey in found[:limit]], now)


def _items(
    page: Sequence[Journey],
    counts: Mapping[UUID, JourneyCounts],
    under_way: Mapping[UUID, int],
    compared: Mapping[UUID, ComparisonDocument | None],
) -> list[OverviewItem]:
    items = []
    for journey in page:
        comparison = compared[journey.id]
        items.append(
            OverviewItem(
                journey=item_of(journey),
                figures=OverviewFigures.model_validate(counts.get(journey.id, JourneyCounts())),
                under_way=under_way.get(journey.id, 0),
                finding=None if comparison is None else comparison.finding,
                verdict=None if comparison is None else comparison.verdict,
            )
        )
    return items
