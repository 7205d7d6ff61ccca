"""Receipts for customers who were erased: proof that it was done, without saying who it was."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator.errors import NotFound
from orchestrator.store.faults import translated
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Receipt:
    """``customer_sha256`` is of ``workspace_id:customer_id``; ``rows`` were deleted, by table. Times are UTC."""

    receipt: UUID
    customer_sha256: bytes
    requested_at: datetime
    erased_at: datetime
    rows: dict[str, int]


async def find_receipt(tenant: Tenant, receipt: UUID) -> Receipt:
    """The receipt of this number.

    Raises:
        NotFound: this workspace has none; perhaps the request has not come through yet.
        Unavailable: the database does not answer.
    """
    with translated("reading a receipt"):
        row = await tenant.fetchrow(load_queries("erasures")["find_receipt"], tenant.workspace_id, receipt)
    if row is None:
        raise NotFound(f"this workspace has no erasure {receipt}; one just asked for takes a moment to come through")
    return Receipt(**dict(row))
