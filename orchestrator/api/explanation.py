"""What was decided for one customer in one journey, in words. Pure: activities in, an explanation out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from orchestrator.api.documents import ExplainedDecision, ExplainedRun, ExplainedStep, Explanation
from orchestrator.api.visits import Visit, visits
from orchestrator.store.reports import ActivityItem

HOLDOUT = "holdout"
_ENDS = ("run_completed", "run_exited")
_HELD_BACK = ("send_suppressed", "send_deferred")


def explain(
    journey_id: UUID,
    customer_id: str,
    activities: Sequence[ActivityItem],
    definitions: Mapping[int, Mapping[str, object]],
    *,
    is_cut: bool,
) -> Explanation:
    """The customer's story; ``activities`` are theirs in this journey, oldest first. ``definitions``: by version."""
    by_run: dict[UUID, list[ActivityItem]] = {}
    refused: list[ActivityItem] = []
    for activity in activities:
        if activity.run_id is not None:
            by_run.setdefault(activity.run_id, []).append(activity)
        elif activity.activity_type == "entry_refused":
            refused.append(activity)
    runs = [_run(run_id, story, definitions) for run_id, story in by_run.items()]
    eligible = [at for activity in activities if (at := _moment(activity.details, "next_eligible_ms")) is not None]
    return Explanation(
        journey_id=journey_id,
        customer_id=customer_id,
        summary=_summary(runs, refused),
        next_eligible_at=eligible[-1] if eligible else None,
        runs=runs,
        refused_entries=[_decision(activity) for activity in refused],
        is_cut=is_cut,
    )


def _run(run_id: UUID, story: Sequence[ActivityItem], definitions: Mapping[int, Mapping[str, object]]) -> ExplainedRun:
    last = story[-1]
    ended = next((each for each in story if each.activity_type in _ENDS), None)
    is_held_out = last.arm == HOLDOUT
    step, next_at = (None, None) if ended or is_held_out else _standing(story)
    status = "ended" if ended else "held_out" if is_held_out else "under_way"
    return ExplainedRun.model_validate(
        {
            "run_id": run_id,
            "arm": last.arm,
            "version": last.version,
            "status": status,
            "step": step,
            "next_at": next_at,
            "summary": _run_summary(story, ended, step, next_at, is_held_out),
            "path": [_step(visit, definitions) for visit in visits(story)],
            "decisions": [_decision(activity) for activity in story],
        }
    )


def _standing(story: Sequence[ActivityItem]) -> tuple[str | None, datetime | None]:
    """The step at which the run waits, and until when."""
    for activity in reversed(story):
        details = activity.details
        match activity.activity_type:
            case "wait_started" | "send_deferred":
                return activity.step, _moment(details, "until_ms")
            case "send_requested" if "report_until_ms" in details:
                return activity.step, _moment(details, "report_until_ms")
            case "step_passed" | "webhook_requested":
                return str(details.get("next", activity.step)), None
            case "run_migrated" | "run_adopted":
                return activity.step, None
            case _:
                continue
    return None, None


def _run_summary(
    story: Sequence[ActivityItem],
    ended: ActivityItem | None,
    step: str | None,
    next_at: datetime | None,
    is_held_out: bool,
) -> str:
    if is_held_out:
        return "Is in the holdout: gets nothing, so that the others can be compared."
    sent = sum(each.activity_type == "send_requested" for each in story)
    parts = [f"was sent {_times(sent, 'message')}"] + [
        f"was held back {_times(count, 'time')} by {rule.replace('_', ' ')}"
        for rule, count in _held_back(story).items()
    ]
    if any(each.activity_type == "goal_reached" for each in story):
        parts.append("reached the goal")
    if ended is not None:
        parts.append(f"ended: {str(ended.details.get('reason', '')).replace('_', ' ')}")
    elif step is not None and next_at is not None and _is_put_off(story):
        parts.append(f"the next attempt at {step} is at {_text(next_at)}")
    elif step is not None:
        parts.append(f"stands at {step}" + (f" until {_text(next_at)}" if next_at else ""))
    sentence = "; ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]


def _times(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _is_put_off(story: Sequence[ActivityItem]) -> bool:
    moves = [each.activity_type for each in story if each.activity_type not in ("message_reported", "goal_reached")]
    return moves[-1:] == ["send_deferred"]


def _step(visit: Visit, definitions: Mapping[int, Mapping[str, object]]) -> ExplainedStep:
    steps = definitions.get(visit.version, {}).get("steps")
    step = steps.get(visit.step) if isinstance(steps, dict) else None
    return ExplainedStep(
        step=visit.step,
        kind=step.get("kind") if isinstance(step, dict) else None,
        version=visit.version,
        arrived_at=visit.arrived_at,
        left_at=visit.left_at,
    )


def _held_back(story: Sequence[ActivityItem]) -> dict[str, int]:
    held: dict[str, int] = {}
    for activity in story:
        if activity.activity_type in _HELD_BACK:
            rule = str(activity.details.get("rule", "a guardrail"))
            held[rule] = held.get(rule, 0) + 1
    return held


def _summary(runs: Sequence[ExplainedRun], refused: Sequence[ActivityItem]) -> str:
    if not runs and refused:
        rule = str(refused[-1].details.get("reason", "it was refused"))
        return f"Has not entered; the last of {len(refused)} tries was refused: {rule}."
    entered = "once" if len(runs) == 1 else f"{len(runs)} times"
    more = f" {len(refused)} more entries were refused." if refused else ""
    return f"Has entered {entered}.{more} {runs[-1].summary}" if runs else "Nothing was decided for this customer."


def _decision(activity: ActivityItem) -> ExplainedDecision:
    rule, reason = activity.details.get("rule"), activity.details.get("reason")
    return ExplainedDecision(
        at=activity.created_at,
        type=activity.activity_type,
        step=activity.step,
        version=activity.version or 0,
        sentence=_sentence(activity),
        rule=rule if isinstance(rule, str) else None,
        reason=reason if isinstance(reason, str) else None,
        next_eligible_at=_moment(activity.details, "next_eligible_ms"),
        details=activity.details,
        cause=activity.cause,
    )


def _sentence(activity: ActivityItem) -> str:
    details: Mapping[str, object] = activity.details
    channel, reason = details.get("channel"), details.get("reason")
    match activity.activity_type:
        case "journey_entered":
            return f"Entered, as {'one of the holdout' if activity.arm == HOLDOUT else 'a treated customer'}."
        case "entry_refused":
            return f"Was not let in: {reason}."
        case "wait_started":
            return f"Waits at {activity.step} until {_text(_moment(details, 'until_ms'))} at the latest."
        case "step_passed":
            way = details.get("way") or details.get("path")
            said = f" ({way})" if way is not None else ""
            return f"Passed {activity.step}{said} on to {details.get('next')}."
        case "send_requested":
            return f"{details.get('template')} was asked for over {channel}."
        case "send_suppressed":
            return f"{details.get('template')} over {channel} was not sent: {reason}."
        case "send_deferred":
            until = _text(_moment(details, "until_ms"))
            return f"{details.get('template')} over {channel} was put off until {until}: {reason}."
        case "goal_reached":
            return "Reached the goal."
        case "run_exited" | "run_completed":
            return f"Ended: {str(reason).replace('_', ' ')}."
        case "message_reported":
            return f"{channel} reported: {details.get('outcome')}."
        case "webhook_requested":
            return f"{details.get('endpoint')} was told."
        case "run_migrated":
            return f"Version {details.get('from_version')} → {activity.version} ({details.get('policy')})."
        case "run_adopted":
            return f"Came along from customer {details.get('from_customer_id')}."
        case _:
            return activity.activity_type.replace("_", " ").capitalize() + "."


def _moment(details: Mapping[str, object], name: str) -> datetime | None:
    value = details.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return datetime.fromtimestamp(value / 1_000, UTC)


def _text(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
