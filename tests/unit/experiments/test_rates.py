"""Rates compared, against scipy, statsmodels and published tables."""

from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import chi2_contingency
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from orchestrator.experiments.interval import Interval, normal_critical
from orchestrator.experiments.rates import Count, difference_interval, relative_interval, two_rates_p, wilson_interval

PAIRS = [
    (Count(2_000, 240), Count(2_000, 200)),
    (Count(21_307, 267), Count(21_306, 122)),
    (Count(80, 48), Count(70, 56)),
    (Count(100, 3), Count(1_000, 60)),
    (Count(100_000, 40), Count(10_000, 2)),
    (Count(50, 45), Count(60, 50)),
]


def bounds(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


def score_by_search(treatment: Count, control: Count, delta: float) -> float:
    """The score statistic with the likeliest rates found by solving the likelihood equation numerically."""
    t, c, nt, nc = treatment.converted, control.converted, treatment.customers, control.customers

    def slope(rate: float) -> float:
        return t / (rate + delta) - (nt - t) / (1 - rate - delta) + c / rate - (nc - c) / (1 - rate)

    rate = brentq(slope, max(0, -delta) + 1e-13, min(1, 1 - delta) - 1e-13, xtol=1e-15)
    variance = (rate + delta) * (1 - rate - delta) / nt + rate * (1 - rate) / nc
    return (treatment.rate - control.rate - delta) / sqrt(variance)


@pytest.mark.parametrize(("treatment", "control"), PAIRS)
def test_p_value_is_that_of_the_pooled_z_test(treatment: Count, control: Count) -> None:
    converted = [treatment.converted, control.converted]
    customers = [treatment.customers, control.customers]
    assert two_rates_p(treatment, control) == pytest.approx(proportions_ztest(converted, customers)[1], rel=1e-9)
    table = [converted, [n - x for n, x in zip(customers, converted, strict=True)]]
    assert two_rates_p(treatment, control) == pytest.approx(chi2_contingency(table, correction=False)[1], rel=1e-9)


@pytest.mark.parametrize(("treatment", "control"), PAIRS)
def test_difference_interval_ends_where_the_likelihood_says(treatment: Count, control: Count) -> None:
    # statsmodels' own score interval of the difference is not symmetric for equal arms, so it is no oracle here.
    low, high = bounds(difference_interval(treatment, control))
    z = normal_critical()
    assert score_by_search(treatment, control, low) == pytest.approx(z, abs=1e-6)
    assert score_by_search(treatment, control, high) == pytest.approx(-z, abs=1e-6)


def test_difference_interval_is_that_of_the_published_table() -> None:
    # Newcombe (1998), Statistics in Medicine 17: 56/70 against 48/80 by Mee's method.
    low, high = bounds(difference_interval(Count(70, 56), Count(80, 48)))
    assert (round(low, 4), round(high, 4)) == (0.0533, 0.3377)


@pytest.mark.parametrize(("treatment", "control"), PAIRS)
def test_relative_interval_is_koopmans(treatment: Count, control: Count) -> None:
    expected = confint_proportions_2indep(
        treatment.converted,
        treatment.customers,
        control.converted,
        control.customers,
        method="score",
        compare="ratio",
        correction=False,
    )
    low, high = bounds(relative_interval(treatment, control))
    assert (low + 1, high + 1) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("count", [Count(100, 0), Count(100, 3), Count(100, 100), Count(21_307, 267)])
def test_wilson_interval_is_statsmodels(count: Count) -> None:
    expected = proportion_confint(count.converted, count.customers, method="wilson")
    assert bounds(wilson_interval(count)) == pytest.approx(expected, abs=1e-12)


def test_rate_without_customers_has_no_interval() -> None:
    assert wilson_interval(Count(0, 0)) is None


counts = st.integers(1, 5_000).flatmap(lambda n: st.builds(Count, st.just(n), st.integers(0, n)))


@settings(deadline=None, max_examples=50)
@given(treatment=counts, control=counts, critical=st.floats(1, 6))
def test_absolute_and_relative_never_contradict_each_other(treatment: Count, control: Count, critical: float) -> None:
    absolute = difference_interval(treatment, control, critical)
    relative = relative_interval(treatment, control, critical)
    low, high = bounds(absolute)
    assert -1 <= low <= treatment.rate - control.rate <= high <= 1
    if relative is None:
        assert not absolute.excludes(0)
    elif min(abs(low), abs(high)) > 1e-9:  # not on the very edge, where rounding decides
        assert absolute.excludes(0) == relative.excludes(0)


@settings(deadline=None, max_examples=50)
@given(treatment=counts, control=counts)
def test_p_value_and_interval_never_contradict_each_other(treatment: Count, control: Count) -> None:
    p_value = two_rates_p(treatment, control)
    if abs(p_value - 0.05) > 1e-9:
        assert difference_interval(treatment, control).excludes(0) == (p_value < 0.05)


@settings(deadline=None, max_examples=50)
@given(treatment=counts, control=counts)
def test_swapping_the_arms_turns_the_interval_round(treatment: Count, control: Count) -> None:
    low, high = bounds(difference_interval(treatment, control))
    assert bounds(difference_interval(control, treatment)) == pytest.approx((-high, -low), abs=1e-7)


def test_nobody_converted_anywhere_has_no_relative_interval() -> None:
    nobody = Count(1_000, 0)
    assert relative_interval(nobody, nobody) is None
    assert two_rates_p(nobody, nobody) == 1
    low, high = bounds(difference_interval(nobody, nobody))
    assert low == pytest.approx(-high)


def test_control_without_conversions_leaves_the_uplift_open_above() -> None:
    interval = relative_interval(Count(1_000, 20), Count(1_000, 0))
    assert interval is not None
    assert interval.high is None
    assert interval.excludes(0)


def test_everybody_converted_is_no_difference() -> None:
    everybody = Count(1_000, 1_000)
    assert two_rates_p(everybody, everybody) == 1
    low, high = bounds(difference_interval(everybody, everybody))
    assert -0.01 < low < 0 < high < 0.01
