"""When a "wait until" is over."""

from datetime import UTC, datetime

from orchestrator.definitions.clock import WEEKDAYS
from orchestrator.guardrails.zone import DAY_MS, MINUTE_MS, Zone, known_zone, local_ms, spans_from, weekday
from orchestrator.messages.text import Scalar

ZONE_ATTRIBUTE = "timezone"  # of a customer: the IANA name of the zone to live by


def next_local_time(zone: Zone, minute: int, weekdays: frozenset[int], now_ms: int) -> int:
    """The first instant from ``now_ms`` on at which the clock in ``zone`` shows ``minute``, on one of ``weekdays``.

    Where the clocks jump over that time, it is the first instant after the jump; where the time happens twice, the
    first of the two that lies ahead.
    """
    wanted = minute * MINUTE_MS
    for start, end, offset in spans_from(zone, now_ms):
        last_day = (end - 1 + offset) // DAY_MS
        # A gap between spans may have swallowed the wanted time of the day on which this span begins.
        jumped_over = start > now_ms and local_ms(zone, start - 1) % DAY_MS < wanted < (start + offset) % DAY_MS
        for day in range((start + offset) // DAY_MS, last_day + 1):
            at = day * DAY_MS + wanted - offset
            if weekday(day) not in weekdays:
                continue
            if start <= at < end:
                return at
            if jumped_over and at < start and day == (start + offset) // DAY_MS:
                return start
    raise AssertionError("spans never end")  # pragma: no cover


def in_local_window(zone: Zone, opens: int, closes: int, weekdays: frozenset[int], now_ms: int) -> bool:
    """Whether the clock in ``zone`` shows a minute from ``opens`` to before ``closes`` (over midnight when that is
    earlier), on one of ``weekdays``.
    """
    day, time_ms = divmod(local_ms(zone, now_ms), DAY_MS)
    minute = time_ms // MINUTE_MS
    is_in_window = opens <= minute < closes if opens < closes else minute >= opens or minute < closes
    return is_in_window and weekday(day) in weekdays


def next_in_local_window(zone: Zone, opens: int, closes: int, weekdays: frozenset[int], now_ms: int) -> int:
    """The first instant from ``now_ms`` on at which :func:`in_local_window` holds."""
    if in_local_window(zone, opens, closes, weekdays, now_ms):
        return now_ms
    at_ms = next_local_time(zone, opens, weekdays, now_ms)
    # A window over midnight is open already when one of its weekdays begins.
    return min(at_ms, next_local_time(zone, 0, weekdays, now_ms)) if closes < opens and closes > 0 else at_ms


def weekday_numbers(names: tuple[str, ...]) -> frozenset[int]:
    """Weekdays as numbers, 0 for Monday."""
    return frozenset(WEEKDAYS.index(name) for name in WEEKDAYS if name in names)


def instant_of(value: Scalar | None) -> int | None:
    """The moment that an attribute names, in milliseconds: ISO 8601, where a bare date or a time without an offset is
    in UTC; or a number of seconds since 1970. None when it names none.
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, (int, float)):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1_000)
    except (ValueError, OverflowError, OSError):
        return None


def zone_or(name: object, fallback: str) -> Zone:
    """The zone of that name, else ``fallback`` (which the definition has checked), else UTC."""
    zone = known_zone(name if isinstance(name, str) else None) or known_zone(fallback) or known_zone("UTC")
    if zone is None:
        raise AssertionError("tzdata always has UTC")  # pragma: no cover
    return zone
