"""All journeys at once over HTTP: what each has done, how many are under way, and what its comparison says."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
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
from orchestrator.api.journeys import MAX_LISTED
from orchestrator.api.metrics import period
from orchestrator.api.moments import Cursor, Day
from orchestrator.api.overview_documents import OverviewDocument, OverviewFigures, OverviewItem
from orchestrator.api.paths import ROOT
from orchestrator.api.under_way import UnderWay, UnderWayOfApp
from orchestrator.messages.config import JourneyStatus
from orchestrator.store.journeys import Journey, list_journeys
from orchestrator.store.overview import JourneyCounts, counts_by_journey, newest_day
from orchestrator.store.reports import page_of, read_cursor, write_cursor
from orchestrator.store.tenant import Tenant

router = APIRouter(prefix=f"{ROOT}/overview", route_class=StrictRoute, tags=["reports"])

Since = Annotated[Day | None, Query(alias="from", description="First UTC day.")]
Until = Annotated[Day | None, Query(alias="to", description="Last UTC day, included.")]
OfStatus = Annotated[JourneyStatus | None, Query(description="Only journeys of this status.")]


@router.get("", operation_id="getOverview", summary="All journeys with their figures and what their comparisons say")
async def read(
    tenant: CallersTenant,
    standing: UnderWayOfApp,
    since: Since = None,
    until: Until = None,
    status: OfStatus = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
) -> OverviewDocument:
    """A page of the journeys that `listJourneys` lists. The period defaults to the last 30 days that have figures.

    Finding and verdict cover each journey's whole life, as in `getJourneyMetrics`; who is under way was counted within
    the last minute.
    """
    now = datetime.now(UTC)
    first, last = period(since, until, until or await newest_day(tenant) or now.date())
    after = None if cursor is None else read_cursor(cursor)
    # Side by side: PostgreSQL adds up the period and the whole lives, each a good part of the time.
    counts, (found, compared), under_way = await asyncio.gather(
        counts_by_journey(tenant, first, last, status),
        _compared(tenant, limit, status, after, now),
        standing.by_journey(tenant),
    )
    page, next_cursor = page_of(found, limit, lambda last: write_cursor(last.created_at, last.id))
    return OverviewDocument(
        since=first,
        until=last,
        generated_at=now,
        items=_items(page, counts, under_way, compared),
        totals=OverviewFigures.model_validate(added_up(counts.values())),
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


async def whole_overview(
    tenant: Tenant, standing: UnderWay, since: date | None, until: date | None, status: JourneyStatus | None
) -> OverviewDocument:
    """Every page as one."""
    pages = [await read(tenant, standing, since, until, status, None, MAX_LISTED)]
    while pages[-1].next_cursor is not None:
        pages.append(
            await read(tenant, standing, pages[0].since, pages[0].until, status, pages[-1].next_cursor, MAX_LISTED)
        )
    items = [item for page in pages for item in page.items]
    return pages[0].model_copy(update={"items": items, "next_cursor": None})


async def _compared(
    tenant: Tenant, limit: int, status: JourneyStatus | None, after: tuple[datetime, UUID] | None, now: datetime
) -> tuple[list[Journey], dict[UUID, ComparisonDocument | None]]:
    """The journeys of a page and one more, which tells whether there is another page; the comparisons of the page."""
    found = await list_journeys(tenant, limit=limit + 1, status=status, after=after)
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
