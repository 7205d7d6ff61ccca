"""The figures of a journey, and their comparison line by line. Pure.

One side comes from the daily figures that the sink keeps in PostgreSQL; the other is counted here, from the effects of
the reference run, without any of the sink's code.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import isclose
from typing import Any

from orchestrator.experiments.comparison import ArmSummary
from orchestrator.messages.activity import Activity

Number = int | float
# Sums of money were added up in different orders: as floating-point numbers here, as decimals there.
MONEY_TOLERANCE = 1e-9

ARMS = ("treatment", "holdout")


@dataclass(frozen=True, slots=True)
class Line:
    """One figure from both sides."""

    name: str
    run: Number
    reference: Number

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same."""
        return isclose(self.run, self.reference, rel_tol=MONEY_TOLERANCE, abs_tol=1e-6)


def compared(run: Mapping[str, Number], reference: Mapping[str, Number]) -> list[Line]:
    """Every figure that either side has, in the order in which they first occur; an absent one is zero."""
    names = dict.fromkeys((*run, *reference))
    return [Line(name, run.get(name, 0), reference.get(name, 0)) for name in names]


@dataclass(slots=True)
class _Customer:
    arm: str
    goals: int = 0
    value: Decimal = Decimal(0)


@dataclass(slots=True)
class _Count:
    """What is counted of one journey, in the words of ``from_figures``."""

    customers: dict[str, _Customer] = field(default_factory=dict)
    named: Counter[str] = field(default_factory=Counter)
    cost: Decimal = Decimal(0)


def from_activities(activities: Iterable[Activity]) -> dict[str, dict[str, Number]]:
    """The figures by journey id, counted one activity at a time."""
    counts: dict[str, _Count] = defaultdict(_Count)
    for activity in activities:
        _count(counts[activity.journey_id], activity)
    return {journey_id: _figures(count) for journey_id, count in counts.items()}


def _count(count: _Count, activity: Activity) -> None:
    details = activity.details
    match activity.type:
        case "journey_entered":
            count.named[_runs(activity.arm)] += 1
            count.customers.setdefault(activity.customer_id, _Customer(activity.arm))
        case "goal_reached":
            customer = count.customers[activity.customer_id]
            customer.goals += 1
            customer.value += Decimal(str(details.get("value", 0)))
        case "send_requested":
            count.named[f"commands: {details['channel']}"] += 1
            count.cost += Decimal(str(details["cost"]))
        case "send_suppressed":
            count.named[f"suppressed: {details['rule']}"] += 1
        case "send_deferred":
            count.named[f"put off: {details['rule']}"] += 1
        case "entry_refused":
            count.named[f"entries refused: {details['rule']}"] += 1
        case "run_completed":
            count.named["runs completed"] += 1
        case "run_exited":
            count.named[f"runs ended early: {details['reason']}"] += 1
        case "message_reported":
            count.named[f"reported {details['outcome']}: {details['channel']}"] += 1
        case "step_passed" | "wait_started":
            pass


def _figures(count: _Count) -> dict[str, Number]:
    figures: dict[str, Number] = {}
    for arm in ARMS:
        of_arm = [customer for customer in count.customers.values() if customer.arm == arm]
        figures[_runs(arm)] = count.named[_runs(arm)]
        figures[_customers(arm)] = len(of_arm)
        figures[_converted(arm)] = sum(customer.goals > 0 for customer in of_arm)
        figures[_conversions(arm)] = sum(customer.goals for customer in of_arm)
        figures[_revenue(arm)] = float(sum((customer.value for customer in of_arm), Decimal(0)))
        figures[_squares(arm)] = float(sum((customer.value**2 for customer in of_arm), Decimal(0)))
    figures["cost, $"] = float(count.cost)
    return figures | dict(sorted((name, n) for name, n in count.named.items() if name not in figures))


def from_figures(metrics: Mapping[str, Any]) -> dict[str, Number]:
    """The same figures out of the sink's totals (``store.reports.totals``; meanings in ``sink/fold.py``)."""
    figures: dict[str, Number] = {}
    for arm in ARMS:
        of_arm = metrics.get("arms", {}).get(arm, {})
        figures[_runs(arm)] = of_arm.get("entered", 0)
        figures[_customers(arm)] = of_arm.get("customers_entered", 0)
        figures[_converted(arm)] = of_arm.get("customers_converted", 0)
        figures[_conversions(arm)] = of_arm.get("goals", 0)
        figures[_revenue(arm)] = float(of_arm.get("value", 0))
        figures[_squares(arm)] = float(of_arm.get("value_squares", 0))
    figures["cost, $"] = float(metrics.get("cost", 0))
    named: dict[str, Number] = {"runs completed": metrics["completed"]} if "completed" in metrics else {}
    for title, group in (
        ("commands", "send_requested"),
        ("suppressed", "send_suppressed"),
        ("put off", "send_deferred"),
        ("entries refused", "entry_refused"),
        ("runs ended early", "exited"),
    ):
        named |= {f"{title}: {name}": n for name, n in metrics.get(group, {}).items()}
    for channel, outcomes in metrics.get("message_reported", {}).items():
        named |= {f"reported {outcome}: {channel}": n for outcome, n in outcomes.items()}
    return figures | dict(sorted(named.items()))


def arm_summary(figures: Mapping[str, Number], arm: str) -> ArmSummary:
    """What the statistics need to know of an arm."""
    return ArmSummary(
        customers=int(figures[_customers(arm)]),
        converted=int(figures[_converted(arm)]),
        value=float(figures[_revenue(arm)]),
        value_squares=float(figures[_squares(arm)]),
    )


def is_shown(line: Line) -> bool:
    """Whether the line belongs into a table for people: the sums of squares do only when they differ."""
    return not line.name.startswith(_SQUARES) or not line.agrees


_SQUARES = "revenue squared"


def _runs(arm: str) -> str:
    return f"runs: {arm}"


def _customers(arm: str) -> str:
    return f"customers: {arm}"


def _converted(arm: str) -> str:
    return f"customers converted: {arm}"


def _conversions(arm: str) -> str:
    return f"conversions: {arm}"


def _revenue(arm: str) -> str:
    return f"revenue, $: {arm}"


def _squares(arm: str) -> str:
    return f"{_SQUARES}: {arm}"
