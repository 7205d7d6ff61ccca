"""The send step: what the guardrails say, the command, and the other ways to reach the customer.

A step has contacts: its own channel, then its fallbacks. Each is asked of the guardrails in turn. A contact that is
refused for want of consent or in quiet hours, or whose channel reports what the step listed, gives way to the next;
while such a report may still come, and there is a next contact, the run stands at the step.
"""

from collections.abc import Sequence
from typing import assert_never

from msgspec.structs import replace

from orchestrator.guardrails.budget import MICRO, Limit, is_queued_behind, most, queue, room
from orchestrator.guardrails.decide import SendRequest, decide_under
from orchestrator.guardrails.history import SendRecord, remember
from orchestrator.guardrails.verdict import Allow, Defer, Rule, Suppress
from orchestrator.journeys.plan import ContactPlan, Plan, SendPlan
from orchestrator.journeys.state import Run
from orchestrator.journeys.turn import Turn, mark_of
from orchestrator.journeys.waits import Onward
from orchestrator.messages.ids import derived_id, fingerprint

_WANT_OF_CONSENT = ("consent", "channel_suppressed")
_REACHED = ("opened", "clicked")
_FAILED = ("bounced", "failed")
# After these the customer does not want to hear more of it over another channel.
_UNWANTED = ("unsubscribed", "complained")


def send(turn: Turn, plan: Plan, run: Run, step_id: str, step: SendPlan) -> Onward:
    """Asks the guardrails, now. Whatever they say but "later", the run goes on."""
    if turn.directory.is_held(turn.workspace_id, plan.journey_id):
        # Nothing is sent while paused: the run stands here, due at once, until the journey runs again.
        return replace(run, due_ms=turn.now_ms), None
    contact = step.contacts[run.contact]
    details: dict[str, object] = {
        "channel": contact.channel,
        "template": contact.template,
        "category": step.category,
    }
    if step.expires_ms is not None and turn.now_ms > run.arrived_ms + step.expires_ms:
        details |= {"rule": "message_expired", "reason": "the message was not worth sending any more when it could be"}
        turn.record("send_suppressed", plan, run, step_id, details, nth=run.contact)
        return _passed(run), step.next
    workspace = turn.directory.workspaces.get(turn.workspace_id)
    rules = (plan.rules,) if workspace is None or workspace.rules is None else (workspace.rules, plan.rules)
    request = SendRequest(contact.channel, step.category, plan.journey_id)
    verdict = decide_under(rules, request, turn.facts(), turn.now_ms)
    match verdict:
        case Allow():
            limits = turn.directory.limits.get(plan.journey_id, plan.limits)
            if workspace is not None:
                limits = (*workspace.limits, *limits)
            if limits and (held := _held_by_limit(turn, plan, run, step_id, step, details, limits)) is not None:
                return held
            return _allowed(turn, plan, run, step_id, step, details, verdict)
        case Suppress():
            details |= {"rule": verdict.rule, "reason": verdict.reason, "inputs": verdict.inputs}
            if verdict.next_eligible_ms is not None:
                details["next_eligible_ms"] = verdict.next_eligible_ms
            if _gives_way(verdict.rule, run, step):
                return _give_way(turn, plan, run, step_id, step, details)
            turn.record("send_suppressed", plan, run, step_id, details, nth=run.contact)
            return _passed(run), step.next
        case Defer():
            details |= {"rule": verdict.rule, "reason": verdict.reason, "inputs": verdict.inputs}
            if _gives_way(verdict.rule, run, step):
                details["next_eligible_ms"] = verdict.until_ms
                return _give_way(turn, plan, run, step_id, step, details)
            if step.expires_ms is not None and verdict.until_ms > run.arrived_ms + step.expires_ms:
                details |= {"rule": "message_expired", "put_off_by": verdict.rule}
                turn.record("send_suppressed", plan, run, step_id, details, nth=run.contact)
                return _passed(run), step.next
            details["until_ms"] = verdict.until_ms
            turn.record("send_deferred", plan, run, step_id, details, nth=run.attempt)
            return replace(run, due_ms=verdict.until_ms, attempt=run.attempt + 1), None
        case _:
            assert_never(verdict)


def _gives_way(rule: Rule, run: Run, step: SendPlan) -> bool:
    """Whether the next contact is tried because the rule refuses this one now."""
    way = "no_consent" if rule in _WANT_OF_CONSENT else rule
    return way in step.tries_next and _has_another(run, step)


def _give_way(turn: Turn, plan: Plan, run: Run, step_id: str, step: SendPlan, details: dict[str, object]) -> Onward:
    details["next_channel"] = step.contacts[run.contact + 1].channel
    turn.record("send_suppressed", plan, run, step_id, details, nth=run.contact)
    return send(turn, plan, replace(run, contact=run.contact + 1), step_id, step)


def deadline(turn: Turn, plan: Plan, run: Run, step_id: str, step: SendPlan) -> Onward:
    """The report that the run waits for has not come in time."""
    if "not_opened" in step.tries_next and _has_another(run, step):
        return _try_next(turn, plan, run, step_id, step, "not_opened")
    return _go_on(turn, plan, run, step_id, step, "no report")


def hear(turn: Turn, plan: Plan, run: Run, step_id: str, step: SendPlan, outcome: str) -> Onward:
    """A channel has reported of the contact that the run waits for."""
    if outcome in _FAILED and outcome in step.tries_next and _has_another(run, step):
        return _try_next(turn, plan, run, step_id, step, outcome)
    is_settled = outcome in _REACHED or outcome in _FAILED or outcome in _UNWANTED
    if is_settled or (outcome == "delivered" and "not_opened" not in step.tries_next):
        return _go_on(turn, plan, run, step_id, step, outcome)
    return run, None


def command_id(run: Run, step_id: str) -> str:
    """The id of the command that the run's present contact leads to: the same logical send always has the same."""
    mark = mark_of(run, step_id)
    if not mark and not run.contact:
        return derived_id("command", run.id, step_id)
    return derived_id("command", run.id, step_id, mark, str(run.contact))


def _allowed(
    turn: Turn, plan: Plan, run: Run, step_id: str, step: SendPlan, details: dict[str, object], verdict: Allow
) -> Onward:
    contact = step.contacts[run.contact]
    command = turn.command(
        plan,
        run,
        step_id,
        command_id(run, step_id),
        (contact.channel, contact.template, step.category),
        step.variables,
        expires_at_ms=None if step.expires_ms is None else run.arrived_ms + step.expires_ms,
        cost=_cost(turn, contact),
    )
    record = SendRecord(turn.now_ms, contact.channel, step.category, plan.journey_id)
    turn.sends = remember(turn.sends, record, turn.now_ms)
    details |= {"command_id": command.id, "cost": command.cost, "checked": verdict.checked}
    is_awaiting = step.report_ms > 0 and _has_another(run, step)
    if is_awaiting:
        details["report_until_ms"] = turn.now_ms + step.report_ms
    turn.record("send_requested", plan, run, step_id, details, nth=run.contact)
    if is_awaiting:
        outcomes = {step: outcome for step, outcome in run.outcomes.items() if step != step_id}
        return replace(run, due_ms=turn.now_ms + step.report_ms, sent_ms=turn.now_ms, outcomes=outcomes), None
    return _passed(run), step.next


def _held_by_limit(
    turn: Turn,
    plan: Plan,
    run: Run,
    step_id: str,
    step: SendPlan,
    details: dict[str, object],
    limits: Sequence[Limit],
) -> Onward | None:
    """Where the run stands or goes on when a limit over all customers has no room; None when all have, and are used.

    Asked last, so that nothing is used of them by a send that another rule forbids.
    """
    contact = step.contacts[run.contact]
    cost = _cost(turn, contact)
    wanted = [(limit, limit.units(cost)) for limit in limits if limit.concerns(contact.channel)]
    for limit, units in wanted:
        left = room(turn.purse, limit, turn.now_ms)
        if units <= left and not (run.attempt == 0 and is_queued_behind(turn.purse, limit, turn.now_ms)):
            continue
        limit_units = limit.limit / MICRO if limit.is_money else limit.limit
        details |= {
            "rule": limit.rule,
            "reason": f"the {limit.rule} of {limit_units:g} per {limit.per} is used up",
            "inputs": {
                "rule": limit.rule,
                "limit": limit_units,
                "per": limit.per,
                "left_here": left / MICRO if limit.is_money else left,
            },
        }
        until_ms = _room_again(turn, run, step_id, limit, units, left, details)
        is_too_late = (
            until_ms is not None and step.expires_ms is not None and until_ms > run.arrived_ms + step.expires_ms
        )
        if until_ms is None or is_too_late:
            if is_too_late:
                details |= {"rule": "message_expired", "put_off_by": limit.rule}
            turn.record("send_suppressed", plan, run, step_id, details, nth=run.contact)
            return _passed(run), step.next
        details["until_ms"] = until_ms
        turn.record("send_deferred", plan, run, step_id, details, nth=run.attempt)
        return replace(run, due_ms=until_ms, attempt=run.attempt + 1), None
    for limit, units in wanted:
        turn.use(limit, units)
    return None


def _room_again(
    turn: Turn, run: Run, step_id: str, limit: Limit, units: int, left: int, details: dict[str, object]
) -> int | None:
    """When to look for room again in a limit that has none here now; None: never."""
    if units > left and (answer_ms := turn.answer_ms(limit, units, run.attempt)) is not None:
        details["reason"] = f"this partition's part of the {limit.rule} is used up; the others are asked for theirs"
        return answer_ms
    if units > most(turn.purse, limit):
        details["reason"] = (
            f"the {limit.rule} is so small that what this partition may have of it has no room for one message"
        )
    if limit.is_skipping:
        return None
    again = queue(turn.purse, limit, units, turn.now_ms, int.from_bytes(fingerprint(run.id, step_id), "big"))
    if again is None:
        return None
    until_ms, spent = again
    turn.spend(limit.key, spent)
    return until_ms


def _cost(turn: Turn, contact: ContactPlan) -> float:
    """What one send over the contact costs."""
    if contact.cost is not None:
        return contact.cost
    workspace = turn.directory.workspaces.get(turn.workspace_id)
    return 0.0 if workspace is None else workspace.settings.costs.get(contact.channel, 0.0)


def _try_next(turn: Turn, plan: Plan, run: Run, step_id: str, step: SendPlan, why: str) -> Onward:
    channel = step.contacts[run.contact + 1].channel
    turn.record(
        "step_passed",
        plan,
        run,
        step_id,
        {"kind": "send", "way": why, "next": step_id, "next_channel": channel},
        nth=run.contact,
    )
    return send(turn, plan, replace(run, contact=run.contact + 1, sent_ms=None, due_ms=None), step_id, step)


def _go_on(turn: Turn, plan: Plan, run: Run, step_id: str, step: SendPlan, why: str) -> Onward:
    turn.record("step_passed", plan, run, step_id, {"kind": "send", "way": why, "next": step.next}, nth=run.contact)
    return _passed(run), step.next


def _passed(run: Run) -> Run:
    return replace(run, contact=0, sent_ms=None) if run.contact or run.sent_ms is not None else run


def _has_another(run: Run, step: SendPlan) -> bool:
    return run.contact + 1 < len(step.contacts)
