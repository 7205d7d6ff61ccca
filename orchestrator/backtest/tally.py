"""What a journey did over a history, in figures: by day, by step, by rule. Fed with effects, which are not kept."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from zlib import crc32

from orchestrator.guardrails.zone import DAY_MS
from orchestrator.journeys.turn import Effect
from orchestrator.messages.activity import Activity

HOLDOUT = "holdout"


@dataclass(slots=True)
class StepTally:
    """One step: how often it was left, and of a send step what became of the messages."""

    passed: int = 0
    sent: Counter[str] = field(default_factory=Counter)  # by channel
    suppressed: Counter[str] = field(default_factory=Counter)  # by rule
    deferred: Counter[str] = field(default_factory=Counter)  # by rule


@dataclass(slots=True)
class DayTally:
    """One day in UTC."""

    entered: int = 0
    sent: int = 0
    suppressed: int = 0
    deferred: int = 0
    goals: int = 0
    cost: float = 0.0


@dataclass(slots=True)
class ArmTally:
    """One arm: runs, the customers behind them, and what they reached."""

    entered: int = 0
    goals: int = 0
    value: float = 0.0


@dataclass(slots=True)
class Tally:
    """Everything that was counted. ``customers``: each customer who entered, with a mark of what they were sent.

    Two tallies whose marks of a customer differ sent this customer different messages, or at different times.
    """

    refused: Counter[str] = field(default_factory=Counter)  # entries, by rule
    ended: Counter[str] = field(default_factory=Counter)  # runs, by reason
    steps: dict[str, StepTally] = field(default_factory=dict)
    days: dict[str, DayTally] = field(default_factory=dict)
    arms: dict[str, ArmTally] = field(default_factory=dict)
    customers: dict[str, int] = field(default_factory=dict)

    @property
    def entered(self) -> int:
        """Runs begun."""
        return sum(arm.entered for arm in self.arms.values())

    @property
    def sent(self) -> int:
        """Messages asked for."""
        return sum(step.sent.total() for step in self.steps.values())

    @property
    def cost(self) -> float:
        """What they cost."""
        return sum(day.cost for day in self.days.values())

    def held_back(self, kind: str) -> Counter[str]:
        """Sends ``suppressed`` or ``deferred``, by rule."""
        total: Counter[str] = Counter()
        for step in self.steps.values():
            total += step.suppressed if kind == "suppressed" else step.deferred
        return total

    def take_all(self, effects: Iterable[Effect]) -> None:
        """Counts what is an activity."""
        for effect in effects:
            if isinstance(effect, Activity):
                self.take(effect)

    def take(self, activity: Activity) -> None:
        """Counts one activity."""
        details = activity.details
        match activity.type:
            case "journey_entered":
                self._day(activity).entered += 1
                self._arm(activity).entered += 1
                self.customers.setdefault(activity.customer_id, 0)
            case "entry_refused":
                self.refused[str(details.get("rule"))] += 1
            case "step_passed" | "webhook_requested":
                self._step(activity).passed += 1
            case "send_requested":
                day = self._day(activity)
                day.sent += 1
                day.cost += _number(details, "cost")
                self._step(activity).sent[str(details.get("channel"))] += 1
                mark = f"{activity.step} {details.get('channel')} {details.get('template')} {activity.at_ms}"
                known = self.customers.get(activity.customer_id, 0)
                self.customers[activity.customer_id] = crc32(mark.encode(), known)
            case "send_suppressed":
                self._day(activity).suppressed += 1
                self._step(activity).suppressed[str(details.get("rule"))] += 1
            case "send_deferred":
                self._day(activity).deferred += 1
                self._step(activity).deferred[str(details.get("rule"))] += 1
            case "goal_reached":
                self._day(activity).goals += 1
                arm = self._arm(activity)
                arm.goals += 1
                arm.value += _number(details, "value")
            case "run_exited" | "run_completed":
                self.ended[str(details.get("reason"))] += 1
            case _:
                pass

    # Not setdefault: it would make a new one at each call, and throw it away.
    def _day(self, activity: Activity) -> DayTally:
        name = day_of(activity.at_ms)
        day = self.days.get(name)
        if day is None:
            day = self.days[name] = DayTally()
        return day

    def _step(self, activity: Activity) -> StepTally:
        step = self.steps.get(activity.step)
        if step is None:
            step = self.steps[activity.step] = StepTally()
        return step

    def _arm(self, activity: Activity) -> ArmTally:
        arm = self.arms.get(activity.arm)
        if arm is None:
            arm = self.arms[activity.arm] = ArmTally()
        return arm


def day_of(at_ms: int) -> str:
    """The day in UTC, such as 2026-01-05."""
    return _day(at_ms // DAY_MS)


@lru_cache(maxsize=4_096)
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * DAY_MS / 1_000, UTC).strftime("%Y-%m-%d")


def _number(details: Mapping[str, object], name: str) -> float:
    value = details.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
