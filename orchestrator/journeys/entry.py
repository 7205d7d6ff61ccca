"""Who enters a journey: the trigger, the audience, re-entry, and the draw between treatment and holdout."""

from collections.abc import Mapping
from typing import NamedTuple, assert_never

from msgspec.structs import replace

from orchestrator.definitions.entry import AfterPeriod, Always, NeverAgain, OncePerKey
from orchestrator.experiments.assignment import bucket, in_holdout
from orchestrator.guardrails.budget import room
from orchestrator.journeys.ending import leave
from orchestrator.journeys.plan import EntryPlan, Plan
from orchestrator.journeys.state import (
    HOLDOUT,
    MAX_ENTRY_KEYS,
    MAX_PENDING,
    NEVER_ENTERED,
    TREATMENT,
    Entries,
    PendingEntry,
    Run,
    add_fingerprint,
    has_fingerprint,
)
from orchestrator.journeys.turn import NOTHING, Turn
from orchestrator.journeys.values import find
from orchestrator.journeys.walk import walk
from orchestrator.messages.activity import Activity
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.ids import derived_id, fingerprint
from orchestrator.messages.text import storable

HOLDOUT_SALT = "#holdout"  # a split is salted with its step id, which has no "#"
GLOBAL_HOLDOUT_SALT = "#global-holdout"
ALL_JOURNEYS = "*"


class Trigger(NamedTuple):
    """What may start a run. ``identity`` tells triggers apart for ever; ``details`` say on record what it was."""

    identity: tuple[str, ...]
    occurred_ms: int
    details: Mapping[str, object]
    data: Mapping[str, object] = NOTHING


def triggered_by(event: EngagementEvent, occurred_ms: int) -> Trigger:
    """An event as a trigger."""
    details = {"event_id": event.id, "event_type": event.type}
    return Trigger((event.source, event.id), occurred_ms, details, event.data)


def enter(turn: Turn, plan: Plan, trigger: Trigger) -> bool:
    """Starts a run if nothing stands against it, and says whether; a refusal is put on record."""
    entry = plan.entry
    if entry.where is not None and not entry.where(turn.situation(trigger.data)):
        return False
    if entry.grace_ms and _put_off(turn, plan, trigger, turn.now_ms + entry.grace_ms, attempt=0):
        return False
    return _decide(turn, plan, trigger, attempt=0)


def decide_pending(turn: Turn, pending: PendingEntry) -> None:
    """Starts the run of an entry that was put off, if nothing stands against it by now."""
    turn.pending = tuple(each for each in turn.pending if each is not pending)
    plan = turn.directory.entered.get(pending.journey_id)
    if plan is not None and plan.workspace_id == turn.workspace_id:  # else the journey has ended meanwhile
        trigger = Trigger(pending.identity, pending.occurred_ms, pending.details, pending.data)
        _decide(turn, plan, trigger, pending.attempt)


def _put_off(turn: Turn, plan: Plan, trigger: Trigger, due_ms: int, attempt: int) -> bool:
    """Lets the entry be decided later; False: too many wait already."""
    if len(turn.pending) >= MAX_PENDING:
        return False
    details, data = dict(trigger.details), dict(trigger.data)
    pending = PendingEntry(plan.journey_id, due_ms, attempt, trigger.identity, trigger.occurred_ms, details, data)
    turn.pending = (*turn.pending, pending)
    return True


def _decide(turn: Turn, plan: Plan, trigger: Trigger, attempt: int) -> bool:
    entry = plan.entry
    key = "" if entry.key is None else _key_text(find(trigger.data, entry.key))
    entries = turn.entries.get(plan.journey_id, NEVER_ENTERED)
    refusal = _refusal(turn, plan, key, entries) or _of_others(turn, entry, trigger)
    if refusal is None and plan.capacity is not None and room(turn.purse, plan.capacity, turn.now_ms) < 1:
        answer_ms = turn.answer_ms(plan.capacity, 1, attempt)
        if answer_ms is not None and _put_off(turn, plan, trigger, answer_ms, attempt + 1):
            return False
        reason = f"the journey has let in the {plan.capacity.limit} customers that it may per {plan.capacity.per}"
        refusal = {"rule": "capacity", "reason": reason, "limit": plan.capacity.limit}
    if refusal is None and plan.exclusion_group:
        refusal = _make_room(turn, plan)
    if refusal is not None:
        _refuse(turn, plan, trigger, refusal)
        return False

    if plan.capacity is not None:
        turn.use(plan.capacity, 1)
    ordinal = entries.count + 1
    keys = entries.keys if entry.key is None else add_fingerprint(entries.keys, fingerprint(key), MAX_ENTRY_KEYS)
    entered = replace(entries, count=ordinal, last_ms=turn.now_ms, keys=keys)
    turn.entries = {**turn.entries, plan.journey_id: entered}
    run, draw = _new_run(turn, plan, trigger, key, ordinal)
    details: dict[str, object] = {**draw, **trigger.details, "ordinal": ordinal}
    if key:
        details["entry_key"] = key
    if run.before is not None:
        details["before"] = run.before
    turn.record("journey_entered", plan, run, "", details)
    turn.runs.append(walk(turn, plan, run, plan.start) if run.arm == TREATMENT else run)
    return True


def _new_run(turn: Turn, plan: Plan, trigger: Trigger, key: str, ordinal: int) -> tuple[Run, dict[str, object]]:
    drawn = bucket(turn.workspace_id, plan.journey_id, HOLDOUT_SALT, turn.customer_id)
    is_held_out = in_holdout(drawn, plan.holdout_percent)
    draw: dict[str, object] = {"bucket": drawn}
    workspace = turn.directory.workspaces.get(turn.workspace_id)
    if workspace is not None and workspace.settings.holdout_percent:
        drawn = bucket(turn.workspace_id, ALL_JOURNEYS, GLOBAL_HOLDOUT_SALT, turn.customer_id)
        draw["workspace_bucket"] = drawn
        if in_holdout(drawn, workspace.settings.holdout_percent):
            is_held_out = True
            draw["holdout"] = "workspace"
    run_id = derived_id(
        "run", turn.workspace_id, turn.customer_id, plan.journey_id, str(plan.version), key, str(ordinal)
    )
    fields = {name: storable(find(trigger.data, path)) for name, path in plan.entry_fields}
    run = Run(
        id=run_id,
        journey_id=plan.journey_id,
        version=plan.version,
        arm=HOLDOUT if is_held_out else TREATMENT,
        entered_ms=trigger.occurred_ms,
        entry_key=key,
        entry_fields={name: value for name, value in fields.items() if value is not None},
        expires_ms=turn.now_ms + plan.expires_ms,
        goal_until_ms=None if plan.goal is None else trigger.occurred_ms + plan.goal.window_ms,
    )
    goal = plan.goal
    if goal is not None and goal.before_ms:
        run = replace(run, before=_count_before(turn, goal.event, run.entered_ms, goal.before_ms))
        if goal.where is None:  # else an event of the past may be another one than the goal
            draw["was_active"] = _count_before(turn, goal.event, run.entered_ms, goal.window_ms) > 0
    return run, draw


def _count_before(turn: Turn, event_type: str, entered_ms: int, within_ms: int) -> int:
    """How many events of the type are known from before the entry, no longer before it than ``within_ms``.

    An event at the moment of the entry, such as the one that led to it, does not count; one exactly as old as asked for
    does. The customer's history has the newest 16 times of a type, whatever the fields were: no more can be counted,
    and ``goal.where`` is not looked at. What only becomes known after the entry changes nothing any more.
    """
    known = turn.history.get(event_type)
    if known is None:
        return 0
    return sum(entered_ms - within_ms <= at_ms < entered_ms for at_ms in known.recent)


def _refusal(turn: Turn, plan: Plan, key: str, entries: Entries) -> dict[str, object] | None:
    """What stands against an entry now, as details of the refusal; None when nothing does."""
    entry = plan.entry
    if turn.directory.is_held(turn.workspace_id, plan.journey_id):
        return {"rule": "journey_paused", "reason": "the journey or its workspace is paused: nobody enters"}
    if entry.opens_ms is not None and turn.now_ms < entry.opens_ms:
        return {"rule": "not_open", "reason": "entry has not opened yet", "next_eligible_ms": entry.opens_ms}
    if entry.closes_ms is not None and turn.now_ms >= entry.closes_ms:
        return {"rule": "closed", "reason": "entry has closed", "closed_ms": entry.closes_ms}
    if entry.key is not None and not key:
        return {"rule": "missing_key", "reason": f"the event has no {'.'.join(entry.key)}"}
    for run in turn.runs:
        if run.journey_id != plan.journey_id or run.entry_key != key:
            continue
        if run.is_under_way:
            return {"rule": "under_way", "reason": "the customer is in this journey already"}
        if plan.holdout_percent and run.goal_until_ms is not None and run.goal_until_ms >= turn.now_ms:
            # The holdout takes no steps, so it would be free to enter again earlier than the treatment, and be counted
            # over more windows. Until its window closes, nobody of either arm enters again.
            reason = "the goal of the last entry may still be reached, and the journey compares with a holdout"
            return {"rule": "goal_open", "reason": reason, "next_eligible_ms": run.goal_until_ms + 1}
    return _re_entry_refusal(turn, plan, key, entries)


def _of_others(turn: Turn, entry: EntryPlan, trigger: Trigger) -> dict[str, object] | None:
    """A customer who is none of those that the journey is for."""
    if entry.audience is None and entry.exclude is None:
        return None
    situation = turn.situation(trigger.data)
    if entry.audience is not None and not entry.audience(situation):
        return {"rule": "audience", "reason": "the customer is not in the audience"}
    if entry.exclude is not None and entry.exclude(situation):
        return {"rule": "excluded", "reason": "the customer is one of those to leave out"}
    return None


def _re_entry_refusal(turn: Turn, plan: Plan, key: str, entries: Entries) -> dict[str, object] | None:
    rule = plan.entry.re_entry
    match rule:
        case NeverAgain():
            if entries.count:
                return {"rule": "re_entry", "reason": "a customer enters once", "last_entry_ms": entries.last_ms}
        case AfterPeriod():
            eligible_ms = entries.last_ms + plan.entry.period_ms
            if entries.count and turn.now_ms < eligible_ms:
                reason = "the last entry is too recent"
                return {
                    "rule": "re_entry",
                    "reason": reason,
                    "last_entry_ms": entries.last_ms,
                    "next_eligible_ms": eligible_ms,
                }
        case OncePerKey():
            if has_fingerprint(entries.keys, fingerprint(key)):
                return {"rule": "re_entry", "reason": "the customer entered with this key before", "entry_key": key}
        case Always():
            pass
        case _:
            assert_never(rule)
    return None


def _make_room(turn: Turn, plan: Plan) -> dict[str, object] | None:
    """A customer is under way in one journey of a group: those of lower priority end, any other refuses the entry."""
    lower: list[tuple[int, Plan]] = []
    for index, run in enumerate(turn.runs):
        if not run.is_under_way or run.journey_id == plan.journey_id:
            continue
        other = turn.directory.plan(run.journey_id, run.version)
        if other is None or other.exclusion_group != plan.exclusion_group:
            continue
        if other.priority >= plan.priority:
            reason = f"the customer is in another journey of the group {plan.exclusion_group}"
            return {"rule": "exclusion_group", "reason": reason, "journey_id": other.journey_id}
        lower.append((index, other))
    for index, other in lower:
        turn.runs[index] = leave(turn, other, turn.runs[index], "displaced")
    return None


def _refuse(turn: Turn, plan: Plan, trigger: Trigger, details: dict[str, object]) -> None:
    identity = (turn.workspace_id, turn.customer_id, plan.journey_id, *trigger.identity)
    turn.effects.append(
        Activity(
            id=derived_id("activity", "entry_refused", *identity),
            workspace_id=turn.workspace_id,
            customer_id=turn.customer_id,
            journey_id=plan.journey_id,
            version=plan.version,
            run_id="",
            type="entry_refused",
            at_ms=turn.now_ms,
            details={**details, **trigger.details},
            cause=turn.cause,
        )
    )


def _key_text(value: object) -> str:
    """An entry key as text; empty when there is none. 7 and "7" are the same key, 7.0 is not."""
    kept = storable(value)
    return "" if kept is None or isinstance(kept, bool) else str(kept)
