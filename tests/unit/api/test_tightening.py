"""What only tightens keeps every message back that was kept back before."""

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.api.tightening import only_tightens
from orchestrator.store.workspaces import Workspace
from tests.settings_compared import CAP, LOOSER_OR_TIGHTER, OPPOSITE, guarded

BEFORE = Workspace("acme", holdout_percent=2.0, costs={"sms": 0.07}, needs_approval=True)


def with_rules(**rules: Any) -> Workspace:
    return replace(BEFORE, guardrails=guarded(**rules)["guardrails"])


@pytest.mark.parametrize(("rule", "before", "after", "kind"), LOOSER_OR_TIGHTER)
def test_only_what_the_page_calls_tightened_does_not_wait(rule: str, before: Any, after: Any, kind: str) -> None:
    was, now = with_rules(**{rule: before}), with_rules(**{rule: after})
    assert only_tightens(was, now) is (kind == "tightened")
    assert only_tightens(now, was) is (OPPOSITE[kind] == "tightened")
    assert only_tightens(now, now)


def test_a_rule_may_come_and_go_only_where_what_is_left_keeps_as_much_back() -> None:
    sms = {**CAP, "channel": "sms"}
    assert only_tightens(with_rules(caps=[CAP]), with_rules(caps=[sms, {**CAP, "limit": 2}]))
    assert not only_tightens(with_rules(caps=[CAP, sms]), with_rules(caps=[CAP, {**sms, "channel": "push"}]))
    assert only_tightens(BEFORE, with_rules(caps=[CAP]))
    assert not only_tightens(with_rules(caps=[CAP]), BEFORE)


@pytest.mark.parametrize(
    ("change", "tightens"),
    [
        ({}, True),
        ({"is_sending": False}, True),
        ({"needs_approval": False}, False),
        ({"holdout_percent": 3.0}, False),  # other customers are held out
        ({"costs": {"sms": 0.08}}, False),  # money lasts for other messages
        ({"costs": {}}, False),
    ],
)
def test_of_the_other_settings_only_switching_sending_off_does(change: dict[str, Any], tightens: bool) -> None:
    assert only_tightens(BEFORE, replace(BEFORE, **change)) is tightens


def test_sending_is_not_allowed_again_by_tightening_and_a_second_person_may_be_asked_from_now_on() -> None:
    assert not only_tightens(replace(BEFORE, is_sending=False), BEFORE)
    assert only_tightens(replace(BEFORE, needs_approval=False), BEFORE)
