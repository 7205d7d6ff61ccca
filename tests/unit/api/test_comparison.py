"""How treatment and holdout are told."""

from datetime import date

import pytest

from orchestrator.api.comparison import comparison_of
from orchestrator.api.documents import ComparisonDocument
from orchestrator.store.reports import Arm

SPAN = date(2026, 1, 1), date(2026, 1, 31)


def arm(name: str, customers: int, converted: int, value: float = 0.0, cost: float = 0.0) -> Arm:
    squares = value * value / converted if converted else 0.0
    return Arm(name, customers, converted, converted, value, squares, cost)


def compared(*arms: Arm, percents: tuple[float, ...] = (10.0,)) -> ComparisonDocument:
    document = comparison_of(arms, percents, *SPAN)
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
