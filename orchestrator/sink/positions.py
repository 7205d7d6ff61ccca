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
    arrived_ms: dict[str, int | None] = {}
    for activity in activities:
        if not _moves(activity):
            continue
        run_id = activity.run_id
        before = last.get(run_id)
        if before is None:
            entered_ms[run_id] = activity.at_ms
            arrived_ms[run_id] = activity.at_ms if _comes(activity) else None
        elif before.type not in _ENDS and activity.at_ms >= before.at_ms:
            if _comes(activity) or _step_after(activity) != _step_after(before):
                arrived_ms[run_id] = activity.at_ms
        else:
            continue
        last[run_id] = activity
    return {run_id: _position(activity, entered_ms[run_id], arrived_ms[run_id]) for run_id, activity in last.items()}


def _moves(activity: Activity) -> bool:
    if activity.type == "send_requested":  # where the run waits for a report, or it would have passed the step
        return "report_until_ms" in activity.details and activity.run_id != ""
    return activity.type in _MOVES and activity.run_id != ""


def _comes(activity: Activity) -> bool:
    """Whether the run comes to where it stands after the activity; else it may have stood there before."""
    if activity.type in _GOES_ON:  # a send step passes on to itself when it tries another contact
        return _step_after(activity) != activity.step
    return activity.type not in _STANDS and activity.type != "send_requested"


def _step_after(activity: Activity) -> str:
    """Where the run stands after the activity; empty: nowhere."""
    if activity.type in _ENDS:
        return ""
    return str(activity.details.get("next", activity.step)) if activity.type in _GOES_ON else activity.step


def _position(activity: Activity, entered_ms: int, arrived_ms: int | None) -> Position:
    """Where the activity, which moves its run, says that it stands."""
    is_over = activity.type in _ENDS
    return Position(
        journey_id=activity.journey_id,
        workspace_id=activity.workspace_id,
        customer_id=activity.customer_id,
        version=activity.version,
        step=_step_after(activity),
        arm=activity.arm,
        status="ended" if is_over else "under_way",
        reason=str(activity.details.get("reason", "")) if is_over else "",
        entered_ms=entered_ms,
        moved_ms=activity.at_ms,
        arrived_ms=arrived_ms,
    )
