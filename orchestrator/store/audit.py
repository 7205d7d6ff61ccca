"""Who changed what, when: written in the transaction of the change, and never changed after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from orchestrator.store.faults import translated
from orchestrator.store.pool import Connection
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

Action = Literal[
    "journey_created",
    "journey_changed",
    "workspace_changed",
    "key_created",
    "key_revoked",
    "change_proposed",
    "change_approved",
    "change_rejected",
    "erasure_requested",
    "backtest_started",
    "backtest_cancelled",
    "hook_created",
    "hook_changed",
    "hook_deleted",
    "subscription_created",
    "subscription_deleted",
]
_NEWEST = 2**63 - 1
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Author:
    """Who does something: a key, a person by an access token, or the program; and in which request."""

    id: str
    name: str
    request_id: str = ""


STEWARD = Author("steward", "steward")
COMMAND_LINE = Author("command-line", "command line")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: ``before`` and ``after`` are the fields that differ. ``at`` is UTC."""

    id: int
    at: datetime
    author: Author
    action: Action
    subject_id: str
    before: dict[str, Any]
    after: dict[str, Any]


async def note(
    connection: Connection,
    workspace_id: str,
    author: Author,
    action: Action,
    subject_id: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> None:
    """Writes what differs between ``before`` and ``after``, in the caller's transaction."""
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    await connection.execute(
        load_queries("audit")["note"],
        workspace_id,
        author.id,
        author.name,
        action,
        subject_id,
        {name: before[name] for name in changed if name in before},
        {name: after[name] for name in changed if name in after},
        author.request_id,
    )


async def audit_page(
    tenant: Tenant,
    *,
    limit: int,
    before_id: int | None = None,
    subject_id: str | None = None,
    author_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[AuditEntry]:
    """Changes from ``since`` (included) to ``until`` (excluded), newest first: at most ``limit``.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("reading who changed what"):
        rows = await tenant.fetch(
            load_queries("audit")["audit_page"],
            tenant.workspace_id,
            subject_id,
            author_id,
            since or _EARLIEST,
            until or _LATEST,
            _NEWEST if before_id is None else before_id,
            limit,
        )
    return [
        AuditEntry(
            id=row["id"],
            at=row["at"],
            author=Author(row["author_id"], row["author_name"], row["request_id"]),
            action=row["action"],
            subject_id=row["subject_id"],
            before=row["before"],
            after=row["after"],
        )
        for row in rows
    ]
