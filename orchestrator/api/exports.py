"""Reports to keep, over HTTP: of a journey, of all journeys, and of a journey's activities one by one."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal, assert_never

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from orchestrator.api import (
    activities,
    experiments,
    gauges,
    journeys,
    metrics,
    overview,
    positions,
    report_csv,
    report_html,
    report_xlsx,
    versions,
)
from orchestrator.api.access import CallersTenant
from orchestrator.api.activity_lines import Form, Lines, lines_in
from orchestrator.api.answers import item_of
from orchestrator.api.body import StrictRoute
from orchestrator.api.downloads import Downloads, DownloadsOfApp
from orchestrator.api.journey_report import JourneyAnswers, journey_report
from orchestrator.api.list_order import OfOrder
from orchestrator.api.moments import From, To
from orchestrator.api.overview_report import overview_report
from orchestrator.api.paths import BASE, ROOT, JourneyId
from orchestrator.api.report_csv import csv_of, zip_of
from orchestrator.api.report_html import html_of
from orchestrator.api.report_tables import Report, written
from orchestrator.api.report_xlsx import xlsx_of
from orchestrator.api.under_way import UnderWayOfApp
from orchestrator.store.journeys import Journey, Sought, find_journey
from orchestrator.store.reports import MAX_PAGE, ActivitiesPage, activities_page

JSON_LINES = "application/jsonl"
_MEDIA_TYPES = {
    "csv": report_csv.MEDIA_TYPE,
    "xlsx": report_xlsx.MEDIA_TYPE,
    "html": report_html.MEDIA_TYPE,
    "zip": report_csv.ZIP_MEDIA_TYPE,
    "jsonl": JSON_LINES,
}
_OTHER_THAN_WORDS = re.compile(r"[^a-z0-9]+")
# Rows over time, unless the caller says how long each is: a page to print wants few, a program takes ten years of days.
MOST_EXPORTED = {"csv": 4_000, "xlsx": 4_000, "html": 60, "zip": 4_000}
MOST_OF_NAME = 60  # characters of a journey's name in a file's

router = APIRouter(route_class=StrictRoute, tags=["exports"])


def _answers(*forms: str) -> dict[int | str, dict[str, Any]]:
    """What the documentation says of an answer in these formats."""
    content = {_MEDIA_TYPES[form].partition(";")[0]: {"schema": {"type": "string"}} for form in forms}
    return {200: {"description": "The file; `Content-Disposition` names it.", "content": content}}


@router.get(
    f"{BASE}/{{id}}/export",
    operation_id="exportJourney",
    summary="A journey's report as a file",
    response_class=Response,
    responses=_answers("csv", "xlsx", "html", "zip"),
)
async def of_journey(
    tenant: CallersTenant,
    downloads: DownloadsOfApp,
    journey_id: JourneyId,
    format: Annotated[
        Literal["csv", "xlsx", "html", "zip"],
        Query(description="html: a page to print; zip: a CSV file for each table."),
    ] = "csv",
    since: metrics.FirstDay = None,
    until: metrics.LastDay = None,
    zone: metrics.OfZone = "UTC",
    whole_life: metrics.WholeLife = False,
    by: metrics.ByRows = "fitting",
) -> Response:
    """What the API's other answers about the journey say, as tables, with the meaning of each figure.

    In CSV the first column says which table a record belongs to; the first record of each table names its columns.
    """
    journey = await find_journey(tenant, journey_id)
    span = metrics.Span(since, until, zone, whole_life)
    downloads.check(tenant.workspace_id)
    with downloads.one(tenant.workspace_id):
        answers = JourneyAnswers(
            journey=item_of(journey),
            metrics=await metrics.figures_over(tenant, journey_id, span, by, MOST_EXPORTED[format]),
            experiments=(await experiments.read(tenant, journey_id)).items,
            gauges=(await gauges.read(tenant, journey_id)).items,
            positions=await positions.read(tenant, journey_id),
            versions=(await versions.list_all(tenant, journey_id)).items,
            definition=journey.config,
        )
        report = journey_report(answers)
        days = f"{answers.metrics.since}-to-{answers.metrics.until}"
        return await _file(report, format, f"journey-{slug_of(journey)}-{days}", answers.metrics.generated_at)


@router.get(
    f"{ROOT}/overview/export",
    operation_id="exportOverview",
    summary="The report over all journeys as a file",
    response_class=Response,
    responses=_answers("csv", "xlsx", "zip"),
)
async def of_overview(
    tenant: CallersTenant,
    downloads: DownloadsOfApp,
    standing: UnderWayOfApp,
    format: Annotated[Literal["csv", "xlsx", "zip"], Query(description="zip: a CSV file for each table.")] = "csv",
    since: metrics.FirstDay = None,
    until: metrics.LastDay = None,
    zone: metrics.OfZone = "UTC",
    whole_life: metrics.WholeLife = False,
    status: journeys.OfStatus = None,
    campaign_id: journeys.OfCampaign = None,
    name: journeys.OfName = None,
    sort: OfOrder = "newest",
) -> Response:
    """What `getOverview` says on all its pages, with the meaning of each figure."""
    span = metrics.Span(since, until, zone, whole_life)
    downloads.check(tenant.workspace_id)
    with downloads.one(tenant.workspace_id):
        sought = Sought(status, campaign_id, name)
        whole = await overview.whole_overview(tenant, standing, overview.Asked(sought, span, sort))
        report = overview_report(whole, tenant.workspace_id, sought, sort)
        return await _file(report, format, f"journeys-{whole.since}-to-{whole.until}", whole.generated_at)


@router.get(
    f"{BASE}/{{id}}/activities/export",
    operation_id="exportActivities",
    summary="A journey's activities as a file, newest first",
    response_class=StreamingResponse,
    responses=_answers("csv", "jsonl"),
)
async def of_activities(
    tenant: CallersTenant,
    downloads: DownloadsOfApp,
    journey_id: JourneyId,
    format: Annotated[Form, Query(description="jsonl: a JSON object a line.")] = "csv",
    type: activities.OfType = None,
    customer_id: activities.OfCustomer = None,
    since: From = None,
    until: To = None,
) -> Response:
    """All activities that the filters let through, sent while they are read.

    It is no snapshot: what is recorded meanwhile may be missing. The last line (`end`) says how many there were; a
    file without it broke off.
    """
    journey = await find_journey(tenant, journey_id)
    downloads.check(tenant.workspace_id)
    # Between two pages no connection is held, however slowly the caller reads.
    read_page = partial(
        activities_page,
        tenant,
        journey.id,
        limit=MAX_PAGE,
        activity_type=type,
        customer_id=customer_id,
        since=since,
        until=until,
    )
    first = await read_page()  # before the answer begins, so that what is wrong can still be said
    now = datetime.now(UTC)
    filters = {
        "type": type,
        "customer_id": customer_id,
        "from": since and written(since),
        "to": until and written(until),
    }
    about = (
        ("report", f"{journey.name or journey.id}: activities"),
        ("journey", journey.name),
        ("journey_id", str(journey.id)),
        ("workspace", journey.workspace_id),
        *((name, text or "any") for name, text in filters.items()),
        ("zone", "UTC"),
        ("made_at", written(now.replace(microsecond=0))),
        ("reads", "Newest first. No snapshot: what is recorded while the file is written may be missing."),
    )
    headers = _headers(f"activities-{slug_of(journey)}-{now:%Y-%m-%d}.{format}")
    lines = _counted(downloads, tenant.workspace_id, _lines(read_page, first, lines_in(format), about))
    return StreamingResponse(lines, media_type=_MEDIA_TYPES[format], headers=headers)


async def _lines(
    read_page: Callable[..., Awaitable[ActivitiesPage]],
    first: ActivitiesPage,
    lines: Lines,
    about: tuple[tuple[str, str], ...],
) -> AsyncIterator[str]:
    page, count = first, 0
    yield lines.opening(about)
    while True:
        yield lines.activities(page.items)
        count += len(page.items)
        if page.next_cursor is None:
            break
        page = await read_page(cursor=page.next_cursor)
    yield lines.end(count)


async def _counted(downloads: Downloads, workspace_id: str, lines: AsyncIterator[str]) -> AsyncIterator[str]:
    with downloads.one(workspace_id):
        async for each in lines:
            yield each


async def _file(report: Report, form: Literal["csv", "xlsx", "html", "zip"], name: str, made_at: datetime) -> Response:
    # In a thread: a long report takes long enough for other requests to notice.
    match form:
        case "csv":
            content: str | bytes = await asyncio.to_thread(csv_of, report)
        case "xlsx":
            content = await asyncio.to_thread(xlsx_of, report, made_at)
        case "html":
            content = await asyncio.to_thread(html_of, report)
        case "zip":
            content = await asyncio.to_thread(zip_of, report, made_at)
        case _:
            assert_never(form)
    headers = _headers(f"{name}.{form}")
    if form == "html":
        headers["Content-Security-Policy"] = report_html.POLICY + "; frame-ancestors 'none'"
    return Response(content, media_type=_MEDIA_TYPES[form], headers=headers)


def _headers(file: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file}"'}


def slug_of(journey: Journey) -> str:
    """The journey's name as part of a file's: small letters, digits and dashes; a part of its id where none is left."""
    words = _OTHER_THAN_WORDS.sub("-", journey.name.lower()).strip("-")
    return words[:MOST_OF_NAME].strip("-") or str(journey.id)[:8]
