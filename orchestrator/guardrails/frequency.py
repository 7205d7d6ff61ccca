"""How many sends fall into a cap's window, when it has room again, and when the minimum gap is over.

A sliding window of length L at time t holds the sends in (t - L, t]: a send made exactly L ago no longer counts, so
any half-open stretch of length L holds at most ``limit``. A calendar window begins at the first instant of the local
day (or Monday). A send recorded later than t (the clock ran back) counts as well.

"Local" means the zone known when the decision is made: past sends are counted anew in it when the customer moves.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

from orchestrator.definitions.duration import duration_ms, format_duration
from orchestrator.definitions.guardrail import FrequencyCap
from orchestrator.guardrails.history import NEVER_MS, SendHistory, SendRecord
from orchestrator.guardrails.zone import Zone, first_instant, local_day, weekday

_OF = {"journey": "of this journey", "customer": "to the customer"}


class Cap:
    """A frequency cap, made ready. Either ``window_ms`` is not 0, or it is a calendar day or (``is_week``) week."""

    __slots__ = ("category", "channel", "index", "is_of_journey", "is_week", "kind", "limit", "per", "window_ms")

    def __init__(self, index: int, cap: FrequencyCap) -> None:
        self.index = index
        self.limit = cap.limit
        self.channel = cap.channel
        self.category = cap.category
        self.is_of_journey = cap.scope == "journey"
        self.window_ms = duration_ms(cap.per) if isinstance(cap.per, timedelta) else 0
        self.is_week = cap.per == "week"
        self.kind = " ".join([*filter(None, (cap.channel, cap.category)), f"sends {_OF[cap.scope]}"])
        self.per = format_duration(cap.per) if isinstance(cap.per, timedelta) else cap.per

    def concerns(self, channel: str, category: str) -> bool:
        """Whether sends of this channel and category are counted and limited."""
        return self.channel in (None, channel) and self.category in (None, category)

    def counts(self, record: SendRecord, journey_id: str) -> bool:
        """Whether ``record`` takes up room when a send of ``journey_id`` is asked for."""
        return (
            (self.channel is None or self.channel == record.channel)
            and (self.category is None or self.category == record.category)
            and (not self.is_of_journey or record.journey_id == journey_id)
        )

    def starts_ms(self, zone: Zone, at_ms: int) -> int:
        """The first instant of the window that ``at_ms`` is in."""
        if self.window_ms:
            return at_ms - self.window_ms + 1
        day = local_day(zone, at_ms)
        return first_instant(zone, day - weekday(day) if self.is_week else day)

    def ends_ms(self, zone: Zone, sent_ms: int) -> int:
        """The first instant at which a send made at ``sent_ms`` no longer counts."""
        if self.window_ms:
            return sent_ms + self.window_ms
        day = local_day(zone, sent_ms)
        day += 7 - weekday(day) if self.is_week else 1
        # Where clocks go back over midnight, the day may have begun before ``sent_ms`` already.
        while first_instant(zone, day) <= sent_ms:
            day += 7 if self.is_week else 1
        return first_instant(zone, day)


def count_since(cap: Cap, history: SendHistory, start_ms: int, journey_id: str) -> int:
    """How many sends that the cap counts were made at or after ``start_ms``."""
    count = 0
    for record in reversed(history.records):
        if record.at_ms < start_ms:
            break
        if cap.counts(record, journey_id):
            count += 1
    return count


def is_full(cap: Cap, history: SendHistory, start_ms: int, count: int) -> bool:
    """Whether the window that begins at ``start_ms`` has no room for one more.

    It has none either when sends that are forgotten (see ``history``) might have fallen into it.
    """
    return count >= cap.limit or history.forgotten_until_ms >= start_ms


def opens_ms(cap: Cap, history: SendHistory, zones: Sequence[Zone], journey_id: str) -> int:
    """The earliest instant at which a full cap admits one more send in every zone, if nothing is sent meanwhile."""
    filling_ms = _filling_send_ms(cap, history, journey_id)
    return max(cap.ends_ms(zone, filling_ms) for zone in zones)


def _filling_send_ms(cap: Cap, history: SendHistory, journey_id: str) -> int:
    """When the send was made that has to leave the window: the ``limit``-th newest, or the last one forgotten."""
    counted = (record.at_ms for record in reversed(history.records) if cap.counts(record, journey_id))
    limit_th_newest = next(islice(counted, cap.limit - 1, None), NEVER_MS)
    return max(limit_th_newest, history.forgotten_until_ms)
