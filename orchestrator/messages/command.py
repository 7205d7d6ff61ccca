"""The request that a channel adapter deliver one message."""

from typing import Annotated

import msgspec
from msgspec import Meta


class SendCommand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Deliver ``template`` with ``variables`` to this customer over ``channel``, once, before ``expires_at_ms``.

    ``id`` is derived from workspace, customer, run, step and visit: the same logical send always has the same id, and
    an adapter that has seen an id must not send again. ``decided_at_ms`` is when the guardrails allowed it.
    """

    id: Annotated[str, Meta(description="The command's id: who has seen it must not send again.")]
    workspace_id: Annotated[str, Meta(description="The workspace.")]
    customer_id: Annotated[str, Meta(description="Whose message it is; the address is one of the variables.")]
    journey_id: Annotated[str, Meta(description="Which journey asks for it.")]
    version: Annotated[int, Meta(description="Which version of it.")]
    run_id: Annotated[str, Meta(description="Which run of the customer through it.")]
    step: Annotated[str, Meta(description="Which step.")]
    visit: Annotated[int, Meta(description="The how-manyth time that the run came to the step, from 1.")]
    channel: Annotated[str, Meta(description="Over which channel.")]
    template: Annotated[str, Meta(description="Which message; of a webhook, the endpoint's name.")]
    category: Annotated[str, Meta(description="What kind of message it is, such as marketing.")]
    variables: Annotated[dict[str, object], Meta(description="What to put into it.")]
    decided_at_ms: Annotated[int, Meta(description="When the guardrails allowed it, in milliseconds since 1970.")]
    expires_at_ms: Annotated[
        int | None, Meta(description="From when it is not worth sending any more; null: never.")
    ] = None
    cost: Annotated[float, Meta(description="What one send costs.")] = 0.0
