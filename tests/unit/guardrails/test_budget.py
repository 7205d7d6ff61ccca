"""Limits over all customers: periods, parts of partitions, and the queue of those who wait."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.definitions.entry import Capacity
from orchestrator.definitions.guardrail import Guardrails
from orchestrator.guardrails.budget import (
    FOR_EVER_MS,
    MICRO,
    SPREAD_MS,
    Limit,
    Purse,
    compile_capacity,
    compile_limits,
    is_queued_behind,
    queue,
    room,
    spend,
)
from tests.builders import DAY, HOUR, MONDAY_NOON

NOON = MONDAY_NOON


def a_limit(**fields: Any) -> Limit:
    """A rate or a budget, as a definition writes it."""
    kind = "budgets" if "kind" in fields else "rates"
    (limit,) = compile_limits("j", Guardrails.model_validate({kind: [fields]}))
    return limit


RATE = a_limit(limit=10, per="second")
DAY_BUDGET = a_limit(kind="messages", limit=100, per="day", zone="Europe/Berlin")
MONEY = a_limit(kind="money", limit=2.5, per="total", channel="sms")


def after(purse: Purse, limit: Limit, units: int, at_ms: int) -> Purse:
    return Purse({**purse.spent, limit.key: spend(purse, limit, units, at_ms)}, purse.part, purse.parts)


def test_periods_are_those_of_the_clock_and_the_calendar() -> None:
    assert RATE.period(NOON + 999) == (NOON, NOON + 1_000)
    # Midnight in Berlin is 23:00 UTC in winter.
    assert DAY_BUDGET.period(NOON) == (NOON - 13 * HOUR, NOON + 11 * HOUR)
    assert MONEY.period(NOON) == (0, FOR_EVER_MS)
    capacity = compile_capacity("j", Capacity(limit=5, per="day"))
    assert capacity.period(NOON) == (NOON - 12 * HOUR, NOON + 12 * HOUR)


def test_a_day_with_a_change_of_the_clocks_is_a_day() -> None:
    limit = a_limit(kind="messages", limit=1, per="day", zone="Europe/Berlin")
    spring = 1_774_742_400_000  # 2026-03-29T00:00Z
    start, end = limit.period(spring)
    assert end - start == 23 * HOUR


def test_money_is_counted_exactly() -> None:
    assert (MONEY.limit, MONEY.units(0.07)) == (2_500_000, 70_000)
    purse = Purse()
    for _ in range(35):
        purse = after(purse, MONEY, MONEY.units(0.07), NOON)
    assert room(purse, MONEY, NOON) == round(0.05 * MICRO)
    assert (MONEY.concerns("sms"), MONEY.concerns("email")) == (True, False)


def test_a_new_period_begins_with_its_whole_part() -> None:
    purse = after(Purse(), RATE, 10, NOON)
    assert room(purse, RATE, NOON + 999) == 0
    assert room(purse, RATE, NOON + 1_000) == 10


def test_a_clock_that_runs_back_finds_no_room() -> None:
    purse = after(Purse(), RATE, 1, NOON + 5_000)
    assert room(purse, RATE, NOON) == 0
    again = queue(purse, RATE, 1, NOON, 0)
    assert again is not None
    assert again[0] >= NOON + 5_000


@given(st.integers(1, 10**9), st.integers(1, 64))
def test_parts_are_whole_and_add_up_to_the_limit(limit: int, parts: int) -> None:
    one = a_limit(kind="messages", limit=limit, per="total")
    shares = [Purse({}, part, parts).share(one.limit) for part in range(parts)]
    assert sum(shares) == limit
    assert max(shares) - min(shares) <= 1


@given(
    st.integers(1, 30),
    st.integers(1, 8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 20_000)), max_size=200),
)
def test_in_no_period_is_more_used_than_the_limit_whatever_comes_where_and_when(
    limit: int, parts: int, asked: list[tuple[int, int]]
) -> None:
    """Moments in any order: clocks of workers differ, and run back."""
    rate = a_limit(limit=limit, per="second")
    purses = {part: Purse({}, part, parts) for part in range(parts)}
    used: dict[int, int] = {}
    for part, offset in asked:
        part, at_ms = part % parts, NOON + offset
        if room(purses[part], rate, at_ms) >= 1:
            purses[part] = after(purses[part], rate, 1, at_ms)
            used[at_ms // 1_000] = used.get(at_ms // 1_000, 0) + 1
    assert max(used.values(), default=0) <= limit


def test_those_who_wait_for_a_rate_are_spread_over_the_periods_to_come() -> None:
    purse = after(Purse(), RATE, 10, NOON)
    moments = []
    for luck in range(25):
        again = queue(purse, RATE, 1, NOON + 5, luck)
        assert again is not None
        moments.append(again[0])
        purse = Purse({RATE.key: again[1]})
    assert moments == [NOON + 1_000 + 100 * number for number in range(25)]
    assert is_queued_behind(purse, RATE, NOON + 1_500)
    assert not is_queued_behind(purse, RATE, NOON + 3_500)


def test_those_who_wait_for_a_day_come_within_the_first_hour_of_the_next() -> None:
    purse = after(Purse(), DAY_BUDGET, 100, NOON)
    moments = {queue(purse, DAY_BUDGET, 1, NOON, luck)[0] for luck in range(0, SPREAD_MS * 2, 12_345)}  # type: ignore[index]
    midnight = NOON + 11 * HOUR
    assert min(moments) >= midnight
    assert max(moments) < midnight + SPREAD_MS
    assert len(moments) > 100


@pytest.mark.parametrize("limit", [MONEY, a_limit(kind="money", limit=0.01, per="day")])
def test_what_will_never_have_room_is_not_waited_for(limit: Limit) -> None:
    assert queue(Purse(), limit, 5 * MICRO, NOON, 0) is None


def test_the_parts_of_a_rate_go_round_so_that_everybody_has_a_turn() -> None:
    one = a_limit(limit=1, per="second")
    purses = [Purse({}, part, 64) for part in range(64)]
    for second in range(64):
        assert sum(room(purse, one, NOON + second * 1_000) for purse in purses) == 1
    for purse in purses:
        assert sum(room(purse, one, NOON + second * 1_000) for second in range(64)) == 1
        if room(purse, one, NOON) == 0:
            again = queue(purse, one, 1, NOON, 0)
            assert again is not None
            assert room(purse, one, again[0]) == 1


def test_a_days_part_of_nothing_has_no_room_and_is_not_waited_for() -> None:
    purse = Purse({}, 9, 64)
    one = a_limit(kind="messages", limit=1, per="day")
    assert room(purse, one, NOON) == 0
    assert queue(purse, one, 1, NOON, 0) is None
    assert sum(room(Purse({}, part, 64), one, NOON) for part in range(64)) == 1


def test_where_the_others_can_be_asked_a_part_of_nothing_waits_for_the_next_day() -> None:
    purse = Purse({}, 9, 64, may_ask=True)
    assert queue(purse, a_limit(kind="messages", limit=1, per="day"), 1, NOON, 0) is not None
    assert queue(purse, a_limit(kind="money", limit=1, per="day"), 2 * MICRO, NOON, 0) is None


def test_total_budgets_and_those_that_skip_do_not_put_off() -> None:
    assert MONEY.is_skipping
    assert not DAY_BUDGET.is_skipping
    assert a_limit(kind="messages", limit=1, per="day", when_spent="skip").is_skipping
    assert DAY > SPREAD_MS
