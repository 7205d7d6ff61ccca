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
        if activity.type == "send_requested":
            outcome = ASKED_FOR
        elif activity.type == "message_reported" and activity.details.get("outcome") in BAD_OUTCOMES:
            outcome = str(activity.details["outcome"])
        else:
            continue
        counts[activity.journey_id, activity.at_ms // _MINUTE_MS, outcome] += 1
    return counts
