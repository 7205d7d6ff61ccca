"""Before against after, of the same customers."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.experiments.before_after import BeforeAfter, Change, change_of


def change(customers: int, before: int, after: int, both: int) -> Change:
    found = change_of(BeforeAfter(customers, before, after, both))
    assert found is not None
    return found


def test_the_interval_is_that_of_bonett_and_price() -> None:
    """The data of Fagerland, Lydersen & Laake (2014), table 2; the formula with those numbers, by hand."""
    told = change(customers=21, before=2, after=8, both=1)
    assert told.absolute == pytest.approx(6 / 21)
    assert (told.interval.low, told.interval.high) == pytest.approx((0.0134, 0.5084), abs=1e-4)


def test_nobody_tells_nothing() -> None:
    assert change_of(BeforeAfter(0, 0, 0, 0)) is None


@pytest.mark.parametrize("cells", [(10, 11, 0, 0), (10, 2, 3, 3), (10, 8, 8, 5), (10, 1, 1, -1)])
def test_numbers_that_cannot_be_true_are_refused(cells: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be true"):
        BeforeAfter(*cells)


@given(st.tuples(*[st.integers(0, 500)] * 4).filter(any))
def test_the_other_way_round_it_is_the_opposite(cells: tuple[int, int, int, int]) -> None:
    neither, ceased, began, both = cells
    there = change(sum(cells), ceased + both, began + both, both)
    back = change(sum(cells), began + both, ceased + both, both)
    assert there.absolute == -back.absolute
    assert there.interval.low is not None
    assert there.interval.high is not None
    assert (there.interval.low, there.interval.high) == pytest.approx((-back.interval.high, -back.interval.low))  # type: ignore[operator]
    assert there.interval.low <= there.absolute <= there.interval.high or neither + ceased + began + both < 3


@pytest.mark.parametrize(
    ("customers", "cells"), [(50, (0.5, 0.2, 0.2, 0.1)), (200, (0.85, 0.03, 0.07, 0.05)), (1_000, (0.2, 0.2, 0.1, 0.5))]
)
def test_the_interval_covers_the_truth_as_often_as_it_says(customers: int, cells: tuple[float, ...]) -> None:
    draws = numpy.random.default_rng(7).multinomial(customers, cells, size=4_000)
    truth, covered = cells[2] - cells[1], 0
    for _, ceased, began, both in draws.tolist():
        covered += not change(customers, ceased + both, began + both, both).interval.excludes(truth)
    assert 0.94 < covered / len(draws) < 0.97
