"""How what one partition does not need of a limit comes to one that does, and never is in two places.

Every partition begins a period with its part of the limit. When that is nearly spent, the partition asks; the message
goes to the partition that keeps the *pool* of this limit (any one, found by hash). The pool is empty at first: it calls
on all partitions, each returns all it has left, and from then on whoever asks gets a block of the pool: what one
message takes at least, or half of what is there, shared by all who ask. So blocks become smaller as the limit nears its
end. When the pool is empty again, it calls again. When what everyone returns does not suffice, the limit is spent, and
who asks is told so.

Allowance is like coins: it is taken from a partition's record in the transaction that publishes the message, and put
into another's in the transaction that has read it. A message that is read again is below the partition's applied
offsets. So what all partitions have, what the pool has, and what is on its way add up to the limit, whatever dies. An
edit that raises or lowers the limit changes the parts and nothing else: no more than the higher of the two is spent in
the period in which it comes.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from orchestrator.guardrails.budget import Limit, Purse, Spent, current, left, room
from orchestrator.messages.allowance import (
    AllowanceAsked,
    AllowanceCalled,
    AllowanceGranted,
    AllowanceMessage,
    AllowanceReturned,
    Stake,
)

# How soon the other partitions have usually answered; who finds no answer yet waits twice as long the next time.
ANSWER_MS = 500
MOST_DOUBLINGS = 3
# A partition asks before it has nothing left: when this part of its own is all it has.
_LOW_WATER = 8


class Pool(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What lies ready of a limit in the period that began at ``start_ms``.

    ``calls``: how many partitions have been called on and have not answered. ``asking``: who waits for an answer.
    ``has_granted``: something since the last call. Who asked ahead may not need it after all. ``called_under``: how
    high the limit was for the last call. Of a higher one, which not all partitions know yet, they have more to return.
    """

    start_ms: int
    units: int = 0
    calls: int = 0
    asking: tuple[AllowanceAsked, ...] = ()
    has_granted: bool = False
    called_under: int = 0


class Addressed(NamedTuple):
    """A message, and the partition it is for."""

    partition: int
    message: AllowanceMessage


def ask(purse: Purse, limit: Limit, units: int, at_ms: int) -> tuple[AllowanceAsked, Spent] | None:
    """Asks for room for ``units`` or more, and the new record; None: it would be in vain, or is on its way already."""
    if not purse.may_ask or not limit.can_move or units > limit.limit:
        return None
    stake = limit.stake(at_ms)
    spent = current(purse, stake)
    if spent.start_ms > stake.start_ms or spent.moved.is_asking or spent.moved.closed_under >= limit.limit:
        return None
    asked = AllowanceAsked(stake=stake, partition=purse.part, units=units)
    return asked, replace(spent, moved=replace(spent.moved, is_asking=True))


def is_low(purse: Purse, limit: Limit, units: int, at_ms: int) -> bool:
    """Whether it is time to ask, so that the next send of ``units`` need not wait."""
    return purse.may_ask and room(purse, limit, at_ms) < max(units, limit.limit // purse.parts // _LOW_WATER)


def is_answer_due(purse: Purse, limit: Limit, at_ms: int) -> bool:
    """Whether an answer is on its way."""
    spent = current(purse, limit.stake(at_ms))
    return spent.start_ms == limit.period(at_ms)[0] and spent.moved.is_asking


def give_back(purse: Purse, stake: Stake) -> tuple[AllowanceReturned, Spent | None]:
    """The answer to a call: all that is left here, and the new record; None: it stays as it is."""
    units = max(0, left(purse, stake))
    if not units:
        return AllowanceReturned(stake=stake, units=0), None
    spent = current(purse, stake)
    moved = replace(spent.moved, units=spent.moved.units - units)
    return AllowanceReturned(stake=stake, units=units), replace(spent, moved=moved)


def take(purse: Purse, granted: AllowanceGranted) -> Spent | None:
    """The new record after an answer; None when it is of a period that is over."""
    stake = granted.stake
    spent = current(purse, stake)
    if spent.start_ms != stake.start_ms:
        return None
    moved = replace(
        spent.moved,
        units=spent.moved.units + granted.units,
        is_asking=False,
        closed_under=0 if granted.units else stake.limit,
    )
    return replace(spent, moved=moved)


def keep_pool(
    pool: Pool | None, message: AllowanceAsked | AllowanceReturned, parts: int
) -> tuple[Pool, Sequence[Addressed]]:
    """The pool after a message, and what it says. ``parts``: how many partitions there are."""
    stake = message.stake
    if pool is None or pool.start_ms < stake.start_ms:
        pool = Pool(stake.start_ms)
    if pool.start_ms > stake.start_ms:
        return pool, [_refuse(message)] if isinstance(message, AllowanceAsked) else []
    match message:
        case AllowanceAsked():
            pool = replace(pool, asking=(*pool.asking, message))
        case AllowanceReturned():
            pool = replace(pool, units=pool.units + message.units, calls=pool.calls - 1)
    pool, said = _grant(pool)
    if pool.asking and not pool.calls:
        highest = max((asked.stake for asked in pool.asking), key=attrgetter("limit"))
        if isinstance(message, AllowanceAsked) or pool.has_granted or highest.limit > pool.called_under:
            pool = replace(pool, calls=parts, has_granted=False, called_under=highest.limit)
            said += [Addressed(part, AllowanceCalled(stake=highest)) for part in range(parts)]
        else:  # all have answered, and nobody has got anything meanwhile that might still be unused
            said += [_refuse(asked) for asked in pool.asking]
            pool = replace(pool, asking=())
    return pool, said


def _grant(pool: Pool) -> tuple[Pool, list[Addressed]]:
    """Serves those whom what is there suffices for, in the order in which they asked."""
    said: list[Addressed] = []
    for asked in pool.asking:
        if asked.units > pool.units:
            continue
        block = max(asked.units, pool.units // (2 * len(pool.asking)))
        said.append(Addressed(asked.partition, AllowanceGranted(stake=asked.stake, units=block)))
        others = tuple(other for other in pool.asking if other is not asked)
        pool = replace(pool, units=pool.units - block, asking=others, has_granted=True)
    return pool, said


def _refuse(asked: AllowanceAsked) -> Addressed:
    return Addressed(asked.partition, AllowanceGranted(stake=asked.stake, units=0))
