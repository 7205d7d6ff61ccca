"""How many customers it takes to see an effect, and which effect the customers so far could show.

Source: Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., equation 4.14 (unequal
arms), without continuity correction, for the two-proportion z test.
"""

from math import ceil, sqrt
from statistics import NormalDist

from orchestrator.experiments.interval import crossing, normal_critical

POWER = 0.8  # the chance to see the effect when it is there


def customers_needed(control_rate: float, uplift: float, treatment_share: float) -> int | None:
    """Customers in both arms together to see a relative ``uplift`` with 80 % power at the 5 % level.

    None when no number suffices: a rate of 0 or 1, no uplift, or one that would lift the rate above 1.
    """
    treated_rate = control_rate * (1 + uplift)
    if not 0 < control_rate < 1 or not 0 <= treated_rate <= 1 or uplift == 0 or not 0 < treatment_share < 1:
        return None
    return ceil(_customers(control_rate, treated_rate, treatment_share))


def minimum_detectable_uplift(control_rate: float, customers: int, treatment_share: float) -> float | None:
    """The smallest relative uplift that ``customers`` in both arms show with 80 % power; None when there is none."""
    if not 0 < control_rate < 1 or customers == 0 or not 0 < treatment_share < 1:
        return None

    def has_enough(uplift: float) -> float:
        return customers - _customers(control_rate, control_rate * (1 + uplift), treatment_share)

    largest = 1 / control_rate - 1
    return crossing(has_enough, 0.0, largest) if has_enough(largest) > 0 else None


def _customers(control_rate: float, treated_rate: float, treatment_share: float) -> float:
    """The formula, for arms of ``treatment_share`` and the rest; infinite when the rates are the same."""
    difference = abs(treated_rate - control_rate)
    if difference == 0:
        return float("inf")
    t, c = treatment_share, 1 - treatment_share
    pooled = t * treated_rate + c * control_rate
    spread_if_equal = sqrt(pooled * (1 - pooled) * (1 / t + 1 / c))
    spread_if_not = sqrt(treated_rate * (1 - treated_rate) / t + control_rate * (1 - control_rate) / c)
    return ((normal_critical() * spread_if_equal + NormalDist().inv_cdf(POWER) * spread_if_not) / difference) ** 2


def days_needed(customers_still_needed: int | None, customers_per_day: float) -> int | None:
    """Whole days until so many more customers have come, at the present pace; None when that is never."""
    if customers_still_needed is None:
        return None
    if customers_still_needed <= 0:
        return 0
    return ceil(customers_still_needed / customers_per_day) if customers_per_day > 0 else None
