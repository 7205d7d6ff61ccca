"""Limits over all customers together: how fast to send, how many, for how much money, and how many may enter.

Each limit has periods: seconds, minutes and hours of the clock in UTC, calendar days in a zone, or one without end. A
send belongs to the period of the moment it is decided at, and in no period is more decided than the limit.

Customers live in partitions that know nothing of one another, so each partition has its own part of every limit. The
parts are whole numbers that add up to the limit exactly, whoever works on which partition, and whatever crashes. What
was spent of a part is kept with the partition, in the same transaction as the sends. The price: a limit that is small
against the number of partitions, or customers who are spread unevenly, leave some of it unused; it is never exceeded.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from orchestrator.definitions.entry import Capacity
from orchestrator.definitions.guardrail import Budget, Guardrails, Rate
from orchestrator.guardrails.zone import Zone, first_instant, known_zone, local_day

MICRO = 1_000_000  # money is counted in millionths, so that sums are exact
FOR_EVER_MS = 2**62
_PERIOD_MS = {"second": 1_000, "minute": 60_000, "hour": 3_600_000}
# Who finds a day's budget spent is looked at again within the first hour of the next, not all in its first second.
SPREAD_MS = 3_600_000

LimitRule = Literal["rate", "budget", "capacity"]


class Spent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a partition has used of its part in the period that began at ``start_ms``.

    ``queue_ms`` and ``queued``: the period that those who wait are being told to come back in, and how many were told.
    """

    start_ms: int
    units: int
    queue_ms: int = 0
    queued: int = 0


class Limit(msgspec.Struct, frozen=True, gc=False):
    """One limit, made ready. ``key`` names it for ever; ``limit`` is in units: messages, entries, or millionths.

    ``period_ms`` 0: calendar days in ``zone``, or, where that is None, one period without end.
    """

    key: str
    rule: LimitRule
    limit: int
    period_ms: int
    zone: Zone | None
    channel: str | None
    is_money: bool
    is_skipping: bool
    per: str

    def units(self, cost: float) -> int:
        """What one send of this cost takes."""
        return round(cost * MICRO) if self.is_money else 1

    def concerns(self, channel: str) -> bool:
        """Whether sends over this channel are counted."""
        return self.channel is None or self.channel == channel

    def period(self, at_ms: int) -> tuple[int, int]:
        """The first instant of the period that ``at_ms`` is in, and that of the next."""
        if self.period_ms:
            start_ms = at_ms - at_ms % self.period_ms
            return start_ms, start_ms + self.period_ms
        if self.zone is None:
            return 0, FOR_EVER_MS
        day = local_day(self.zone, at_ms)
        return first_instant(self.zone, day), first_instant(self.zone, day + 1)


class Purse(msgspec.Struct, frozen=True, gc=False):
    """What one partition, the ``part``-th of ``parts``, has spent, by the key of the limit."""

    spent: Mapping[str, Spent] = {}
    part: int = 0
    parts: int = 1

    def share(self, limit: Limit) -> int:
        """The part of the limit that is this partition's; over all partitions they add up to the limit."""
        return limit.limit * (self.part + 1) // self.parts - limit.limit * self.part // self.parts

    def with_spent(self, changes: Mapping[str, Spent]) -> "Purse":
        """The purse after ``changes``, by the key of the limit."""
        return Purse({**self.spent, **changes}, self.part, self.parts)


WHOLE = Purse()


def room(purse: Purse, limit: Limit, at_ms: int) -> int:
    """How many units are left of this partition's part at ``at_ms``.

    Nothing is left of a period that another has followed already: what was used of it is not known any more. So a clock
    that runs back finds no room until it has caught up.
    """
    spent = purse.spent.get(limit.key)
    start_ms, _ = limit.period(at_ms)
    if spent is None or spent.start_ms < start_ms:
        return purse.share(limit)
    return purse.share(limit) - spent.units if spent.start_ms == start_ms else 0


def spend(purse: Purse, limit: Limit, units: int, at_ms: int) -> Spent:
    """The new record after ``units`` were used, for which there was ``room``."""
    spent = purse.spent.get(limit.key)
    start_ms, _ = limit.period(at_ms)
    if spent is None:
        return Spent(start_ms, units)
    if spent.start_ms < start_ms:
        return Spent(start_ms, units, spent.queue_ms, spent.queued)
    return Spent(spent.start_ms, spent.units + units, spent.queue_ms, spent.queued)


def is_queued_behind(purse: Purse, limit: Limit, at_ms: int) -> bool:
    """Whether others wait for later periods, so that a newcomer may not go before them."""
    spent = purse.spent.get(limit.key)
    return spent is not None and spent.queue_ms > limit.period(at_ms)[0]


def queue(purse: Purse, limit: Limit, units: int, at_ms: int, luck: int) -> tuple[int, Spent] | None:
    """When one who finds no room is to ask again, and the new record; None: no period will ever have room.

    Of a rate each later period takes as many as fit into it, so that thousands who wait are each looked at about once.
    ``luck``: a number that belongs to who asks; it spreads those who wait for a day over its first hour.
    """
    share = purse.share(limit)
    spent = purse.spent.get(limit.key, Spent(limit.period(at_ms)[0], 0))
    _, end_ms = limit.period(max(at_ms, spent.start_ms))
    if units > share or end_ms >= FOR_EVER_MS:
        return None
    if not limit.period_ms:
        return end_ms + luck % SPREAD_MS, spent
    fitting = max(1, share // max(1, units))
    queue_ms, queued = max(spent.queue_ms, end_ms), spent.queued + 1
    if spent.queue_ms < end_ms:
        queued = 1
    elif queued > fitting:
        queue_ms, queued = queue_ms + limit.period_ms, 1
    # Within the period they come one after the other, at an even pace.
    until_ms = queue_ms + (queued - 1) * limit.period_ms // fitting
    return until_ms, Spent(spent.start_ms, spent.units, queue_ms, queued)


def compile_limits(prefix: str, guardrails: Guardrails) -> tuple[Limit, ...]:
    """The rates and budgets of ``guardrails``; ``prefix`` is that of their keys."""
    rates = (_of_rate(f"{prefix}/rates/{index}", rate) for index, rate in enumerate(guardrails.rates))
    budgets = (_of_budget(f"{prefix}/budgets/{index}", budget) for index, budget in enumerate(guardrails.budgets))
    return (*rates, *budgets)


def compile_capacity(prefix: str, capacity: Capacity) -> Limit:
    """How many may enter."""
    zone = known_zone(capacity.zone) if capacity.per == "day" else None
    return Limit(f"{prefix}/capacity", "capacity", capacity.limit, 0, zone, None, False, True, capacity.per)


def _of_rate(key: str, rate: Rate) -> Limit:
    return Limit(key, "rate", rate.limit, _PERIOD_MS[rate.per], None, rate.channel, False, False, rate.per)


def _of_budget(key: str, budget: Budget) -> Limit:
    is_money = budget.kind == "money"
    limit = round(budget.limit * MICRO) if is_money else int(budget.limit)
    zone = known_zone(budget.zone) if budget.per == "day" else None
    is_skipping = budget.when_spent == "skip" or budget.per == "total"
    return Limit(key, "budget", limit, 0, zone, budget.channel, is_money, is_skipping, budget.per)
