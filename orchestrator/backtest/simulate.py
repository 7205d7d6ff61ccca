"""A journey over made-up customers, in virtual time, with their reactions to what they are sent."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.backtest.crowd import Crowd
from orchestrator.backtest.people import JOURNEY_ID, START_MS, WORKSPACE, Person, World
from orchestrator.backtest.run import Backtest, directory_of
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.experiments.comparison import ArmSummary
from orchestrator.guardrails.zone import DAY_MS
from orchestrator.journeys.turn import Effect
from orchestrator.messages.activity import Activity


@dataclass(slots=True)
class Arm:
    """The customers of an arm, and what they brought."""

    customers: int = 0
    converted: int = 0
    value: float = 0.0
    value_squares: float = 0.0

    def summary(self) -> ArmSummary:
        """What a comparison needs."""
        return ArmSummary(self.customers, self.converted, self.value, self.value_squares)


@dataclass(slots=True)
class _Brought:
    """What came of one customer, in the arm of the first entry."""

    arm: str
    goals: int = 0
    value: float = 0.0


def simulate(journey: JourneyDefinition, world: World) -> tuple[Backtest, dict[str, Arm]]:
    """What the journey would do to the people of ``world``, and how its arms compare."""
    result = Backtest(journey.name, first_ms=START_MS, last_ms=START_MS + world.days * DAY_MS)
    started = time.perf_counter()
    people = (Person(world, journey, number) for number in range(world.customers))
    crowd = Crowd(directory_of(journey, WORKSPACE, JOURNEY_ID), people)
    brought: dict[str, _Brought] = {}
    for moment in crowd.live(result.last_ms):
        result.tally.take_all(moment.effects)
        _note(brought, moment.effects)
    result.signals = crowd.signals
    result.customers = world.customers
    result.seconds = time.perf_counter() - started
    return result, _arms(brought.values())


def _note(brought: dict[str, _Brought], effects: Iterable[Effect]) -> None:
    for effect in effects:
        if not isinstance(effect, Activity):
            continue
        if effect.type == "journey_entered":
            brought.setdefault(effect.customer_id, _Brought(effect.arm))
        elif effect.type == "goal_reached":
            one = brought[effect.customer_id]
            one.goals += 1
            one.value += _value(effect)


def _arms(brought: Iterable[_Brought]) -> dict[str, Arm]:
    arms: dict[str, Arm] = {}
    for one in brought:
        arm = arms.setdefault(one.arm, Arm())
        arm.customers += 1
        arm.converted += bool(one.goals)
        arm.value += one.value
        arm.value_squares += one.value * one.value
    return arms


def _value(goal: Activity) -> float:
    value = goal.details.get("value", 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
