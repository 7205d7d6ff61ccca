"""How many customers it takes, against statsmodels' power."""

import pytest
from statsmodels.stats.proportion import power_proportions_2indep

from orchestrator.experiments.sample_size import customers_needed, days_needed, minimum_detectable_uplift


@pytest.mark.parametrize(
    ("rate", "uplift", "share"), [(0.05, 0.2, 0.5), (0.1, 0.2, 0.9), (0.3, -0.1, 0.5), (0.0057, 1.2, 0.5)]
)
def test_so_many_customers_have_the_power_and_one_tenth_fewer_have_not(
    rate: float, uplift: float, share: float
) -> None:
    def power(customers: float) -> float:
        treated = customers * share
        result = power_proportions_2indep(rate * uplift, rate, treated, ratio=(1 - share) / share, alpha=0.05)
        return float(result.power)

    needed = customers_needed(rate, uplift, share)
    assert needed is not None
    assert power(needed) == pytest.approx(0.8, abs=0.002)
    assert power(needed * 0.9) < 0.79


def test_smallest_detectable_uplift_is_the_one_these_customers_suffice_for() -> None:
    uplift = minimum_detectable_uplift(0.05, 20_000, 0.5)
    assert uplift is not None
    needed = customers_needed(0.05, uplift, 0.5)
    assert needed is not None
    assert abs(needed - 20_000) <= 1


@pytest.mark.parametrize(
    ("rate", "uplift", "share"), [(0, 0.2, 0.5), (1, 0.2, 0.5), (0.9, 0.2, 0.5), (0.1, 0, 0.5), (0.1, 0.2, 1)]
)
def test_what_no_number_of_customers_can_show_has_no_number(rate: float, uplift: float, share: float) -> None:
    assert customers_needed(rate, uplift, share) is None


def test_too_few_customers_can_show_nothing() -> None:
    assert minimum_detectable_uplift(0.5, 4, 0.5) is None
    assert minimum_detectable_uplift(0.5, 0, 0.5) is None
    assert minimum_detectable_uplift(0.0, 1_000, 0.5) is None


@pytest.mark.parametrize(
    ("still_needed", "per_day", "days"),
    [(100, 10.0, 10), (101, 10.0, 11), (1, 250.0, 1), (5, 0.5, 10), (0, 10.0, 0), (0, 0.0, 0)],
)
def test_days_are_whole_days_at_the_pace(still_needed: int, per_day: float, days: int) -> None:
    assert days_needed(still_needed, per_day) == days


@pytest.mark.parametrize(("still_needed", "per_day"), [(None, 10.0), (None, 0.0), (100, 0.0)])
def test_days_that_cannot_be_said_have_no_number(still_needed: int | None, per_day: float) -> None:
    assert days_needed(still_needed, per_day) is None
