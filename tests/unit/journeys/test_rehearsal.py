"""A journey's own tests: they pass when it does what they say, and say what it did when it does not."""

from typing import Any

import pytest

from orchestrator.definitions.parse import parse_journey
from orchestrator.errors import DefinitionError
from orchestrator.journeys.rehearsal import Rehearsed, plan_to_play, play, reason_of, rehearse
from tests.builders import a_journey, steps

SIGNED_UP = {"event": "customer.signed_up"}


def played(*tests: dict[str, Any], **changes: Any) -> list[Rehearsed]:
    named = [{"name": f"test {number}", **test} for number, test in enumerate(tests)]
    return rehearse(parse_journey(a_journey(tests=named, **changes)))


def test_a_journey_that_does_what_it_should_passes() -> None:
    sends = [
        {"template": "welcome", "channel": "email", "at": "PT0S", "customer": "customer", "variables": {}},
        {"template": "reminder", "channel": "push", "at": "P3D"},
    ]
    (result,) = played({"given": [SIGNED_UP], "sends": sends, "ends": ["completed"]})
    assert (result.name, result.is_whole, result.differences) == ("test 0", True, ())
    assert [sent.template for sent in result.messages] == ["welcome", "reminder"]
    assert (result.entries, [reason_of(end) for end in result.ends]) == (1, ["completed"])


@pytest.mark.parametrize(
    ("sends", "said"),
    [
        ([], "message 1: expected nothing more, but 'welcome' was sent over email to customer at PT0S"),
        (
            [{"template": "welcome"}, {"template": "reminder", "at": "P2D"}],
            "message 2: expected 'reminder' at P2D, but 'reminder' was sent over push to customer at P3D",
        ),
        (
            [{"template": "welcome"}, {"template": "reminder"}, {"template": "third"}],
            "message 3: expected 'third', but nothing more was sent",
        ),
        ([{"template": "welcome", "channel": "sms"}, {"template": "reminder"}], "expected 'welcome' over sms"),
        ([{"template": "welcome", "customer": "anna"}, {"template": "reminder"}], "expected 'welcome' to anna"),
        ([{"template": "welcome", "variables": {"a": 1}}, {"template": "reminder"}], "with {'a': 1}"),
    ],
)
def test_every_difference_is_told(sends: list[dict[str, Any]], said: str) -> None:
    (result,) = played({"given": [SIGNED_UP], "sends": sends})
    assert any(said in difference for difference in result.differences), result.differences


def test_what_was_held_back_is_told_beside_the_difference() -> None:
    guardrails = {"consent": {"marketing": "required"}}
    (result,) = played({"given": [SIGNED_UP], "sends": [{"template": "welcome"}]}, guardrails=guardrails)
    assert result.differences
    assert "welcome was not sent (consent)" in result.notes[0]


def test_ends_are_compared_when_they_are_named() -> None:
    sends = [{"template": "welcome"}, {"template": "reminder"}]
    (result,) = played({"given": [SIGNED_UP], "sends": sends, "ends": ["goal_reached"]})
    assert result.differences == ("the runs ended with ['completed'], expected ['goal_reached']",)


def test_a_story_may_end_early() -> None:
    (result,) = played({"given": [SIGNED_UP], "runs_for": "P1D", "sends": [{"template": "welcome"}]})
    assert result.differences == ()


def test_each_test_begins_from_nothing() -> None:
    story = {"given": [SIGNED_UP], "sends": [{"template": "welcome"}, {"template": "reminder"}]}
    assert all(not result.differences for result in played(story, story))


def test_arms_are_chosen_and_nobody_is_held_out() -> None:
    paths = [{"name": "a", "percent": 50, "next": "hello"}, {"name": "b", "percent": 50, "next": "other"}]
    by_id = steps(
        fork={"kind": "split", "paths": paths},
        hello={"kind": "send", "channel": "email", "template": "a", "next": "done"},
        other={"kind": "send", "channel": "email", "template": "b", "next": "done"},
    )
    results = played(
        {"given": [SIGNED_UP], "sends": [{"template": "a"}]},
        {"given": [SIGNED_UP], "arms": {"fork": "b"}, "sends": [{"template": "b"}]},
        {"given": [SIGNED_UP], "arms": {"nowhere": "b"}},
        {"given": [SIGNED_UP], "arms": {"fork": "c"}},
        start="fork",
        steps=by_id,
        goal={"event": "ordered", "window": "P7D"},
        holdout={"percent": 95},
    )
    assert [len(result.differences) for result in results] == [0, 0, 1, 1]
    assert results[3].differences == ("arms: the step 'fork' has no path 'c'",)


def test_a_report_of_nothing_is_a_mistake_in_the_test() -> None:
    (result,) = played({"given": [SIGNED_UP, {"at": "PT1H", "report": "opened", "step": "remind"}], "sends": []})
    assert result.differences == ("given 2: nothing was sent at 'remind' that could be opened",)


def test_what_happened_is_told_up_to_where_the_story_goes_wrong() -> None:
    given = [SIGNED_UP, {"at": "P4D", "report": "opened", "step": "pause"}]
    (result,) = played({"given": given, "sends": []})
    assert [sent.template for sent in result.messages] == ["welcome", "reminder"]


def test_a_moment_is_compared_to_the_second() -> None:
    starts = "2026-01-05T12:00:00.400Z"
    sends = [{"template": "welcome", "at": "PT0S"}, {"template": "reminder", "at": "P3D"}]
    (result,) = played({"starts": starts, "given": [SIGNED_UP], "sends": sends})
    assert result.differences == ()


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ({"starts": "9999-12-31T00:00:00Z", "given": [SIGNED_UP]}, "starts: a story begins between 1970 and 2200"),
        ({"given": [{**SIGNED_UP, "at": "P99999W"}]}, "given 1: a story is at most P3660D long"),
        ({"given": [SIGNED_UP], "runs_for": "P3661D"}, "runs_for: a story is at most P3660D long"),
    ],
)
def test_a_story_outside_the_calendar_is_a_mistake_in_the_test(story: dict[str, Any], said: str) -> None:
    (result,) = played(story)
    assert result.differences == (said,)


@pytest.mark.parametrize("entry", [None, {"kind": "schedule", "schedule": {"kind": "cron", "expression": "0 9 * * *"}}])
def test_whoever_watches_may_end_a_story_at_any_signal_and_any_moment_of_a_schedule(entry: Any) -> None:
    changes = {} if entry is None else {"entry": entry}
    journey = parse_journey(a_journey(tests=[{"name": "long", "given": [SIGNED_UP]}], **changes))
    seen: list[int] = []

    def watch() -> None:
        seen.append(len(seen))
        if len(seen) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        play(plan_to_play(journey), journey.tests[0], watch)
    assert seen == [0, 1]


def test_what_is_given_must_be_in_order() -> None:
    with pytest.raises(DefinitionError, match="in order of time"):
        played({"given": [{**SIGNED_UP, "at": "P1D"}, SIGNED_UP]})
