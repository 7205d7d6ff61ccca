"""What history lacks and is made up: the consents and the time zone of each customer.

At first sight, a minute before the first purchase, 85 % grant consent to e-mail and 60 % to push; 90 % tell their time
zone, one of four in the United States in proportion to population. Which ones follows from a hash of the customer.
"""

from collections.abc import Iterable

from orchestrator.messages.event import CONSENT_GRANTED, CUSTOMER_UPDATED, EngagementEvent
from orchestrator.simulator.chance import share

SOURCE = "/demo/crm"
CONSENT_SHARES = {"email": 0.85, "push": 0.60}
ZONE_KNOWN_SHARE = 0.90
# Each zone with the share of people who live in it or in one before it.
_ZONES = (
    ("America/New_York", 0.48),
    ("America/Chicago", 0.77),
    ("America/Denver", 0.84),
    ("America/Los_Angeles", 1.0),
)
ZONES = tuple(zone for zone, _ in _ZONES)
MINUTE_MS = 60_000


def introduce(events: Iterable[EngagementEvent]) -> list[EngagementEvent]:
    """``events`` (in order of time), each customer's first one preceded by what is made up about the customer."""
    introduced: list[EngagementEvent] = []
    known: set[str] = set()
    for event in events:
        if event.customer_id not in known:
            known.add(event.customer_id)
            at_ms = event.time_ms - MINUTE_MS
            introduced += consents(event.workspace_id, event.customer_id, at_ms)
            introduced += profile(event.workspace_id, event.customer_id, at_ms)
        introduced.append(event)
    return sorted(introduced, key=lambda event: event.time_ms)


def consents(workspace_id: str, customer_id: str, at_ms: int) -> list[EngagementEvent]:
    """The consents the customer grants, as events at ``at_ms``."""
    return [
        _said(workspace_id, customer_id, at_ms, CONSENT_GRANTED, channel, {"channel": channel})
        for channel, granting in CONSENT_SHARES.items()
        if share("consent", channel, customer_id) < granting
    ]


def profile(workspace_id: str, customer_id: str, at_ms: int) -> list[EngagementEvent]:
    """The zone the customer tells, as an event at ``at_ms``; none when it stays unknown."""
    zone = zone_of(customer_id)
    if zone is None:
        return []
    return [_said(workspace_id, customer_id, at_ms, CUSTOMER_UPDATED, "profile", {"attributes": {"timezone": zone}})]


def zone_of(customer_id: str) -> str | None:
    """The customer's time zone; None when it stays unknown."""
    if share("zone known", customer_id) >= ZONE_KNOWN_SHARE:
        return None
    drawn = share("zone", customer_id)
    return next(zone for zone, up_to in _ZONES if drawn < up_to)


def _said(
    workspace_id: str, customer_id: str, at_ms: int, type_: str, what: str, data: dict[str, object]
) -> EngagementEvent:
    return EngagementEvent(
        id=f"{customer_id}-{what}",
        source=SOURCE,
        type=type_,
        time_ms=at_ms,
        workspace_id=workspace_id,
        customer_id=customer_id,
        data=data,
    )
