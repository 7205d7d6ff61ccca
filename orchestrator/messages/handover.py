"""The orchestrator's own message from one customer to another: all that is known of the one goes over to the other."""

import msgspec


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """``from_customer_id`` is no more; what was known is in ``state`` (as it is stored), and ``customer_id`` takes it.

    ``time_ms``: of the event that demanded it; (``source``, ``id``) identify that event. ``path``: the customers it
    has come through, who had themselves been merged; it ends a circle of merges.
    """

    workspace_id: str
    customer_id: str
    from_customer_id: str
    source: str
    id: str
    time_ms: int
    state: bytes
    path: tuple[str, ...] = ()
