"""A customer's right to be forgotten: nothing is kept, and a receipt goes on record."""

from orchestrator.journeys.state import EMPTY
from orchestrator.journeys.turn import Advance
from orchestrator.messages.activity import Activity
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.ids import derived_id


def receipt_of(event: EngagementEvent) -> str:
    """The number of the receipt that the erasure by this event will have."""
    return derived_id("erasure", event.workspace_id, event.customer_id, event.source, event.id)


def erase(event: EngagementEvent, now_ms: int, cause: str) -> Advance:
    """The state becomes empty, whatever it was, and is deleted from store and changelog.

    The activity belongs to no journey. It tells the sink whose rows to delete, and names the receipt, which follows
    from the event, so that asking twice gives one.
    """
    receipt = receipt_of(event)
    activity = Activity(
        id=derived_id("activity", "customer_erased", receipt),
        workspace_id=event.workspace_id,
        customer_id=event.customer_id,
        journey_id="",
        version=0,
        run_id="",
        type="customer_erased",
        at_ms=now_ms,
        details={"receipt": receipt, "requested_at_ms": event.time_ms},
        cause=cause,
    )
    return Advance(EMPTY, (activity,))
