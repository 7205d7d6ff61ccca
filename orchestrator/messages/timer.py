"""The orchestrator's own message to itself: time has reached a customer's next due moment."""

import msgspec


class TimerDue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything of this customer that was due at or before ``due_ms`` is to be carried out.

    It names no run and no step: the customer's state knows what waits. So a repeated or stale one does no harm.
    ``entering``: beside that, the customer is to be looked at as one who may enter this journey, at the moment
    ``due_ms`` of its schedule.
    """

    workspace_id: str
    customer_id: str
    due_ms: int
    entering: str = ""
