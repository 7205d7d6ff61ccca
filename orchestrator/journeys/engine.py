"""The machine: one customer, one signal, one step forward. Everything that decides a transition starts here.

Rules
  1. ``advance`` is a function: the same directory, state, signal and time give the same state and the same effects.
     It raises for no input; a signal that means nothing for a state changes nothing but the customer's clock.
  2. A customer's pending moments (waits, deferred sends, expiries) are part of the state. Before a signal is carried
     out, everything of this customer that fell due before it is carried out first. So what happens depends on the
     order of a customer's own signals only, never on when a timer record happens to arrive.
  3. Time never runs backwards for a customer: a late event is taken at the customer's clock, but counts for goals and
     history with the time at which it occurred.
  4. Ids of runs, commands and activities are derived from identity (``messages.ids``), never from the clock.

Time is told in one of two ways. On the *wall* decisions are made at the time the worker's clock shows, so that a limit
such as quiet hours holds at the moment of sending however late a signal comes. In *stream* time, for replays, they are
made at the events' own times, and what falls due is decided at the moment it fell due.

How a signal is carried out
  engagement event   (seen before? stop) → due moments → what it says of the customer → each run: goal, exit criteria,
                     waits → each journey it may enter
  delivery event     (seen before? stop) → the run's outcomes → consent and suppression. It moves no clock: adapters
                     report when they can.
  timer              due moments
"""

from collections.abc import Sequence

import msgspec

from orchestrator.journeys.deliveries import take_report
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.entry import enter
from orchestrator.journeys.facts import learn
from orchestrator.journeys.progress import meet
from orchestrator.journeys.state import SEEN_EVENTS, CustomerState, Run, add_fingerprint, has_fingerprint
from orchestrator.journeys.steps import leave, pass_wait
from orchestrator.journeys.turn import Effect, TimeRule, Turn
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.ids import fingerprint
from orchestrator.messages.timer import TimerDue

Signal = EngagementEvent | DeliveryEvent | TimerDue


class Advance(msgspec.Struct, frozen=True):
    """The next state, and what is to be published: commands and activities in the order they were decided.

    ``is_duplicate``: the signal had been carried out before, and nothing was done.
    """

    state: CustomerState
    effects: Sequence[Effect]
    is_duplicate: bool = False


def advance(
    directory: Directory, state: CustomerState, signal: Signal, now_ms: int, time: TimeRule = "wall", cause: str = ""
) -> Advance:
    """Carries out ``signal`` for the customer it names.

    ``now_ms``: the worker's clock on the wall; in stream time the event's own time or the timer's due moment. ``cause``
    ("topic/partition/offset") is put on every activity.
    """
    match signal:
        case EngagementEvent():
            return _engagement(directory, state, signal, now_ms, time, cause)
        case DeliveryEvent():
            return _delivery(directory, state, signal, now_ms, time, cause)
        case TimerDue():
            now_ms = max(now_ms, state.clock_ms)
            turn = Turn(directory, state, signal.workspace_id, signal.customer_id, now_ms, cause)
            if not _catch_up(turn, state.clock_ms, time):
                return Advance(state, (), is_duplicate=True)
            return Advance(turn.end(now_ms), turn.effects)


def _engagement(
    directory: Directory, state: CustomerState, event: EngagementEvent, now_ms: int, time: TimeRule, cause: str
) -> Advance:
    mark = fingerprint(event.source, event.id)
    if has_fingerprint(state.seen, mark):
        return Advance(state, (), is_duplicate=True)
    now_ms = max(now_ms, state.clock_ms)
    # An event from the future (a wrong clock at the sender) is taken as happening now.
    occurred_ms = min(event.time_ms, now_ms)
    turn = Turn(directory, state, event.workspace_id, event.customer_id, now_ms, cause)
    turn.seen = add_fingerprint(turn.seen, mark, SEEN_EVENTS)
    if turn.runs:
        _catch_up(turn, state.clock_ms, time)
    learn(turn, event, occurred_ms)
    for index, run in enumerate(turn.runs):
        turn.runs[index] = meet(turn, run, event, occurred_ms)
    for plan in directory.entered_by(event.workspace_id, event.type):
        enter(turn, plan, event, occurred_ms)
    return Advance(turn.end(now_ms), turn.effects)


def _delivery(
    directory: Directory, state: CustomerState, event: DeliveryEvent, now_ms: int, time: TimeRule, cause: str
) -> Advance:
    mark = fingerprint(event.source, event.id)
    if has_fingerprint(state.seen, mark):
        return Advance(state, (), is_duplicate=True)
    at_ms = max(now_ms, state.clock_ms) if time == "wall" else event.time_ms
    turn = Turn(directory, state, event.workspace_id, event.customer_id, at_ms, cause)
    turn.seen = add_fingerprint(turn.seen, mark, SEEN_EVENTS)
    take_report(turn, event)
    return Advance(turn.end(state.clock_ms), turn.effects)


def _catch_up(turn: Turn, clock_ms: int, time: TimeRule) -> bool:
    """Carries out what has fallen due up to ``turn.now_ms``, earliest first; whether there was anything.

    Each is decided now on the wall, and at the moment it fell due in stream time (or at the customer's clock, when it
    was held back longer than that).
    """
    upto_ms = turn.now_ms
    was_due = False
    while (index := _most_overdue(turn, upto_ms)) is not None:
        was_due = True
        run = turn.runs[index]
        due_ms = run.next_ms
        if time == "stream" and due_ms is not None:
            turn.now_ms = max(due_ms, clock_ms)
        turn.runs[index] = _fall_due(turn, run)
    turn.now_ms = upto_ms
    return was_due


def _most_overdue(turn: Turn, upto_ms: int) -> int | None:
    found: int | None = None
    earliest_ms = upto_ms
    for index, run in enumerate(turn.runs):
        due_ms = run.next_ms
        if due_ms is None or due_ms > earliest_ms or (due_ms == earliest_ms and found is not None):
            continue
        if may_fall_due(turn.directory, turn.workspace_id, run.journey_id, run.version):
            found, earliest_ms = index, due_ms
    return found


def _fall_due(turn: Turn, run: Run) -> Run:
    plan = turn.directory.plan(run.journey_id, run.version)
    if plan is None:
        raise AssertionError("a run without a plan never falls due")  # pragma: no cover
    if turn.directory.is_discarded(run.journey_id):
        return leave(turn, plan, run, "journey_stopped")
    if run.expires_ms is not None and run.expires_ms <= turn.now_ms and run.expires_ms == run.next_ms:
        return leave(turn, plan, run, "expired")
    return pass_wait(turn, plan, run)


def may_fall_due(directory: Directory, workspace_id: str, journey_id: str, version: int) -> bool:
    """Whether what is due in a run of this journey may happen: it is not held, and its version is known."""
    return not directory.is_held(workspace_id, journey_id) and directory.plan(journey_id, version) is not None


def next_due_ms(directory: Directory, workspace_id: str, state: CustomerState) -> int | None:
    """The earliest moment at which something of this customer falls due, leaving out what is held; else None."""
    earliest_ms: int | None = None
    for run in state.runs:
        due_ms = run.next_ms
        if due_ms is None or (earliest_ms is not None and due_ms >= earliest_ms):
            continue
        if may_fall_due(directory, workspace_id, run.journey_id, run.version):
            earliest_ms = due_ms
    return earliest_ms


def held_journeys(directory: Directory, workspace_id: str, state: CustomerState) -> tuple[str, ...]:
    """The journeys in which something of this customer waits but is held."""
    if not state.runs:
        return ()
    return tuple(
        run.journey_id
        for run in state.runs
        if run.is_under_way and not may_fall_due(directory, workspace_id, run.journey_id, run.version)
    )
