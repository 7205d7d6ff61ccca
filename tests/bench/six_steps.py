"""A typical journey of six steps with every guardrail on, and customers who go through it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from orchestrator.messages.event import CONSENT_GRANTED, CUSTOMER_UPDATED, EngagementEvent
from orchestrator.simulator.people import ZONES

WORKSPACE = "bench"
BEGIN_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
EVENTS_PER_CUSTOMER = 10
CART_ABANDONED, PAGE_VIEWED, ORDER_PLACED, EMAIL_OPENED = (
    "cart.abandoned",
    "page.viewed",
    "order.placed",
    "email.opened",
)

SIX_STEPS: dict[str, object] = {
    "name": "Abandoned cart",
    "entry": {
        "kind": "event",
        "type": CART_ABANDONED,
        "where": {"kind": "field", "name": "amount", "op": "ge", "value": 20},
        "key": "cart_id",
        "re_entry": {"kind": "once_per_key"},
    },
    "goal": {"event": ORDER_PLACED, "window": "P14D", "value": "amount", "exits": True},
    "holdout": {"percent": 10},
    "start": "cool_down",
    "steps": {
        "cool_down": {"kind": "wait", "duration": "PT1H", "next": "worth"},
        "worth": {
            "kind": "branch",
            "paths": [{"when": {"kind": "field", "name": "amount", "op": "ge", "value": 100}, "next": "push"}],
            "otherwise": "email",
        },
        "email": {
            "kind": "send",
            "channel": "email",
            "template": "your-cart",
            "variables": {"amount": {"kind": "entry", "name": "amount"}},
            "cost": 0.002,
            "next": "opened",
        },
        "opened": {
            "kind": "wait_for",
            "event": EMAIL_OPENED,
            "timeout": "P2D",
            "next": "end",
            "on_timeout": "push",
        },
        "push": {"kind": "send", "channel": "push", "template": "still-there", "expires_after": "P1D", "next": "end"},
        "end": {"kind": "exit"},
    },
    "guardrails": {
        "caps": [{"limit": 3, "per": "P7D"}, {"limit": 1, "per": "day", "channel": "email"}],
        "minimum_gap": "PT4H",
        "quiet_hours": {"from": "21:00", "to": "08:00"},
        "fallback_zones": list(ZONES),
        "consent": {"marketing": "required"},
    },
}


def shoppers(most: int) -> list[EngagementEvent]:
    """At least ``most`` events of shoppers who start one after the other through four weeks, in order of time."""
    customers = -(-most // EVENTS_PER_CUSTOMER)
    apart_ms = 28 * DAY_MS // customers
    events = [event for number in range(customers) for event in life(number, BEGIN_MS + number * apart_ms)]
    return sorted(events, key=lambda event: event.time_ms)


def life(number: int, at_ms: int) -> Iterator[EngagementEvent]:
    """Ten events in four days: three that say who it is, four page views, a cart, and how it ends."""
    amount = 20 + number % 130

    def event(minutes: int, type_: str, **data: object) -> EngagementEvent:
        return EngagementEvent(
            id=f"{type_}-{number}-{minutes}",
            source="/shop",
            type=type_,
            time_ms=at_ms + minutes * MINUTE_MS,
            workspace_id=WORKSPACE,
            customer_id=f"shopper-{number}",
            data=data,
        )

    yield event(0, CUSTOMER_UPDATED, attributes={"timezone": ZONES[number % len(ZONES)], "tier": "gold"})
    yield event(1, CONSENT_GRANTED, channel="email")
    yield event(2, CONSENT_GRANTED, channel="push")
    for minutes in (3, 5, 8):
        yield event(minutes, PAGE_VIEWED, url=f"/products/{minutes}")
    yield event(10, CART_ABANDONED, cart_id=f"cart-{number}", amount=amount, items=2)
    if number % 3 == 0:
        yield event(20 * 60, EMAIL_OPENED, template="your-cart")
    else:
        yield event(20 * 60, PAGE_VIEWED, url="/sale")
    yield event(30 * 60, PAGE_VIEWED, url="/sale")
    yield event(4 * 24 * 60, ORDER_PLACED if number % 5 == 0 else PAGE_VIEWED, amount=amount)
