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
class Proposal:
    """What somebody wants to change. ``patch`` is a ``JourneyPatch``; ``etag`` that of the journey as they saw it.

    ``decider`` None: nobody has decided yet. ``journey_version`` and ``journey_updated_at`` are those the journey has
    now. Times are UTC.
    """

    id: UUID
    journey_id: UUID
    journey_name: str
    journey_version: int
    journey_updated_at: datetime
    patch: dict[str, Any]
    etag: str
    author: Author
    status: ProposalStatus
    reason: str
    decider: Author | None
    created_at: datetime
    decided_at: datetime | None


async def propose(
    tenant: Tenant, proposal_id: UUID, journey_id: UUID, patch: dict[str, Any], etag: str, author: Author
) -> None:
    """Writes a proposal; one of this id that is there already stays as it is."""
    with translated("proposing a change"):
        async with tenant.transaction() as connection:
            status = await connection.execute(
                load_queries("proposals")["propose"],
                proposal_id,
                tenant.workspace_id,
                journey_id,
                patch,
                etag,
                author.id,
                author.name,
            )
            if status == "INSERT 0 1":
                after = {"proposal": str(proposal_id), "fields": sorted(patch)}
                await note(connection, tenant.workspace_id, author, "change_proposed", str(journey_id), {}, after)


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
    await note(connection, workspace_id, decider, action, str(proposal.journey_id), {}, after)


async def reject(tenant: Tenant, proposal: Proposal, reason: str, decider: Author) -> None:
    """Ends the proposal without a change; raises as ``decide``."""
    with translated("rejecting a proposal"):
        async with tenant.transaction() as connection:
            await decide(connection, tenant.workspace_id, proposal, "rejected", reason, decider)


def _proposal(row: "asyncpg.Record") -> Proposal:
    decider = None if row["decider_id"] is None else Author(row["decider_id"], row["decider_name"])
    return Proposal(
        id=row["id"],
        journey_id=row["config_id"],
        journey_name=row["journey_name"],
        journey_version=row["journey_version"],
        journey_updated_at=row["journey_updated_at"],
        patch=row["patch"],
        etag=row["etag"],
        author=Author(row["author_id"], row["author_name"]),
        status=row["status"],
        reason=row["reason"],
        decider=decider,
        created_at=row["created_at"],
        decided_at=row["decided_at"],
    )
