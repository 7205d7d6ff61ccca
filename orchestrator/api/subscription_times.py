"""When a subscription is sent its next message, and what follows from an attempt. Pure."""

from datetime import UTC, date, datetime, timedelta

from orchestrator.guardrails.zone import DAY_MS, MINUTE_MS, Zone, first_instant, local_day, spans_from
from orchestrator.store.quarters import date_in
from orchestrator.store.subscriptions import Progress, Subscription

GIVEN_UP_AFTER = timedelta(days=1)  # of trying
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def next_due(at: str, zone: Zone, after: datetime) -> datetime:
    """The first moment after ``after`` at which the zone's clock shows ``at`` (07:30) for the first time that day.

    On a day on which the clock leaps over it, the moment of the leap; on a day that never was, not at all.
    """
    hours, minutes = at.split(":")
    minute = int(hours) * 60 + int(minutes)
    after_ms = (after - _EPOCH) // _MILLISECOND
    day = local_day(zone, after_ms)
    for each in range(day, day + 3):
        due_ms = _instant(zone, each, minute)
        if due_ms > after_ms and local_day(zone, due_ms) == each:
            return _EPOCH + due_ms * _MILLISECOND
    raise AssertionError("no zone has left out two days in a row")  # pragma: no cover


def day_told(due_at: datetime, zone: Zone) -> date:
    """The day that the message of ``due_at`` tells: the one before, in the zone."""
    return date_in(zone, due_at) - timedelta(days=1)


def after_attempt(subscription: Subscription, zone: Zone, now: datetime, failure: str) -> Progress:
    """Where the subscription stands after an attempt at ``now``; ``failure`` empty: the message was delivered."""
    following = next_due(subscription.at, zone, subscription.due_at)
    day = day_told(subscription.due_at, zone)
    if not failure:
        return Progress(due_at=following, next_attempt_at=following, sent_at=now, day=day)
    # Not by the clock: what was missed while no API ran is tried for a day as well.
    if sum(map(_pause, range(subscription.attempts + 1)), timedelta()) >= GIVEN_UP_AFTER:
        return Progress(due_at=following, next_attempt_at=following, failure=failure, failed_day=day)
    return Progress(
        due_at=subscription.due_at,
        next_attempt_at=now + _pause(subscription.attempts),
        attempts=subscription.attempts + 1,
        failure=failure,
    )


def _pause(attempts: int) -> timedelta:
    """How long after an attempt the next follows, when so many had failed before it."""
    return min(FIRST_PAUSE * (1 << min(attempts, 10)), LONGEST_PAUSE)


def _instant(zone: Zone, day: int, minute: int) -> int:
    wanted = day * DAY_MS + minute * MINUTE_MS
    for start, end, offset in spans_from(zone, first_instant(zone, day)):
        at = max(start, wanted - offset)
        if at < end:
            return at
    raise AssertionError("spans never end")  # pragma: no cover
