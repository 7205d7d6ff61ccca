"""What the bench says of a figure is right; the figures themselves are nobody's promise."""

import pytest

from orchestrator.errors import Unavailable
from tests.bench.measurement import Measurement, not_measured, percentile
from tests.bench.span import span_of


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile([float(each) for each in range(100, 0, -1)], share) == value


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("reached", "more_is_better", "verdict", "ratio"),
    [
        (20.0, True, "reached", 2.0),
        (5.0, True, "missed", 0.5),
        (5.0, False, "reached", 2.0),
        (20.0, False, "missed", 0.5),
    ],
)
def test_a_ratio_of_one_or_more_is_good_for_lower_and_upper_limits(
    reached: float, more_is_better: bool, verdict: str, ratio: float
) -> None:
    measurement = Measurement("x", "ms", 10.0, reached, more_is_better=more_is_better)
    assert (measurement.verdict, measurement.ratio) == (verdict, ratio)


def test_what_is_not_measured_says_so() -> None:
    measurement = not_measured("x", "ms", 10.0, "no time")
    assert (measurement.verdict, measurement.ratio, measurement.note) == ("not measured", None, "no time")


def test_the_first_batch_is_not_in_the_span() -> None:
    span = span_of([(1_000, 500), (1_500, 700), (3_000, 2_500)])
    assert (span.events, span.rate) == (2_000, 1_000.0)


def test_a_warm_up_is_not_in_the_span() -> None:
    steps = [(1_000, 500), (3_000, 1_200), (4_000, 2_200)]
    assert [span_of(steps, warm_up).events for warm_up in (0.0, 0.2, 0.5)] == [1_700, 1_700, 1_000]
    assert span_of(steps, 0.5).rate == 1_000.0


def test_a_span_needs_two_moments() -> None:
    with pytest.raises(Unavailable, match="1 batches are too few"):
        span_of([(1_000, 500), (3_000, 1_000)], 0.9)
