"""The past taken out of a comparison, against an analysis of covariance by statsmodels."""

import numpy
import pytest
import statsmodels.api

from orchestrator.experiments.cuped import Adjusted, Paired, adjust


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
