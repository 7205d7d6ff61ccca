"""When the wall clock allows a send, and when it next will.

An instant is quiet when the local time then lies in the window, or the local date then is on an excluded weekday. That
is a property of the instant, so clock changes need no rule of their own: a local hour that is skipped allows nothing,
one that is repeated allows (or forbids) twice.
"""

from collections.abc import Sequence

from orchestrator.definitions.clock import WEEKDAYS, minute_of
from orchestrator.definitions.guardrail import QuietHours
from orchestrator.guardrails.zone import DAY_MS, MINUTE_MS, Zone, spans_from, weekday

LOOK_AHEAD_MS = 14 * DAY_MS  # past it, "no allowed moment" is the answer


class SendingTimes:
    """Quiet hours, made ready: the allowed stretches of each weekday, in milliseconds since local midnight."""

    __slots__ = ("by_weekday",)

    def __init__(self, quiet: QuietHours) -> None:
        starts, ends = minute_of(quiet.starts) * MINUTE_MS, minute_of(quiet.ends) * MINUTE_MS
        if starts < ends:
            allowed = tuple(stretch for stretch in ((0, starts), (ends, DAY_MS)) if stretch[0] < stretch[1])
        else:
            allowed = ((ends, starts),)
        self.by_weekday: tuple[tuple[tuple[int, int], ...], ...] = tuple(
            allowed if name in quiet.weekdays else () for name in WEEKDAYS
        )


def is_allowed(times: SendingTimes, local: int) -> bool:
    """Whether a send is outside quiet hours when the customer's clock shows ``local`` (see ``zone.local_ms``)."""
    day, time = divmod(local, DAY_MS)
    for opens, closes in times.by_weekday[weekday(day)]:  # noqa: SIM110 - twice as fast as any() on the hot path
        if opens <= time < closes:
            return True
    return False


def next_allowed(times: SendingTimes, zones: Sequence[Zone], from_ms: int) -> int | None:
    """The first instant at or after ``from_ms`` at which a send is allowed in every one of ``zones``.

    None when there is none within 14 days, as when the quiet hours of distant zones never lift together.
    """
    until_ms = from_ms + LOOK_AHEAD_MS
    at = from_ms
    while True:
        agreed = at
        for zone in zones:
            found = _next_allowed_in(times, zone, agreed, until_ms)
            if found is None:
                return None
            agreed = found
        if agreed == at:  # no zone moved it: each allows this very instant
            return at
        at = agreed


def _next_allowed_in(times: SendingTimes, zone: Zone, from_ms: int, until_ms: int) -> int | None:
    """The first allowed instant in [``from_ms``, ``until_ms``] in one zone, or None."""
    for start, end, offset in spans_from(zone, from_ms):
        if start > until_ms:
            return None
        local_start, local_end = start + offset, min(end, until_ms + 1) + offset
        for day in range(local_start // DAY_MS, (local_end - 1) // DAY_MS + 1):
            for opens, closes in times.by_weekday[weekday(day)]:
                local = max(local_start, day * DAY_MS + opens)
                if local < min(local_end, day * DAY_MS + closes):
                    return local - offset
    raise AssertionError("spans never end")  # pragma: no cover
