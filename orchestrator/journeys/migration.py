"""How a run goes over to a newer version of its journey: see :class:`orchestrator.messages.config.Migration`.

Decisions are applied in the order of their versions, whenever the run is next looked at, so it makes no difference when
that is. A run that stays is settled for that version; a later one may still take it over.
"""

from typing import assert_never

from msgspec.structs import replace

from orchestrator.journeys.ending import leave
from orchestrator.journeys.plan import (
    DateAttributePlan,
    InstantPlan,
    LocalTimePlan,
    LocalWindowPlan,
    Plan,
    SendPlan,
    StepPlan,
    WaitForPlan,
    WaitPlan,
)
from orchestrator.journeys.state import Run
from orchestrator.journeys.turn import Turn
from orchestrator.journeys.waits import moment_of
from orchestrator.journeys.walk import walk
from orchestrator.messages.config import Migration


def migrate(turn: Turn, run: Run) -> Run:
    """The run after every decision about it that has been made since it was last looked at."""
    for migration in turn.directory.migrations(run.journey_id, max(run.version, run.reviewed)):
        plan = turn.directory.plan(run.journey_id, run.version)
        to = turn.directory.plan(run.journey_id, migration.version)
        if plan is None or to is None:
            return run  # a record that names them is still on its way
        run = _apply(turn, run, migration, plan, to)
    return run


def _apply(turn: Turn, run: Run, migration: Migration, plan: Plan, to: Plan) -> Run:
    match migration.policy:
        case "pin":
            return replace(run, reviewed=migration.version)
        case "drain":
            return _drain(turn, run, migration, plan)
        case "follow" | "map":
            return _move(turn, run, migration, plan, to)
        case _:
            assert_never(migration.policy)


def _drain(turn: Turn, run: Run, migration: Migration, plan: Plan) -> Run:
    until_ms = migration.until_ms
    if not run.is_under_way or until_ms is None:
        return replace(run, reviewed=migration.version)
    details: dict[str, object] = {"from_version": run.version, "policy": "drain", "until_ms": until_ms}
    turn.record("run_migrated", plan, run, run.step, details, nth=migration.version)
    expires_ms = until_ms if run.expires_ms is None else min(until_ms, run.expires_ms)
    return replace(run, reviewed=migration.version, expires_ms=expires_ms)


def _move(turn: Turn, run: Run, migration: Migration, plan: Plan, to: Plan) -> Run:
    moved = replace(
        run,
        version=to.version,
        reviewed=to.version,
        moves=run.moves + 1,
        expires_ms=None if run.expires_ms is None else run.expires_ms - plan.expires_ms + to.expires_ms,
        goal_until_ms=_goal_until_ms(run, plan, to),
    )
    if not run.is_under_way:
        return moved
    target = migration.steps.get(run.step, run.step)
    details: dict[str, object] = {"from_version": run.version, "from_step": run.step, "policy": migration.policy}
    if target not in to.steps:
        turn.record("run_migrated", to, moved, run.step, details, nth=migration.version)
        return leave(turn, to, moved, "step_removed")
    turn.record("run_migrated", to, moved, target, details, nth=migration.version)
    step = to.steps[target]
    if target == run.step and type(step) is type(plan.steps[run.step]):
        return replace(moved, due_ms=_due_ms(turn, moved, step), contact=_contact(moved, step))
    return walk(turn, to, replace(moved, contact=0, sent_ms=None), target)


def _due_ms(turn: Turn, run: Run, step: StepPlan) -> int | None:
    """When the wait at the same step of the new version is over, counted from the arrival at it."""
    match step:
        case WaitPlan() | InstantPlan() | DateAttributePlan() | LocalTimePlan() | LocalWindowPlan():
            until_ms = moment_of(turn, step, run.arrived_ms)
            return run.due_ms if until_ms is None else until_ms
        case WaitForPlan():
            return run.arrived_ms + step.timeout_ms
        case SendPlan() if run.sent_ms is not None:
            return run.sent_ms + step.report_ms
        case _:
            return run.due_ms


def _contact(run: Run, step: StepPlan) -> int:
    return min(run.contact, len(step.contacts) - 1) if isinstance(step, SendPlan) else 0


def _goal_until_ms(run: Run, plan: Plan, to: Plan) -> int | None:
    """The end of the goal's window; None when it was reached before, or the new version has none."""
    was_reached = plan.goal is not None and run.goal_until_ms is None
    return None if to.goal is None or was_reached else run.entered_ms + to.goal.window_ms
