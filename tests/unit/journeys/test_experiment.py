"""The experiment step: arms by the shares of the moment, kept for ever after."""

from collections import Counter
from typing import Any

from msgspec.structs import replace

from orchestrator.journeys.engine import advance
from orchestrator.journeys.state import EMPTY, CustomerState
from orchestrator.messages.config import ExperimentShares
from tests.builders import JOURNEY, MONDAY_NOON, WORKSPACE, a_directory, a_journey, an_event, steps

NOON = MONDAY_NOON


def a_test(**changes: Any) -> dict[str, Any]:
    arms = [{"name": "red", "next": "red"}, {"name": "blue", "next": "blue"}]
    by_id = steps(
        try_={"kind": "experiment", "arms": arms, "horizon": "P30D"},
        red={"kind": "send", "channel": "email", "template": "red", "next": "done"},
        blue={"kind": "send", "channel": "email", "template": "blue", "next": "done"},
    )
    return a_journey(
        entry={"kind": "event", "type": "x", "re_entry": {"kind": "always"}},
        goal={"event": "ordered", "window": "P7D"},
        start="try_",
        steps=by_id,
        **changes,
    )


def shares(epoch: int = 1, **percent: float) -> ExperimentShares:
    return ExperimentShares(workspace_id=WORKSPACE, journey_id=JOURNEY, step="try_", epoch=epoch, shares=percent)


def arm_of(directory: Any, customer: str, state: CustomerState = EMPTY, at_ms: int = NOON) -> tuple[str, Any]:
    event = replace(an_event("x", at_ms, f"{customer}@{at_ms}"), customer_id=customer)
    advanced = advance(directory, state, event, at_ms)
    (passed,) = [effect for effect in advanced.effects if getattr(effect, "type", "") == "step_passed"]
    return passed.details["path"], (advanced.state, passed.details)


def test_arms_share_equally_before_anything_is_known() -> None:
    directory = a_directory(a_test())
    counts = Counter(arm_of(directory, f"c{number}")[0] for number in range(1_000))
    assert 430 < counts["red"] < 570


def test_shares_move_customers_and_the_decision_is_on_record() -> None:
    directory = a_directory(a_test()).with_record(shares(epoch=4, red=10.0, blue=90.0))
    counts = Counter(arm_of(directory, f"c{number}")[0] for number in range(1_000))
    assert 60 < counts["red"] < 140
    _, (_, details) = arm_of(directory, "c1")
    assert (details["epoch"], details["shares"]) == (4, {"red": 10.0, "blue": 90.0})


def test_who_comes_again_keeps_the_arm_whatever_the_shares_have_become() -> None:
    before = a_directory(a_test())
    after = before.with_record(shares(red=0.0, blue=100.0))
    reds = [name for name in (f"c{number}" for number in range(50)) if arm_of(before, name)[0] == "red"]
    for name in reds:
        _, (state, _) = arm_of(before, name)
        arm, (_, details) = arm_of(after, name, state, NOON + 1)
        assert (arm, details["way"]) == ("red", "kept")


def test_shares_of_other_arms_say_nothing() -> None:
    directory = a_directory(a_test()).with_record(shares(red=0.0, green=100.0))
    assert {arm_of(directory, f"c{number}")[0] for number in range(100)} == {"red", "blue"}


def test_a_tombstone_forgets_the_shares() -> None:
    directory = a_directory(a_test()).with_record(shares(red=0.0, blue=100.0))
    forgotten = directory.without(f"{WORKSPACE}:experiment_shares:{JOURNEY}:try_")
    assert forgotten.shares == {}
