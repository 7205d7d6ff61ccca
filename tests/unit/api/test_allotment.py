"""When an experiment's shares change, and on what evidence."""

from datetime import timedelta

import pytest

from orchestrator.api.allotment import allot, maturity, pause_between_looks
from orchestrator.definitions.step import Experiment, ExperimentArm
from orchestrator.experiments.rates import Count
from orchestrator.store.steward import Decided

DAY = timedelta(days=1)
EXPERIMENT = Experiment(
    kind="experiment",
    arms=(ExperimentArm(name="short", next="a"), ExperimentArm(name="long", next="b")),
    horizon=28 * DAY,
)
BETTER = {"short": Count(1_000, 200), "long": Count(1_000, 100)}
ALIKE = {"short": Count(1_000, 100), "long": Count(1_000, 100)}
SLIGHTLY = {"short": Count(60, 8), "long": Count(60, 6)}


def test_arms_that_are_alike_go_on_sharing_equally() -> None:
    assert allot(EXPERIMENT, ALIKE, None, is_horizon_over=False) is None


def test_an_arm_that_does_better_gets_more_and_no_arm_less_than_its_floor() -> None:
    allocation = allot(EXPERIMENT, SLIGHTLY, None, is_horizon_over=False)
    assert allocation is not None
    assert not allocation.is_final
    assert allocation.shares["short"] > 55 > 45 > allocation.shares["long"] >= 5


def test_a_change_below_a_point_is_not_worth_telling() -> None:
    told = allot(EXPERIMENT, SLIGHTLY, None, is_horizon_over=False)
    assert told is not None
    before = Decided(
        1, {name: share + shift for (name, share), shift in zip(told.shares.items(), (0.9, -0.9), strict=True)}, False
    )
    assert allot(EXPERIMENT, SLIGHTLY, before, is_horizon_over=False) is None


def test_a_winner_takes_all_and_stays_the_winner() -> None:
    allocation = allot(EXPERIMENT, BETTER, None, is_horizon_over=False)
    assert allocation is not None
    assert (allocation.shares, allocation.is_final) == ({"short": 100.0, "long": 0.0}, True)
    before = Decided(1, allocation.shares, is_final=True)
    other_way = {"short": BETTER["long"], "long": BETTER["short"]}
    assert allot(EXPERIMENT, other_way, before, is_horizon_over=True) is None


def test_the_end_of_the_horizon_decides_even_between_equals_but_not_without_anybody() -> None:
    allocation = allot(EXPERIMENT, ALIKE, None, is_horizon_over=True)
    assert allocation is not None
    assert (allocation.is_final, allocation.reason) == (True, "horizon")
    assert allot(EXPERIMENT, {}, None, is_horizon_over=True) is None


def test_a_decision_about_other_arms_binds_nobody() -> None:
    before = Decided(7, {"short": 100.0, "tall": 0.0}, is_final=True)
    assert allot(EXPERIMENT, BETTER, before, is_horizon_over=False) is not None


def test_an_arm_of_an_older_version_does_not_count() -> None:
    counts = {**ALIKE, "tall": Count(1_000, 900)}
    assert allot(EXPERIMENT, counts, None, is_horizon_over=False) is None


@pytest.mark.parametrize(("window", "expected"), [(2 * DAY, 2 * DAY), (20 * DAY, 7 * DAY)])
def test_a_result_counts_after_the_goals_window_or_a_quarter_of_the_horizon(
    window: timedelta, expected: timedelta
) -> None:
    assert maturity(EXPERIMENT, window) == expected


def test_long_experiments_are_looked_at_less_often() -> None:
    assert timedelta(minutes=15) < pause_between_looks(EXPERIMENT) < timedelta(minutes=30)
