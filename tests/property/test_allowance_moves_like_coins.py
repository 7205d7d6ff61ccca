"""Whatever partitions spend, ask and return, in whatever order messages are read: in no period more than the limit."""

from collections import deque
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.definitions.guardrail import Guardrails
from orchestrator.guardrails.budget import Limit, Purse, compile_limits, room, spend
from orchestrator.guardrails.grants import Pool, ask, give_back, is_low, keep_pool, take
from orchestrator.messages.allowance import (
    AllowanceAsked,
    AllowanceCalled,
    AllowanceGranted,
    AllowanceMessage,
    AllowanceReturned,
)
from tests.builders import MONDAY_NOON
from tests.property.tries import tries

MINUTE = 60_000


class Partitions:
    """Some partitions that share one limit; messages reach each in the order in which they were sent to it."""

    def __init__(self, parts: int) -> None:
        self.purses = [Purse({}, part, parts, may_ask=True) for part in range(parts)]
        self.pool: Pool | None = None
        self.inboxes: list[deque[AllowanceMessage]] = [deque() for _ in range(parts)]
        self.keeper = parts // 2
        self.sent: dict[int, int] = {}  # by the period's beginning

    def note(self, part: int, key: str, spent: Any) -> None:
        if spent is not None:
            self.purses[part] = self.purses[part].with_spent({key: spent})

    def ask(self, part: int, limit: Limit, units: int, at_ms: int) -> bool:
        asking = ask(self.purses[part], limit, units, at_ms)
        if asking is None:
            return False
        self.inboxes[self.keeper].append(asking[0])
        self.note(part, limit.key, asking[1])
        return True

    def send(self, part: int, limit: Limit, units: int, at_ms: int) -> bool:
        """One message, if there is room; else the others are asked."""
        if units > room(self.purses[part], limit, at_ms):
            self.ask(part, limit, units, at_ms)
            return False
        self.note(part, limit.key, spend(self.purses[part], limit, units, at_ms))
        start_ms = limit.period(at_ms)[0]
        self.sent[start_ms] = self.sent.get(start_ms, 0) + units
        if is_low(self.purses[part], limit, units, at_ms):
            self.ask(part, limit, units, at_ms)
        return True

    def read(self, part: int) -> bool:
        """The next message of a partition; False: there is none."""
        if not self.inboxes[part]:
            return False
        message = self.inboxes[part].popleft()
        match message:
            case AllowanceAsked() | AllowanceReturned():
                self.pool, said = keep_pool(self.pool, message, len(self.purses))
                for partition, answer in said:
                    self.inboxes[partition].append(answer)
            case AllowanceCalled():
                returned, spent = give_back(self.purses[part], message.stake)
                self.inboxes[self.keeper].append(returned)
                self.note(part, message.stake.key, spent)
            case AllowanceGranted():
                self.note(part, message.stake.key, take(self.purses[part], message))
        return True

    def settle(self) -> None:
        """Everything is read."""
        while any([self.read(part) for part in range(len(self.purses))]):
            pass

    def adrift(self) -> int:
        """What is in the pool and on its way."""
        moving = [message for inbox in self.inboxes for message in inbox]
        on_the_way = [each.units for each in moving if isinstance(each, AllowanceReturned | AllowanceGranted)]
        return sum(on_the_way) + (self.pool.units if self.pool else 0)


def a_limit(limit: int, **fields: Any) -> Limit:
    kind = "rates" if fields.get("per") == "minute" else "budgets"
    fields = fields if kind == "rates" else {"kind": "messages", "per": "total", **fields}
    (compiled,) = compile_limits("j", Guardrails.model_validate({kind: [{"limit": limit, **fields}]}))
    return compiled


# Each deed: a partition sends so many messages at a moment, then reads so many of its own, or (None) all read all.
DEEDS = st.lists(
    st.tuples(
        st.integers(0, 15),
        st.integers(0, 12),
        st.one_of(st.none(), st.integers(0, 4)),
        st.integers(0, 3 * MINUTE),
    ),
    max_size=60,
)
Deeds = list[tuple[int, int, int | None, int]]


def read(house: Partitions, part: int, most: int | None) -> None:
    if most is None:
        house.settle()
    for _ in range(most or 0):
        house.read(part)


@given(st.integers(1, 60), st.integers(2, 16), DEEDS)
def test_coins_are_neither_made_nor_lost(limit: int, parts: int, deeds: Deeds) -> None:
    house, budget = Partitions(parts), a_limit(limit)
    for part, sends, reads, units in deeds:
        part %= parts
        for _ in range(sends):
            house.send(part, budget, 1 + units % 3, MONDAY_NOON)
        read(house, part, reads)
        left = sum(room(purse, budget, MONDAY_NOON) for purse in house.purses)
        assert left + house.adrift() + house.sent.get(0, 0) == limit
        assert min(room(purse, budget, MONDAY_NOON) for purse in house.purses) >= 0


@given(st.integers(1, 60), st.integers(2, 16), DEEDS)
def test_in_no_period_is_more_sent_than_the_limit_even_with_clocks_that_differ_and_run_back(
    limit: int, parts: int, deeds: Deeds
) -> None:
    house, rate = Partitions(parts), a_limit(limit, per="minute")
    for part, sends, reads, later_ms in deeds:
        part %= parts
        for _ in range(sends):
            house.send(part, rate, 1, MONDAY_NOON + later_ms)
        read(house, part, reads)
    assert max(house.sent.values(), default=0) <= limit


@given(st.lists(st.integers(1, 60), min_size=1, max_size=4), st.integers(2, 8), DEEDS)
def test_a_limit_that_is_raised_and_lowered_meanwhile_is_never_exceeded_beyond_the_highest(
    heights: list[int], parts: int, deeds: Deeds
) -> None:
    """Not even where some partitions have heard of the edit and others have not."""
    house = Partitions(parts)
    for part, sends, reads, height in deeds:
        part %= parts
        for _ in range(sends):
            house.send(part, a_limit(heights[height % len(heights)]), 1, MONDAY_NOON)
        read(house, part, reads)
    assert house.sent.get(0, 0) <= max(heights)


@settings(max_examples=tries(60))
@given(st.integers(1, 60), st.integers(1, 60), st.integers(2, 8), DEEDS)
def test_a_limit_that_is_raised_can_be_used_to_its_new_height(limit: int, more: int, parts: int, deeds: Deeds) -> None:
    house, before, now = Partitions(parts), a_limit(limit), a_limit(limit + more)
    for part, sends, reads, _ in deeds:
        for _ in range(sends):
            house.send(part % parts, before, 1, MONDAY_NOON)
        read(house, part % parts, reads)
    for _ in range(20 * (limit + more) + 20):
        house.send(0, now, 1, MONDAY_NOON)
        house.settle()
    assert house.sent[0] == limit + more


@settings(max_examples=tries(60))
@given(st.integers(1, 400), st.integers(2, 16), st.data())
def test_everything_can_be_used_wherever_it_is_needed(limit: int, parts: int, data: st.DataObject) -> None:
    """Demand in a few partitions only, as large as it likes: after a while the whole limit is sent."""
    house, budget = Partitions(parts), a_limit(limit)
    needy = data.draw(st.lists(st.integers(0, parts - 1), min_size=1, max_size=3, unique=True))
    for _ in range(20 * limit + 20):
        for part in needy:
            house.send(part, budget, 1, MONDAY_NOON)
        house.settle()
        if house.sent.get(0, 0) == limit:
            break
    assert house.sent[0] == limit
    for part in needy:
        assert not house.send(part, budget, 1, MONDAY_NOON)
    house.settle()
    for part in needy:  # who was told so does not ask again
        assert not house.ask(part, budget, 1, MONDAY_NOON)


@given(st.integers(2, 16), st.integers(100, 10_000), st.integers(1, 99))
def test_of_money_less_than_one_message_is_left(parts: int, limit_cents: int, price_cents: int) -> None:
    house = Partitions(parts)
    money = a_limit(1, kind="money", per="total")
    money = type(money)(**{**{f: getattr(money, f) for f in money.__struct_fields__}, "limit": limit_cents})
    for _ in range(limit_cents):
        for part in range(parts):
            house.send(part, money, price_cents, MONDAY_NOON)
        house.settle()
        if limit_cents - house.sent.get(0, 0) < price_cents:
            break
    assert 0 <= limit_cents - house.sent.get(0, 0) < price_cents


def test_a_large_limit_moves_in_few_messages() -> None:
    """A day's budget of 100,000 for 16 partitions, all of it wanted in one."""
    house, budget = Partitions(16), a_limit(100_000)
    asked = 0
    while house.sent.get(0, 0) < 100_000:
        if not house.send(3, budget, 1, MONDAY_NOON):
            asked += 1
        house.settle()
    assert asked < 20
