"""What the API reads for people: figures by day, totals, arms, and the activities behind them.

The figures of a day are those defined in ``sink/fold.py``; an absent one is zero. Every function raises ``Unavailable``
when the database does not answer.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from orchestrator.errors import RequestError
from orchestrator.experiments.cuped import NOBODY, Paired
from orchestrator.store.faults import translated
from orchestrator.store.figures import add_figures
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

MAX_PAGE = 500
CURSOR_PATTERN = "^[A-Za-z0-9_-]{32}$"  # a place in an order, 24 bytes

_Item = TypeVar("_Item")
# A day's figures as JSON has them; Any, because which keys are numbers and which are groups is said in sink/fold.py.
Metrics: TypeAlias = dict[str, Any]
_DECODER: msgspec.json.Decoder[Metrics] = msgspec.json.Decoder(float_hook=Decimal)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_END = (_LATEST, UUID(int=2**128 - 1))  # where paging starts: behind the newest activity there can be


@dataclass(frozen=True, slots=True)
class DailyMetrics:
    """A journey's figures of one UTC day."""

    date: date
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Arm:
    """What an experiment's statistics need of one arm, over the journey's whole life.

    ``customers`` entered at least once, ``converted`` of them reached the goal at least once; ``value`` is the sum and
    ``value_squares`` the sum of squares of the customers' total values (a customer without a goal adds zero to both).
    ``past`` is of those alone whose past was kept: x, the goal's events before they entered; y, 1 if they converted.
    """

    arm: str
    customers: int
    converted: int
    conversions: int
    value: float
    value_squares: float
    cost: float
    past: Paired = NOBODY


@dataclass(frozen=True, slots=True)
class ActivityItem:
    """One activity, as it is listed.

    ``created_at`` is when the decision was made; ``sequence`` orders those of one customer made at one time.
    """

    id: UUID
    activity_type: str
    created_at: datetime
    customer_id: str
    run_id: UUID | None
    version: int
    step: str
    arm: str
    details: dict[str, Any]
    cause: str
    sequence: int


@dataclass(frozen=True, slots=True)
class ActivitiesPage:
    """Activities, newest first. ``next_cursor`` leads to the page after this one; None: this is the last."""

    items: tuple[ActivityItem, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Runs under way at one step (empty: at none yet, or held out) of one version, of one arm.

    ``since``: when the one that has stood there longest came, in UTC.
    """

    arm: str
    step: str
    version: int
    runs: int
    since: datetime


async def daily_metrics(
    tenant: Tenant, config_id: UUID | str, since: date | None = None, until: date | None = None
) -> list[DailyMetrics]:
    """The days from ``since`` to ``until``, both included, that have figures; in order."""
    with translated("reading daily metrics"):
        sql = load_queries("reports")["daily_metrics"]
        rows = await tenant.fetch(sql, tenant.workspace_id, config_id, since, until)
    return [DailyMetrics(row["date"], exactly(row["metrics"])) for row in rows]


async def date_span(tenant: Tenant, config_id: UUID | str) -> tuple[date, date] | None:
    """The first and the last day that have figures; None when there is none."""
    with translated("reading which days have metrics"):
        row = await tenant.fetchrow(load_queries("reports")["date_span"], tenant.workspace_id, config_id)
    return None if row is None or row["first"] is None else (row["first"], row["last"])


async def totals(
    tenant: Tenant, config_id: UUID | str, since: date | None = None, until: date | None = None
) -> Metrics:
    """The same figures added up over the days."""
    return added_up(day.metrics for day in await daily_metrics(tenant, config_id, since, until))


async def arms(tenant: Tenant, config_id: UUID | str) -> list[Arm]:
    """The arms of a journey that have activities, by name."""
    by_arm = (await totals(tenant, config_id)).get("arms", {})
    return [arm_of(name, figures) for name, figures in sorted(by_arm.items())]


async def activities_page(
    tenant: Tenant,
    config_id: UUID | str,
    *,
    limit: int = 50,
    cursor: str | None = None,
    activity_type: str | None = None,
    customer_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ActivitiesPage:
    """Activities from ``since`` (included) to ``until`` (excluded), newest first, at most ``limit`` (up to 500).

    Raises:
        RequestError: the cursor is not one that a page gave, or the limit is out of range.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise RequestError(f"the limit is {limit}; expected 1 to {MAX_PAGE}")
    before = _END if cursor is None else read_cursor(cursor)
    # One more than asked for tells whether there is another page.
    bounds = (tenant.workspace_id, config_id, since or _EARLIEST, until or _LATEST, *before, limit + 1)
    sql = load_queries("reports")
    with translated("reading activities"):
        if customer_id is not None:
            rows = await tenant.fetch(sql["activities_of_customer"], *bounds, customer_id, activity_type)
        elif activity_type is not None:
            rows = await tenant.fetch(sql["activities_of_type"], *bounds, activity_type)
        else:
            rows = await tenant.fetch(sql["activities"], *bounds)
    page, next_cursor = page_of(rows, limit, lambda row: write_cursor(row["created_at"], row["id"]))
    return ActivitiesPage(tuple(ActivityItem(**dict(row)) for row in page), next_cursor)


async def standings(tenant: Tenant, config_id: UUID | str) -> list[Standing]:
    """Where the runs under way stand, by step, version and arm, as far as the sink has come."""
    with translated("reading where runs stand"):
        rows = await tenant.fetch(load_queries("reports")["standings"], config_id, tenant.workspace_id)
    return [Standing(**dict(row)) for row in rows]


async def refusals(tenant: Tenant, config_id: UUID | str) -> dict[str, int]:
    """How many records about this journey the sink had to set aside, by reason."""
    with translated("reading refusals"):
        rows = await tenant.fetch(load_queries("reports")["refusals"], tenant.workspace_id, str(config_id))
    return {row["reason"]: row["records"] for row in rows}


def exactly(document: str) -> Metrics:
    """Figures from their JSON, money as decimals: so that sums are the same however they are cut."""
    return _DECODER.decode(document)


def added_up(days: Iterable[Mapping[str, Any]]) -> Metrics:
    """The sum of figures, key by key, at every depth."""
    total: Metrics = {}
    for day in days:
        add_figures(total, day)
    return total


def arm_of(name: str, figures: Mapping[str, Any]) -> Arm:
    """The arm called ``name``, from its part of the figures (``metrics["arms"][name]``)."""
    return Arm(
        arm=name,
        customers=figures.get("customers_entered", 0),
        converted=figures.get("customers_converted", 0),
        conversions=figures.get("goals", 0),
        value=float(figures.get("value", 0)),
        value_squares=float(figures.get("value_squares", 0)),
        cost=float(figures.get("cost", 0)),
        past=_past_of(figures.get("past", {})),
    )


def paired(customers: int, events: int, squares: int, converted: int, events_of_converted: int) -> Paired:
    """Sums over customers with a known past; the square of "has converted", 0 or 1, is itself."""
    return Paired(customers=customers, x=events, y=converted, xx=squares, yy=converted, xy=events_of_converted)


def _past_of(past: Mapping[str, Any]) -> Paired:
    return paired(
        **{name: past.get(name, 0) for name in ("customers", "events", "squares", "converted", "events_of_converted")}
    )


def page_of(found: Sequence[_Item], limit: int, place: Callable[[_Item], str]) -> tuple[Sequence[_Item], str | None]:
    """The page, and the cursor of the next; None: it is the last.

    ``found``: one more than ``limit`` was asked for, which tells whether there is another page. ``place``: the cursor
    that leads to what is behind an item.
    """
    page = found[:limit]
    return page, place(page[-1]) if len(found) > limit else None


def write_cursor(created_at: datetime, id_: UUID) -> str:
    """A place in the order of activities, as text that fits a URL."""
    microseconds = (created_at - _EPOCH) // _MICROSECOND
    return urlsafe_b64encode(microseconds.to_bytes(8, "big", signed=True) + id_.bytes).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The place that ``write_cursor`` wrote.

    Raises:
        RequestError: the text is not a cursor.
    """
    if not re.fullmatch(CURSOR_PATTERN, cursor, re.ASCII):
        raise RequestError(f"the cursor {cursor[:80]!r} is not one that a page gave; leave it out to start")
    raw = urlsafe_b64decode(cursor.encode())
    microseconds = int.from_bytes(raw[:8], "big", signed=True)
    try:
        at = _EPOCH + microseconds * _MICROSECOND
    except OverflowError:  # a made-up place, before or behind everything
        at = _LATEST if microseconds > 0 else _EARLIEST
    return at, UUID(bytes=raw[8:])
