"""What comes in from outside: what a customer did, and what became of a send."""

from typing import Literal

import msgspec

Outcome = Literal["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed"]

# Event types that change what is known of a customer; every other type is something the customer did.
CUSTOMER_UPDATED = "customer.updated"  # data: {"attributes": {name: value | null}}
CONSENT_GRANTED = "consent.granted"  # data: {"channel": …, "category": … | absent for all}
CONSENT_REVOKED = "consent.revoked"
CUSTOMER_MERGED = "customer.merged"  # data: {"into": customer_id}; the event's customer is no more
CUSTOMER_ERASED = "customer.erased"  # data: {}; everything about the customer is forgotten
ANY = "*"  # of a consent: every channel, or every category
# The control plane asks that a customer enter a journey whose entry is "api": {"journey_id": …, "fields": {…}}.
ENTRY_REQUESTED = "orchestrator.entry.requested"
# Time itself, on an input partition, for replays in stream time; carries no customer.
CLOCK_TICKED = "orchestrator.clock.ticked"

# Who emits the events of ``emit`` steps; behind it stands how many of them, one leading to the next, this one is away
# from an event of the outside.
EMITTED_SOURCE = "/orchestrator/journeys"


def emitted_source(hops: int) -> str:
    """The source of an emitted event that is ``hops`` away from the outside."""
    return f"{EMITTED_SOURCE}/{hops}"


def hops_of(source: str) -> int:
    """How many emitted events away from the outside an event of this source is; 0: it comes from there."""
    prefix, _, hops = source.rpartition("/")
    return int(hops) if prefix == EMITTED_SOURCE and hops.isdecimal() else 0


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
