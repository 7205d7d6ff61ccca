"""Assignment by hash: the same answer for ever, and the shares that were asked for."""

import pytest

from orchestrator.experiments.assignment import BUCKETS, bucket, in_holdout, pick_variant


def test_bucket_never_changes() -> None:
    # Recorded once: a change here would move customers under way to another arm.
    assert [bucket("acme", "winback", "holdout", f"customer-{number}") for number in range(5)] == [
        7_873,
        9_342,
        9_404,
        1_030,
        2_560,
    ]


def test_parts_cannot_be_shifted_into_each_other() -> None:
    assert bucket("a", "bc", "", "d") != bucket("ab", "c", "", "d")


def test_holdout_of_nothing_and_of_everyone() -> None:
    assert not any(in_holdout(each, 0) for each in range(BUCKETS))
    assert all(in_holdout(each, 100) for each in range(BUCKETS))


@pytest.mark.parametrize("percent", [0.01, 1, 10, 12.34, 33.33, 99.99])
def test_holdout_has_its_percentage_of_buckets_exactly(percent: float) -> None:
    assert sum(in_holdout(each, percent) for each in range(BUCKETS)) == round(percent * 100)


def test_larger_holdout_keeps_who_was_held_out() -> None:
    assert all(in_holdout(each, 20) for each in range(BUCKETS) if in_holdout(each, 10))


@pytest.mark.parametrize(
    ("weights", "sizes"),
    [
        ((50, 50), [5_000, 5_000]),
        ((10, 20, 70), [1_000, 2_000, 7_000]),
        ((0, 1), [0, 10_000]),
        ((1, 0), [10_000, 0]),
        ((33.33, 33.33, 33.34), [3_333, 3_333, 3_334]),
        ((1, 1, 1), [3_333, 3_334, 3_333]),
        ((0.1,) * 10, [1_000] * 10),
        ((2_500, 7_500), [2_500, 7_500]),
    ],
)
def test_variants_have_their_shares_of_buckets(weights: tuple[float, ...], sizes: list[int]) -> None:
    picks = [pick_variant(each, weights) for each in range(BUCKETS)]
    assert [picks.count(index) for index in range(len(weights))] == sizes


@pytest.mark.parametrize("weights", [(), (0, 0), (1, -1, 1)])
def test_weights_that_mean_nothing_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="weights must be"):
        pick_variant(0, weights)
