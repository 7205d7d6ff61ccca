"""Customers go where the better result is likely; against scipy's draws from the same posteriors."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.experiments.bandit import BanditSettings, probabilities_of_best, share_out
from orchestrator.experiments.rates import Count

ARMS = [
    {"a": Count(0, 0), "b": Count(0, 0)},
    {"a": Count(100, 10), "b": Count(100, 14)},
    {"a": Count(10_000_000, 1_000_000), "b": Count(120, 11)},
    {"a": Count(10_000_000, 1_000_000), "b": Count(10_000_000, 1_000_400)},
    {"a": Count(50, 0), "b": Count(50, 1), "c": Count(50, 50)},
    {f"arm{n}": Count(400 + n, 40 + n) for n in range(20)},
    {"a": Count(5, 5), "b": Count(5, 5), "c": Count(5, 0)},
    {"a": Count(1_000_000, 3), "b": Count(1_000_000, 9)},
]


@pytest.mark.parametrize("arms", ARMS, ids=range(len(ARMS)))
def test_the_probability_to_be_the_best_is_that_of_a_million_draws(arms: dict[str, Count]) -> None:
    chance = numpy.random.default_rng(1)
    draws = numpy.array(
        [chance.beta(1 + arm.converted, 1 + arm.customers - arm.converted, 1_000_000) for arm in arms.values()]
    )
    expected = numpy.bincount(draws.argmax(axis=0), minlength=len(arms)) / 1_000_000
    found = probabilities_of_best(arms)
    assert sum(found.values()) == pytest.approx(1)
    assert list(found.values()) == pytest.approx(list(expected), abs=2e-3)


def settings(floor: float = 5.0, certain_at: float = 0.95, fewest: int = 100) -> BanditSettings:
    return BanditSettings(floor, certain_at, fewest)


def test_before_anything_is_known_arms_share_equally() -> None:
    allocation = share_out({"a": Count(0, 0), "b": Count(0, 0)}, settings(), is_horizon_over=False)
    assert allocation.shares == {"a": 50.0, "b": 50.0}
    assert (allocation.is_final, allocation.reason) == (False, "learning")


def test_the_likely_best_gets_more_and_none_falls_below_the_floor() -> None:
    allocation = share_out({"a": Count(90, 5), "b": Count(90, 20)}, settings(10), is_horizon_over=False)
    assert allocation.shares["b"] > 80
    assert allocation.shares["a"] >= 10


def test_certainty_ends_it_only_when_every_arm_was_tried_enough() -> None:
    clear = {"a": Count(90, 5), "b": Count(200, 60)}
    assert share_out(clear, settings(), is_horizon_over=False).reason == "learning"
    enough = share_out({**clear, "a": Count(100, 5)}, settings(), is_horizon_over=False)
    assert (enough.shares, enough.is_final, enough.reason) == ({"a": 0.0, "b": 100.0}, True, "certain")


def test_the_horizon_ends_it_whatever_is_known() -> None:
    allocation = share_out({"a": Count(3, 1), "b": Count(3, 2)}, settings(), is_horizon_over=True)
    assert (allocation.shares, allocation.reason) == ({"a": 0.0, "b": 100.0}, "horizon")


@given(st.lists(st.tuples(st.integers(0, 5_000), st.floats(0, 1)), min_size=2, max_size=8), st.floats(0, 12, width=32))
def test_shares_are_whole_keep_the_floor_and_repeat(counts: list[tuple[int, float]], floor: float) -> None:
    arms = {f"a{n}": Count(customers, int(customers * rate)) for n, (customers, rate) in enumerate(counts)}
    allocation = share_out(arms, settings(floor, 0.99, 10_000), is_horizon_over=False)
    hundredths = [share * 100 for share in allocation.shares.values()]
    assert hundredths == pytest.approx([round(each) for each in hundredths])
    assert round(sum(hundredths)) == 10_000
    assert min(allocation.shares.values()) >= floor - 0.011
    assert share_out(arms, settings(floor, 0.99, 10_000), is_horizon_over=False) == allocation


@pytest.mark.parametrize(("count", "floor"), [(1, 5.0), (3, 40.0), (2, -1.0)])
def test_what_cannot_be_shared_out_is_refused(count: int, floor: float) -> None:
    with pytest.raises(ValueError, match=r"arms|floors"):
        share_out({f"a{n}": Count(1, 0) for n in range(count)}, settings(floor), is_horizon_over=False)
