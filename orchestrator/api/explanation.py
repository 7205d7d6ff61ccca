"""What was decided for one customer in one journey, in words. Pure: activities in, an explanation out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from orchestrator.api.decision_words import HOLDOUT, moment_in, sentence_of, text_of, why
from orchestrator.api.documents import ExplainedDecision, ExplainedRun, ExplainedStep, Explanation
from orchestrator.api.visits import Visit, visits
from orchestrator.store.reports import ActivityItem

_IN_HOLDOUT = "Is in the holdout: gets nothing, so that the others can be compared."
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
    eligible = [at for activity in activities if (at := moment_in(activity.details, "next_eligible_ms")) is not None]
    return Explanation(
        journey_id=journey_id,
        customer_id=customer_id,
        summary=_summary(runs, list(by_run.values()), refused),
        next_eligible_at=eligible[-1] if eligible else None,
        runs=runs,
        refused_entries=[_decision(activity) for activity in refused],
        is_cut=is_cut,
    )


def _run(run_id: UUID, story: Sequence[ActivityItem], definitions: Mapping[int, Mapping[str, object]]) -> ExplainedRun:
    last = story[-1]
    ended = _end(story)
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


def _end(story: Sequence[ActivityItem]) -> ActivityItem | None:
    return next((each for each in story if each.activity_type in _ENDS), None)


def _standing(story: Sequence[ActivityItem]) -> tuple[str | None, datetime | None]:
    """The step at which the run waits, and until when."""
    for activity in reversed(story):
        details = activity.details
        match activity.activity_type:
            case "wait_started" | "send_deferred":
                return activity.step, moment_in(details, "until_ms")
            case "send_requested" if "report_until_ms" in details:
                return activity.step, moment_in(details, "report_until_ms")
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
    return _IN_HOLDOUT if is_held_out else _joined([*_done(story), *_state(story, ended, step, next_at)])


def _done(story: Sequence[ActivityItem]) -> list[str]:
    """What came of one run or of several."""
    sent = sum(each.activity_type == "send_requested" for each in story)
    goals = sum(each.activity_type == "goal_reached" for each in story)
    parts = [f"was sent {_times(sent, 'message')}"] + [
        f"was held back {_times(count, 'time')} by {rule.replace('_', ' ')}"
        for rule, count in _held_back(story).items()
    ]
    if goals:
        parts.append("reached the goal" if goals == 1 else f"reached the goal {goals} times")
    return parts


def _state(
    story: Sequence[ActivityItem], ended: ActivityItem | None, step: str | None, next_at: datetime | None
) -> list[str]:
    """Where a run is by now."""
    if ended is not None:
        return [f"ended: {str(ended.details.get('reason', '')).replace('_', ' ')}"]
    if step is None:
        return []
    if next_at is not None and _is_put_off(story):
        return [f"the next attempt at {step} is at {text_of(next_at)}"]
    return [f"stands at {step}" + (f" until {text_of(next_at)}" if next_at else "")]


def _joined(parts: Sequence[str]) -> str:
    sentence = "; ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]


def _times(count: int, one: str, many: str = "") -> str:
    return f"{count} {one}" if count == 1 else f"{count} {many or f'{one}s'}"


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


def _summary(
    runs: Sequence[ExplainedRun], stories: Sequence[Sequence[ActivityItem]], refused: Sequence[ActivityItem]
) -> str:
    """Of all runs together; then how the latest stands. ``stories``: the activities of each run, in the same order."""
    if not runs and refused:
        which = "The only attempt" if len(refused) == 1 else f"The last of {len(refused)} attempts"
        return f"Has not entered. {which} was refused: {why(refused[-1])}."
    if not runs:
        return "Nothing was decided for this customer."
    last = runs[-1]
    entered = "once" if len(runs) == 1 else f"{len(runs)} times"
    more = f" {_times(len(refused), 'more entry was', 'more entries were')} refused." if refused else ""
    beginning = f"Has entered {entered}.{more} "
    if len(runs) == 1 or all(run.status == "held_out" for run in runs):
        return beginning + last.summary
    whole = [activity for story in stories for activity in story]
    state = _state(stories[-1], _end(stories[-1]), last.step, last.next_at)
    latest = f" The latest time: {'; '.join(state)}." if state else ""
    return f"{beginning}In all, {'; '.join(_done(whole))}.{latest}"


def _decision(activity: ActivityItem) -> ExplainedDecision:
    rule, reason = activity.details.get("rule"), activity.details.get("reason")
    return ExplainedDecision(
        at=activity.created_at,
        type=activity.activity_type,
        step=activity.step,
        version=activity.version or 0,
        sentence=sentence_of(activity),
        rule=rule if isinstance(rule, str) else None,
        reason=reason if isinstance(reason, str) else None,
        next_eligible_at=moment_in(activity.details, "next_eligible_ms"),
        details=activity.details,
        cause=activity.cause,
    )
