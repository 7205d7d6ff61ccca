"""What was sent to one customer lately: all that caps and the minimum gap look at.

**Why forgetting never lets a limit be exceeded.** A record is dropped in three ways:

1. *It is too old.* No window is longer than 366 days; records are kept one day longer than that, so even a clock that
   runs back by up to a day finds them.
2. *There are 100 newer ones of its own kind* (same channel, category and journey). A cap counts some union of kinds and
   its limit is at most 100. If the true count in a window reaches the limit, then so do the newest ``limit`` of the
   sends counted, and each of those is among the newest 100 of its own kind, so it is kept. The decision, and the
   instant at which the cap opens again, are exactly those of the whole history.
3. *The history is full* (256 records after 1 and 2). The oldest goes, and ``forgotten_until_ms`` remembers how late
   a record lost this way was. A cap whose window reaches back to it cannot know its count and treats itself as full,
   until the window has moved past it. That may suppress a send which would have been allowed; never the reverse.

The newest record is always kept, so the minimum gap is exact.
"""

from operator import attrgetter

import msgspec

from orchestrator.definitions.guardrail import MAX_CAP_LIMIT, MAX_WINDOW

MAX_RECORDS = 256
KEPT_MS = (MAX_WINDOW.days + 1) * 86_400_000
NEVER_MS = -(2**62)  # before every instant

_AT = attrgetter("at_ms")


class SendRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One send that was allowed: when, over what, of which category, by which journey."""

    at_ms: int
    channel: str
    category: str
    journey_id: str


class SendHistory(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The sends of one customer, oldest first. ``forgotten_until_ms``: see the module's third reason."""

    records: tuple[SendRecord, ...] = ()
    forgotten_until_ms: int = NEVER_MS


NO_SENDS = SendHistory()


def remember(history: SendHistory, record: SendRecord, now_ms: int, room: int = MAX_RECORDS) -> SendHistory:
    """``history`` with ``record`` in it, and without what no limit can ask for any more.

    Call it once for every ``Allow`` that is acted upon, with the same ``now_ms``. ``room`` is the most records kept.
    """
    if not history.records:
        return SendHistory((record,), history.forgotten_until_ms)
    records = [*history.records, record]
    if history.records[-1].at_ms > record.at_ms:  # the clock ran back
        records.sort(key=_AT)
    return _within_bounds(records, history.forgotten_until_ms, now_ms, room)


def union(one: SendHistory, other: SendHistory, now_ms: int, room: int = MAX_RECORDS) -> SendHistory:
    """The sends of two customers who are one: a cap counts what both have been sent."""
    records = sorted((*one.records, *other.records), key=_AT)
    forgotten_until_ms = max(one.forgotten_until_ms, other.forgotten_until_ms)
    return _within_bounds(records, forgotten_until_ms, now_ms, room) if records else SendHistory((), forgotten_until_ms)


def _within_bounds(records: list[SendRecord], forgotten_until_ms: int, now_ms: int, room: int) -> SendHistory:
    """The history of ``records`` (oldest first, at least one) without what no limit can ask for any more."""
    oldest_kept = now_ms - KEPT_MS
    if records[0].at_ms <= oldest_kept:
        records = [each for each in records if each.at_ms > oldest_kept]
    if len(records) <= room:
        return SendHistory(tuple(records), forgotten_until_ms)
    records = _newest_of_each_kind(records)
    lost, kept = records[: max(0, len(records) - room)], records[-room:]
    forgotten_until_ms = max(forgotten_until_ms, lost[-1].at_ms) if lost else forgotten_until_ms
    return SendHistory(tuple(kept), forgotten_until_ms)


def _newest_of_each_kind(records: list[SendRecord]) -> list[SendRecord]:
    """``records`` without those that have as many newer ones of their kind as a cap can count."""
    newer: dict[tuple[str, str, str], int] = {}
    kept: list[SendRecord] = []
    for record in reversed(records):
        kind = (record.channel, record.category, record.journey_id)
        count = newer.get(kind, 0)
        if count < MAX_CAP_LIMIT:
            kept.append(record)
            newer[kind] = count + 1
    kept.reverse()
    return kept
