"""The confidence sequence: wider than a single look, and honest under peeking."""

from math import sqrt

import numpy as np
import pytest

from orchestrator.experiments.anytime import TUNED_FOR, anytime_critical
from orchestrator.experiments.interval import normal_critical
from orchestrator.experiments.rates import Count, two_rates_p


def test_half_width_is_the_published_one() -> None:
    # 240 against 200 of 2,000 each: GrowthBook's formula gives 0.0301 where a single look gives 0.0194.
    error = sqrt(0.12 * 0.88 / 2_000 + 0.1 * 0.9 / 2_000)
    assert error * anytime_critical(4_000) == pytest.approx(0.0301, abs=5e-5)
    assert error * normal_critical() == pytest.approx(0.0194, abs=5e-5)


def test_sequence_is_narrowest_about_where_it_was_tuned() -> None:
    # In standard errors it is flat there: a tenth of the customers or ten times as many cost more.
    at_tuning = anytime_critical(TUNED_FOR)
    assert at_tuning < anytime_critical(TUNED_FOR // 10)
    assert at_tuning < anytime_critical(TUNED_FOR * 100)


def test_peeking_daily_fools_a_single_look_test_but_not_the_sequence() -> None:
    chance = np.random.default_rng(20_260_301)
    runs, days, daily, rate = 1_000, 60, 100, 0.1
    treated = chance.binomial(daily, rate, (runs, days)).cumsum(axis=1)
    held_out = chance.binomial(daily, rate, (runs, days)).cumsum(axis=1)
    customers = daily * np.arange(1, days + 1)
    pooled = (treated + held_out) / (2 * customers)
    scores = np.abs(treated - held_out) / customers / np.sqrt(pooled * (1 - pooled) * 2 / customers)
    fooled_once = (scores > normal_critical()).any(axis=1).mean()
    critical = np.array([anytime_critical(2 * int(count)) for count in customers])
    fooled_anytime = (scores > critical).any(axis=1).mean()
    assert fooled_once > 0.2
    assert fooled_anytime <= 0.05
    # The score above is the one the product computes.
    last = Count(int(customers[-1]), int(treated[0, -1])), Count(int(customers[-1]), int(held_out[0, -1]))
    assert (two_rates_p(*last) < 0.05) == (scores[0, -1] > normal_critical())
