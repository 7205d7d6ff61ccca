"""A thousand experiments, looked at every day: what is there is found, and what is not there is rarely seen.

The error rates are those of these seeds; the bounds allow for three binomial standard errors.
"""

import numpy
import pytest

from orchestrator.experiments.bandit import BanditSettings, share_out
from orchestrator.experiments.comparison import ArmSummary, compare
from orchestrator.experiments.rates import Count

SEEDS = 1_000
DAYS = 14
PER_DAY = 430  # customers of each arm
BASE_RATE = 0.10
ALPHA = 0.05


def days(uplift: float, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """How many of each arm have converted by the end of each day."""
    chance = numpy.random.default_rng(seed)
    treated = chance.binomial(PER_DAY, BASE_RATE * (1 + uplift), DAYS).cumsum()
    return treated, chance.binomial(PER_DAY, BASE_RATE, DAYS).cumsum()


def peeks(uplift: float, seeds: int) -> tuple[int, int, int]:
    """Of so many: seen by the anytime-valid interval, by the p-value looked at daily, and by it at the end only."""
    anytime = peeked = planned = 0
    for seed in range(seeds):
        treated, control = days(uplift, seed)
        was_anytime = was_peeked = False
        for day in range(DAYS):
            size = PER_DAY * (day + 1)
            found = compare(ArmSummary(size, int(treated[day])), ArmSummary(size, int(control[day])), 0.5)
            was_anytime |= found.finding in ("better", "worse")
            is_significant = found.conversion is not None and found.conversion.p_value < ALPHA
            was_peeked |= is_significant
            if day == DAYS - 1:
                planned += is_significant
        anytime += was_anytime
        peeked += was_peeked
    return anytime, peeked, planned


def test_without_an_effect_daily_looks_keep_the_false_positive_rate() -> None:
    anytime, peeked, planned = peeks(0.0, SEEDS)
    error = 3 * (ALPHA * (1 - ALPHA) / SEEDS) ** 0.5
    assert anytime / SEEDS <= ALPHA + error
    assert abs(planned / SEEDS - ALPHA) <= error
    # The test can tell: the plain p-value, looked at daily, cries wolf several times as often.
    assert peeked / SEEDS > 3 * ALPHA


def test_an_effect_of_a_fifth_is_found_within_a_fortnight() -> None:
    anytime, _, planned = peeks(0.20, 200)
    assert planned / 200 >= 0.80
    assert anytime / 200 >= 0.60


def shares_after(uplift: float, seed: int) -> tuple[float, str]:
    """The share of the better arm after a fortnight, each day's customers sent as the day before taught."""
    chance = numpy.random.default_rng(seed)
    settings = BanditSettings(floor_percent=5.0)
    customers, converted = {"a": 0, "b": 0}, {"a": 0, "b": 0}
    shares = {"a": 50.0, "b": 50.0}
    reason = "learning"
    for _ in range(DAYS):
        for arm, rate in (("a", BASE_RATE), ("b", BASE_RATE * (1 + uplift))):
            came = int(chance.binomial(2 * PER_DAY, shares[arm] / 100))
            customers[arm] += came
            converted[arm] += int(chance.binomial(came, rate))
        arms = {arm: Count(customers[arm], converted[arm]) for arm in customers}
        allocation = share_out(arms, settings, is_horizon_over=False)
        shares, reason = allocation.shares, allocation.reason
        if allocation.is_final:
            break
    return shares["b"], reason


@pytest.mark.parametrize(("uplift", "at_least"), [(0.3, 0.9), (0.0, 0.0)])
def test_customers_move_to_the_better_arm(uplift: float, at_least: float) -> None:
    ends = [shares_after(uplift, seed) for seed in range(100)]
    moved = sum(share > 50 for share, _ in ends) / 100
    if uplift:
        assert moved >= at_least
    else:
        assert 0.3 <= moved <= 0.7  # between equals either may win, neither is preferred
