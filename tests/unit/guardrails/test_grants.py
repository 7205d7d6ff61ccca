"""Allowance that moves between partitions: when it is asked for, what is returned, and what an answer changes."""

from typing import Any

from orchestrator.definitions.guardrail import Guardrails
from orchestrator.guardrails.budget import Limit, Purse, compile_limits, queue, room, spend
from orchestrator.guardrails.grants import Addressed, Pool, ask, give_back, is_answer_due, is_low, keep_pool, take
from orchestrator.messages.allowance import AllowanceAsked, AllowanceCalled, AllowanceGranted, AllowanceReturned
from tests.builders import DAY, MINUTE, MONDAY_NOON

NOON = MONDAY_NOON


def a_limit(limit: int = 80, **fields: Any) -> Limit:
    kind = "rates" if fields.get("per") in ("second", "minute") else "budgets"
    fields = fields if kind == "rates" else {"kind": "messages", "per": "day", **fields}
    (compiled,) = compile_limits("j", Guardrails.model_validate({kind: [{"limit": limit, **fields}]}))
    return compiled


BUDGET = a_limit()


def a_purse(part: int = 0, parts: int = 8) -> Purse:
    return Purse({}, part, parts, may_ask=True)


def after(purse: Purse, limit: Limit, units: int, at_ms: int = NOON) -> Purse:
    return purse.with_spent({limit.key: spend(purse, limit, units, at_ms)})


def asking(purse: Purse, limit: Limit = BUDGET, units: int = 1, at_ms: int = NOON) -> Purse:
    asked = ask(purse, limit, units, at_ms)
    assert asked is not None
    return purse.with_spent({limit.key: asked[1]})


def granted(purse: Purse, units: int, limit: Limit = BUDGET, at_ms: int = NOON) -> Purse:
    spent = take(purse, AllowanceGranted(stake=limit.stake(at_ms), units=units))
    assert spent is not None
    return purse.with_spent({limit.key: spent})


def test_who_asks_does_not_ask_again_before_the_answer() -> None:
    purse = asking(after(a_purse(), BUDGET, 10))
    assert is_answer_due(purse, BUDGET, NOON)
    assert ask(purse, BUDGET, 1, NOON) is None
    purse = granted(purse, 3)
    assert not is_answer_due(purse, BUDGET, NOON)
    assert room(purse, BUDGET, NOON) == 3
    assert ask(purse, BUDGET, 4, NOON) is not None


def test_who_was_told_that_nothing_is_left_asks_again_only_in_the_next_period_or_under_a_higher_limit() -> None:
    purse = granted(asking(after(a_purse(), BUDGET, 10)), 0)
    assert ask(purse, BUDGET, 1, NOON) is None
    assert ask(purse, a_limit(160), 1, NOON) is not None
    assert ask(purse, BUDGET, 1, NOON + DAY) is not None


def test_nobody_is_asked_in_vain() -> None:
    assert ask(Purse({}, 0, 8), BUDGET, 1, NOON) is None  # in stream time
    assert ask(a_purse(), BUDGET, 81, NOON) is None  # more than the limit
    assert ask(a_purse(), a_limit(1, per="second"), 1, NOON) is None  # the second is over before an answer comes
    ahead = after(a_purse(), BUDGET, 1, NOON + DAY)
    assert ask(ahead, BUDGET, 1, NOON) is None  # a clock that ran back


def test_it_is_asked_before_the_part_is_spent() -> None:
    large = a_limit(800)
    assert not is_low(after(a_purse(), large, 88), large, 1, NOON)
    assert is_low(after(a_purse(), large, 89), large, 1, NOON)
    assert is_low(after(a_purse(), BUDGET, 10), BUDGET, 1, NOON)
    assert not is_low(after(Purse({}, 0, 8), BUDGET, 10), BUDGET, 1, NOON)


def test_a_call_takes_all_that_is_left_and_a_second_call_nothing() -> None:
    purse = after(a_purse(), BUDGET, 4)
    returned, spent = give_back(purse, BUDGET.stake(NOON))
    assert (returned.units, spent is None) == (6, False)
    purse = purse.with_spent({BUDGET.key: spent} if spent else {})
    assert room(purse, BUDGET, NOON) == 0
    assert give_back(purse, BUDGET.stake(NOON)) == (AllowanceReturned(stake=BUDGET.stake(NOON), units=0), None)
    assert room(purse, BUDGET, NOON + DAY) == 10


def test_a_call_about_a_period_that_is_over_here_takes_nothing() -> None:
    purse = after(a_purse(), BUDGET, 1, NOON + DAY)
    assert give_back(purse, BUDGET.stake(NOON))[0].units == 0
    assert room(purse, BUDGET, NOON + DAY) == 9


def test_an_answer_that_comes_after_its_period_changes_nothing() -> None:
    purse = after(asking(after(a_purse(), BUDGET, 10)), BUDGET, 1, NOON + DAY)
    assert take(purse, AllowanceGranted(stake=BUDGET.stake(NOON), units=5)) is None
    assert ask(purse, BUDGET, 10, NOON + DAY) is not None


def test_a_limit_that_is_raised_adds_to_what_there_is_and_one_that_is_lowered_takes_from_it() -> None:
    purse = granted(asking(after(a_purse(), BUDGET, 10)), 60)
    assert room(purse, BUDGET, NOON) == 60
    assert room(purse, a_limit(160), NOON) == 70
    assert room(purse, a_limit(8), NOON) == 51
    assert room(after(purse, BUDGET, 60), a_limit(8), NOON) == -9
    assert give_back(after(purse, BUDGET, 60), a_limit(8).stake(NOON))[0].units == 0


def test_a_pool_calls_on_all_and_serves_in_order_as_the_answers_come() -> None:
    stake = BUDGET.stake(NOON)
    first, second = (AllowanceAsked(stake=stake, partition=part, units=2) for part in (3, 1))
    pool, said = keep_pool(None, first, 2)
    assert said == [Addressed(part, AllowanceCalled(stake=stake)) for part in range(2)]
    pool, said = keep_pool(pool, second, 2)
    assert said == []  # they have been called on already
    pool, said = keep_pool(pool, AllowanceReturned(stake=stake, units=3), 2)
    assert said == [Addressed(3, AllowanceGranted(stake=stake, units=2))]
    pool, said = keep_pool(pool, AllowanceReturned(stake=stake, units=0), 2)
    # One is left, and two are needed. But somebody has got something, and may not need it: all are called on again.
    assert said == [Addressed(part, AllowanceCalled(stake=stake)) for part in range(2)]
    pool, said = keep_pool(pool, AllowanceReturned(stake=stake, units=0), 2)
    assert said == []
    pool, said = keep_pool(pool, AllowanceReturned(stake=stake, units=0), 2)
    assert said == [Addressed(1, AllowanceGranted(stake=stake, units=0))]
    assert pool == Pool(stake.start_ms, units=1, called_under=stake.limit)


def test_a_limit_that_was_raised_after_the_call_is_called_again_under_its_new_height() -> None:
    before, now = (a_limit(limit).stake(NOON) for limit in (1, 2))
    pool, _ = keep_pool(None, AllowanceAsked(stake=before, partition=1, units=1), 2)
    pool, _ = keep_pool(pool, AllowanceAsked(stake=now, partition=0, units=1), 2)
    for _ in range(2):
        pool, said = keep_pool(pool, AllowanceReturned(stake=before, units=0), 2)
    assert said == [Addressed(part, AllowanceCalled(stake=now)) for part in range(2)]


def test_blocks_become_smaller_as_the_pool_does() -> None:
    stake = BUDGET.stake(NOON)
    pool, sizes = Pool(stake.start_ms, units=100), []
    while pool.units:
        pool, said = keep_pool(pool, AllowanceAsked(stake=stake, partition=0, units=1), 8)
        sizes += [each.message.units for each in said if isinstance(each.message, AllowanceGranted)]
    assert sizes == [50, 25, 12, 6, 3, 2, 1, 1]


def test_a_pool_forgets_the_period_before_and_refuses_it() -> None:
    today, tomorrow = BUDGET.stake(NOON), BUDGET.stake(NOON + DAY)
    pool, _ = keep_pool(Pool(today.start_ms, units=9), AllowanceAsked(stake=tomorrow, partition=0, units=1), 8)
    assert (pool.start_ms, pool.units, pool.calls) == (tomorrow.start_ms, 0, 8)
    assert keep_pool(pool, AllowanceReturned(stake=today, units=9), 8) == (pool, [])
    assert keep_pool(pool, AllowanceAsked(stake=today, partition=4, units=1), 8) == (
        pool,
        [Addressed(4, AllowanceGranted(stake=today, units=0))],
    )


def test_those_who_wait_for_a_rate_are_told_by_what_the_partition_had_and_not_by_its_part() -> None:
    rate = a_limit(80, per="minute")
    purse = granted(asking(after(a_purse(), rate, 10), rate), 30, rate)
    purse = granted(asking(after(purse, rate, 30), rate), 0, rate)
    moments = []
    for _ in range(60):
        again = queue(purse, rate, 1, NOON, 0)
        assert again is not None
        purse = purse.with_spent({rate.key: again[1]})
        moments.append((again[0] - NOON) // MINUTE)
    assert [moments.count(minute) for minute in (1, 2)] == [40, 20]
    # A minute later the parts are what they were, but it is known what was needed.
    purse = after(purse, rate, 1, NOON + MINUTE)
    again = queue(purse, rate, 1, NOON + MINUTE, 0)
    assert again is not None
    assert (again[0] - NOON) // MINUTE == 2
