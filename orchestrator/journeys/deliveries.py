"""What became of a send: a later outcome replaces an earlier one, and some outcomes close a channel."""

from msgspec.structs import replace

from orchestrator.guardrails.consent import apply_consent, suppress_channel
from orchestrator.journeys.plan import SendPlan
from orchestrator.journeys.sends import command_id
from orchestrator.journeys.state import Run
from orchestrator.journeys.turn import Turn
from orchestrator.messages.activity import Activity
from orchestrator.messages.event import DeliveryEvent
from orchestrator.messages.ids import derived_id

# Reports overtake each other; the outcome that says more stands, whichever came last.
_RANK = {
    outcome: rank
    for rank, outcome in enumerate(
        ("sent", "delivered", "opened", "clicked", "failed", "bounced", "unsubscribed", "complained")
    )
}


def take_report(turn: Turn, event: DeliveryEvent) -> int | None:
    """Puts the report on record, with the run if that is still known, and draws the consequences for the channel.

    The index of the run under way whose outcome it changed; None when it changed none.
    """
    version, arm, changed = 0, "", None
    for index, run in enumerate(turn.runs):
        if run.id == event.run_id:
            version, arm = run.version, run.arm
            known = run.outcomes.get(event.step)
            says_more = known is None or _RANK[event.outcome] > _RANK.get(known, -1)
            if run.is_under_way and says_more and _is_of_present_contact(turn, run, event):
                turn.runs[index] = replace(run, outcomes={**run.outcomes, event.step: event.outcome})
                changed = index
    close_channel(turn, event)
    _record(turn, event, version, arm)
    return changed


def _is_of_present_contact(turn: Turn, run: Run, event: DeliveryEvent) -> bool:
    """Whether the report counts for the step: of a step that tries several contacts, that of the present one does."""
    if run.step != event.step or run.sent_ms is None:
        return True
    plan = turn.directory.plan(run.journey_id, run.version)
    step = None if plan is None else plan.steps.get(run.step)
    return not isinstance(step, SendPlan) or event.command_id == command_id(run, run.step)


def close_channel(turn: Turn, event: DeliveryEvent) -> None:
    """Draws the consequences of the report for the channel; doing it twice changes nothing more."""
    if event.outcome == "unsubscribed":
        turn.consents = apply_consent(turn.consents, event.channel, event.category, False, event.time_ms)
    elif event.outcome == "complained":
        turn.consents = suppress_channel(turn.consents, event.channel, "the customer complained", event.time_ms)
    elif event.outcome == "bounced" and event.is_permanent:
        turn.consents = suppress_channel(turn.consents, event.channel, "the address does not work", event.time_ms)


def _record(turn: Turn, event: DeliveryEvent, version: int, arm: str) -> None:
    details: dict[str, object] = {
        "command_id": event.command_id,
        "channel": event.channel,
        "outcome": event.outcome,
        "reported_at_ms": event.time_ms,
    }
    if event.reason:
        details["reason"] = event.reason
    turn.effects.append(
        Activity(
            id=derived_id("activity", "message_reported", event.source, event.id, event.command_id),
            workspace_id=turn.workspace_id,
            customer_id=turn.customer_id,
            journey_id=event.journey_id,
            version=version,
            run_id=event.run_id,
            type="message_reported",
            at_ms=turn.now_ms,
            step=event.step,
            arm=arm,
            details=details,
            cause=turn.cause,
        )
    )
