"""Limits over all customers together: how fast to send, how many, for how much money, and how many may enter.

Each limit has periods: seconds, minutes and hours of the clock in UTC, calendar days in a zone, or one without end. A
send belongs to the period of the moment it is decided at, and in no period is more decided than the limit.

Customers live in partitions that know nothing of one another, so in each period every partition begins with its own
part of the limit. The parts are whole numbers that add up to the limit exactly, whoever works on which partition, and
whatever crashes. What was spent of a part is kept with the partition, in the same transaction as the sends. A partition
whose part is spent asks the others for what they have left: see ``grants``. In no period is more spent than the limit.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec.structs import replace

from orchestrator.definitions.entry import Capacity
from orchestrator.definitions.guardrail import Budget, Guardrails, Rate
from orchestrator.guardrails.zone import Zone, first_instant, known_zone, local_day
from orchestrator.messages.allowance import Stake

MICRO = 1_000_000  # money is counted in millionths, so that sums are exact
FOR_EVER_MS = 2**62
_PERIOD_MS = {"second": 1_000, "minute": 60_000, "hour": 3_600_000}
_SHORTEST_MOVED_MS = 60_000
# Who finds a day's budget spent is looked at again within the first hour of the next, not all in its first second.
SPREAD_MS = 3_600_000

LimitRule = Literal["rate", "budget", "capacity"]


class Moved(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a partition has got from others, beside its part, in one period; below zero: what it has given.

    ``is_asking``: an answer is on its way. ``closed_under``: how high the limit was when the answer was that nobody has
    anything left (0: that was never the answer). ``had``: what the partition had altogether in the period before.
    """

    units: int = 0
    is_asking: bool = False
    closed_under: int = 0
    had: int = 0


NOT_MOVED = Moved()


class Spent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a partition has used in the period that began at ``start_ms``.

    ``queue_ms`` and ``queued``: the period that those who wait are being told to come back in, and how many were told.
    """

    start_ms: int
    units: int
    queue_ms: int = 0
    queued: int = 0
    moved: Moved = NOT_MOVED


class Limit(msgspec.Struct, frozen=True, gc=False):
    """One limit, made ready; ``limit`` is in units: messages, entries, or millionths.

    ``key`` names what is limited, not how high: an edit that raises or lowers it goes on with what was spent.
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

    @property
    def can_move(self) -> bool:
        """Whether allowance may go from one partition to another: not where a period is over before an answer comes."""
        return not self.period_ms or self.period_ms >= _SHORTEST_MOVED_MS

    def concerns(self, channel: str) -> bool:
        """Whether sends over this channel are counted."""
        return self.channel is None or self.channel == channel

    def stake(self, at_ms: int) -> Stake:
        """The limit in the period that ``at_ms`` is in."""
        return Stake(self.key, self.limit, self.period_ms, self.period(at_ms)[0])

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
    """What one partition, the ``part``-th of ``parts``, has spent, by the key of the limit.

    ``may_ask``: the others can be asked for what they have left. In stream time they cannot: the answer would come by
    the clock on the wall.
    """

    spent: Mapping[str, Spent] = {}
    part: int = 0
    parts: int = 1
    may_ask: bool = False

    def share(self, limit: int, turn: int = 0) -> int:
        """The part of ``limit`` that is this partition's; over all partitions they add up to the limit.

        No part of a higher limit is smaller than that of a lower one. Parts go round with ``turn``, so that one which
        is nothing now is something later.
        """
        whole, rest = divmod(limit, self.parts)
        return whole + ((self.part + turn) % self.parts < rest)

    def with_spent(self, changes: Mapping[str, Spent]) -> "Purse":
        """The purse after ``changes``, by the key of the limit."""
        return Purse({**self.spent, **changes}, self.part, self.parts, self.may_ask)


WHOLE = Purse()


def room(purse: Purse, limit: Limit, at_ms: int) -> int:
    """How many units this partition may still use at ``at_ms``; below zero where the limit was lowered meanwhile.

    Nothing is left of a period that another has followed already: what was used of it is not known any more. So a clock
    that runs back finds no room until it has caught up.
    """
    return left(purse, limit.stake(at_ms))


def left(purse: Purse, stake: Stake) -> int:
    """``room``, in the period of the stake."""
    spent = current(purse, stake)
    return 0 if spent.start_ms > stake.start_ms else allowance(purse, stake, spent) - spent.units


def allowance(purse: Purse, stake: Stake, spent: Spent) -> int:
    """What this partition has altogether in the period of ``spent``: its part, and what has moved."""
    turn = spent.start_ms // stake.period_ms if stake.period_ms else 0
    return purse.share(stake.limit, turn) + spent.moved.units


def current(purse: Purse, stake: Stake) -> Spent:
    """The record of the stake's period, or a new one; the one on hand, if that is of a later period."""
    spent = purse.spent.get(stake.key)
    if spent is None:
        return Spent(stake.start_ms, 0)
    if spent.start_ms >= stake.start_ms:
        return spent
    moved = NOT_MOVED if spent.moved == NOT_MOVED else Moved(had=allowance(purse, stake, spent))
    return Spent(stake.start_ms, 0, spent.queue_ms, spent.queued, moved)


def spend(purse: Purse, limit: Limit, units: int, at_ms: int) -> Spent:
    """The new record after ``units`` were used, for which there was ``room``."""
    spent = current(purse, limit.stake(at_ms))
    return replace(spent, units=spent.units + units)


def is_queued_behind(purse: Purse, limit: Limit, at_ms: int) -> bool:
    """Whether others wait for later periods, so that a newcomer may not go before them."""
    spent = purse.spent.get(limit.key)
    return spent is not None and spent.queue_ms > limit.period(at_ms)[0]


def queue(purse: Purse, limit: Limit, units: int, at_ms: int, luck: int) -> tuple[int, Spent] | None:
    """When one who finds no room is to ask again, and the new record; None: no period will ever have room.

    Of a rate each later period takes as many as fit into it, so that thousands who wait are each looked at about once.
    ``luck``: a number that belongs to who asks; it spreads those who wait for a day over its first hour.
    """
    spent = purse.spent.get(limit.key, Spent(limit.period(at_ms)[0], 0))
    _, end_ms = limit.period(max(at_ms, spent.start_ms))
    if units > most(purse, limit) or end_ms >= FOR_EVER_MS:
        return None
    if not limit.period_ms:
        return end_ms + luck % SPREAD_MS, spent
    queue_ms, queued = (spent.queue_ms, spent.queued + 1) if spent.queue_ms >= end_ms else (end_ms, 1)
    while queued > (fitting := _fitting(purse, limit, spent, queue_ms)):
        queue_ms, queued = queue_ms + limit.period_ms, 1
    # Within the period they come one after the other, at an even pace.
    until_ms = queue_ms + (queued - 1) * limit.period_ms // fitting
    return until_ms, replace(spent, queue_ms=queue_ms, queued=queued)


def most(purse: Purse, limit: Limit) -> int:
    """The most units that this partition can ever have in one period."""
    if purse.may_ask and limit.can_move:
        return limit.limit
    # A rate's parts go round, so this partition has the largest of them once in a while.
    return -(-limit.limit // purse.parts) if limit.period_ms else purse.share(limit.limit)


def _fitting(purse: Purse, limit: Limit, spent: Spent, period_start_ms: int) -> int:
    """How many sends of a rate will probably fit into a period to come."""
    share = purse.share(limit.limit, period_start_ms // limit.period_ms)
    if not purse.may_ask or spent.moved == NOT_MOVED:
        return share
    return max(share, spent.moved.had, allowance(purse, limit.stake(spent.start_ms), spent))


def compile_limits(prefix: str, guardrails: Guardrails) -> tuple[Limit, ...]:
    """The rates and budgets of ``guardrails``; ``prefix`` is that of their keys."""
    limits = (
        *(_of_rate(f"{prefix}/rate", rate) for rate in guardrails.rates),
        *(_of_budget(f"{prefix}/budget", budget) for budget in guardrails.budgets),
    )
    found: dict[str, Limit] = {}
    for limit in limits:
        key, same = limit.key, 1
        while key in found:  # two that limit the same: each is counted for itself
            same += 1
            key = f"{limit.key}/{same}"
        found[key] = replace(limit, key=key)
    return tuple(found.values())


def compile_capacity(prefix: str, capacity: Capacity) -> Limit:
    """How many may enter."""
    zone = known_zone(capacity.zone) if capacity.per == "day" else None
    key = f"{prefix}/capacity/{_days(capacity.per, zone)}"
    return Limit(key, "capacity", capacity.limit, 0, zone, None, False, True, capacity.per)


def _of_rate(prefix: str, rate: Rate) -> Limit:
    key = f"{prefix}/{rate.per}/{rate.channel or '*'}"
    return Limit(key, "rate", rate.limit, _PERIOD_MS[rate.per], None, rate.channel, False, False, rate.per)


def _of_budget(prefix: str, budget: Budget) -> Limit:
    is_money = budget.kind == "money"
    limit = round(budget.limit * MICRO) if is_money else int(budget.limit)
    zone = known_zone(budget.zone) if budget.per == "day" else None
    is_skipping = budget.when_spent == "skip" or budget.per == "total"
    key = f"{prefix}/{budget.kind}/{_days(budget.per, zone)}/{budget.channel or '*'}"
    return Limit(key, "budget", limit, 0, zone, budget.channel, is_money, is_skipping, budget.per)


def _days(per: str, zone: Zone | None) -> str:
    return per if zone is None else f"{per} in {zone.name}"
