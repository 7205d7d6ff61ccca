"""What happens at each kind of step. One function a kind; each says where the run goes on, or that it stays or ends.

A run arrives at a step and goes on from step to step until one of them makes it wait or ends it (``walk``). A wait that
is over is carried on by ``pass_wait``.
"""

from typing import assert_never

from msgspec.structs import replace

from orchestrator.definitions.step import FromAttribute, FromEntry, Literally, Variable
from orchestrator.experiments.assignment import bucket, pick_variant
from orchestrator.guardrails.decide import SendRequest, decide
from orchestrator.guardrails.history import SendRecord, remember
from orchestrator.guardrails.verdict import Allow, Defer, Suppress
from orchestrator.journeys.plan import (
    BranchPlan,
    DateAttributePlan,
    ExitPlan,
    InstantPlan,
    LocalTimePlan,
    Plan,
    SendPlan,
    SplitPlan,
    StepPlan,
    WaitForPlan,
    WaitPlan,
)
from orchestrator.journeys.state import Run
from orchestrator.journeys.timing import instant_of, next_local_time, zone_or
from orchestrator.journeys.turn import ZONE_ATTRIBUTE, Turn
from orchestrator.journeys.values import Scalar
from orchestrator.messages.command import SendCommand
from orchestrator.messages.ids import derived_id

Onward = tuple[Run, str | None]  # the run, and the step it goes on to; None: it waits or has ended


def walk(turn: Turn, plan: Plan, run: Run, step_id: str) -> Run:
    """Takes the run to ``step_id`` and on from there until it waits or ends. A journey has no loops, so it does."""
    onward: str | None = step_id
    while onward is not None:
        run, onward = _arrive(turn, plan, run, onward, plan.steps[onward])
    return run


def pass_wait(turn: Turn, plan: Plan, run: Run) -> Run:
    """Takes the run on from the step at which its wait is over now."""
    step_id = run.step
    step = plan.steps[step_id]
    match step:
        case SendPlan():
            run, onward = _send(turn, plan, run, step_id, step)
            return run if onward is None else walk(turn, plan, run, onward)
        case WaitForPlan():
            turn.record(
                "step_passed", plan, run, step_id, {"kind": "wait_for", "way": "timeout", "next": step.on_timeout}
            )
            return walk(turn, plan, run, step.on_timeout)
        case WaitPlan() | InstantPlan() | DateAttributePlan() | LocalTimePlan():
            turn.record("step_passed", plan, run, step_id, {"kind": _WAIT_KINDS[type(step)], "next": step.next})
            return walk(turn, plan, run, step.next)
        case BranchPlan() | SplitPlan() | ExitPlan():
            raise AssertionError(f"a run waits at {step_id!r}, where no run ever waits")  # pragma: no cover
        case _:
            assert_never(step)


def leave(turn: Turn, plan: Plan, run: Run, reason: str) -> Run:
    """Ends the run early."""
    turn.record("run_exited", plan, run, run.step, {"reason": reason})
    return replace(run, step="", due_ms=None, entry_fields={}, outcomes={})


def _arrive(turn: Turn, plan: Plan, run: Run, step_id: str, step: StepPlan) -> Onward:
    match step:
        case SendPlan():
            run = replace(run, step=step_id, arrived_ms=turn.now_ms, due_ms=None, attempt=0)
            return _send(turn, plan, run, step_id, step)
        case WaitPlan():
            return _wait(turn, plan, run, step_id, "wait", turn.now_ms + step.duration_ms), None
        case InstantPlan():
            return _wait_until(turn, plan, run, step_id, step.at_ms, step.next)
        case LocalTimePlan():
            attribute = turn.attributes.get(ZONE_ATTRIBUTE)
            zone = zone_or(attribute.value if attribute else None, step.zone_when_unknown)
            until_ms = next_local_time(zone, step.minute, step.weekdays, turn.now_ms)
            return _wait_until(turn, plan, run, step_id, until_ms, step.next)
        case DateAttributePlan():
            return _wait_until_date(turn, plan, run, step_id, step)
        case WaitForPlan():
            return _wait_for(turn, plan, run, step_id, step)
        case BranchPlan():
            return _branch(turn, plan, run, step_id, step)
        case SplitPlan():
            return _split(turn, plan, run, step_id, step)
        case ExitPlan():
            turn.record("run_completed", plan, run, step_id, {"reason": step.reason})
            return replace(run, step="", due_ms=None, entry_fields={}, outcomes={}), None
        case _:
            assert_never(step)


_WAIT_KINDS: dict[type, str] = {
    WaitPlan: "wait",
    InstantPlan: "wait_until",
    DateAttributePlan: "wait_until",
    LocalTimePlan: "wait_until",
}


def _wait(turn: Turn, plan: Plan, run: Run, step_id: str, kind: str, until_ms: int) -> Run:
    turn.record("wait_started", plan, run, step_id, {"kind": kind, "until_ms": until_ms})
    return replace(run, step=step_id, arrived_ms=turn.now_ms, due_ms=until_ms, attempt=0)


def _wait_until(turn: Turn, plan: Plan, run: Run, step_id: str, until_ms: int, onward: str) -> Onward:
    if until_ms > turn.now_ms:
        return _wait(turn, plan, run, step_id, "wait_until", until_ms), None
    turn.record(
        "step_passed",
        plan,
        run,
        step_id,
        {"kind": "wait_until", "way": "already past", "until_ms": until_ms, "next": onward},
    )
    return run, onward


def _wait_until_date(turn: Turn, plan: Plan, run: Run, step_id: str, step: DateAttributePlan) -> Onward:
    attribute = turn.attributes.get(step.name)
    at_ms = instant_of(attribute.value if attribute else None)
    if at_ms is not None:
        return _wait_until(turn, plan, run, step_id, at_ms + step.offset_ms, step.next)
    details: dict[str, object] = {
        "kind": "wait_until",
        "way": "missing",
        "attribute": step.name,
        "next": step.when_missing,
    }
    turn.record("step_passed", plan, run, step_id, details)
    return run, step.when_missing


def _wait_for(turn: Turn, plan: Plan, run: Run, step_id: str, step: WaitForPlan) -> Onward:
    occurrences = turn.history.get(step.event)
    if step.look_back_ms and occurrences is not None and occurrences.recent[-1] >= turn.now_ms - step.look_back_ms:
        details: dict[str, object] = {
            "kind": "wait_for",
            "way": "already happened",
            "event": step.event,
            "next": step.next,
        }
        turn.record("step_passed", plan, run, step_id, details)
        return run, step.next
    return _wait(turn, plan, run, step_id, "wait_for", turn.now_ms + step.timeout_ms), None


def _branch(turn: Turn, plan: Plan, run: Run, step_id: str, step: BranchPlan) -> Onward:
    situation = turn.situation(run.entry_fields, run.outcomes)
    for index, (test, onward) in enumerate(step.paths):
        if test(situation):
            turn.record("step_passed", plan, run, step_id, {"kind": "branch", "path": index, "next": onward})
            return run, onward
    turn.record("step_passed", plan, run, step_id, {"kind": "branch", "path": "otherwise", "next": step.otherwise})
    return run, step.otherwise


def _split(turn: Turn, plan: Plan, run: Run, step_id: str, step: SplitPlan) -> Onward:
    drawn = bucket(turn.workspace_id, plan.journey_id, step_id, turn.customer_id)
    index = pick_variant(drawn, step.weights)
    details: dict[str, object] = {
        "kind": "split",
        "bucket": drawn,
        "path": step.names[index],
        "next": step.nexts[index],
    }
    turn.record("step_passed", plan, run, step_id, details)
    return run, step.nexts[index]


def _send(turn: Turn, plan: Plan, run: Run, step_id: str, step: SendPlan) -> Onward:
    """Asks the guardrails, now. Whatever they say but "later", the run goes on."""
    if turn.directory.is_held(turn.workspace_id, plan.journey_id):
        # Nothing is sent while paused: the run stands here, due at once, until the journey runs again.
        return replace(run, due_ms=turn.now_ms), None
    details: dict[str, object] = {"channel": step.channel, "template": step.template, "category": step.category}
    if step.expires_ms is not None and turn.now_ms > run.arrived_ms + step.expires_ms:
        details |= {"rule": "message_expired", "reason": "the message was not worth sending any more when it could be"}
        turn.record("send_suppressed", plan, run, step_id, details)
        return run, step.next
    verdict = decide(plan.rules, SendRequest(step.channel, step.category, plan.journey_id), turn.facts(), turn.now_ms)
    match verdict:
        case Allow():
            _command(turn, plan, run, step_id, step, details, verdict)
            return run, step.next
        case Suppress():
            details |= {"rule": verdict.rule, "reason": verdict.reason, "inputs": verdict.inputs}
            if verdict.next_eligible_ms is not None:
                details["next_eligible_ms"] = verdict.next_eligible_ms
            turn.record("send_suppressed", plan, run, step_id, details)
            return run, step.next
        case Defer():
            details |= {"rule": verdict.rule, "reason": verdict.reason, "inputs": verdict.inputs}
            if step.expires_ms is not None and verdict.until_ms > run.arrived_ms + step.expires_ms:
                details |= {"rule": "message_expired", "put_off_by": verdict.rule}
                turn.record("send_suppressed", plan, run, step_id, details)
                return run, step.next
            details["until_ms"] = verdict.until_ms
            turn.record("send_deferred", plan, run, step_id, details, nth=run.attempt)
            return replace(run, due_ms=verdict.until_ms, attempt=run.attempt + 1), None
        case _:
            assert_never(verdict)


def _command(
    turn: Turn, plan: Plan, run: Run, step_id: str, step: SendPlan, details: dict[str, object], verdict: Allow
) -> None:
    command = SendCommand(
        # A step is visited once in a run, so the run and the step identify the send for ever.
        id=derived_id("command", run.id, step_id),
        workspace_id=turn.workspace_id,
        customer_id=turn.customer_id,
        journey_id=plan.journey_id,
        version=plan.version,
        run_id=run.id,
        step=step_id,
        visit=1,
        channel=step.channel,
        template=step.template,
        category=step.category,
        variables={name: _value_of(turn, run, source) for name, source in step.variables},
        decided_at_ms=turn.now_ms,
        expires_at_ms=None if step.expires_ms is None else run.arrived_ms + step.expires_ms,
        cost=step.cost,
    )
    turn.effects.append(command)
    turn.sends = remember(
        turn.sends, SendRecord(turn.now_ms, step.channel, step.category, plan.journey_id), turn.now_ms
    )
    details |= {"command_id": command.id, "cost": step.cost, "checked": verdict.checked}
    turn.record("send_requested", plan, run, step_id, details)


def _value_of(turn: Turn, run: Run, source: Variable) -> Scalar | None:
    match source:
        case FromAttribute(name=name):
            attribute = turn.attributes.get(name)
            return None if attribute is None else attribute.value
        case FromEntry(name=name):
            return run.entry_fields.get(name)
        case Literally(value=value):
            return value
        case _:
            assert_never(source)
