"""What brakes look at: messages asked for, and messages that met a bad outcome, by journey and minute. Pure."""

from collections import Counter
from collections.abc import Iterable

from orchestrator.messages.activity import Activity
from orchestrator.store.rows import MinuteKey

ASKED_FOR = "asked_for"
BAD_OUTCOMES = frozenset({"bounced", "complained", "unsubscribed", "failed"})
_MINUTE_MS = 60_000


def deliveries(activities: Iterable[Activity]) -> Counter[MinuteKey]:
    """The counts of these activities, none of which was counted before."""
    counts: Counter[MinuteKey] = Counter()
    for activity in activities:
        outcome = _outcome(activity)
        if outcome:
            counts[activity.journey_id, activity.at_ms // _MINUTE_MS, outcome] += 1
    return counts


def _outcome(activity: Activity) -> str:
    """What the activity counts as; empty: as nothing."""
    match activity.type, activity.details.get("outcome"):
        case "send_requested", _:
            return ASKED_FOR
        case "message_reported", str(outcome) if outcome in BAD_OUTCOMES:
            return outcome
        case _:
            return ""
