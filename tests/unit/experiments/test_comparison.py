"""The report on two arms: the right figures, one message, no contradiction."""

import json
from dataclasses import asdict
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.experiments.comparison import ArmSummary, Comparison, compare

# K. Hillstrom's e-mail test (MineThatData, 2008): customers per group, and the visit and conversion rates as published,
# in percent. The counts are the whole numbers of customers that round to them.
MENS, WOMENS, NO_MAIL = 21_307, 21_387, 21_306
VISITS = {"mens": (MENS, 18.28, 3_894), "womens": (WOMENS, 15.14, 3_238), "none": (NO_MAIL, 10.62, 2_262)}
CONVERSIONS = {"mens": (MENS, 1.25, 267), "womens": (WOMENS, 0.88, 189), "none": (NO_MAIL, 0.57, 122)}


def hillstrom(outcome: dict[str, tuple[int, float, int]], group: str) -> ArmSummary:
    customers, percent, converted = outcome[group]
    assert round(100 * converted / customers, 2) == percent
    return ArmSummary(customers, converted)


@pytest.mark.parametrize(
    ("outcome", "group", "points", "uplift_percent"),
    [
        (VISITS, "mens", 7.66, 72.1),
        (VISITS, "womens", 4.52, 42.6),
        (CONVERSIONS, "mens", 0.68, 118.8),
        (CONVERSIONS, "womens", 0.31, 54.3),
    ],
)
def test_published_e_mail_test_comes_out_as_published(
    outcome: dict[str, tuple[int, float, int]], group: str, points: float, uplift_percent: float
) -> None:
    treatment, control = hillstrom(outcome, group), hillstrom(outcome, "none")
    comparison = compare(treatment, control, 0.5)
    assert comparison.conversion is not None
    assert comparison.conversion.absolute * 100 == pytest.approx(points, abs=0.006)
    assert comparison.conversion.relative is not None
    assert comparison.conversion.relative * 100 == pytest.approx(uplift_percent, abs=0.06)
    assert comparison.conversion.p_value < 0.001
    assert comparison.sample_ratio_p > 0.5
    assert comparison.incremental_conversions is not None
    expected = treatment.converted - control.converted * treatment.customers / control.customers
    assert comparison.incremental_conversions.amount == pytest.approx(expected)


def test_published_e_mail_test_is_better_by_the_interval_that_may_be_peeked_at() -> None:
    assert compare(hillstrom(VISITS, "womens"), hillstrom(VISITS, "none"), 0.5).finding == "better"
    assert compare(hillstrom(CONVERSIONS, "mens"), hillstrom(CONVERSIONS, "none"), 0.5).finding == "better"
    assert compare(hillstrom(VISITS, "none"), hillstrom(VISITS, "mens"), 0.5).finding == "worse"


def test_what_only_a_single_look_would_show_is_called_not_shown_yet() -> None:
    comparison = compare(ArmSummary(2_000, 240), ArmSummary(2_000, 200), 0.5)
    assert comparison.conversion is not None
    assert comparison.conversion.p_value == pytest.approx(0.0432449280, abs=1e-9)
    assert comparison.conversion.absolute_interval.excludes(0)
    assert comparison.finding == "no_difference_yet"
    assert comparison.verdict == (
        "With messages 12.0% of the customers reached the goal, without them 10.0%. "
        "That may be chance: the uplift so far is +20.0% (in truth between -8.7% and +57.9%)."
    )


def test_value_per_customer_and_incremental_value() -> None:
    # 1,000 customers each: 100 buy for 30 against 100 buy for 20.
    treatment = ArmSummary(1_000, 100, 3_000.0, 90_000.0)
    control = ArmSummary(1_000, 100, 2_000.0, 40_000.0)
    comparison = compare(treatment, control, 0.5)
    assert comparison.value is not None
    assert comparison.value.absolute == pytest.approx(1.0)
    assert comparison.value.relative == pytest.approx(0.5)
    error = sqrt((90 - 9) / 999 + (40 - 4) / 999)
    assert comparison.value.absolute_interval.low == pytest.approx(1 - 1.9613 * error, rel=1e-4)
    assert comparison.incremental_value is not None
    assert comparison.incremental_value.amount == pytest.approx(1_000)


def test_lopsided_arms_are_not_to_be_trusted_whatever_they_show() -> None:
    comparison = compare(ArmSummary(9_000, 900), ArmSummary(8_000, 400), 0.5)
    assert comparison.finding == "sample_ratio_mismatch"
    assert comparison.verdict.startswith(
        "Do not trust this comparison: 9,000 customers with messages and 8,000 without"
    )


@pytest.mark.parametrize(
    ("treatment", "control"),
    [
        (ArmSummary(0, 0), ArmSummary(0, 0)),
        (ArmSummary(5, 5), ArmSummary(0, 0)),
        (ArmSummary(0, 0), ArmSummary(5, 0)),
        (ArmSummary(1, 1, 5.0, 25.0), ArmSummary(1, 0)),
        (ArmSummary(50, 40), ArmSummary(50, 5)),
        (ArmSummary(5_000, 5), ArmSummary(5_000, 4)),
    ],
)
def test_too_little_data_is_said_to_be_too_little(treatment: ArmSummary, control: ArmSummary) -> None:
    comparison = compare(treatment, control, 0.5)
    assert comparison.finding == "not_enough_data"
    assert "Not enough data" in comparison.verdict


def test_customers_still_needed_count_down_to_none() -> None:
    early = compare(ArmSummary(900, 90), ArmSummary(100, 10), 0.9)
    assert early.customers_needed is not None
    assert early.customers_still_needed == early.customers_needed - 1_000
    shown = compare(hillstrom(CONVERSIONS, "mens"), hillstrom(CONVERSIONS, "none"), 0.5)
    assert shown.customers_still_needed == 0


@pytest.mark.parametrize(("customers", "converted", "squares"), [(-1, 0, 0.0), (5, 6, 0.0), (5, -1, 0.0), (5, 1, -1.0)])
def test_impossible_arm_is_refused(customers: int, converted: int, squares: float) -> None:
    with pytest.raises(ValueError, match="an arm of"):
        ArmSummary(customers, converted, 0.0, squares)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        compare(ArmSummary(10, 1), ArmSummary(10, 1), share)


arms = st.integers(0, 50_000).flatmap(
    lambda n: st.builds(ArmSummary, st.just(n), st.integers(0, n) | st.integers(0, min(n, 5)))
)


@settings(deadline=None, max_examples=40)
@given(treatment=arms, control=arms, share=st.sampled_from([0.5, 0.9]))
def test_any_two_arms_give_a_report_of_finite_numbers(treatment: ArmSummary, control: ArmSummary, share: float) -> None:
    comparison: Comparison = compare(treatment, control, share)
    assert json.loads(json.dumps(asdict(comparison), allow_nan=False))
    assert comparison.verdict.endswith(".")
    if comparison.finding in ("better", "worse"):
        assert comparison.conversion is not None
        assert comparison.conversion.absolute_interval.excludes(0)
        assert comparison.conversion.relative_anytime is not None
        assert comparison.conversion.relative_anytime.excludes(0)
