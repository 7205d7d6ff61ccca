"""The steps at which a run stands until something happens or a moment comes."""

from typing import assert_never

from msgspec.structs import replace

from orchestrator.journeys.plan import (
    DateAttributePlan,
    InstantPlan,
    LocalTimePlan,
    LocalWindowPlan,
    Plan,
    WaitForPlan,
    WaitingPlan,
    WaitPlan,
)
from orchestrator.journeys.state import Run
from orchestrator.journeys.timing import instant_of, next_in_local_window, next_local_time
from orchestrator.journeys.turn import Turn

Onward = tuple[Run, str | None]  # the run, and the step it goes on to; None: it waits or has ended


def wait(turn: Turn, plan: Plan, run: Run, step_id: str, step: WaitingPlan) -> Onward:
    """Stands until the step's moment; goes on at once when that has passed, or when there is none."""
    kind = kind_of(step)
    until_ms = moment_of(turn, step, turn.now_ms)
    if until_ms is None:
        if not isinstance(step, DateAttributePlan):
            raise AssertionError("only a date attribute can be missing")  # pragma: no cover
        details: dict[str, object] = {"kind": kind, "way": "missing", "attribute": step.name, "next": step.when_missing}
        turn.record("step_passed", plan, run, step_id, details)
        return run, step.when_missing
    if until_ms > turn.now_ms or isinstance(step, WaitPlan):
        return stand(turn, plan, run, step_id, kind, until_ms), None
    way = "in the window" if isinstance(step, LocalWindowPlan) else "already past"
    turn.record("step_passed", plan, run, step_id, {"kind": kind, "way": way, "until_ms": until_ms, "next": step.next})
    return run, step.next


def moment_of(turn: Turn, step: WaitingPlan, since_ms: int) -> int | None:
    """When a wait that began at ``since_ms`` is over, by what is known now; None: the customer's date is missing."""
    match step:
        case WaitPlan():
            return since_ms + step.duration_ms
        case InstantPlan():
            return step.at_ms
        case LocalTimePlan():
            return next_local_time(turn.zone(step.zone_when_unknown), step.minute, step.weekdays, since_ms)
        case LocalWindowPlan():
            zone = turn.zone(step.zone_when_unknown)
            return next_in_local_window(zone, step.opens, step.closes, step.weekdays, since_ms)
        case DateAttributePlan():
            attribute = turn.attributes.get(step.name)
            at_ms = instant_of(attribute.value if attribute else None)
            return None if at_ms is None else at_ms + step.offset_ms
        case _:
            assert_never(step)


def wait_for(turn: Turn, plan: Plan, run: Run, step_id: str, step: WaitForPlan) -> Onward:
    """Stands until the event or the timeout; goes on at once when it happened, or holds, already."""
    if step.condition is not None:
        if step.condition(turn.situation(run.entry_fields, run.outcomes)):
            details: dict[str, object] = {"kind": "wait_for", "way": "already holds", "next": step.next}
            turn.record("step_passed", plan, run, step_id, details)
            return run, step.next
    elif step.look_back_ms:
        occurrences = turn.history.get(step.event)
        if occurrences is not None and occurrences.recent[-1] >= turn.now_ms - step.look_back_ms:
            details = {"kind": "wait_for", "way": "already happened", "event": step.event, "next": step.next}
            turn.record("step_passed", plan, run, step_id, details)
            return run, step.next
    run = stand(turn, plan, run, step_id, "wait_for", turn.now_ms + step.timeout_ms)
    if turn.since_ms < turn.now_ms and not turn.has_written(run):
        # What was done before the message went out is no answer to it; else the run came here when it should have.
        run = replace(run, since_ms=turn.since_ms)
    return run, None


def stand(turn: Turn, plan: Plan, run: Run, step_id: str, kind: str, until_ms: int) -> Run:
    """Lets the run wait at the step."""
    turn.record("wait_started", plan, run, step_id, {"kind": kind, "until_ms": until_ms})
    return replace(run, step=step_id, arrived_ms=turn.now_ms, since_ms=None, due_ms=until_ms, attempt=0)


def kind_of(step: WaitingPlan) -> str:
    """What the definition calls it."""
    return "wait" if isinstance(step, WaitPlan) else "wait_until"
