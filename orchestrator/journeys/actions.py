"""The steps that do something other than sending a message. None of them makes a run wait, but for a pause."""

from msgspec.structs import replace

from orchestrator.journeys.plan import EmitPlan, Plan, StartJourneyPlan, UpdatePlan, WebhookPlan
from orchestrator.journeys.state import MAX_ATTRIBUTES, Attribute, Run
from orchestrator.journeys.turn import Start, Turn, mark_of
from orchestrator.journeys.waits import Onward
from orchestrator.messages.event import EMITTED_SOURCE, EngagementEvent, emitted_source
from orchestrator.messages.ids import derived_id
from orchestrator.messages.text import storable

# An event that a journey emits may start a journey that emits one. After so many in a row without any wait between
# them, the next is not emitted: two journeys that call each other must not keep Kafka busy for ever.
MOST_HOPS = 8
WEBHOOK, WEBHOOK_CATEGORY = "webhook", "system"  # of commands that reach a system and no customer


def update(turn: Turn, plan: Plan, run: Run, step_id: str, step: UpdatePlan) -> Onward:
    """Sets and forgets attributes, as of now."""
    attributes = dict(turn.attributes)
    for name in step.remove:
        attributes.pop(name, None)
    for name, value in turn.values(run, step.values).items():
        kept = storable(value)
        if kept is None:
            attributes.pop(name, None)
        elif name in attributes or len(attributes) < MAX_ATTRIBUTES:
            attributes[name] = Attribute(kept, turn.now_ms)
    turn.attributes = attributes
    details: dict[str, object] = {
        "kind": "update",
        "set": [name for name, _ in step.values],
        "removed": list(step.remove),
        "next": step.next,
    }
    turn.record("step_passed", plan, run, step_id, details)
    return run, step.next


def start_journey(turn: Turn, plan: Plan, run: Run, step_id: str, step: StartJourneyPlan) -> Onward:
    """Asks that the customer enter another journey, when this turn's other work is done."""
    turn.starts.append(
        Start(step.journey_id, turn.values(run, step.fields), run.id, f"{step_id}#{mark_of(run, step_id)}")
    )
    details: dict[str, object] = {"kind": "start_journey", "journey_id": step.journey_id, "next": step.next}
    turn.record("step_passed", plan, run, step_id, details)
    return run, step.next


def emit(turn: Turn, plan: Plan, run: Run, step_id: str, step: EmitPlan) -> Onward:
    """Publishes an event of this customer."""
    if turn.directory.is_held(turn.workspace_id, plan.journey_id):
        return _held(turn, run, step_id), None
    details: dict[str, object] = {"kind": "emit", "event_type": step.event, "next": step.next}
    if turn.hops >= MOST_HOPS:
        details |= {"way": "refused", "reason": f"{MOST_HOPS} events in a row were emitted without a wait between them"}
    else:
        event = EngagementEvent(
            id=derived_id("event", run.id, step_id, mark_of(run, step_id)),
            source=emitted_source(turn.hops + 1),
            type=step.event,
            time_ms=turn.now_ms,
            workspace_id=turn.workspace_id,
            customer_id=turn.customer_id,
            data={name: value for name, value in turn.values(run, step.data).items() if value is not None},
        )
        turn.effects.append(event)
        details |= {"event_id": event.id, "source": EMITTED_SOURCE}
    turn.record("step_passed", plan, run, step_id, details)
    return run, step.next


def webhook(turn: Turn, plan: Plan, run: Run, step_id: str, step: WebhookPlan) -> Onward:
    """Asks the webhook adapter to tell another system."""
    if turn.directory.is_held(turn.workspace_id, plan.journey_id):
        return _held(turn, run, step_id), None
    id_ = derived_id("command", run.id, step_id, mark_of(run, step_id))
    command = turn.command(plan, run, step_id, id_, (WEBHOOK, step.endpoint, WEBHOOK_CATEGORY), step.data)
    details: dict[str, object] = {"command_id": command.id, "endpoint": step.endpoint, "next": step.next}
    turn.record("webhook_requested", plan, run, step_id, details)
    return run, step.next


def _held(turn: Turn, run: Run, step_id: str) -> Run:
    """Nothing leaves while paused: the run stands here, due at once, until the journey runs again."""
    return replace(run, step=step_id, arrived_ms=turn.now_ms, due_ms=turn.now_ms)
