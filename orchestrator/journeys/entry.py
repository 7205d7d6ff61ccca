"""Who enters a journey: the trigger, the audience, re-entry, and the draw between treatment and holdout."""

from typing import assert_never

from orchestrator.definitions.journey import AfterPeriod, Always, NeverAgain, OncePerKey
from orchestrator.experiments.assignment import bucket, in_holdout
from orchestrator.journeys.plan import Plan
from orchestrator.journeys.state import (
    HOLDOUT,
    MAX_ENTRY_KEYS,
    TREATMENT,
    Entries,
    Run,
    add_fingerprint,
    has_fingerprint,
)
from orchestrator.journeys.steps import walk
from orchestrator.journeys.turn import Turn
from orchestrator.journeys.values import find, storable
from orchestrator.messages.activity import Activity
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.ids import derived_id, fingerprint

_NEVER_ENTERED = Entries(0, 0)
HOLDOUT_SALT = "#holdout"  # a split is salted with its step id, which has no "#"


def enter(turn: Turn, plan: Plan, event: EngagementEvent, occurred_ms: int) -> None:
    """Starts a run, if the event is a trigger and nothing stands against it; a refusal is put on record."""
    entry = plan.entry
    situation = turn.situation(event.data)
    if entry.where is not None and not entry.where(situation):
        return
    key = "" if entry.key is None else _key_text(find(event.data, entry.key))
    entries = turn.entries.get(plan.journey_id, _NEVER_ENTERED)
    refusal = _refusal(turn, plan, key, entries)
    if refusal is None and entry.audience is not None and not entry.audience(situation):
        refusal = {"rule": "audience", "reason": "the customer is not in the audience"}
    if refusal is not None:
        _refuse(turn, plan, event, refusal)
        return

    ordinal = entries.count + 1
    keys = entries.keys if entry.key is None else add_fingerprint(entries.keys, fingerprint(key), MAX_ENTRY_KEYS)
    turn.entries = {**turn.entries, plan.journey_id: Entries(ordinal, turn.now_ms, keys)}
    run, drawn = _new_run(turn, plan, event, occurred_ms, key, ordinal)
    details: dict[str, object] = {"bucket": drawn, "event_id": event.id, "event_type": event.type, "ordinal": ordinal}
    if key:
        details["entry_key"] = key
    turn.record("journey_entered", plan, run, "", details)
    turn.runs.append(walk(turn, plan, run, plan.start) if run.arm == TREATMENT else run)


def _new_run(
    turn: Turn, plan: Plan, event: EngagementEvent, occurred_ms: int, key: str, ordinal: int
) -> tuple[Run, int]:
    drawn = bucket(turn.workspace_id, plan.journey_id, HOLDOUT_SALT, turn.customer_id)
    run_id = derived_id(
        "run", turn.workspace_id, turn.customer_id, plan.journey_id, str(plan.version), key, str(ordinal)
    )
    fields = {name: storable(find(event.data, path)) for name, path in plan.entry_fields}
    run = Run(
        id=run_id,
        journey_id=plan.journey_id,
        version=plan.version,
        arm=HOLDOUT if in_holdout(drawn, plan.holdout_percent) else TREATMENT,
        entered_ms=occurred_ms,
        entry_key=key,
        entry_fields={name: value for name, value in fields.items() if value is not None},
        expires_ms=turn.now_ms + plan.expires_ms,
        goal_until_ms=None if plan.goal is None else occurred_ms + plan.goal.window_ms,
    )
    return run, drawn


def _refusal(turn: Turn, plan: Plan, key: str, entries: Entries) -> dict[str, object] | None:
    """What stands against an entry now, as details of the refusal; None when nothing does."""
    if turn.directory.is_held(turn.workspace_id, plan.journey_id):
        return {"rule": "journey_paused", "reason": "the journey or its workspace is paused: nobody enters"}
    if plan.entry.key is not None and not key:
        return {"rule": "missing_key", "reason": f"the event has no {'.'.join(plan.entry.key)}"}
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


def _refuse(turn: Turn, plan: Plan, event: EngagementEvent, details: dict[str, object]) -> None:
    identity = (turn.workspace_id, turn.customer_id, plan.journey_id, event.source, event.id)
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
            details={**details, "event_id": event.id, "event_type": event.type},
            cause=turn.cause,
        )
    )


def _key_text(value: object) -> str:
    """An entry key as text; empty when there is none. 7 and "7" are the same key, 7.0 is not."""
    kept = storable(value)
    return "" if kept is None or isinstance(kept, bool) else str(kept)
