"""Receipts of erasures over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from orchestrator.api.access import Caller
from orchestrator.api.body import StrictRoute
from orchestrator.api.documents import ErasureDocument
from orchestrator.api.journeys import ROOT
from orchestrator.api.services import ServicesOfApp
from orchestrator.store.erasures import find_receipt

router = APIRouter(prefix=f"{ROOT}/erasures", route_class=StrictRoute, tags=["workspace"])


@router.get("/{receipt}", operation_id="getErasure", summary="Read the receipt of an erasure")
async def read(
    caller: Caller, services: ServicesOfApp, receipt: Annotated[UUID, Path(description="The receipt's number.")]
) -> ErasureDocument:
    """Shows that a customer's data were deleted. It names nobody: compare the hash with that of the one you mean."""
    found = await find_receipt(services.database.pool, caller.workspace_id, receipt)
    return ErasureDocument(
        receipt=found.receipt,
        customer_sha256=found.customer_sha256.hex(),
        requested_at=found.requested_at,
        erased_at=found.erased_at,
        rows=found.rows,
    )
