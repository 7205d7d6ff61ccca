"""Types and sources that are the orchestrator's own: neither publishers nor webhooks bring such events."""

from collections.abc import Mapping

from orchestrator.messages.codec import ACTIVITY_TYPE, COMMAND_TYPE, DELIVERY_TYPE, OUR_SOURCE
from orchestrator.messages.event import CUSTOMER_ERASED

OUR_TYPES = "orchestrator."  # what they begin with
_OTHERS_OF_OURS: Mapping[str, str] = {
    COMMAND_TYPE: "the orchestrator alone sends commands",
    ACTIVITY_TYPE: "the orchestrator alone records activities",
    DELIVERY_TYPE: "report deliveries on their own topic, channel.delivery-events.v1",
    CUSTOMER_ERASED: "ask for an erasure with POST /api/v1/erasures, which gives a receipt",
}


def way_instead_of(type_: str) -> str | None:
    """What to do instead of bringing an event of this type; None: it may be brought."""
    return "call what happened by a name of your own" if type_.startswith(OUR_TYPES) else _OTHERS_OF_OURS.get(type_)


def is_own_source(source: str) -> bool:
    """Whether events of this source are the orchestrator's own."""
    return source == OUR_SOURCE or source.startswith(f"{OUR_SOURCE}/")
