"""Which journeys a signal may let the customer enter, one function for each kind of trigger."""

from msgspec import structs

from orchestrator.journeys.entry import Trigger, enter, triggered_by
from orchestrator.journeys.plan import Plan
from orchestrator.journeys.state import NEVER_ENTERED
from orchestrator.journeys.turn import Start, Turn
from orchestrator.messages.event import ENTRY_REQUESTED, EngagementEvent

# Journeys may start one another: so many in one turn, and the next are left out.
MOST_STARTS = 8


def admit_by_event(turn: Turn, event: EngagementEvent, occurred_ms: int) -> None:
    """Journeys that an event of this type starts, and the one that the control plane asks for."""
    for plan in turn.directory.entered_by(turn.workspace_id, event.type):
        enter(turn, plan, triggered_by(event, occurred_ms))
    if event.type == ENTRY_REQUESTED:
        journey_id, fields = event.data.get("journey_id"), event.data.get("fields")
        asked = turn.directory.entered.get(journey_id) if isinstance(journey_id, str) else None
        if asked is not None and asked.entry.kind == "api" and asked.workspace_id == turn.workspace_id:
            given = fields if isinstance(fields, dict) else {}
            enter(turn, asked, triggered_by(event, occurred_ms)._replace(data=given))


def admit_by_segment(turn: Turn, identity: tuple[str, ...]) -> None:
    """Journeys whose segment the customer has come into with this signal."""
    for plan in turn.directory.entered_by_segment(turn.workspace_id):
        if not turn.directory.is_held(turn.workspace_id, plan.journey_id):
            _look_at_segment(turn, plan, identity)


def admit_by_schedule(turn: Turn, journey_id: str, occasion_ms: int) -> None:
    """The journey at whose scheduled moment all known customers are looked at."""
    plan = turn.directory.entered.get(journey_id)
    if plan is None or plan.workspace_id != turn.workspace_id:
        return
    if plan.entry.kind == "segment":
        if not turn.directory.is_held(turn.workspace_id, journey_id):
            _look_at_segment(turn, plan, ("schedule", str(occasion_ms)))
    elif plan.entry.audience is None or plan.entry.audience(turn.situation()):
        # A customer who is not in the audience is not refused: nothing was asked for this customer.
        enter(turn, plan, Trigger(("schedule", str(occasion_ms)), turn.now_ms, {"occasion_ms": occasion_ms}))


def admit_started(turn: Turn) -> None:
    """Journeys that other journeys have asked to start in this turn."""
    for _ in range(MOST_STARTS):
        if not turn.starts:
            return
        start = turn.starts.pop(0)
        plan = turn.directory.entered.get(start.journey_id)
        if plan is not None and plan.workspace_id == turn.workspace_id:
            enter(turn, plan, _started_by(turn, start))
    turn.starts.clear()


def _started_by(turn: Turn, start: Start) -> Trigger:
    details = {"started_by_run": start.run_id}
    return Trigger(("start_journey", start.run_id, start.mark), turn.now_ms, details, start.fields)


def _look_at_segment(turn: Turn, plan: Plan, identity: tuple[str, ...]) -> None:
    """Enters who matches now and did not before; remembers either."""
    entry, entries = plan.entry, turn.entries.get(plan.journey_id, NEVER_ENTERED)
    situation = turn.situation()
    matches = entry.audience is not None and entry.audience(situation)
    if matches and entry.exclude is not None:
        matches = not entry.exclude(situation)
    if matches == entries.is_member:
        return
    if matches:
        if entry.opens_ms is not None and turn.now_ms < entry.opens_ms:
            return  # who matches by then enters then
        enter(turn, plan, Trigger(("segment", *identity), turn.now_ms, {"segment": True}))
        entries = turn.entries.get(plan.journey_id, NEVER_ENTERED)
    turn.entries = {**turn.entries, plan.journey_id: structs.replace(entries, is_member=matches)}
