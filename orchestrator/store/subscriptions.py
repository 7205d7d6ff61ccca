"""Subscriptions to the figures of each day: where they are sent, when, and how that goes. Times are UTC."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from orchestrator.errors import Conflict, NotFound
from orchestrator.store.audit import Author, note
from orchestrator.store.faults import translated
from orchestrator.store.pool import Pool
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant, every_workspace

if TYPE_CHECKING:
    import asyncpg

MOST = 20  # of a workspace


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody who is sent the figures of each day.

    ``at``: hours and minutes (07:30) on the clock of ``zone``. ``journeys`` None: all but the archived. ``sealed``: the
    secret that messages are signed with (``store/seal.py``). ``due_at``: of the message that is sent next;
    ``next_attempt_at`` is later once ``attempts`` to deliver it have failed. ``failure``: why the last one did; empty:
    it did not. ``failed_day``: the last day whose message was given up.
    """

    id: UUID
    workspace_id: str
    url: str = field(repr=False)  # its path may be known to nobody else
    at: str
    zone: str
    journeys: tuple[UUID, ...] | None
    sealed: bytes = field(repr=False)
    author: Author
    created_at: datetime
    due_at: datetime
    next_attempt_at: datetime
    attempts: int = 0
    last_sent_at: datetime | None = None
    last_day: date | None = None
    failure: str = ""
    failed_day: date | None = None


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What is to be subscribed to; the fields are those of ``Subscription``."""

    url: str
    at: str
    zone: str
    journeys: Sequence[UUID] | None
    sealed: bytes
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a subscription stands after an attempt. ``sent_at`` with ``day``, or ``failed_day``: it is over."""

    due_at: datetime
    next_attempt_at: datetime
    attempts: int = 0
    failure: str = ""
    sent_at: datetime | None = None
    day: date | None = None
    failed_day: date | None = None


async def create_subscription(tenant: Tenant, new: NewSubscription, host: str, author: Author) -> Subscription:
    """Writes a subscription; the audit has ``host`` of its address, whose path may be a secret.

    Raises:
        Conflict: the workspace has as many as it may have.
        Unavailable: the database does not answer.
    """
    sql = load_queries("subscriptions")
    journeys = None if new.journeys is None else list(new.journeys)
    with translated("creating a subscription"):
        async with tenant.transaction() as connection:
            if await connection.fetchval(sql["count"], tenant.workspace_id) >= MOST:
                raise Conflict(f"this workspace has {MOST} subscriptions, which is all it may have; delete one first")
            row = await connection.fetchrow(
                sql["create"],
                tenant.workspace_id,
                new.url,
                new.at,
                new.zone,
                journeys,
                new.sealed,
                author.id,
                author.name,
                new.due_at,
            )
            if row is None:
                raise AssertionError("an insert returns its row")  # pragma: no cover
            subject, after = str(row["id"]), _noted(row, host)
            await note(connection, tenant.workspace_id, author, "subscription_created", subject, {}, after)
    return _subscription(row)


async def list_subscriptions(tenant: Tenant) -> list[Subscription]:
    """Those of the workspace, oldest first.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("listing subscriptions"):
        rows = await tenant.fetch(load_queries("subscriptions")["list_subscriptions"], tenant.workspace_id)
    return [_subscription(row) for row in rows]


async def find_subscription(tenant: Tenant, subscription_id: UUID) -> Subscription:
    """The subscription of this id.

    Raises:
        NotFound: this workspace has none.
        Unavailable: the database does not answer.
    """
    with translated("reading a subscription"):
        row = await tenant.fetchrow(load_queries("subscriptions")["find"], tenant.workspace_id, subscription_id)
    if row is None:
        raise _missing(subscription_id)
    return _subscription(row)


async def delete_subscription(tenant: Tenant, subscription_id: UUID, author: Author) -> None:
    """Ends a subscription, with its secret.

    Raises:
        NotFound: this workspace has none of this id.
        Unavailable: the database does not answer.
    """
    with translated("deleting a subscription"):
        async with tenant.transaction() as connection:
            row = await connection.fetchrow(
                load_queries("subscriptions")["delete"], tenant.workspace_id, subscription_id
            )
            if row is None:
                raise _missing(subscription_id)
            subject, before = str(subscription_id), _noted(row, "")
            await note(connection, tenant.workspace_id, author, "subscription_deleted", subject, before, {})


async def due_subscriptions(pool: Pool, now: datetime, limit: int) -> list[Subscription]:
    """Those of all workspaces whose next attempt is due, longest first.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("reading which subscriptions are due"):
        rows = await every_workspace(pool).fetch(load_queries("subscriptions")["due"], now, limit)
    return [_subscription(row) for row in rows]


async def move_on(tenant: Tenant, before: Subscription, after: Progress) -> bool:
    """Keeps what an attempt has come to; False: another process has moved it on meanwhile, or it has ended.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("writing how a subscription goes"):
        found = await tenant.fetchval(
            load_queries("subscriptions")["move_on"],
            tenant.workspace_id,
            before.id,
            before.next_attempt_at,
            after.due_at,
            after.next_attempt_at,
            after.attempts,
            after.failure,
            after.sent_at,
            after.day,
            after.failed_day,
        )
    return found is not None


def _noted(row: "asyncpg.Record", host: str) -> dict[str, object]:
    journeys = None if row["journeys"] is None else [str(each) for each in row["journeys"]]
    told = {"host": host} if host else {}
    return {**told, "at": row["at"], "zone": row["zone"], "journeys": journeys}


def _missing(subscription_id: UUID) -> NotFound:
    return NotFound(f"this workspace has no subscription {subscription_id}")


def _subscription(row: "asyncpg.Record") -> Subscription:
    return Subscription(
        id=row["id"],
        workspace_id=row["workspace_id"],
        url=row["url"],
        at=row["at"],
        zone=row["zone"],
        journeys=None if row["journeys"] is None else tuple(row["journeys"]),
        sealed=row["secret"],
        author=Author(row["author_id"], row["author_name"]),
        created_at=row["created_at"],
        due_at=row["due_at"],
        next_attempt_at=row["next_attempt_at"],
        attempts=row["attempts"],
        last_sent_at=row["last_sent_at"],
        last_day=row["last_day"],
        failure=row["failure"],
        failed_day=row["failed_day"],
    )
