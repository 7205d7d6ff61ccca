"""Chance that repeats is still chance."""

import pytest

from orchestrator.simulator.chance import between, share


def test_the_same_names_give_the_same_number_and_others_another() -> None:
    assert share("a", "b") == share("a", "b")
    assert len({share("a", str(number)) for number in range(1_000)}) == 1_000
    assert share("a", "bc") != share("ab", "c")


def test_numbers_are_spread_evenly() -> None:
    numbers = [share("spread", str(number)) for number in range(20_000)]

    assert all(0 <= number < 1 for number in numbers)
    for tenth in range(10):
        assert sum(tenth / 10 <= n < (tenth + 1) / 10 for n in numbers) / 20_000 == pytest.approx(0.1, abs=0.01)


def test_whole_numbers_reach_both_ends_and_not_beyond() -> None:
    assert {between(3, 6, str(number)) for number in range(200)} == {3, 4, 5}
