"""How treatment and holdout are told."""

from datetime import date
from typing import Any

import pytest

from orchestrator.api.comparison import comparison_of
from orchestrator.api.experiment_documents import ComparisonDocument
from orchestrator.experiments.before_after import BeforeAfter
from orchestrator.experiments.cuped import NOBODY, Paired, adjust
from orchestrator.store.reports import Arm

SPAN = date(2026, 1, 1), date(2026, 1, 31)


def arm(name: str, customers: int, converted: int, value: float = 0.0, cost: float = 0.0, past: Paired = NOBODY) -> Arm:
    squares = value * value / converted if converted else 0.0
    return Arm(name, customers, converted, converted, value, squares, cost, past)


def compared(*arms: Arm, percents: tuple[float, ...] = (10.0,), **more: Any) -> ComparisonDocument:
    document = comparison_of(arms, percents, *SPAN, **more)
    assert document is not None
    return document


def test_return_is_counted_from_what_the_holdout_would_not_have_brought() -> None:
    document = compared(arm("treatment", 9_000, 1_800, 18_000.0, cost=90.0), arm("holdout", 1_000, 100, 1_000.0))
    assert document.conversion is not None
    assert document.conversion.relative == pytest.approx(1.0)
    assert document.incremental is not None
    assert document.incremental.conversions == pytest.approx(900)
    assert document.incremental.revenue == pytest.approx(9_000)
    assert document.incremental.roi == pytest.approx((9_000 - 90) / 90)
    assert document.finding == "better"
    assert document.sample_ratio is not None
    assert not document.sample_ratio.is_suspect


def test_return_on_no_cost_is_not_a_number() -> None:
    document = compared(arm("treatment", 900, 100, 100.0), arm("holdout", 100, 10, 10.0))
    assert document.incremental is not None
    assert document.incremental.roi is None


def test_arms_of_the_wrong_size_are_not_to_be_trusted() -> None:
    document = compared(arm("treatment", 500, 50), arm("holdout", 500, 50))
    assert document.finding == "sample_ratio_mismatch"
    assert document.sample_ratio is not None
    assert document.sample_ratio.is_suspect


def test_sizes_are_not_checked_against_a_share_that_has_changed() -> None:
    document = compared(arm("treatment", 500, 50), arm("holdout", 500, 50), percents=(10.0, 50.0))
    assert document.sample_ratio is None
    assert document.finding == "no_difference_yet"
    assert any("changed between versions" in note for note in document.notes)


def test_without_a_holdout_nothing_is_claimed() -> None:
    for percents in ((0.0,), ()):
        document = compared(arm("treatment", 500, 50, 70.0), percents=percents)
        assert (document.finding, document.holdout, document.incremental) == ("no_holdout", None, None)
        assert document.treatment.conversion_rate == pytest.approx(0.1)


def test_nobody_entered_is_nothing_to_compare() -> None:
    assert comparison_of([], (10.0,), *SPAN) is None
    assert comparison_of([arm("treatment", 0, 0)], (10.0,), *SPAN) is None


def test_holdout_that_nobody_was_drawn_into_yet_is_too_little_to_say() -> None:
    document = compared(arm("treatment", 3, 1))
    assert document.finding == "not_enough_data"
    assert document.conversion is None


# Of each arm a part: 900 and 100 customers of whom half did nothing before, and half the goal's event twice.
WITH_PAST = (
    arm("treatment", 1_800, 400, past=Paired(900, 900, 200, 1_800, 200, 300)),
    arm("holdout", 200, 30, past=Paired(100, 100, 15, 200, 15, 22)),
)


def test_difference_with_the_past_taken_out_is_told_beside_the_plain_one() -> None:
    document = compared(*WITH_PAST, compares_before=True)
    plain = compared(*WITH_PAST)
    adjusted, expected = document.adjusted, adjust(WITH_PAST[0].past, WITH_PAST[1].past)
    assert adjusted is not None
    assert expected is not None
    assert adjusted.model_dump() == {
        "customers": 1_000,
        "absolute": expected.difference,
        "absolute_low": expected.interval.low,
        "absolute_high": expected.interval.high,
        "p_value": expected.p_value,
        "theta": expected.theta,
        "variance_left": expected.variance_left,
    }
    assert adjusted.absolute == pytest.approx(200 / 900 - 15 / 100)  # the arms' pasts are alike: nothing is shifted
    assert adjusted.theta == pytest.approx((300 - 200 + 22 - 15) / (900 + 100))
    (note,) = (note for note in document.notes if note not in plain.notes)
    for said in ("1,000 customers", "up to 16", f"{adjusted.variance_left:.0%} of the variance", "one planned look"):
        assert said in note
    assert "no anytime interval" in note
    assert document.conversion == plain.conversion
    assert (document.finding, document.verdict) == (plain.finding, plain.verdict)


def test_journey_that_does_not_ask_has_no_adjusted_difference_whatever_is_on_record() -> None:
    document = compared(*WITH_PAST)
    assert document.adjusted is None
    assert not any("past" in note for note in document.notes)


def test_journey_that_asks_is_told_why_there_is_no_adjusted_difference_yet() -> None:
    for past in (NOBODY, Paired(900, 0, 200, 0, 200, 0)):  # nobody's is known; all did nothing
        document = compared(
            arm("treatment", 900, 200, past=past), arm("holdout", 100, 15, past=past), compares_before=True
        )
        assert document.adjusted is None
        assert any("past is not taken out of the difference yet" in note for note in document.notes)
    alone = compared(arm("treatment", 500, 50, past=WITH_PAST[0].past), percents=(0.0,), compares_before=True)
    assert (alone.finding, alone.adjusted) == ("no_holdout", None)


def test_days_still_needed_follow_from_the_pace_over_the_reported_days() -> None:
    document = compared(arm("treatment", 2_790, 279), arm("holdout", 310, 30))  # in 31 days: 100 a day
    assert document.customers_still_needed is not None
    assert document.days_still_needed == -(-document.customers_still_needed // 100) > 0


def test_days_still_needed_are_none_when_enough_have_come_and_unknown_when_no_number_suffices() -> None:
    assert compared(arm("treatment", 9_000, 1_800), arm("holdout", 1_000, 100)).days_still_needed == 0
    assert compared(arm("treatment", 900, 0), arm("holdout", 100, 0)).days_still_needed is None
    assert compared(arm("treatment", 500, 50), percents=(0.0,)).days_still_needed is None


def test_no_days_are_still_needed_where_nobody_enters_any_more() -> None:
    arms = (arm("treatment", 2_790, 279), arm("holdout", 310, 30))
    document = compared(*arms, settled_on=date(2026, 2, 14))
    assert compared(*arms).days_still_needed is not None
    assert (document.days_still_needed, document.settled_on) == (None, date(2026, 2, 14))
    assert document.customers_still_needed == compared(*arms).customers_still_needed


@pytest.mark.parametrize("percents", [(10.0,), (0.0,)], ids=["with a holdout", "without"])
def test_after_against_before_is_told_of_each_arm_and_that_it_is_weak(percents: tuple[float, ...]) -> None:
    arms = [arm("treatment", 900, 90), *([arm("holdout", 100, 9)] if percents[0] else [])]
    baselines = {"treatment": BeforeAfter(800, 80, 120, 40), "holdout": BeforeAfter(0, 0, 0, 0)}
    document = compared(*arms, percents=percents, baselines=baselines)
    told = document.treatment.baseline
    assert told is not None
    assert (told.customers, told.rate_before, told.rate_after) == (800, 0.1, 0.15)
    assert told.absolute == pytest.approx(0.05)
    assert document.holdout is None or document.holdout.baseline is None  # nobody's window is over
    assert any("weaker than a holdout" in note for note in document.notes)
    assert not any("weaker than a holdout" in note for note in compared(*arms, percents=percents).notes)
