"""Made-up customers for any journey: what it waits for and looks at, they do with stated probabilities.

Everything follows from a hash of seed and customer, so a simulation repeats exactly. A customer
- agrees to each channel the journey uses with 85 %, tells one of four time zones with 90 %;
- has the attributes and the past that the audience asks for with 80 %, so that most are let in; a past that must not
  be recent lies before that;
- does what the journey is entered by once, at a random time in the first half of the simulation (and is known from
  the first week on, where the calendar decides);
- does each event that a step waits for with 30 %, at a random time within the wait;
- reaches the goal by itself with ``base_rate``, and with ``base_rate × (1 + effect)`` if a message has reached it;
- of each message: 97 % arrive, 3 % bounce; 45 % are opened, 12 % clicked, 0.2 % lead to an unsubscription.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.definitions.condition import (
    AllOf,
    AnyOf,
    AttributeIs,
    Comparison,
    Condition,
    FieldIs,
    Happened,
    InSegment,
    Not,
)
from orchestrator.definitions.duration import duration_ms
from orchestrator.definitions.entry import ApiEntry, EventEntry, ScheduleEntry
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.step import Send, WaitFor
from orchestrator.guardrails.zone import DAY_MS
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import (
    CONSENT_GRANTED,
    CUSTOMER_UPDATED,
    ENTRY_REQUESTED,
    DeliveryEvent,
    EngagementEvent,
    Outcome,
)
from orchestrator.messages.report import report_of
from orchestrator.simulator.chance import between, share
from orchestrator.simulator.people import ZONES

SOURCE = "/simulation"
WORKSPACE = "simulation"
JOURNEY_ID = "simulation"
START_MS = 1_767_571_200_000  # 2026-01-05T00:00Z, a Monday
CONSENT_SHARE = 0.85
ZONE_SHARE = 0.90
FITTING_SHARE = 0.80
WAITED_FOR_SHARE = 0.30
ARRIVED_SHARE, OPENED_SHARE, CLICKED_SHARE, UNSUBSCRIBED_SHARE = 0.97, 0.45, 0.12, 0.002
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class World:
    """How many customers, for how long, and what messages do to them."""

    customers: int = 10_000
    days: int = 60
    seed: int = 1
    base_rate: float = 0.10
    effect: float = 0.0


class Person:
    """One made-up customer of a journey."""

    __slots__ = ("_is_reached", "_journey", "_journey_id", "_names", "_world", "begins_ms", "customer_id")

    def __init__(
        self,
        world: World,
        journey: JourneyDefinition,
        number: int,
        prefix: str = "person",
        journey_id: str = JOURNEY_ID,
    ) -> None:
        self._world = world
        self._journey = journey
        self._journey_id = journey_id
        self.customer_id = f"{prefix}-{number}"
        self._names = (str(world.seed), self.customer_id)
        # Who is to enter by the calendar has to be known before the date.
        latest_day = 8 if isinstance(journey.entry, ScheduleEntry) else max(2, world.days // 2)
        self.begins_ms = START_MS + between(DAY_MS, latest_day * DAY_MS, "begins", *self._names)
        self._is_reached = False

    @property
    def known_ms(self) -> int:
        """Nothing of this life comes before."""
        audience = self._journey.entry.audience
        ages_ms = {} if audience is None else _ages_ms(self._wanted(audience))
        return self._introduced_ms - max(ages_ms.values(), default=0)

    @property
    def _introduced_ms(self) -> int:
        return self.begins_ms - 20 * HOUR_MS

    def life(self) -> Iterator[EngagementEvent]:
        """What the customer does by itself, in no particular order."""
        yield from self._introduction()
        entry = self._journey.entry
        if isinstance(entry, EventEntry):
            yield self._event(entry.type, self.begins_ms, self._fitting_fields(entry.where))
        elif isinstance(entry, ApiEntry):
            fields = self._fitting_fields(None)
            yield self._event(ENTRY_REQUESTED, self.begins_ms, {"journey_id": self._journey_id, "fields": fields})
        goal = self._journey.goal
        for step_id, step in self._journey.steps.items():
            if not isinstance(step, WaitFor) or not step.event or (goal is not None and step.event == goal.event):
                continue
            if self._share("waits for", step_id) < WAITED_FOR_SHARE:
                at_ms = self.begins_ms + between(HOUR_MS, 14 * DAY_MS, "waited for", step_id, *self._names)
                yield self._event(step.event, at_ms, self._fitting_fields(step.where), step_id)
        if self._share("goal") < self._world.base_rate:
            yield from self._goal(self.begins_ms)

    def hears(self, command: SendCommand) -> Iterator[DeliveryEvent | EngagementEvent]:
        """What follows from a message to this customer."""
        at_ms = command.decided_at_ms + between(1_000, 120_000, "arrives", command.id)
        luck = share("fate", command.id, str(self._world.seed))
        if luck >= ARRIVED_SHARE:
            yield self._report(command, "bounced", at_ms)
            return
        yield self._report(command, "delivered", at_ms)
        interest = share("interest", command.id, str(self._world.seed))
        if interest < OPENED_SHARE:
            yield self._report(command, "opened", at_ms + HOUR_MS)
        if interest < CLICKED_SHARE:
            yield self._report(command, "clicked", at_ms + HOUR_MS + 60_000)
        if interest > 1 - UNSUBSCRIBED_SHARE:
            yield self._report(command, "unsubscribed", at_ms + HOUR_MS)
        drawn, base = self._share("goal"), self._world.base_rate
        if not self._is_reached and base <= drawn < base * (1 + self._world.effect):
            yield from self._goal(at_ms)
        self._is_reached = True

    def _introduction(self) -> Iterator[EngagementEvent]:
        at_ms = self._introduced_ms
        for channel in sorted(_channels(self._journey)):
            if self._share("consent", channel) < CONSENT_SHARE:
                yield self._event(CONSENT_GRANTED, at_ms, {"channel": channel}, channel)
        attributes: dict[str, object] = {}
        if self._share("zone known") < ZONE_SHARE:
            attributes["timezone"] = ZONES[between(0, len(ZONES), "zone", *self._names)]
        if self._journey.entry.audience is not None and self._share("fits") < FITTING_SHARE:
            wanted = list(self._wanted(self._journey.entry.audience))
            ages_ms = _ages_ms(wanted)
            for part in wanted:
                if isinstance(part, AttributeIs):
                    attributes[part.name] = _satisfying(part)
                elif isinstance(part, Happened):
                    past_ms = at_ms - ages_ms.get(part.event, 0)
                    for nth in range(part.at_least):
                        fields = self._fitting_fields(part.where)
                        yield self._event(part.event, past_ms + nth, fields, f"{part.event}-{nth}")
        yield self._event(CUSTOMER_UPDATED, at_ms, {"attributes": attributes})

    def _goal(self, after_ms: int) -> Iterator[EngagementEvent]:
        goal = self._journey.goal
        if goal is None:
            return
        window_ms = max(int(goal.window.total_seconds() * 1_000) // 2, HOUR_MS)
        at_ms = after_ms + between(HOUR_MS // 2, window_ms, "goal at", *self._names)
        fields = self._fitting_fields(goal.where)
        if goal.value is not None:
            _put(fields, goal.value, round(20 + 80 * self._share("value"), 2))
        yield self._event(goal.event, at_ms, fields, "goal")

    def _fitting_fields(self, where: Condition | None) -> dict[str, object]:
        """Fields of an event of which ``where`` holds, as far as its comparisons say."""
        fields: dict[str, object] = {}
        entry = self._journey.entry
        if isinstance(entry, EventEntry | ApiEntry) and entry.key is not None:
            _put(fields, entry.key, f"key-{self.customer_id}")
        if where is not None:
            for part in self._wanted(where):
                if isinstance(part, FieldIs):
                    _put(fields, part.name, _satisfying(part))
        return fields

    def _wanted(self, condition: Condition) -> Iterator[Condition]:
        """The conditions that have to hold for ``condition`` to hold; of alternatives the first."""
        match condition:
            case AllOf(of=of):
                for part in of:
                    yield from self._wanted(part)
            case AnyOf(of=of):
                yield from self._wanted(of[0])
            case InSegment(name=name):
                yield from self._wanted(self._journey.segments[name])
            case _:
                yield condition

    def _event(self, type_: str, at_ms: int, data: dict[str, object], what: str = "") -> EngagementEvent:
        return EngagementEvent(
            id=f"{self.customer_id}/{type_}/{what}",
            source=SOURCE,
            type=type_,
            time_ms=at_ms,
            workspace_id=WORKSPACE,
            customer_id=self.customer_id,
            data=data,
        )

    def _report(self, command: SendCommand, outcome: Outcome, at_ms: int) -> DeliveryEvent:
        return report_of(command, outcome, at_ms, id=f"{command.id}-{outcome}", source=SOURCE)

    def _share(self, *names: str) -> float:
        return share(*names, *self._names)


def _ages_ms(wanted: Iterable[Condition]) -> dict[str, int]:
    """How long ago an event has to be: what must not have happened lately may have happened before."""
    absent = [part.of for part in wanted if isinstance(part, Not) and isinstance(part.of, Happened)]
    return {part.event: duration_ms(part.within) if part.within else 0 for part in absent}


def _channels(journey: JourneyDefinition) -> set[str]:
    sends = [step for step in journey.steps.values() if isinstance(step, Send)]
    others = {contact.channel for step in sends if step.fallback for contact in step.fallback.to}
    return {step.channel for step in sends} | others


def _put(fields: dict[str, object], path: str, value: object) -> None:
    *parents, last = path.split(".")
    place = fields
    for name in parents:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        place = inner
    place[last] = value


def _satisfying(comparison: Comparison) -> object:
    """A value of which the comparison holds."""
    value = comparison.value
    match comparison.op:
        case "in":
            return value[0] if isinstance(value, tuple) and value else None
        case "exists":
            return None if value is False else "yes"
        case "ne":
            return f"not {value}" if isinstance(value, str) else (value or 0) + 1 if isinstance(value, int) else None
        case "gt":
            return f"{value}z" if isinstance(value, str) else value + 1 if isinstance(value, int | float) else None
        case "lt":
            return "" if isinstance(value, str) else value - 1 if isinstance(value, int | float) else None
        case _:
            return value
