"""The orchestrator's own messages between partitions: who may use what of a limit over all customers.

A partition whose part is spent asks the partition that keeps the limit's pool. The pool calls on all partitions; each
returns what it has left; the pool grants it to those who asked. See ``guardrails.grants``.
"""

import msgspec


class Stake(msgspec.Struct, frozen=True, gc=False):
    """What it is about: the limit ``key`` at the height ``limit``, in the period that begins at ``start_ms``.

    ``period_ms`` 0: a calendar day, or the one period without end.
    """

    key: str
    limit: int
    period_ms: int
    start_ms: int


class AllowanceAsked(msgspec.Struct, frozen=True, kw_only=True, tag="asked", gc=False):
    """``partition`` has no room, or will soon have none; ``units``: what one message takes."""

    stake: Stake
    partition: int
    units: int


class AllowanceCalled(msgspec.Struct, frozen=True, kw_only=True, tag="called", gc=False):
    """Whoever reads this is to return what it has left."""

    stake: Stake


class AllowanceReturned(msgspec.Struct, frozen=True, kw_only=True, tag="returned", gc=False):
    """The answer to a call: ``units``, which whoever sends this may not use any more."""

    stake: Stake
    units: int


class AllowanceGranted(msgspec.Struct, frozen=True, kw_only=True, tag="granted", gc=False):
    """The answer to what was asked: ``units`` more; 0: what all have left in this period does not suffice."""

    stake: Stake
    units: int


AllowanceMessage = AllowanceAsked | AllowanceCalled | AllowanceReturned | AllowanceGranted
