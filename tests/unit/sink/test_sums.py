"""Figures while they are counted."""

from decimal import Decimal

import pytest

from orchestrator.sink.sums import OVERALL, Sums, add, add_all, of_day, of_quarter


def sums_of(**arms: dict[tuple[str, ...], int | Decimal]) -> Sums:
    sums: Sums = {}
    for arm, amounts in arms.items():
        add(sums, OVERALL if arm == "overall" else arm, amounts.items())
    return sums


def test_paths_become_groups_and_arms_stand_under_their_names() -> None:
    sums = sums_of(overall={("entered",): 3, ("exited", "goal"): 1, ("exited", "late"): 2}, holdout={("entered",): 1})
    assert of_day(sums) == {"entered": 3, "exited": {"goal": 1, "late": 2}, "arms": {"holdout": {"entered": 1}}}


def test_what_is_added_twice_is_twice_as_much() -> None:
    sums = sums_of(overall={("value",): Decimal("1.10")}, a={("goals",): 1})
    total: Sums = {}
    add_all(total, sums)
    add_all(total, sums)
    assert of_day(total) == {"value": Decimal("2.20"), "arms": {"a": {"goals": 2}}}
    assert of_day(sums) == {"value": Decimal("1.10"), "arms": {"a": {"goals": 1}}}


def test_a_quarter_has_only_what_adds_up_and_is_not_zero() -> None:
    sums = sums_of(
        overall={("cost",): Decimal(0), ("value_squares",): 4, ("past", "events"): 2, ("steps", "mail", "sends"): 1},
        a={("entered",): 1, ("exited", "late"): 1},
    )
    assert of_quarter(sums) == {"steps": {"mail": {"sends": 1}}, "arms": {"a": {"entered": 1}}}


@pytest.mark.parametrize("paths", [(("exited",), ("exited", "late")), (("exited", "late"), ("exited",))])
def test_a_figure_that_is_a_number_and_a_group_is_a_mistake(paths: tuple[tuple[str, ...], ...]) -> None:
    sums = sums_of(overall=dict.fromkeys(paths, 1))
    with pytest.raises(TypeError, match="exited is both a number and a group"):
        of_day(sums)
