"""A customer's right to be forgotten, over HTTP: ask for it, and read the receipt."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response, status

from orchestrator.api.access import Caller, CallersName, CallersTenant, demand
from orchestrator.api.answers import PUBLISH_WAIT_S, PUBLISHED
from orchestrator.api.body import StrictRoute
from orchestrator.api.control_documents import ErasureAccepted, NewErasure
from orchestrator.api.documents import ErasureDocument
from orchestrator.api.edge import TraceOfRequest
from orchestrator.api.entries import SOURCE
from orchestrator.api.paths import ROOT
from orchestrator.api.problems import BadRequest
from orchestrator.api.repeats import IdOfCreation
from orchestrator.api.services import ServicesOfApp
from orchestrator.journeys.erasure import receipt_of
from orchestrator.messages.event import CUSTOMER_ERASED, EngagementEvent
from orchestrator.messages.key import is_customer_id
from orchestrator.store.audit import note
from orchestrator.store.erasures import find_receipt
from orchestrator.store.outbox import append_event
from orchestrator.store.pool import Connection

router = APIRouter(prefix=f"{ROOT}/erasures", route_class=StrictRoute, tags=["workspace"])


@router.post(
    "", status_code=status.HTTP_202_ACCEPTED, operation_id="eraseCustomer", summary="Forget everything about a customer"
)
async def request(
    caller: Caller,
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    erasure_id: IdOfCreation,
    body: NewErasure,
    response: Response,
    trace: TraceOfRequest,
) -> ErasureAccepted:
    """State, activities and everything else by which the customer could be known go; figures stay. It needs an admin.

    The answer means that the request is safe. What channel adapters hold is theirs to delete.
    """
    demand(caller, "admin", "erasing a customer")
    if not is_customer_id(body.customer_id):
        raise BadRequest("customer_id has a control character (0x00 or 0x1f)")
    event = EngagementEvent(
        id=f"erasure/{erasure_id}",
        source=SOURCE,
        type=CUSTOMER_ERASED,
        time_ms=int(datetime.now(UTC).timestamp() * 1_000),
        workspace_id=tenant.workspace_id,
        customer_id=body.customer_id,
    )
    receipt = receipt_of(event)

    async def tell(connection: Connection) -> None:
        # The receipt names nobody: the audit must not be where an erased customer lives on.
        await note(connection, tenant.workspace_id, author, "erasure_requested", receipt, {}, {"receipt": receipt})

    outbox_id = await append_event(tenant, event, tell, trace)
    is_published = await services.relay.handed_over(outbox_id, PUBLISH_WAIT_S, is_event=True)
    response.headers[PUBLISHED] = "true" if is_published else "false"
    return ErasureAccepted(receipt=UUID(receipt), published=is_published)


@router.get("/{receipt}", operation_id="getErasure", summary="Read the receipt of an erasure")
async def read(
    tenant: CallersTenant, receipt: Annotated[UUID, Path(description="The receipt's number.")]
) -> ErasureDocument:
    """Shows that a customer's data were deleted. It names nobody: compare the hash with that of the one you mean."""
    found = await find_receipt(tenant, receipt)
    return ErasureDocument(
        receipt=found.receipt,
        customer_sha256=found.customer_sha256.hex(),
        requested_at=found.requested_at,
        erased_at=found.erased_at,
        rows=found.rows,
    )
