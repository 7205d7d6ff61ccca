"""What comes in from outside: what a customer did, and what became of a send."""

from typing import Literal

import msgspec

Outcome = Literal["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed"]

# Event types that change what is known of a customer; every other type is something the customer did.
CUSTOMER_UPDATED = "customer.updated"  # data: {"attributes": {name: value | null}}
CONSENT_GRANTED = "consent.granted"  # data: {"channel": …, "category": … | absent for all}
CONSENT_REVOKED = "consent.revoked"
# Time itself, on an input partition, for replays in stream time; carries no customer.
CLOCK_TICKED = "orchestrator.clock.ticked"


class EngagementEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something a customer did, as the campaign systems report it (CloudEvents: id, source, type, time, data).

    ``time_ms`` is when it happened, in milliseconds since 1970 UTC. (``source``, ``id``) identify it for ever.
    """

    id: str
    source: str
    type: str
    time_ms: int
    workspace_id: str
    customer_id: str
    data: dict[str, object] = {}


class DeliveryEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of a send command, as its channel adapter reports it."""

    id: str
    source: str
    time_ms: int
    workspace_id: str
    customer_id: str
    command_id: str
    journey_id: str
    run_id: str
    step: str
    channel: str
    outcome: Outcome
    category: str = "marketing"
    is_permanent: bool = False  # of a bounce: the address will never work
    reason: str = ""
