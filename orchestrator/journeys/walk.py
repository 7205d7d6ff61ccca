"""How a run moves: from step to step, until one of them makes it wait or ends it.

What happens at each kind of step stands in ``waits``, ``choices``, ``sends`` and ``actions``.
"""

from typing import assert_never

from msgspec.structs import replace

from orchestrator.journeys.actions import emit, start_journey, update, webhook
from orchestrator.journeys.choices import branch, experiment, loop, split
from orchestrator.journeys.ending import complete, leave
from orchestrator.journeys.plan import (
    BranchPlan,
    DateAttributePlan,
    EmitPlan,
    ExitPlan,
    ExperimentPlan,
    InstantPlan,
    LocalTimePlan,
    LocalWindowPlan,
    LoopPlan,
    Plan,
    SendPlan,
    SplitPlan,
    StartJourneyPlan,
    StepPlan,
    UpdatePlan,
    WaitForPlan,
    WaitPlan,
    WebhookPlan,
)
from orchestrator.journeys.sends import deadline, hear, send
from orchestrator.journeys.state import Run
from orchestrator.journeys.turn import Turn
from orchestrator.journeys.waits import Onward, kind_of, wait, wait_for

# A published journey waits on every way round a loop, so it never comes near. It is what stands between a defect and a
# worker that never comes back.
MOST_STEPS_AT_ONCE = 1_000


def walk(turn: Turn, plan: Plan, run: Run, step_id: str) -> Run:
    """Takes the run to ``step_id`` and on from there until it waits or ends."""
    onward: str | None = step_id
    for _ in range(MOST_STEPS_AT_ONCE):
        if onward is None:
            return run
        if plan.has_loops:
            run = replace(run, visits={**run.visits, onward: run.visits.get(onward, 0) + 1})
        run, onward = _arrive(turn, plan, run, onward, plan.steps[onward])
    return leave(turn, plan, run, "too_many_steps")


def pass_wait(turn: Turn, plan: Plan, run: Run) -> Run:
    """Takes the run on from the step at which its wait is over now."""
    step_id = run.step
    step = plan.steps[step_id]
    match step:
        case SendPlan():
            settle = send if run.sent_ms is None else deadline
            return _carry_on(turn, plan, settle(turn, plan, run, step_id, step))
        case WaitForPlan():
            details: dict[str, object] = {"kind": "wait_for", "way": "timeout", "next": step.on_timeout}
            turn.record("step_passed", plan, run, step_id, details)
            return walk(turn, plan, run, step.on_timeout)
        case WaitPlan() | InstantPlan() | DateAttributePlan() | LocalTimePlan() | LocalWindowPlan():
            turn.record("step_passed", plan, run, step_id, {"kind": kind_of(step), "next": step.next})
            return walk(turn, plan, run, step.next)
        case EmitPlan() | WebhookPlan():  # it was held here by a pause
            return _carry_on(turn, plan, _act(turn, plan, run, step_id, step))
        case (
            BranchPlan() | SplitPlan() | ExperimentPlan() | UpdatePlan() | StartJourneyPlan() | LoopPlan() | ExitPlan()
        ):
            raise AssertionError(f"a run waits at {step_id!r}, where no run ever waits")  # pragma: no cover
        case _:
            assert_never(step)


def observe(turn: Turn, plan: Plan, run: Run) -> Run:
    """Looks at what may hold of the customer by now: exit criteria, and the condition that the run waits for."""
    if not run.is_under_way:
        return run
    if plan.exits_when:
        situation = turn.situation(run.entry_fields, run.outcomes)
        for criterion in plan.exit_on:
            if criterion.when is not None and criterion.when(situation):
                return leave(turn, plan, run, criterion.reason)
    step = plan.steps.get(run.step)
    if not isinstance(step, WaitForPlan) or step.condition is None:
        return run
    if not step.condition(turn.situation(run.entry_fields, run.outcomes)):
        return run
    turn.record("step_passed", plan, run, run.step, {"kind": "wait_for", "way": "holds", "next": step.next})
    return walk(turn, plan, run, step.next)


def reacts_to_reports(plan: Plan, run: Run) -> bool:
    """Whether a report of a message may move the run where it stands."""
    step = plan.steps.get(run.step)
    return (
        plan.exits_when
        or (isinstance(step, SendPlan) and run.sent_ms is not None)
        or (isinstance(step, WaitForPlan) and step.condition is not None)
    )


def take_outcome(turn: Turn, plan: Plan, run: Run, step_id: str, outcome: str) -> Run:
    """Moves the run as a report of its send step ``step_id`` demands."""
    step = plan.steps.get(run.step)
    if run.step == step_id and isinstance(step, SendPlan) and run.sent_ms is not None:
        run = _carry_on(turn, plan, hear(turn, plan, run, step_id, step, outcome))
    return observe(turn, plan, run)


def _carry_on(turn: Turn, plan: Plan, onward: Onward) -> Run:
    run, step_id = onward
    return run if step_id is None else walk(turn, plan, run, step_id)


def _arrive(turn: Turn, plan: Plan, run: Run, step_id: str, step: StepPlan) -> Onward:
    match step:
        case SendPlan():
            run = replace(run, step=step_id, arrived_ms=turn.now_ms, due_ms=None, attempt=0)
            return send(turn, plan, run, step_id, step)
        case WaitPlan() | InstantPlan() | DateAttributePlan() | LocalTimePlan() | LocalWindowPlan():
            return wait(turn, plan, run, step_id, step)
        case WaitForPlan():
            return wait_for(turn, plan, run, step_id, step)
        case BranchPlan():
            return branch(turn, plan, run, step_id, step)
        case SplitPlan():
            return split(turn, plan, run, step_id, step)
        case ExperimentPlan():
            return experiment(turn, plan, run, step_id, step)
        case LoopPlan():
            return loop(turn, plan, run, step_id, step)
        case UpdatePlan() | StartJourneyPlan() | EmitPlan() | WebhookPlan():
            return _act(turn, plan, run, step_id, step)
        case ExitPlan():
            return complete(turn, plan, run, step_id, step.reason), None
        case _:
            assert_never(step)


def _act(
    turn: Turn, plan: Plan, run: Run, step_id: str, step: UpdatePlan | StartJourneyPlan | EmitPlan | WebhookPlan
) -> Onward:
    match step:
        case UpdatePlan():
            return update(turn, plan, run, step_id, step)
        case StartJourneyPlan():
            return start_journey(turn, plan, run, step_id, step)
        case EmitPlan():
            return emit(turn, plan, run, step_id, step)
        case WebhookPlan():
            return webhook(turn, plan, run, step_id, step)
        case _:
            assert_never(step)
