"""What a journey names must exist where it is named."""

from typing import Any

import pytest

from orchestrator.definitions.parse import parse_journey
from orchestrator.errors import DefinitionError
from tests.builders import a_journey, steps

SEND = {"kind": "send", "channel": "email", "template": "t", "next": "done"}
FIELD = {"kind": "field", "name": "total", "op": "gt", "value": 5}
VIP = {"kind": "attribute", "name": "tier", "op": "eq", "value": "vip"}
SEGMENT = {"kind": "segment", "audience": VIP}


def found(**changes: Any) -> dict[str, str]:
    try:
        parse_journey(a_journey(**changes))
    except DefinitionError as error:
        return {problem.path: problem.rule for problem in error.problems}
    return {}


def branch(when: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "branch", "paths": [{"when": when, "next": "s"}], "otherwise": "done"}


def journey_with(when: dict[str, Any], **changes: Any) -> dict[str, str]:
    return found(start="b", steps=steps(b=branch(when), s=SEND), **changes)


def test_an_unknown_segment_is_told_and_what_there_is() -> None:
    named = {"kind": "segment", "name": "vips"}
    assert journey_with(named) == {"$.steps.b.paths[0].when.name": "unknown_segment"}
    assert journey_with(named, segments={"vips": VIP}) == {}


def test_segments_that_are_defined_by_each_other_are_refused() -> None:
    segments = {"a": {"kind": "not", "of": {"kind": "segment", "name": "b"}}, "b": {"kind": "segment", "name": "a"}}
    assert found(segments=segments) == {"$.segments.a": "segment_circle"}


def test_what_is_counted_is_decided_by_the_events_own_fields() -> None:
    happened = {"kind": "happened", "event": "ordered", "where": VIP}
    assert journey_with(happened) == {"$.steps.b.paths[0].when.where": "counted_by_fields"}
    assert journey_with({**happened, "where": {"kind": "not", "of": FIELD}}) == {}


@pytest.mark.parametrize(
    "entry", [SEGMENT, {"kind": "schedule", "schedule": {"kind": "cron", "expression": "0 9 * * *"}}]
)
def test_without_an_entry_event_there_are_no_fields_to_look_at(entry: dict[str, Any]) -> None:
    send = {**SEND, "variables": {"total": {"kind": "entry", "name": "total"}}}
    by_id = steps(b=branch(FIELD), s=send)
    assert found(entry={**entry, "exclude": FIELD}, start="b", steps=by_id) == {
        "$.entry.exclude": "no_entry_event",
        "$.steps.b.paths[0].when": "no_entry_event",
        "$.steps.s.variables.total": "no_entry_event",
    }


def test_an_event_has_fields_wherever_it_is_looked_at() -> None:
    wait = {"kind": "wait_for", "event": "x", "where": FIELD, "timeout": "P1D", "next": "done", "on_timeout": "done"}
    assert found(entry=SEGMENT, start="w", steps=steps(w=wait)) == {}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, {"$.steps.x": "missing_goal"}),
        ({"goal": {"event": "ordered", "window": "P60D"}}, {"$.steps.x.horizon": "shorter_than_goal"}),
        ({"goal": {"event": "ordered", "window": "P7D"}}, {}),
    ],
)
def test_an_experiment_needs_a_goal_that_can_be_reached_in_time(changes: dict[str, Any], rules: dict[str, str]) -> None:
    arms = [{"name": "a", "next": "s"}, {"name": "b", "next": "done"}]
    by_id = steps(x={"kind": "experiment", "arms": arms, "horizon": "P30D"}, s=SEND)
    assert found(start="x", steps=by_id, **changes) == rules


def test_arms_have_names_of_their_own_and_floors_leave_something() -> None:
    arms = [{"name": "a", "next": "s"}, {"name": "a", "next": "done"}, {"name": "b", "next": "done"}]
    by_id = steps(x={"kind": "experiment", "arms": arms, "horizon": "P30D", "floor_percent": 40}, s=SEND)
    rules = found(start="x", steps=by_id, goal={"event": "ordered", "window": "P7D"})
    assert rules == {"$.steps.x.arms": "names", "$.steps.x.floor_percent": "floors"}


def test_a_fallback_tries_each_channel_once_and_within_the_run() -> None:
    to = [{"channel": "sms", "template": "t"}, {"channel": "email", "template": "t"}]
    send = {**SEND, "fallback": {"to": to, "when": ["bounced"], "within": "P9D"}}
    assert found(start="s", steps=steps(s=send), expires_after="P9D") == {
        "$.steps.s.fallback.to": "same_channel",
        "$.steps.s.fallback.within": "longer_than_expiry",
    }


@pytest.mark.parametrize("quiet", [None, ["email", "sms"], ["email"]])
def test_a_fallback_in_quiet_hours_needs_a_channel_that_is_not_quiet(quiet: list[str] | None) -> None:
    to = [{"channel": "sms", "template": "t"}]
    send = {**SEND, "fallback": {"to": to, "when": ["quiet_hours"]}}
    hours = {"from": "21:00", "to": "08:00", **({} if quiet is None else {"channels": quiet})}
    guardrails = {"consent": {"marketing": "opt_out"}, "quiet_hours": hours}
    rules = found(start="s", steps=steps(s=send), guardrails=guardrails)
    assert rules == ({} if quiet == ["email"] else {"$.steps.s.fallback.when": "quiet_everywhere"})


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ({"kind": "wait_for", "timeout": "P1D", "next": "done", "on_timeout": "done"}, "$.steps.x"),
        (
            {
                "kind": "wait_for",
                "condition": VIP,
                "event": "x",
                "timeout": "P1D",
                "next": "done",
                "on_timeout": "done",
            },
            "$.steps.x",
        ),
        ({"kind": "update", "next": "done"}, "$.steps.x"),
        (
            {"kind": "update", "set": {"a": {"kind": "literal", "value": 1}}, "remove": ["a"], "next": "done"},
            "$.steps.x",
        ),
        ({"kind": "loop", "times": 0, "back_to": "x", "next": "done"}, "$.steps.x.times"),
        ({**SEND, "fallback": {"to": [], "when": ["no_consent"]}}, "$.steps.x.fallback.to"),
        (
            {**SEND, "fallback": {"to": [{"channel": "sms", "template": "t"}], "when": ["bounced"]}},
            "$.steps.x.fallback",
        ),
        ({"kind": "webhook", "endpoint": "https://evil", "next": "done"}, "$.steps.x.endpoint"),
    ],
)
def test_a_step_that_says_nothing_sensible_is_refused_where_it_stands(step: dict[str, Any], path: str) -> None:
    assert path in found(start="x", steps=steps(x=step))
