"""All journeys at once over HTTP: what each has done, how many are under way, and what its comparison says."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
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
from orchestrator.api.journeys import MAX_LISTED, OfCampaign, OfName, OfStatus, page_by_its_own
from orchestrator.api.list_order import ListCursor, OfOrder, Order, OwnOrder, ranked_page
from orchestrator.api.metrics import FirstDay, LastDay, OfZone, Span, WholeLife, period, zone_of
from orchestrator.api.overview_documents import OverviewDocument, OverviewFigures, OverviewItem
from orchestrator.api.paths import ROOT
from orchestrator.api.under_way import UnderWay, UnderWayOfApp
from orchestrator.guardrails.zone import Zone
from orchestrator.store.journeys import Journey, Sought, every_journey, journeys_of
from orchestrator.store.overview import CountsOfPeriod, JourneyCounts, counts_of_period, newest_day, oldest_day
from orchestrator.store.quarters import date_in
from orchestrator.store.tenant import Tenant

router = APIRouter(prefix=f"{ROOT}/overview", route_class=StrictRoute, tags=["reports"])


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about all journeys: which of them, which days, and in which order."""

    sought: Sought
    span: Span
    order: Order = "newest"


@dataclass(frozen=True, slots=True)
class _Page:
    """Some journeys in order, and their comparisons; ``next_cursor`` None: there are no more."""

    journeys: Sequence[Journey]
    compared: Mapping[UUID, ComparisonDocument | None]
    next_cursor: str | None


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
    sort: OfOrder = "newest",
    cursor: ListCursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
) -> OverviewDocument:
    """A page of the journeys that `listJourneys` lists. The period defaults to the last 30 days that have figures.

    A journey's figures are the totals of `getJourneyMetrics` for the same days and zone. Finding and verdict cover its
    whole life, as they do there; who is under way was counted within the last minute. In whatever order, all pages
    together have each journey once, also when figures change while they are read.
    """
    asked = Asked(Sought(status, campaign_id, name), Span(since, until, zone, whole_life), sort)
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
    days = (zone, first, last)
    if asked.order == "newest" or asked.order == "name":
        own = _page_by_its_own(tenant, asked.sought, asked.order, cursor, limit, now)
        # Side by side: PostgreSQL adds up the period and the whole lives, each a good part of the time.
        counted, under_way, page = await asyncio.gather(
            counts_of_period(tenant, asked.sought, *days), standing.by_journey(tenant), own
        )
    else:
        counted, under_way, page = await _ranked(tenant, standing, asked, days, cursor, limit, now)
    return OverviewDocument(
        since=first,
        until=last,
        zone=asked.span.zone,
        generated_at=now,
        notes=notes_on(counted.undivided, asked.span.zone),
        items=_items(page, counted.by_journey, under_way),
        totals=OverviewFigures.model_validate(added_up(counted.by_journey.values())),
        next_cursor=page.next_cursor,
    )


def added_up(counts: Iterable[JourneyCounts]) -> JourneyCounts:
    """The sum, figure by figure."""
    every = tuple(counts)
    sums = JourneyCounts(*(sum(getattr(each, part.name) for each in every) for part in fields(JourneyCounts)))
    return replace(sums, revenue=_money(each.revenue for each in every), cost=_money(each.cost for each in every))


def _money(amounts: Iterable[float]) -> float:
    """The sum, which has as many decimals as its parts have."""
    return round(fsum(amounts), 6)


async def _page_by_its_own(
    tenant: Tenant, sought: Sought, order: OwnOrder, cursor: str | None, limit: int, now: datetime
) -> _Page:
    journeys, next_cursor = await page_by_its_own(tenant, sought, order, cursor, limit)
    compared = await comparisons(tenant, [journey.id for journey in journeys], now)
    return _Page(journeys, compared, next_cursor)


async def _ranked(
    tenant: Tenant,
    standing: UnderWay,
    asked: Asked,
    days: tuple[Zone, date, date],
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[CountsOfPeriod, dict[UUID, int], _Page]:
    """The figures of all, and of the journeys in the order of one of them a page."""
    candidates = await every_journey(tenant, asked.sought)
    sought = [each.id for each in candidates if each.is_sought]
    # Where one page has them all, whose lives are told is known before the figures are, and both are read side by side.
    is_one_page = len(sought) <= limit
    counted, under_way, compared = await asyncio.gather(
        counts_of_period(tenant, asked.sought, *days),
        standing.by_journey(tenant),
        comparisons(tenant, sought if is_one_page else [], now),
    )
    figures = _figures_of(asked.order, counted.by_journey, under_way)
    ids, next_cursor = ranked_page(candidates, asked.order, figures, cursor, limit)
    if not is_one_page:
        compared = await comparisons(tenant, ids, now)
    return counted, under_way, _Page(await journeys_of(tenant, ids), compared, next_cursor)


def _figures_of(order: Order, counts: Mapping[UUID, JourneyCounts], under_way: Mapping[UUID, int]) -> dict[UUID, float]:
    """What the order is by, of each journey that has it."""
    if order == "under_way":
        return {**under_way}
    return {journey_id: getattr(each, order) for journey_id, each in counts.items()}


def _items(page: _Page, counts: Mapping[UUID, JourneyCounts], under_way: Mapping[UUID, int]) -> list[OverviewItem]:
    items = []
    for journey in page.journeys:
        comparison = page.compared[journey.id]
        items.append(
            OverviewItem(
                journey=item_of(journey),
                figures=OverviewFigures.model_validate(counts.get(journey.id, JourneyCounts())),
                under_way=under_way.get(journey.id, 0),
                last_day=None if comparison is None else comparison.last_day,
                finding=None if comparison is None else comparison.finding,
                verdict=None if comparison is None else comparison.verdict,
            )
        )
    return items
