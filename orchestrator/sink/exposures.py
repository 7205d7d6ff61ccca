"""Who was given which arm of an experiment, and which runs reached the goal. Pure.

A customer belongs to the arm they were first given, and is converted when the same run reaches the goal after that: so
everyone has had the same time for it, and who comes again counts once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from orchestrator.messages.activity import Activity
from orchestrator.store.rows import Exposure


@dataclass(frozen=True, slots=True)
class Exposures:
    """``first``: of each customer and experiment step, in order. ``goals``: when a run reached the goal, by run id."""

    first: tuple[Exposure, ...] = ()
    goals: dict[str, int] = field(default_factory=dict)


def exposures(activities: Iterable[Activity]) -> Exposures:
    """What these activities, in topic order, tell of experiments."""
    first: dict[tuple[str, str, str], Exposure] = {}
    of_run: dict[str, list[tuple[str, str, str]]] = {}
    goals: dict[str, int] = {}
    for activity in activities:
        if activity.type == "step_passed" and activity.details.get("kind") == "experiment" and activity.run_id:
            key = (activity.journey_id, activity.step, activity.customer_id)
            if key in first:
                continue
            first[key] = Exposure(
                journey_id=activity.journey_id,
                step=activity.step,
                customer_id=activity.customer_id,
                arm=str(activity.details.get("path", "")),
                run_id=activity.run_id,
                exposed_ms=activity.at_ms,
            )
            of_run.setdefault(activity.run_id, []).append(key)
        elif activity.type == "goal_reached" and activity.run_id:
            goals.setdefault(activity.run_id, activity.at_ms)
            for key in of_run.pop(activity.run_id, ()):
                first[key] = replace(first[key], converted_ms=activity.at_ms)
    return Exposures(tuple(first.values()), goals)
