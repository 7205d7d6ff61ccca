"""A journey over made-up customers, in virtual time: each life on its own, with its reactions to what it is sent."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from orchestrator.backtest.people import JOURNEY_ID, START_MS, WORKSPACE, Person, World
from orchestrator.backtest.run import Backtest, directory_of
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.experiments.comparison import ArmSummary
from orchestrator.guardrails.zone import DAY_MS
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import Replaying, time_of
from orchestrator.journeys.turn import Effect, Signal
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand


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


@dataclass(frozen=True, slots=True)
class Life:
    """What came of one life, what happened in it in order of time, and how many signals that and its waits were."""

    effects: Sequence[Effect]
    told: Sequence[Signal]
    signals: int


def simulate(journey: JourneyDefinition, world: World) -> tuple[Backtest, dict[str, Arm]]:
    """What the journey would do to the people of ``world``, and how its arms compare."""
    result = Backtest(journey.name, first_ms=START_MS, last_ms=START_MS + world.days * DAY_MS)
    directory = directory_of(journey, WORKSPACE, JOURNEY_ID)
    arms: dict[str, Arm] = {}
    started = time.perf_counter()
    for number in range(world.customers):
        life = live(directory, Person(world, journey, number), result.last_ms)
        result.signals += life.signals
        result.tally.take_all(life.effects)
        _compare(arms, life.effects)
    result.customers = world.customers
    result.seconds = time.perf_counter() - started
    return result, arms


def live(directory: Directory, person: Person, until_ms: int) -> Life:
    """One life: its events in order of time, what falls due between them, and what follows from each message.

    Lives know nothing of one another: limits over all customers do not bind here.
    """
    ahead: list[tuple[int, int, Signal]] = []
    replaying = Replaying(directory)
    number = 0
    for number, event in enumerate(person.life()):
        ahead.append((event.time_ms, number, event))
    heapify(ahead)
    heard = signals = 0
    told: list[Signal] = []
    while True:
        next_ms = replaying.next_ms()
        if ahead and (next_ms is None or ahead[0][0] <= next_ms):
            at_ms, _, signal = heappop(ahead)
            if at_ms > until_ms:
                break
            replaying.reach(at_ms)
            replaying.take(signal)
            told.append(signal)
        elif next_ms is not None and next_ms <= until_ms:
            replaying.reach(next_ms)
            replaying.run_out(next_ms)
        else:
            break
        signals += 1
        for effect in replaying.replay.effects[heard:]:
            if isinstance(effect, SendCommand):
                for consequence in person.hears(effect):
                    number += 1
                    heappush(ahead, (time_of(consequence), number, consequence))
        heard = len(replaying.replay.effects)
    return Life(replaying.replay.effects, told, signals)


def _compare(arms: dict[str, Arm], effects: Sequence[Effect]) -> None:
    """Counts one customer in the arm of the first entry."""
    activities = [effect for effect in effects if isinstance(effect, Activity)]
    entered = next((activity for activity in activities if activity.type == "journey_entered"), None)
    if entered is None:
        return
    goals = [activity for activity in activities if activity.type == "goal_reached"]
    value = sum(_value(goal) for goal in goals)
    arm = arms.setdefault(entered.arm, Arm())
    arm.customers += 1
    arm.converted += bool(goals)
    arm.value += value
    arm.value_squares += value * value


def _value(goal: Activity) -> float:
    value = goal.details.get("value", 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
