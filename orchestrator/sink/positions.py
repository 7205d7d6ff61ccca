"""Where each run stands after its activities. Pure.

A run's activities come in order, but for one that has changed partitions with its customer (a merge): so the newest
``at_ms`` wins, and an ended run stays ended.
"""

from collections.abc import Iterable

from orchestrator.messages.activity import Activity
from orchestrator.store.rows import Position

_STANDS = frozenset({"wait_started", "send_deferred", "run_adopted", "run_migrated"})
_GOES_ON = frozenset({"step_passed", "webhook_requested"})
_ENDS = frozenset({"run_completed", "run_exited"})
_MOVES = _STANDS | _GOES_ON | _ENDS | {"journey_entered"}


def positions(activities: Iterable[Activity]) -> dict[str, Position]:
    """By run id, the position of each run that one of the activities has moved."""
    last: dict[str, Activity] = {}
    entered_ms: dict[str, int] = {}
    for activity in activities:
        if not _moves(activity):
            continue
        before = last.get(activity.run_id)
        if before is None:
            entered_ms[activity.run_id] = activity.at_ms
            last[activity.run_id] = activity
        elif before.type not in _ENDS and activity.at_ms >= before.at_ms:
            last[activity.run_id] = activity
    return {run_id: _position(activity, entered_ms[run_id]) for run_id, activity in last.items()}


def _moves(activity: Activity) -> bool:
    if activity.type == "send_requested":  # where the run waits for a report, or it would have passed the step
        return "report_until_ms" in activity.details and activity.run_id != ""
    return activity.type in _MOVES and activity.run_id != ""


def _position(activity: Activity, entered_ms: int) -> Position:
    """Where the activity, which moves its run, says that it stands."""
    details = activity.details
    step, status, reason = activity.step, "under_way", ""
    if activity.type in _ENDS:
        step, status, reason = "", "ended", str(details.get("reason", ""))
    elif activity.type in _GOES_ON:
        step = str(details.get("next", activity.step))
    return Position(
        journey_id=activity.journey_id,
        workspace_id=activity.workspace_id,
        customer_id=activity.customer_id,
        version=activity.version,
        step=step,
        arm=activity.arm,
        status=status,
        reason=reason,
        entered_ms=entered_ms,
        moved_ms=activity.at_ms,
    )
