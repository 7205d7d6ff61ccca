"""What an event means for a run under way: the goal is reached, an exit criterion is met, a wait is over."""

from msgspec.structs import replace

from orchestrator.journeys.ending import leave
from orchestrator.journeys.plan import GoalPlan, Plan, WaitForPlan
from orchestrator.journeys.state import Run
from orchestrator.journeys.turn import Turn
from orchestrator.journeys.values import find, number
from orchestrator.journeys.walk import observe, walk
from orchestrator.messages.activity import MAX_MONEY
from orchestrator.messages.event import EngagementEvent


def meet(turn: Turn, run: Run, event: EngagementEvent, occurred_ms: int) -> Run:
    """The run after the event. An ended run can still reach its goal; one without a known version is left alone."""
    plan = turn.directory.plan(run.journey_id, run.version)
    if plan is None:
        return run
    if run.is_under_way and turn.directory.is_discarded(run.journey_id):
        run = leave(turn, plan, run, "journey_stopped")
    goal = plan.goal
    if goal is not None and goal.event == event.type and _is_reached(turn, goal, run, event, occurred_ms):
        run = _convert(turn, plan, goal, run, event, occurred_ms)
    if not run.is_under_way:
        return run
    for criterion in plan.exit_on:
        if criterion.event == event.type and (criterion.where is None or criterion.where(turn.situation(event.data))):
            return leave(turn, plan, run, criterion.reason)
    step = plan.steps.get(run.step)
    if isinstance(step, WaitForPlan) and _is_awaited(turn, step, run, event, occurred_ms):
        details: dict[str, object] = {"kind": "wait_for", "way": "happened", "event_id": event.id, "next": step.next}
        turn.record("step_passed", plan, run, run.step, details)
        run = walk(turn, plan, run, step.next)
    return observe(turn, plan, run)


def _is_awaited(turn: Turn, step: WaitForPlan, run: Run, event: EngagementEvent, occurred_ms: int) -> bool:
    since_ms = run.arrived_ms if run.since_ms is None else run.since_ms
    if step.event != event.type or occurred_ms < since_ms - step.look_back_ms:
        return False
    return step.where is None or step.where(turn.situation(event.data, run.outcomes))


def _is_reached(turn: Turn, goal: GoalPlan, run: Run, event: EngagementEvent, occurred_ms: int) -> bool:
    until_ms = run.goal_until_ms
    if until_ms is None or not run.entered_ms <= occurred_ms <= until_ms:
        return False
    return goal.where is None or goal.where(turn.situation(event.data, run.outcomes))


def _convert(turn: Turn, plan: Plan, goal: GoalPlan, run: Run, event: EngagementEvent, occurred_ms: int) -> Run:
    details: dict[str, object] = {
        "event_id": event.id,
        "event_type": event.type,
        "after_ms": occurred_ms - run.entered_ms,
    }
    value = None if goal.value is None else number(find(event.data, goal.value))
    if value is not None and abs(value) <= MAX_MONEY:
        details["value"] = value
    if run.before is not None:
        details["before"] = run.before
    turn.record("goal_reached", plan, run, run.step, details)
    run = replace(run, goal_until_ms=None)
    return leave(turn, plan, run, "goal_reached") if goal.exits and run.is_under_way else run
