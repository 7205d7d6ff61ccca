"""Means compared, against scipy."""

import random
from math import inf, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from orchestrator.experiments.means import (
    Mean,
    mean_difference_interval,
    mean_of,
    mean_relative_interval,
    t_critical,
    t_tails,
    welch_critical,
    welch_freedom,
    welch_p,
)


def spend(seed: int, customers: int, share: float) -> list[float]:
    chance = random.Random(seed)
    return [chance.lognormvariate(3, 1) if chance.random() < share else 0.0 for _ in range(customers)]


def summary(values: list[float]) -> Mean:
    mean = mean_of(len(values), sum(values), sum(value * value for value in values))
    assert mean is not None
    return mean


def test_welch_is_scipys_from_sums_alone() -> None:
    treated, held_out = spend(1, 400, 0.3), spend(2, 90, 0.2)
    expected = stats.ttest_ind(treated, held_out, equal_var=False)
    t, c = summary(treated), summary(held_out)
    assert welch_freedom(t, c) == pytest.approx(expected.df, rel=1e-9)
    assert welch_p(t, c) == pytest.approx(expected.pvalue, rel=1e-9)
    interval = mean_difference_interval(t, c, welch_critical(t, c))
    assert (interval.low, interval.high) == pytest.approx(tuple(expected.confidence_interval()), rel=1e-9)


@pytest.mark.parametrize("freedom", [1, 2.5, 10, 87.3, 1e4, 1e6, inf])
def test_students_t_is_scipys(freedom: float) -> None:
    oracle = stats.norm if freedom == inf else stats.t(freedom)
    assert t_critical(freedom) == pytest.approx(oracle.ppf(0.975), rel=1e-8)
    for t in (0.0, 0.1, 1.0, 3.0, 8.0):
        assert t_tails(t, freedom) == pytest.approx(2 * oracle.sf(t), rel=1e-7)


def test_fewer_than_two_customers_have_no_mean_to_compare() -> None:
    assert mean_of(0, 0, 0) is None
    assert mean_of(1, 5, 25) is None


def test_values_that_never_vary_are_compared_exactly() -> None:
    ten, twelve = summary([10.0] * 50), summary([12.0] * 50)
    assert welch_p(ten, ten) == 1
    assert welch_p(twelve, ten) == 0
    interval = mean_relative_interval(twelve, ten, welch_critical(twelve, ten))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.2, 0.2))


def test_control_mean_that_may_be_zero_has_no_ratio() -> None:
    assert mean_relative_interval(Mean(100, 5, 1), Mean(100, 1, 1), 1.96) is None
    assert mean_relative_interval(Mean(100, 5, 1), Mean(100, -9, 1), 1.96) is None


means = st.builds(Mean, st.integers(2, 1_000), st.floats(0.1, 100), st.floats(1e-4, 50))


@settings(deadline=None)
@given(treatment=means, control=means, critical=st.floats(1, 6))
def test_absolute_and_relative_never_contradict_each_other(treatment: Mean, control: Mean, critical: float) -> None:
    relative = mean_relative_interval(treatment, control, critical)
    distance = abs(treatment.mean - control.mean) / sqrt(treatment.error_squared + control.error_squared)
    if relative is not None and abs(distance - critical) > 1e-6:
        assert relative.excludes(0) == mean_difference_interval(treatment, control, critical).excludes(0)


@pytest.mark.parametrize("freedom", [499.9, 500, 501, 1_234.5, 1e4, 1e6, 1e9, inf])
def test_with_many_degrees_of_freedom_the_critical_value_is_an_expansion_as_good_as_the_search(freedom: float) -> None:
    for alpha in (0.2, 0.05, 0.001):
        assert t_critical(freedom, alpha) == pytest.approx(stats.t(freedom).ppf(1 - alpha / 2), rel=1e-10)
