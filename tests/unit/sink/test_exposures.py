"""Who counts in which arm of an experiment."""

from typing import Any

import pytest

from orchestrator.messages.activity import Activity
from orchestrator.sink.exposures import exposures


def an_activity(type_: Any, at_ms: int, run: str, customer: str = "anna", **details: Any) -> Activity:
    return Activity(
        id="x",
        workspace_id="acme",
        customer_id=customer,
        journey_id="j",
        version=1,
        run_id=run,
        type=type_,
        at_ms=at_ms,
        step="choice",
        details=details,
    )


def seen(at_ms: int, run: str, arm: str = "short", customer: str = "anna") -> Activity:
    return an_activity("step_passed", at_ms, run, customer, kind="experiment", path=arm)


def test_the_first_arm_of_a_customer_counts() -> None:
    found = exposures([seen(1, "r1"), seen(2, "r2", "long"), seen(3, "r3", customer="bert")])
    assert [(each.customer_id, each.arm, each.exposed_ms) for each in found.first] == [
        ("anna", "short", 1),
        ("bert", "short", 3),
    ]


@pytest.mark.parametrize(
    ("story", "converted_ms"),
    [
        ([seen(1, "r1"), an_activity("goal_reached", 5, "r1"), an_activity("goal_reached", 7, "r1")], 5),
        ([an_activity("goal_reached", 1, "r1"), seen(1, "r1")], None),
        ([seen(1, "r1"), an_activity("goal_reached", 5, "r2")], None),
    ],
    ids=["the goal after it", "the goal before it, at the same time", "the goal of another run"],
)
def test_a_customer_is_converted_by_the_goal_of_the_run_that_saw_the_arm(
    story: list[Activity], converted_ms: int | None
) -> None:
    assert [each.converted_ms for each in exposures(story).first] == [converted_ms]


def test_goals_are_told_for_those_who_were_seen_before() -> None:
    story = [an_activity("goal_reached", 5, "r1"), an_activity("goal_reached", 9, "r1"), seen(9, "r2")]
    assert exposures(story).goals == {"r1": 5}


def test_other_steps_are_no_experiments() -> None:
    assert exposures([an_activity("step_passed", 1, "r1", kind="split", path="short")]).first == ()
