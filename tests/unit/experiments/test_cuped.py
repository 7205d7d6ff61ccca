"""The past taken out of a comparison, against an analysis of covariance by statsmodels."""

import numpy
import pytest
import statsmodels.api

from orchestrator.experiments.comparison import ArmSummary, Comparison, compare
from orchestrator.experiments.cuped import Adjusted, Paired, adjust
from orchestrator.experiments.interval import Interval


def customers(seed: int, count: int, effect: float, correlation: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    chance = numpy.random.default_rng(seed)
    before = chance.gamma(2.0, 20.0, count)
    noise = chance.gamma(2.0, 20.0, count)
    return before, effect + correlation * before + (1 - correlation**2) ** 0.5 * noise


def paired(x: numpy.ndarray, y: numpy.ndarray) -> Paired:
    return Paired(len(x), x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum())


def adjusted(correlation: float, effect: float = 2.0) -> tuple[Adjusted, float, float]:
    """Ours, and the coefficient and its p-value by an analysis of covariance."""
    treated, control = customers(1, 3_000, effect, correlation), customers(2, 2_500, 0.0, correlation)
    ours = adjust(paired(*treated), paired(*control))
    assert ours is not None
    x = numpy.concatenate([treated[0], control[0]])
    y = numpy.concatenate([treated[1], control[1]])
    arm = numpy.concatenate([numpy.ones(3_000), numpy.zeros(2_500)])
    fitted = statsmodels.api.OLS(y, statsmodels.api.add_constant(numpy.column_stack([arm, x]))).fit(cov_type="HC2")
    return ours, fitted.params[1], fitted.pvalues[1]


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_difference_and_slope_are_those_of_an_analysis_of_covariance(correlation: float) -> None:
    ours, coefficient, p_value = adjusted(correlation)
    assert ours.difference == pytest.approx(coefficient, rel=1e-9)
    assert ours.p_value == pytest.approx(p_value, rel=0.05, abs=1e-6)
    assert ours.interval.low < coefficient < ours.interval.high


@pytest.mark.parametrize("correlation", [0.3, 0.6, 0.9])
def test_the_variance_falls_by_the_squared_correlation(correlation: float) -> None:
    ours, _, _ = adjusted(correlation)
    assert ours.variance_left == pytest.approx(1 - correlation**2, abs=0.05)


def test_an_effect_that_noise_had_hidden_is_seen() -> None:
    treated, control = customers(5, 900, 3.0, 0.95), customers(6, 900, 0.0, 0.95)
    plain = adjust(
        Paired(900, 0.0, treated[1].sum(), 0.0, (treated[1] ** 2).sum(), 0.0),
        Paired(900, 0.0, control[1].sum(), 0.0, (control[1] ** 2).sum(), 0.0),
    )
    ours = adjust(paired(*treated), paired(*control))
    assert plain is None  # without a past there is nothing to adjust by
    assert ours is not None
    assert ours.p_value < 0.001


@pytest.mark.parametrize("constant", [0.0, 7.0, 1e9])
def test_a_past_that_is_the_same_for_all_is_no_past(constant: float) -> None:
    x, y = numpy.full(50, constant), numpy.arange(50.0)
    assert adjust(paired(x, y), paired(x, y)) is None


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_customers_have_no_adjusted_comparison(count: int) -> None:
    x, y = numpy.arange(float(count)), numpy.arange(float(count))
    others = numpy.arange(9.0)
    assert adjust(paired(x, y), paired(others, others)) is None


EFFECT = 0.06


def converting(chance: numpy.random.Generator, count: int, effect: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Customers with habits: how many orders they brought before (16 at most), and whether they buy (0 or 1)."""
    habit = chance.gamma(0.8, 2.5, count)
    before = numpy.minimum(chance.poisson(habit), 16)
    return before, (chance.random(count) < numpy.minimum(0.05 + 0.12 * habit, 0.9) + effect).astype(float)


def reported(treated: tuple[numpy.ndarray, numpy.ndarray], control: tuple[numpy.ndarray, numpy.ndarray]) -> Comparison:
    arms = (ArmSummary(len(y), int(y.sum()), past=paired(x, y)) for x, y in (treated, control))
    return compare(*arms, expected_share=len(treated[0]) / (len(treated[0]) + len(control[0])))


def test_of_conversions_the_slope_and_the_difference_are_those_of_an_analysis_of_covariance() -> None:
    chance = numpy.random.default_rng(7)
    treated, control = converting(chance, 1_800, EFFECT), converting(chance, 600, 0.0)
    ours = reported(treated, control).adjusted
    assert ours is not None
    x, y = (numpy.concatenate(both) for both in zip(treated, control, strict=True))
    arm = numpy.repeat([1.0, 0.0], [1_800, 600])
    fitted = statsmodels.api.OLS(y, statsmodels.api.add_constant(numpy.column_stack([arm, x]))).fit(cov_type="HC2")
    assert (ours.difference, ours.theta) == pytest.approx(tuple(fitted.params[1:]), rel=1e-9)
    assert ours.p_value == pytest.approx(fitted.pvalues[1], rel=0.1)
    assert (ours.interval.low, ours.interval.high) == pytest.approx(tuple(fitted.conf_int()[1]), rel=0.02)
    assert ours.customers == 2_400


def test_a_past_that_goes_with_conversion_narrows_the_interval_and_leaves_the_difference_where_it_is() -> None:
    chance = numpy.random.default_rng(2026)
    plain, clear, narrower, left, covered = [], [], [], [], 0
    for _ in range(400):
        report = reported(converting(chance, 600, EFFECT), converting(chance, 300, 0.0))
        conversion, adjusted = report.conversion, report.adjusted
        assert conversion is not None
        assert adjusted is not None
        plain.append(conversion.absolute)
        clear.append(adjusted.difference)
        narrower.append(width(adjusted.interval) / width(conversion.absolute_interval))
        left.append(adjusted.variance_left)
        covered += not adjusted.interval.excludes(EFFECT)
    assert max(narrower) < 1
    assert narrower == pytest.approx(numpy.sqrt(left), rel=0.02)
    assert numpy.mean(left) < 0.9
    assert numpy.var(clear) / numpy.var(plain) == pytest.approx(numpy.mean(left), rel=0.1)
    assert numpy.mean(clear) == pytest.approx(EFFECT, abs=4 * numpy.std(clear) / 400**0.5)
    assert 0.925 <= covered / 400 <= 0.975


def width(interval: Interval) -> float:
    assert interval.low is not None
    assert interval.high is not None
    return interval.high - interval.low


def test_nothing_is_adjusted_before_there_are_enough_customers_and_conversions() -> None:
    def few(customers: int, converted: int) -> Paired:
        return Paired(customers, customers, converted, 3 * customers, converted, converted)

    def is_adjusted(treated: Paired, control: Paired) -> bool:
        whole = (ArmSummary(1_000, 500, past=past) for past in (treated, control))
        return compare(*whole, expected_share=0.5).adjusted is not None

    assert is_adjusted(few(100, 5), few(100, 5))
    assert not is_adjusted(few(99, 5), few(500, 50))
    assert not is_adjusted(few(500, 50), few(99, 5))
    assert not is_adjusted(few(100, 5), few(100, 4))
