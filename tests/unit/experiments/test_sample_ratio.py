"""The sample ratio check, against scipy."""

import pytest
from scipy.stats import chisquare

from orchestrator.experiments.sample_ratio import MISTRUST_BELOW, sample_ratio_p


@pytest.mark.parametrize(("treatment", "control", "share"), [(5_100, 4_900, 0.5), (9_050, 950, 0.9), (700, 300, 0.5)])
def test_p_value_is_that_of_the_chi_square_test(treatment: int, control: int, share: float) -> None:
    total = treatment + control
    expected = chisquare([treatment, control], [total * share, total * (1 - share)]).pvalue
    assert sample_ratio_p(treatment, control, share) == pytest.approx(expected, rel=1e-9)


def test_arms_as_assigned_are_trusted_and_lopsided_ones_are_not() -> None:
    assert sample_ratio_p(9_000, 1_000, 0.9) == pytest.approx(1)
    assert sample_ratio_p(9_200, 800, 0.9) < MISTRUST_BELOW


def test_no_customers_are_no_mismatch() -> None:
    assert sample_ratio_p(0, 0, 0.5) == 1
