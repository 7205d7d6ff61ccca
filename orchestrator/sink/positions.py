"""Where each run stands after its activities. Pure.

A run's activities come in order, but for one that has changed partitions with its customer (a merge): so the newest
``at_ms`` wins, and an ended run stays ended.
"""

from collections.abc import Iterable, Mapping

from orchestrator.messages.activity import Activity
from orchestrator.store.rows import Position

_STANDS = ("wait_started", "send_deferred", "run_adopted", "run_migrated")
_GOES_ON = ("step_passed", "webhook_requested")
_ENDS = ("run_completed", "run_exited")


def positions(activities: Iterable[Activity]) -> dict[str, Position]:
    """By run id, the position of each run that one of the activities has moved."""
    found: dict[str, Position] = {}
    for activity in activities:
        position = _position(activity)
        if position is None:
            continue
        before = found.get(activity.run_id)
        if before is None or (before.status != "ended" and position.moved_ms >= before.moved_ms):
            found[activity.run_id] = position
    return found


def _position(activity: Activity) -> Position | None:
    """Where the activity says that its run stands; None when it does not move it."""
    if not activity.run_id:
        return None
    details: Mapping[str, object] = activity.details
    step, status, reason = "", "under_way", ""
    if activity.type == "journey_entered":
        pass
    elif activity.type in _STANDS or (activity.type == "send_requested" and "report_until_ms" in details):
        step = activity.step
    elif activity.type in _GOES_ON:
        step = str(details.get("next", activity.step))
    elif activity.type in _ENDS:
        status, reason = "ended", str(details.get("reason", ""))
    else:
        return None
    return Position(
        journey_id=activity.journey_id,
        workspace_id=activity.workspace_id,
        customer_id=activity.customer_id,
        version=activity.version,
        step=step,
        arm=activity.arm,
        status=status,
        reason=reason,
        moved_ms=activity.at_ms,
    )
