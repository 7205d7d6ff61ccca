"""Changes to journeys that wait for a second person."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from orchestrator.errors import Conflict, NotFound
from orchestrator.store.audit import Action, Author, note
from orchestrator.store.faults import translated
from orchestrator.store.pool import Connection
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

if TYPE_CHECKING:
    import asyncpg

ProposalStatus = Literal["open", "approved", "rejected"]


@dataclass(frozen=True, slots=True)
class OfJourney:
    """The journey that is to change, as it is now."""

    id: UUID
    name: str
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OfSettings:
    """The settings of the workspace are to change: ``before`` are those as they were, ``updated_at`` is of now."""

    before: dict[str, Any]
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to change. ``etag`` is that of what it is ``about`` as they saw it. Times are UTC.

    ``patch`` is a ``JourneyPatch`` or, of settings, a ``WorkspacePatch``. ``decider`` None: nobody has decided yet.
    """

    id: UUID
    about: OfJourney | OfSettings
    patch: dict[str, Any]
    etag: str
    author: Author
    status: ProposalStatus
    reason: str
    decider: Author | None
    created_at: datetime
    decided_at: datetime | None


async def propose(
    tenant: Tenant, proposal_id: UUID, about: UUID | dict[str, Any], patch: dict[str, Any], etag: str, author: Author
) -> None:
    """Writes a proposal about a journey or, ``about`` being what they were, settings; one of this id stays as it is."""
    journey_id, before = (about, None) if isinstance(about, UUID) else (None, about)
    with translated("proposing a change"):
        async with tenant.transaction() as connection:
            status = await connection.execute(
                load_queries("proposals")["propose"],
                proposal_id,
                tenant.workspace_id,
                journey_id,
                before,
                patch,
                etag,
                author.id,
                author.name,
            )
            if status == "INSERT 0 1":
                after = {"proposal": str(proposal_id), "fields": sorted(patch)}
                await note(connection, tenant.workspace_id, author, "change_proposed", _subject(journey_id), {}, after)


async def find_proposal(tenant: Tenant, proposal_id: UUID) -> Proposal:
    """The proposal of this id.

    Raises:
        NotFound: this workspace has none.
        Unavailable: the database does not answer.
    """
    with translated("reading a proposal"):
        sql = load_queries("proposals")["find_proposal"]
        row = await tenant.fetchrow(sql, tenant.workspace_id, proposal_id)
    if row is None:
        raise NotFound(f"this workspace has no proposal {proposal_id}")
    return _proposal(row)


async def list_proposals(
    tenant: Tenant,
    *,
    limit: int,
    status: ProposalStatus | None = None,
    journey_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> list[Proposal]:
    """At most ``limit`` proposals, newest first: those older than ``after`` (creation time, id)."""
    since, last_id = after or (None, None)
    with translated("listing proposals"):
        sql = load_queries("proposals")["list_proposals"]
        rows = await tenant.fetch(sql, tenant.workspace_id, status, journey_id, since, last_id, limit)
    return [_proposal(row) for row in rows]


async def decide(
    connection: Connection, workspace_id: str, proposal: Proposal, status: ProposalStatus, reason: str, decider: Author
) -> None:
    """Ends the proposal, in the caller's transaction.

    Raises:
        Conflict: somebody else has decided meanwhile.
    """
    sql = load_queries("proposals")["decide"]
    found = await connection.fetchval(sql, workspace_id, proposal.id, status, reason, decider.id, decider.name)
    if found is None:
        raise Conflict("somebody has decided about this proposal meanwhile; read it again")
    after = {"proposal": str(proposal.id), "author": proposal.author.name, "reason": reason}
    action: Action = "change_approved" if status == "approved" else "change_rejected"
    subject = _subject(proposal.about.id if isinstance(proposal.about, OfJourney) else None)
    await note(connection, workspace_id, decider, action, subject, {}, after)


async def reject(tenant: Tenant, proposal: Proposal, reason: str, decider: Author) -> None:
    """Ends the proposal without a change; raises as ``decide``."""
    with translated("rejecting a proposal"):
        async with tenant.transaction() as connection:
            await decide(connection, tenant.workspace_id, proposal, "rejected", reason, decider)


def _subject(journey_id: UUID | None) -> str:
    """As the audit names it."""
    return "workspace" if journey_id is None else str(journey_id)


def _about(row: "asyncpg.Record") -> OfJourney | OfSettings:
    if row["config_id"] is None:
        return OfSettings(row["before"], row["workspace_updated_at"])
    return OfJourney(row["config_id"], row["journey_name"], row["journey_version"], row["journey_updated_at"])


def _proposal(row: "asyncpg.Record") -> Proposal:
    decider = None if row["decider_id"] is None else Author(row["decider_id"], row["decider_name"])
    return Proposal(
        id=row["id"],
        about=_about(row),
        patch=row["patch"],
        etag=row["etag"],
        author=Author(row["author_id"], row["author_name"]),
        status=row["status"],
        reason=row["reason"],
        decider=decider,
        created_at=row["created_at"],
        decided_at=row["decided_at"],
    )
