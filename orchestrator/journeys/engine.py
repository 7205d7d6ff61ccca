"""The machine: one customer, one signal, one step forward. Everything that decides a transition starts here.

Rules
  1. ``advance`` is a function: the same directory, state, signal and time give the same state and the same effects.
     It raises for no input; a signal that means nothing for a state changes nothing but the customer's clock.
  2. A customer's pending moments (waits, deferred sends, entries, expiries) are part of the state. Before an event is
     carried out, everything of this customer that fell due before it occurred is; after it, what fell due since. So a
     customer who bought while nobody could read it is not reminded because of that, unless the timer was there first.
     Before a report or a timer, everything that fell due is carried out. What a signal says of consent holds already
     for what is decided now, whenever it fell due.
  3. Time never runs backwards for a customer: a late event is taken at the customer's clock, but counts for goals and
     history with the time at which it occurred.
  4. Ids of runs, commands and activities are derived from identity (``messages.ids``), never from the clock.

Time is told in one of two ways. On the *wall* decisions are made at the time the worker's clock shows, so that a limit
such as quiet hours holds at the moment of sending however late a signal comes. In *stream* time, for replays, they are
made at the events' own times, and what falls due is decided at the moment it fell due.

How a signal is carried out
  engagement event   (seen before? stop) → newer versions → moments due before it → what it says of the customer → each
                     run: goal, exit criteria, waits → moments due since → each journey it may enter
  delivery event     (seen before? stop) → the run's outcomes → consent and suppression → the run, if it stands where a
                     report moves it. Else it moves no clock: adapters report when they can.
  customer.merged    all that is known goes to the other customer, and whatever comes later too (``merge``)
  customer.erased    nothing is known any more (``erasure``)
  timer              newer versions → due moments → the journey whose schedule it belongs to
At the end of each: journeys that a run has started, and journeys whose segment the customer has come into.
"""

from collections.abc import Sequence
from operator import attrgetter

from orchestrator.guardrails.budget import WHOLE, Purse
from orchestrator.journeys.admission import admit_by_event, admit_by_schedule, admit_by_segment, admit_started
from orchestrator.journeys.deliveries import close_channel, take_report
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.ending import leave
from orchestrator.journeys.entry import decide_pending
from orchestrator.journeys.erasure import erase
from orchestrator.journeys.facts import counted, learn, learn_consent
from orchestrator.journeys.merge import absorb, hand_over, pass_on
from orchestrator.journeys.migration import migrate
from orchestrator.journeys.progress import meet
from orchestrator.journeys.state import (
    MAX_EVENT_TYPES,
    SEEN_EVENTS,
    CustomerState,
    PendingEntry,
    Run,
    add_fingerprint,
    has_fingerprint,
    having_heard,
)
from orchestrator.journeys.turn import Advance as Advance
from orchestrator.journeys.turn import Signal as Signal
from orchestrator.journeys.turn import TimeRule, Turn
from orchestrator.journeys.walk import observe, pass_wait, reacts_to_reports, take_outcome
from orchestrator.messages.event import (
    CUSTOMER_ERASED,
    CUSTOMER_MERGED,
    EMITTED_SOURCE,
    DeliveryEvent,
    EngagementEvent,
    hops_of,
)
from orchestrator.messages.handover import Handover
from orchestrator.messages.ids import fingerprint
from orchestrator.messages.timer import TimerDue

_DUE = attrgetter("due_ms")


def advance(
    directory: Directory,
    state: CustomerState,
    signal: Signal,
    now_ms: int,
    time: TimeRule = "wall",
    cause: str = "",
    purse: Purse = WHOLE,
) -> Advance:
    """Carries out ``signal`` for the customer it names.

    ``now_ms``: the worker's clock on the wall; in stream time the event's own time or the timer's due moment. ``cause``
    ("topic/partition/offset") is put on every activity. ``purse``: what was spent so far of limits over all customers.
    """
    if state.merged_into:
        return pass_on(directory, state, signal, now_ms, cause)
    match signal:
        case EngagementEvent():
            if signal.type == CUSTOMER_ERASED:
                return erase(signal, max(now_ms, state.clock_ms), cause)
            if signal.type == CUSTOMER_MERGED and (handed_over := hand_over(state, signal)) is not None:
                return handed_over
            return _engagement(directory, state, signal, now_ms, time, cause, purse)
        case TimerDue():
            return _timer(directory, state, signal, now_ms, time, cause, purse)
        case DeliveryEvent():
            return _delivery(directory, state, signal, now_ms, time, cause, purse)
        case Handover():
            return absorb(directory, state, signal, now_ms, cause)


def _engagement(
    directory: Directory,
    state: CustomerState,
    event: EngagementEvent,
    now_ms: int,
    time: TimeRule,
    cause: str,
    purse: Purse,
) -> Advance:
    mark = fingerprint(event.source, event.id)
    if mark in state.seen and has_fingerprint(state.seen, mark):
        return Advance(state, (), is_duplicate=True)
    # Written out, not max() and min(): this is paid for at every event.
    now_ms = now_ms if now_ms > state.clock_ms else state.clock_ms
    # An event from the future (a wrong clock at the sender) is taken as happening now.
    occurred_ms = event.time_ms if event.time_ms < now_ms else now_ms
    seen = add_fingerprint(state.seen, mark, SEEN_EVENTS)
    if not state.runs and not state.pending and not directory.hears(event.workspace_id, event.type):
        # Most events concern no journey: they pay for no turn.
        history = counted(state.history, event.type, occurred_ms, MAX_EVENT_TYPES)
        return Advance(having_heard(state, now_ms, history, seen), ())
    turn = Turn(directory, state, event.workspace_id, event.customer_id, now_ms, cause, purse)
    turn.seen = seen
    if event.source.startswith(EMITTED_SOURCE):
        turn.hops = hops_of(event.source)
    if turn.runs or turn.pending:
        if time == "wall":
            learn_consent(turn, event, occurred_ms)  # what is overdue is decided now, when this is known
        _catch_up(turn, state.clock_ms, time, occurred_ms)
    turn.since_ms = occurred_ms
    learn(turn, event, occurred_ms)
    if turn.runs:
        for index in _by_priority(turn):
            turn.runs[index] = meet(turn, turn.runs[index], event, occurred_ms)
    if occurred_ms < now_ms and (turn.runs or turn.pending):
        _catch_up(turn, state.clock_ms, time, now_ms)
        turn.since_ms = occurred_ms
    admit_by_event(turn, event, occurred_ms)
    return _conclude(turn, now_ms, (event.source, event.id))


def _delivery(
    directory: Directory,
    state: CustomerState,
    event: DeliveryEvent,
    now_ms: int,
    time: TimeRule,
    cause: str,
    purse: Purse,
) -> Advance:
    mark = fingerprint(event.source, event.id)
    if has_fingerprint(state.seen, mark):
        return Advance(state, (), is_duplicate=True)
    latest_ms = max(now_ms, state.clock_ms)
    at_ms = latest_ms if time == "wall" else event.time_ms
    turn = Turn(directory, state, event.workspace_id, event.customer_id, at_ms, cause, purse)
    turn.seen = add_fingerprint(turn.seen, mark, SEEN_EVENTS)
    if not any(run.id == event.run_id and _reacts(directory, run) for run in state.runs):
        take_report(turn, event)
        return Advance(turn.end(state.clock_ms), turn.effects)
    turn.now_ms = latest_ms
    if time == "wall":
        close_channel(turn, event)
    _catch_up(turn, state.clock_ms, time, latest_ms)
    turn.now_ms = at_ms
    index = take_report(turn, event)
    turn.now_ms = latest_ms
    if index is not None:
        run = turn.runs[index]
        plan = directory.plan(run.journey_id, run.version)
        if plan is not None:
            turn.runs[index] = take_outcome(turn, plan, run, event.step, event.outcome)
    return _conclude(turn, latest_ms, (event.source, event.id))


def _timer(
    directory: Directory,
    state: CustomerState,
    timer: TimerDue,
    now_ms: int,
    time: TimeRule,
    cause: str,
    purse: Purse,
) -> Advance:
    now_ms = max(now_ms, state.clock_ms)
    turn = Turn(directory, state, timer.workspace_id, timer.customer_id, now_ms, cause, purse)
    was_due = _catch_up(turn, state.clock_ms, time, now_ms)
    if timer.entering:
        mark = fingerprint("schedule", timer.entering, str(timer.due_ms))
        if not has_fingerprint(state.seen, mark):
            was_due = True
            turn.seen = add_fingerprint(turn.seen, mark, SEEN_EVENTS)
            admit_by_schedule(turn, timer.entering, timer.due_ms)
    if not was_due:
        return Advance(state, (), is_duplicate=True)
    return _conclude(turn, now_ms, ("timer", str(timer.due_ms)))


def _conclude(turn: Turn, clock_ms: int, identity: tuple[str, ...]) -> Advance:
    if turn.starts:
        admit_started(turn)
    if turn.directory.segment_entries:
        admit_by_segment(turn, identity)
        if turn.starts:
            admit_started(turn)
    return Advance(turn.end(clock_ms), turn.effects, spent=turn.spent)


def _reacts(directory: Directory, run: Run) -> bool:
    plan = directory.plan(run.journey_id, run.version)
    return run.is_under_way and plan is not None and reacts_to_reports(plan, run)


def _by_priority(turn: Turn) -> Sequence[int]:
    """The runs in the order in which they may use up what is limited: highest priority first, then oldest."""
    if len(turn.runs) < 2:
        return range(len(turn.runs))
    return sorted(range(len(turn.runs)), key=lambda index: -_priority(turn.directory, turn.runs[index]))


def _priority(directory: Directory, run: Run) -> int:
    plan = directory.plan(run.journey_id, run.version)
    return 0 if plan is None else plan.priority


def _catch_up(turn: Turn, clock_ms: int, time: TimeRule, upto_ms: int) -> bool:
    """Takes runs over to newer versions, then carries out what has fallen due up to ``upto_ms``, earliest first;
    whether there was anything.

    Each is decided now on the wall, and at the moment it fell due in stream time (or at the customer's clock, when it
    was held back longer than that).
    """
    now_ms = turn.now_ms
    was_due = False
    moving = turn.directory.moving
    for index, run in enumerate(turn.runs) if moving else ():
        if run.journey_id not in moving:
            continue
        if _is_to_migrate(turn.directory, run):
            was_due = True
            turn.runs[index] = migrate(turn, run)
        elif _is_to_leave(turn.directory, run):
            was_due = True
            turn.runs[index] = _fall_due(turn, run)
    while (due := _first_due(turn, upto_ms)) is not None:
        due_ms, what = due
        was_due = True
        if time == "stream":
            turn.now_ms = max(due_ms, clock_ms)
        turn.since_ms = due_ms
        if isinstance(what, PendingEntry):
            decide_pending(turn, what)
        else:
            turn.runs[what] = _fall_due(turn, turn.runs[what])
    turn.now_ms = turn.since_ms = now_ms
    return was_due


def _is_to_migrate(directory: Directory, run: Run) -> bool:
    """Whether a decision about the run stands out and can be carried out."""
    standing = directory.standings.get(run.journey_id)
    since = max(run.version, run.reviewed)
    if standing is None or standing.version <= since or not standing.migrations:
        return False
    waiting = directory.migrations(run.journey_id, since)
    return (
        bool(waiting)
        and directory.plan(run.journey_id, run.version) is not None
        and directory.plan(run.journey_id, waiting[0].version) is not None
    )


def _is_to_leave(directory: Directory, run: Run) -> bool:
    return (
        run.is_under_way
        and directory.is_discarded(run.journey_id)
        and directory.plan(run.journey_id, run.version) is not None
    )


def _first_due(turn: Turn, upto_ms: int) -> tuple[int, int | PendingEntry] | None:
    """What fell due first, and when: an entry that waits, or a run by its place; None: nothing up to ``upto_ms``.

    Of several at one moment, an entry, then the run of the highest priority.
    """
    found: int | None = None
    earliest_ms = upto_ms
    for index, run in enumerate(turn.runs):
        due_ms = run.next_ms
        if due_ms is None or due_ms > earliest_ms:
            continue
        if found is not None and due_ms == earliest_ms and not _goes_before(turn, run, turn.runs[found]):
            continue
        if may_fall_due(turn.directory, turn.workspace_id, run.journey_id, run.version):
            found, earliest_ms = index, due_ms
    if turn.pending:
        first = min(turn.pending, key=_DUE)
        if first.due_ms <= earliest_ms:
            return first.due_ms, first
    return None if found is None else (earliest_ms, found)


def _goes_before(turn: Turn, run: Run, other: Run) -> bool:
    return _priority(turn.directory, run) > _priority(turn.directory, other)


def _fall_due(turn: Turn, run: Run) -> Run:
    plan = turn.directory.plan(run.journey_id, run.version)
    if plan is None:
        raise AssertionError("a run without a plan never falls due")  # pragma: no cover
    if turn.directory.is_discarded(run.journey_id):
        return leave(turn, plan, run, "journey_stopped")
    if run.expires_ms is not None and run.expires_ms <= turn.now_ms and run.expires_ms == run.next_ms:
        return leave(turn, plan, run, _expiry_reason(turn, run))
    if plan.exits_when:
        run = observe(turn, plan, run)
        if run.due_ms is None or run.due_ms > turn.now_ms:
            return run
    return pass_wait(turn, plan, run)


def _expiry_reason(turn: Turn, run: Run) -> str:
    drains = turn.directory.migrations(run.journey_id, run.version)
    is_drained = any(each.policy == "drain" and each.until_ms == run.expires_ms for each in drains)
    return "version_drained" if is_drained else "expired"


def may_fall_due(directory: Directory, workspace_id: str, journey_id: str, version: int) -> bool:
    """Whether what is due in a run of this journey may happen: it is not held, and its version is known."""
    return not directory.is_held(workspace_id, journey_id) and directory.plan(journey_id, version) is not None


def next_due_ms(directory: Directory, workspace_id: str, state: CustomerState) -> int | None:
    """The earliest moment at which something of this customer falls due, leaving out what is held; else None.

    An entry that is to be decided is never held: a paused journey refuses it.
    A run that a newer version takes over, or whose journey was stopped, is due since that was decided.
    """
    earliest_ms: int | None = None
    for run in state.runs:
        due_ms = run.next_ms
        if due_ms is None:
            continue
        if run.journey_id in directory.moving:
            due_ms = _moved_ms(directory, run, due_ms)
        if (earliest_ms is None or due_ms < earliest_ms) and may_fall_due(
            directory, workspace_id, run.journey_id, run.version
        ):
            earliest_ms = due_ms
    for pending in state.pending:
        if earliest_ms is None or pending.due_ms < earliest_ms:
            earliest_ms = pending.due_ms
    return earliest_ms


def outlook(
    directory: Directory, workspace_id: str, state: CustomerState, now_ms: int
) -> tuple[int | None, tuple[str, ...]]:
    """When this customer has to be looked at next (None: never), and the journeys that hold back what has fallen due.

    A moment ahead counts although its journey holds it: by then it may have been resumed. So a pause changes nothing
    for those who are not due yet.
    """
    earliest_ms: int | None = None
    held: tuple[str, ...] = ()
    for run in state.runs:
        due_ms = run.next_ms
        if due_ms is None:
            continue
        if run.journey_id in directory.moving:
            due_ms = _moved_ms(directory, run, due_ms)
        if due_ms <= now_ms and not may_fall_due(directory, workspace_id, run.journey_id, run.version):
            held += (run.journey_id,)
        elif earliest_ms is None or due_ms < earliest_ms:
            earliest_ms = due_ms
    for pending in state.pending:
        if earliest_ms is None or pending.due_ms < earliest_ms:
            earliest_ms = pending.due_ms
    return earliest_ms, held


def _moved_ms(directory: Directory, run: Run, due_ms: int) -> int:
    """The moment of a run, if a newer version takes it over or its journey was stopped: when that was decided."""
    if _is_to_migrate(directory, run) or _is_to_leave(directory, run):
        return min(due_ms, directory.standings[run.journey_id].changed_at_ms)
    return due_ms
