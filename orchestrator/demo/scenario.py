"""What the demo plays: two journeys, and every event in order of time.

*Win back* runs over real purchases. History cannot react to messages that were never sent, so its uplift must be
compatible with none. *Trial offer* runs over personas (``simulator.personas``) who buy 20 % more often when an offer
reaches them; its uplift must be compatible with that.
"""

from heapq import merge
from operator import attrgetter

from orchestrator.messages.event import EngagementEvent
from orchestrator.simulator.people import ZONES, introduce
from orchestrator.simulator.personas import (
    SUBSCRIPTION_BOUGHT,
    TRIAL_STARTED,
    is_silent,
    life,
    people,
)
from orchestrator.simulator.purchases import ORDER_PLACED, read_purchases

WORKSPACE = "demo"
CHANNELS = ("email", "push")
DAY_MS = 86_400_000
# Longer than any wait, deferral, expiry and goal window of the journeys below.
LONGEST_RUN_MS = 400 * DAY_MS

WIN_BACK_HOLDOUT_PERCENT = 20
TRIAL_OFFER_HOLDOUT_PERCENT = 50

# A re-entry is possible only when the goal was reached or every step is over: 60 + 14 days and a night of quiet hours
# are less than the goal's 150. So both arms enter equally often, and the holdout is a fair comparison.
WIN_BACK: dict[str, object] = {
    "name": "Win back",
    "about": "Sixty days after an order without another one: an e-mail, and two weeks later a push message.",
    "entry": {
        "kind": "event",
        "type": ORDER_PLACED,
        "re_entry": {"kind": "after", "period": "P30D"},
    },
    "goal": {"event": ORDER_PLACED, "window": "P150D", "value": "amount"},
    "holdout": {"percent": WIN_BACK_HOLDOUT_PERCENT},
    "start": "lapse",
    "steps": {
        "lapse": {
            "kind": "wait_for",
            "event": ORDER_PLACED,
            "timeout": "P60D",
            "next": "back",
            "on_timeout": "remind",
        },
        "remind": {
            "kind": "send",
            "channel": "email",
            "template": "we-miss-you",
            "variables": {"last_amount": {"kind": "entry", "name": "amount"}},
            "cost": 0.002,
            "next": "reaction",
        },
        "reaction": {
            "kind": "wait_for",
            "event": ORDER_PLACED,
            "timeout": "P14D",
            "next": "back",
            "on_timeout": "offer",
        },
        "offer": {
            "kind": "send",
            "channel": "push",
            "template": "ten-percent-off",
            "expires_after": "P2D",
            "cost": 0.0005,
            "next": "end",
        },
        "back": {"kind": "exit", "reason": "ordered_again"},
        "end": {"kind": "exit"},
    },
    "guardrails": {
        "caps": [
            {"limit": 1, "per": "P90D", "channel": "email"},
            {"limit": 2, "per": "P120D"},
        ],
        "minimum_gap": "P1D",
        "quiet_hours": {"from": "21:00", "to": "08:00"},
        "fallback_zones": list(ZONES),
        "consent": {"marketing": "required"},
    },
}

# Nothing is waited for after the send, so that an answer which comes late in the replay can change no decision.
TRIAL_OFFER: dict[str, object] = {
    "name": "Trial offer",
    "about": "An e-mail with an offer as a trial begins; half of the customers are held out to see what it brings.",
    "entry": {"kind": "event", "type": TRIAL_STARTED},
    "goal": {"event": SUBSCRIPTION_BOUGHT, "window": "P14D", "value": "amount"},
    "holdout": {"percent": TRIAL_OFFER_HOLDOUT_PERCENT},
    "start": "offer",
    "steps": {
        "offer": {
            "kind": "send",
            "channel": "email",
            "template": "trial-offer",
            "category": "service",
            "cost": 0.002,
            "next": "end",
        },
        "end": {"kind": "exit"},
    },
    "guardrails": {
        "caps": [{"limit": 1, "per": "day"}],
        "quiet_hours": {"from": "21:00", "to": "08:00"},
        "fallback_zones": list(ZONES),
        "consent": {"service": "opt_out"},
    },
}


def events(personas: int) -> list[EngagementEvent]:
    """Everything that happens by itself, in order of time: real customers and ``personas`` made-up ones."""
    lives = sorted(
        (event for persona in people(personas) for event in life(WORKSPACE, persona)), key=attrgetter("time_ms")
    )
    return list(merge(introduce(read_purchases(WORKSPACE)), lives, key=attrgetter("time_ms")))


def silent_customers(personas: int) -> list[str]:
    """Personas with a single event: wherever that one is published, no order among a customer's events is upset."""
    return [persona.customer_id for persona in people(personas) if is_silent(persona)]


def end_ms(happening: list[EngagementEvent]) -> int:
    """A time at which everything that ``happening`` set off is over, milliseconds since 1970 UTC."""
    return happening[-1].time_ms + LONGEST_RUN_MS
