"""The request that a channel adapter deliver one message."""

import msgspec


class SendCommand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Deliver ``template`` with ``variables`` to this customer over ``channel``, once, before ``expires_at_ms``.

    ``id`` is derived from workspace, customer, run, step and visit: the same logical send always has the same id, and
    an adapter that has seen an id must not send again. ``decided_at_ms`` is when the guardrails allowed it.
    """

    id: str
    workspace_id: str
    customer_id: str
    journey_id: str
    version: int
    run_id: str
    step: str
    visit: int
    channel: str
    template: str
    category: str
    variables: dict[str, object]
    decided_at_ms: int
    expires_at_ms: int | None = None
    cost: float = 0.0
