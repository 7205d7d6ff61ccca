"""Whether the arms have the sizes that the assignment would give them.

Source: Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments", KDD; Pearson's
chi-square test with one degree of freedom.
"""

from math import erfc, sqrt

MISTRUST_BELOW = 0.001  # p-value under which a report must not be believed


def sample_ratio_p(treatment_customers: int, control_customers: int, expected_share: float) -> float:
    """The probability of arms at least this far from ``expected_share`` (of treatment, between 0 and 1) by chance."""
    total = treatment_customers + control_customers
    if total == 0:
        return 1.0
    expected_t, expected_c = total * expected_share, total * (1 - expected_share)
    chi_square = (treatment_customers - expected_t) ** 2 / expected_t + (
        control_customers - expected_c
    ) ** 2 / expected_c
    return erfc(sqrt(chi_square / 2))
