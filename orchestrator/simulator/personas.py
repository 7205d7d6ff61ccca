"""Made-up people of whom it is known what an offer does to them, so that a measured uplift can be judged.

Each persona begins a trial at some time from January to June 1997 and has one number from 0 to 1, its reluctance:

- below 0.20 it subscribes anyway, within 1 to 12 days, offer or not;
- from 0.20 to 0.24 it subscribes only when an offer reaches it, within hours to 9 days;
- above that it does not subscribe.

So an offer to everyone brings 24 % instead of 20 %: +20 %. Everything follows from a hash of the persona.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.messages.event import EngagementEvent
from orchestrator.simulator.chance import between, share
from orchestrator.simulator.people import profile, zone_of

SOURCE = "/demo/trials"
TRIAL_STARTED = "trial.started"
SUBSCRIPTION_BOUGHT = "subscription.bought"
CUSTOMER_PREFIX = "persona-"

BUYING_ANYWAY = 0.20
BUYING_WITH_OFFER = 0.24
TRUE_UPLIFT = BUYING_WITH_OFFER / BUYING_ANYWAY - 1  # relative: +20 %

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FIRST_START_MS = 852_076_800_000  # 1997-01-01T00:00Z
LAST_START_MS = 867_715_200_000  # 1997-07-01T00:00Z
PRICES = (9.99, 19.99, 49.99)  # dollars


@dataclass(frozen=True, slots=True)
class Persona:
    """One made-up person; ``started_ms`` is when the trial began."""

    customer_id: str
    started_ms: int
    reluctance: float

    @property
    def buys_anyway(self) -> bool:
        """Whether it subscribes without having been asked."""
        return self.reluctance < BUYING_ANYWAY

    @property
    def buys_when_asked(self) -> bool:
        """Whether it subscribes only because an offer reached it."""
        return BUYING_ANYWAY <= self.reluctance < BUYING_WITH_OFFER


def people(count: int) -> list[Persona]:
    """The first ``count`` personas, in the order of their number."""
    return [persona(f"{CUSTOMER_PREFIX}{number}") for number in range(1, count + 1)]


def persona(customer_id: str) -> Persona:
    """The persona with this id."""
    started_ms = between(FIRST_START_MS, LAST_START_MS, "trial", customer_id)
    return Persona(customer_id, started_ms, share("reluctance", customer_id))


def is_silent(persona: Persona) -> bool:
    """Whether the trial's start is all that is ever heard of this persona by itself."""
    return persona.reluctance >= BUYING_WITH_OFFER and zone_of(persona.customer_id) is None


def life(workspace_id: str, persona: Persona) -> Iterator[EngagementEvent]:
    """What the persona does by itself, in order of time: perhaps tells its zone, begins a trial, perhaps subscribes."""
    yield from profile(workspace_id, persona.customer_id, persona.started_ms)
    yield _did(workspace_id, persona, TRIAL_STARTED, persona.started_ms, {"plan": "trial"})
    if persona.buys_anyway:
        at_ms = persona.started_ms + between(DAY_MS, 12 * DAY_MS, "buys anyway", persona.customer_id)
        yield _purchase(workspace_id, persona, at_ms)


def answer(workspace_id: str, persona: Persona, offered_ms: int) -> EngagementEvent | None:
    """What the persona does because an offer reached it at ``offered_ms``; None: nothing it would not do anyway."""
    if not persona.buys_when_asked:
        return None
    delay_ms = between(2 * HOUR_MS, 9 * DAY_MS, "buys when asked", persona.customer_id)
    return _purchase(workspace_id, persona, offered_ms + delay_ms)


def _purchase(workspace_id: str, persona: Persona, at_ms: int) -> EngagementEvent:
    price = PRICES[between(0, len(PRICES), "price", persona.customer_id)]
    return _did(workspace_id, persona, SUBSCRIPTION_BOUGHT, at_ms, {"amount": price})


def _did(workspace_id: str, persona: Persona, type_: str, at_ms: int, data: dict[str, object]) -> EngagementEvent:
    # One purchase a persona: the id says so, and a second one would be recognised as the same.
    return EngagementEvent(
        id=f"{persona.customer_id}-{type_}",
        source=SOURCE,
        type=type_,
        time_ms=at_ms,
        workspace_id=workspace_id,
        customer_id=persona.customer_id,
        data=data,
    )
