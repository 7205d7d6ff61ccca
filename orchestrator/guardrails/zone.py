"""What the clock on a customer's wall shows, in whole milliseconds.

Local time is a function of the instant; the reverse is not, because clocks jump: some local times never happen and
some happen twice. So nothing here turns a local time into "the" instant. A day of UTC is cut into *spans* in which the
offset is constant; inside a span local time is the instant plus a number, and walking over spans finds the first
instant that shows what is looked for, whatever the clocks do in between.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from orchestrator.definitions.zone import zone_names

DAY_MS = 86_400_000
MINUTE_MS = 60_000
_HOUR_S = 3_600
_DAY_S = 86_400
# Local clocks run at most this far behind or ahead of UTC (the record, Manila before 1845, is 15 h 56 min).
_WIDEST_OFFSET_MS = 16 * 3_600_000

Span = tuple[int, int, int]  # (first instant, first instant after it, local minus UTC), all in milliseconds


class Zone:
    """A time zone of the IANA database: get it from :func:`known_zone`, so that there is one of each."""

    __slots__ = ("name", "rules")

    def __init__(self, name: str, rules: ZoneInfo) -> None:
        self.name = name
        self.rules = rules

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"


@lru_cache(maxsize=1_024)
def known_zone(name: str | None) -> Zone | None:
    """The zone of that name; None when it is missing or no IANA zone.

    The data is that of the installed tzdata package, never the machine's, so that a replay elsewhere decides the same.
    """
    if name is None or name not in zone_names():
        return None
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return Zone(name, ZoneInfo.from_file(data, key=name))


def local_ms(zone: Zone, at_ms: int) -> int:
    """What the clock in ``zone`` shows at ``at_ms``, as milliseconds since 1970-01-01 00:00 on that clock."""
    for _, end, offset in _spans_of_day(zone, at_ms // DAY_MS):
        if at_ms < end:
            return at_ms + offset
    raise AssertionError("the spans of a day end where the day ends")  # pragma: no cover


def local_day(zone: Zone, at_ms: int) -> int:
    """The local date at ``at_ms``, as days since 1970-01-01."""
    return local_ms(zone, at_ms) // DAY_MS


def weekday(day: int) -> int:
    """The weekday of a date given as days since 1970-01-01 (a Thursday): 0 is Monday."""
    return (day + 3) % 7


@lru_cache(maxsize=8_192)
def first_instant(zone: Zone, day: int) -> int:
    """The first instant at which the date in ``zone`` is ``day`` or later: the day's midnight, where there is one."""
    midnight = day * DAY_MS
    for start, end, offset in spans_from(zone, midnight - _WIDEST_OFFSET_MS):
        at = max(start, midnight - offset)
        if at < end:
            return at
    raise AssertionError("spans never end")  # pragma: no cover


def spans_from(zone: Zone, from_ms: int) -> Iterator[Span]:
    """The spans of constant offset from ``from_ms`` on, in order and without end; the first begins at ``from_ms``."""
    day = from_ms // DAY_MS
    for start, end, offset in _spans_of_day(zone, day):
        if end > from_ms:
            yield max(start, from_ms), end, offset
    while True:
        day += 1
        yield from _spans_of_day(zone, day)


@lru_cache(maxsize=16_384)
def _spans_of_day(zone: Zone, utc_day: int) -> tuple[Span, ...]:
    """The spans of one day of UTC. The offset is looked at every hour: no zone ever changed twice within one."""
    spans: list[Span] = []
    start = utc_day * _DAY_S
    offset = _offset_s(zone, start)
    for hour in range(1, 25):
        at = utc_day * _DAY_S + hour * _HOUR_S
        after = _offset_s(zone, at)
        if after == offset:
            continue
        change = _first_second_with(zone, after, at - _HOUR_S, at)
        if change < (utc_day + 1) * _DAY_S:
            spans.append((start * 1_000, change * 1_000, offset * 1_000))
            start, offset = change, after
    spans.append((start * 1_000, (utc_day + 1) * DAY_MS, offset * 1_000))
    return tuple(spans)


def _first_second_with(zone: Zone, offset_s: int, before: int, at: int) -> int:
    """The second in (``before``, ``at``] at which the offset becomes ``offset_s``, by halving."""
    while at - before > 1:
        middle = (before + at) // 2
        if _offset_s(zone, middle) == offset_s:
            at = middle
        else:
            before = middle
    return at


def _offset_s(zone: Zone, at_s: int) -> int:
    """Local minus UTC at ``at_s``, in seconds."""
    offset = datetime.fromtimestamp(at_s, UTC).astimezone(zone.rules).utcoffset()
    if offset is None:  # pragma: no cover - a ZoneInfo always has one
        raise AssertionError(f"{zone.name} has no offset")
    return offset.days * _DAY_S + offset.seconds
