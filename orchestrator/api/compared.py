"""Treatment against holdout of journeys on record: one way for the list, the journey's page and every export."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from orchestrator.api.comparison import comparison_of
from orchestrator.api.experiment_documents import ComparisonDocument
from orchestrator.definitions.journey import Goal
from orchestrator.store.overview import arms_by_journey, lives
from orchestrator.store.tenant import Tenant


async def comparisons(
    tenant: Tenant, journey_ids: Sequence[UUID], now: datetime
) -> dict[UUID, ComparisonDocument | None]:
    """The comparisons of these journeys over their whole lives; None: nobody has entered. Two statements for all."""
    if not journey_ids:
        return {}
    known = await lives(tenant, journey_ids)
    goals = {journey_id: _goal(life.goal) for journey_id, life in known.items()}
    arms = await arms_by_journey(tenant, {each: _first_open_day(goal, now) for each, goal in goals.items()})
    found: dict[UUID, ComparisonDocument | None] = dict.fromkeys(journey_ids)
    for journey_id, life in known.items():
        goal = goals[journey_id]
        of_arms = arms.get(journey_id, {})
        found[journey_id] = comparison_of(
            [each.arm for each in of_arms.values()],
            life.holdout_percents,
            life.first_day,
            life.last_day,
            compares_before=goal is not None and goal.compare_before is not None,
            settled_on=_settled_on(life.ended_on, goal),
            baselines={} if _is_incomparable(goal) else {name: each.baseline for name, each in of_arms.items()},
        )
    return found


def _goal(document: Mapping[str, Any] | None) -> Goal | None:
    # Read as JSON text: in strict mode only JSON may write a duration as text.
    return None if document is None else Goal.model_validate_json(json.dumps(document))


def _settled_on(ended_on: date | None, goal: Goal | None) -> date | None:
    """The day on which the goal's window is over for whoever may have entered last; None: customers may enter."""
    if ended_on is None:
        return None
    last_entry = datetime.combine(ended_on + timedelta(days=1), time(), UTC)
    return (last_entry + (timedelta(0) if goal is None else goal.window)).date()


def _is_incomparable(goal: Goal | None) -> bool:
    return goal is None or goal.compare_before is None or goal.where is not None


def _first_open_day(goal: Goal | None, now: datetime) -> date | None:
    """The first day for whose entries the goal's window is not over; None: before and after is not compared."""
    return None if goal is None or _is_incomparable(goal) else (now - goal.window).date()
