"""Backtests over HTTP: what a definition would have done over the history of the workspace's own events."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, status

from orchestrator.api.access import CallersName, CallersTenant
from orchestrator.api.backtest_documents import (
    BacktestDocument,
    BacktestItem,
    BacktestList,
    BacktestProgress,
    BacktestResult,
    NewBacktest,
)
from orchestrator.api.backtest_process import Order
from orchestrator.api.backtesting import BacktestingOfApp
from orchestrator.api.body import StrictRoute
from orchestrator.api.change import checked_definition, written
from orchestrator.api.moments import Cursor
from orchestrator.api.paths import ROOT
from orchestrator.api.problems import BadRequest, StatusConflict
from orchestrator.api.repeats import IdOfCreation
from orchestrator.store.backtests import Backtest, begin_backtest, cancel_backtest, find_backtest, list_backtests
from orchestrator.store.journeys import Journey, find_journey
from orchestrator.store.reports import page_of, read_cursor, write_cursor
from orchestrator.store.tenant import Tenant
from orchestrator.store.workspaces import find_workspace

MAX_LISTED = 100
USUAL_PERIOD = timedelta(days=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PATH = f"{ROOT}/backtests"
BacktestId = Annotated[UUID, Path(alias="id", description="The backtest's id.")]

router = APIRouter(prefix=PATH, route_class=StrictRoute, tags=["backtests"])


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="startBacktest",
    summary="Begin to run a definition over history",
)
async def start(
    tenant: CallersTenant,
    author: CallersName,
    backtesting: BacktestingOfApp,
    backtest_id: IdOfCreation,
    body: NewBacktest,
    response: Response,
) -> BacktestItem:
    """Runs it beside the API, with all guardrails of the journey and of the workspace; read it for what came of it.

    Nothing is sent, and nothing of it reaches customers or figures. A workspace has one that runs at a time (409), an
    installation a few (429). A definition with problems is refused with all of them (422).
    """
    definition = written(checked_definition(body.config))
    since, until = period_of(body.since, body.until, datetime.now(UTC))
    journey = None if body.journey_id is None else await find_journey(tenant, body.journey_id)
    published = _published(journey) if body.against_published else None
    order = Order(
        tenant.workspace_id,
        body.journey_id,
        definition,
        await _workspace_settings(tenant),
        since,
        until,
        None if published is None else published.config,
    )
    options = {
        "from": since.isoformat(),
        "to": until.isoformat(),
        "against_version": None if published is None else published.version,
    }
    with backtesting.place():
        found, is_new = await begin_backtest(tenant, backtest_id, body.journey_id, definition, options, author)
        if is_new:
            backtesting.start(tenant, backtest_id, order)
    response.headers["Location"] = f"{PATH}/{found.id}"
    return _item(found)


@router.get("", operation_id="listBacktests", summary="List backtests, newest first")
async def list_all(
    tenant: CallersTenant,
    journey_id: Annotated[UUID | None, Query(description="Only backtests of this journey.")] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 20,
) -> BacktestList:
    """A page of the workspace's backtests, without definitions and results. Each is kept for 30 days."""
    after = None if cursor is None else read_cursor(cursor)
    found = await list_backtests(tenant, limit=limit + 1, journey_id=journey_id, after=after)
    page, next_cursor = page_of(found, limit, lambda last: write_cursor(last.created_at, last.id))
    return BacktestList(items=[_item(each) for each in page], next_cursor=next_cursor)


@router.get("/{id}", operation_id="getBacktest", summary="Read a backtest")
async def read(tenant: CallersTenant, backtest_id: BacktestId) -> BacktestDocument:
    """How far it is, and when it is done what the definition would have done."""
    found = await find_backtest(tenant, backtest_id)
    return BacktestDocument(
        **_item(found).model_dump(by_alias=False),
        config=found.definition,
        result=None if found.result is None else BacktestResult.model_validate(found.result),
    )


@router.delete(
    "/{id}", status_code=status.HTTP_204_NO_CONTENT, operation_id="cancelBacktest", summary="End a backtest that runs"
)
async def cancel(
    tenant: CallersTenant, author: CallersName, backtesting: BacktestingOfApp, backtest_id: BacktestId
) -> None:
    """It stays in the list as cancelled; a second time changes nothing. 409: it is over by itself."""
    await cancel_backtest(tenant, backtest_id, author)
    backtesting.stop(backtest_id)


def period_of(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The period that is meant, in UTC; what is left out is 30 days before the end, and now.

    Raises:
        BadRequest: nothing lies in it.
    """
    end = min(until or now, now)
    if end <= _EPOCH or (since is not None and since >= end):
        raise BadRequest("the period is empty: `from` must be before `to`, and before now")
    begin = max(since or end - USUAL_PERIOD, _EPOCH)
    return begin.astimezone(UTC), end.astimezone(UTC)


def _published(journey: Journey | None) -> Journey | None:
    if journey is not None and journey.status == "DRAFT":
        raise StatusConflict("the journey is a draft: nothing of it is published that this could be compared with", ())
    return journey


async def _workspace_settings(tenant: Tenant) -> dict[str, object]:
    """What binds every journey. Whether sending is switched off now says nothing about a period that is over."""
    workspace = await find_workspace(tenant)
    return {
        "holdout_percent": workspace.holdout_percent,
        "guardrails": workspace.guardrails,
        "costs": workspace.costs,
        "is_sending": True,
    }


def _item(backtest: Backtest) -> BacktestItem:
    options = backtest.options
    return BacktestItem(
        id=backtest.id,
        journey_id=backtest.journey_id,
        since=datetime.fromisoformat(options["from"]),
        until=datetime.fromisoformat(options["to"]),
        against_version=options["against_version"],
        author=backtest.author.name,
        status=backtest.status,
        progress=None if backtest.progress is None else BacktestProgress.model_validate(backtest.progress),
        failure=backtest.failure or None,
        created_at=backtest.created_at,
        ended_at=backtest.ended_at,
    )
