"""Two customers turn out to be one: an anonymous visitor signs in, two accounts are joined.

The event ``customer.merged`` comes for the customer who ends, and names the one who goes on. Since the two may live in
different partitions, it happens in two steps: the one who ends hands everything over (``hand_over``), and the other
takes it (``absorb``). In between, and for ever after, what still comes for the first is passed on (``pass_on``); it
follows the handover on the same way, so it is never overtaken.

What becomes of two states that are one
  attributes          the one of later event time; at the same time, that of the customer who goes on
  consent             the latest word on each channel and category, the more careful one at the same time
  sends               all of them: caps and gaps count what both have been sent
  history             counts add up, times are joined
  entries             counts add up, the latest time, all keys; arms and membership as the one who goes on has them
  pending entries     all of them, up to as many as one customer may have
  runs                all of them; but of two open runs of one journey and entry key one ends: the holdout stays a
                      holdout, else the run that was entered first goes on
  what was seen       all of it, so an event that was delivered to both counts once

Of two customers who are merged into one another, the one who is told last goes on.
"""

from msgspec.structs import replace

from orchestrator.guardrails.consent import Consents, apply_consent, lift_suppression, suppress_channel
from orchestrator.guardrails.history import union
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.ending import leave
from orchestrator.journeys.erasure import erase
from orchestrator.journeys.state import (
    HOLDOUT,
    MAX_ATTRIBUTES,
    MAX_COUNTS,
    MAX_ENTRY_KEYS,
    MAX_EVENT_TYPES,
    MAX_PENDING,
    RECENT_TIMES,
    SEEN_EVENTS,
    Attribute,
    CustomerState,
    Entries,
    Occurrences,
    Run,
    add_fingerprint,
    decode_state,
    encode_state,
    has_fingerprint,
    join_fingerprints,
)
from orchestrator.journeys.turn import Advance, Signal, Turn
from orchestrator.messages.event import CUSTOMER_ERASED, DeliveryEvent, EngagementEvent
from orchestrator.messages.handover import Handover
from orchestrator.messages.ids import fingerprint
from orchestrator.messages.key import is_customer_id
from orchestrator.messages.timer import TimerDue


def hand_over(state: CustomerState, event: EngagementEvent) -> Advance | None:
    """The customer of the event ends; None when the event names nobody who could go on."""
    into = event.data.get("into")
    if not isinstance(into, str) or not is_customer_id(into) or into == event.customer_id:
        return None
    handover = Handover(
        workspace_id=event.workspace_id,
        customer_id=into,
        from_customer_id=event.customer_id,
        source=event.source,
        id=event.id,
        time_ms=event.time_ms,
        state=encode_state(state),
        path=(event.customer_id,),
    )
    return Advance(CustomerState(clock_ms=state.clock_ms, merged_into=into), (handover,))


def pass_on(directory: Directory, state: CustomerState, signal: Signal, now_ms: int, cause: str) -> Advance:
    """What comes for a customer who has ended goes to the one who goes on."""
    match signal:
        case TimerDue():
            return Advance(state, (), is_duplicate=True)
        case EngagementEvent():
            onward = replace(signal, customer_id=state.merged_into)
            if signal.type == CUSTOMER_ERASED:  # what is on record under the old name goes too
                erased = erase(signal, max(now_ms, state.clock_ms), cause)
                return Advance(erased.state, (*erased.effects, onward))
            return Advance(state, (onward,))
        case DeliveryEvent():
            return Advance(state, (replace(signal, customer_id=state.merged_into),))
        case Handover():
            if signal.customer_id in signal.path or state.merged_into in signal.path:
                # A circle of merges has come back here: somebody must go on, and it is this one.
                revived = CustomerState(clock_ms=state.clock_ms)
                return absorb(directory, revived, signal, now_ms, cause)
            path = (*signal.path, signal.customer_id)
            return Advance(state, (replace(signal, customer_id=state.merged_into, path=path),))


def absorb(directory: Directory, state: CustomerState, handover: Handover, now_ms: int, cause: str) -> Advance:
    """The customer who goes on takes over what was known of the one who has ended."""
    mark = fingerprint("handover", handover.source, handover.id, handover.from_customer_id)
    if has_fingerprint(state.seen, mark):
        return Advance(state, (), is_duplicate=True)
    other = decode_state(handover.state)
    clock_ms = max(now_ms, state.clock_ms, other.clock_ms)
    turn = Turn(directory, state, handover.workspace_id, handover.customer_id, clock_ms, cause)
    turn.attributes = _attributes(state.attributes, other.attributes)
    turn.consents = _consents(state.consents, other.consents)
    turn.sends = union(state.sends, other.sends, clock_ms)
    turn.history = _occurrences(state.history, other.history, MAX_EVENT_TYPES)
    turn.counts = _occurrences(state.counts, other.counts, MAX_COUNTS)
    turn.entries = _entries(state.entries, other.entries)
    turn.pending = (*state.pending, *other.pending)[:MAX_PENDING]
    turn.seen = add_fingerprint(join_fingerprints(other.seen, state.seen, SEEN_EVENTS), mark, SEEN_EVENTS)
    for run in other.runs:
        _adopt(turn, run, handover.from_customer_id)
    return Advance(turn.end(clock_ms), turn.effects)


def _adopt(turn: Turn, run: Run, from_customer_id: str) -> None:
    """Takes a run over, and ends it or the one it meets when both cannot go on."""
    plan = turn.directory.plan(run.journey_id, run.version)
    if plan is not None:
        turn.record("run_adopted", plan, run, run.step, {"from_customer_id": from_customer_id})
    rival = next((index for index, own in enumerate(turn.runs) if _cannot_both_go_on(own, run)), None)
    if rival is None:
        turn.runs.append(run)
        return
    own = turn.runs[rival]
    if _goes_on(own, run):
        turn.runs.append(_ended(turn, run))
    else:
        turn.runs[rival] = _ended(turn, own)
        turn.runs.append(run)


def _cannot_both_go_on(own: Run, other: Run) -> bool:
    return own.journey_id == other.journey_id and own.entry_key == other.entry_key and _is_open(own) and _is_open(other)


def _is_open(run: Run) -> bool:
    return run.is_under_way or (run.arm == HOLDOUT and run.goal_until_ms is not None)


def _goes_on(own: Run, other: Run) -> bool:
    if (own.arm == HOLDOUT) != (other.arm == HOLDOUT):
        return own.arm == HOLDOUT
    return own.entered_ms <= other.entered_ms


def _ended(turn: Turn, run: Run) -> Run:
    """The run that gives way; it reaches no goal any more, or one order would be two conversions."""
    plan = turn.directory.plan(run.journey_id, run.version)
    if plan is not None:
        run = leave(turn, plan, run, "merged")
    return replace(run, step="", due_ms=None, sent_ms=None, goal_until_ms=None)


def _attributes(own: dict[str, Attribute], other: dict[str, Attribute]) -> dict[str, Attribute]:
    merged = dict(own)
    for name, attribute in other.items():
        known = merged.get(name)
        if known is None and len(merged) >= MAX_ATTRIBUTES:
            continue
        if known is None or attribute.time_ms > known.time_ms:
            merged[name] = attribute
    return merged


def _consents(own: Consents, other: Consents) -> Consents:
    merged = own
    for channel, by_category in other.given.items():
        for category, consent in by_category.items():
            merged = apply_consent(merged, channel, category, consent.is_granted, consent.time_ms)
    for channel, suppression in other.suppressions.items():
        put = suppress_channel if suppression.is_active else lift_suppression
        merged = put(merged, channel, suppression.reason, suppression.time_ms)
    return merged


def _occurrences(own: dict[str, Occurrences], other: dict[str, Occurrences], most: int) -> dict[str, Occurrences]:
    merged = dict(own)
    for kind, there in other.items():
        here = merged.get(kind)
        if here is not None:
            recent = tuple(sorted((*here.recent, *there.recent))[-RECENT_TIMES:])
            merged[kind] = Occurrences(here.count + there.count, recent)
        elif len(merged) < most:
            merged[kind] = there
    return merged


def _entries(own: dict[str, Entries], other: dict[str, Entries]) -> dict[str, Entries]:
    merged = dict(own)
    for journey_id, there in other.items():
        here = merged.get(journey_id)
        merged[journey_id] = (
            there
            if here is None
            else Entries(
                here.count + there.count,
                max(here.last_ms, there.last_ms),
                join_fingerprints(there.keys, here.keys, MAX_ENTRY_KEYS),
                {**there.arms, **here.arms},
                here.is_member or there.is_member,
            )
        )
    return merged
