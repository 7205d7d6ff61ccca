"""The checks before publication: ways, times and limits that would not do what is meant."""

import copy
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.definitions.duration import duration_ms
from orchestrator.definitions.journey import DEFAULT_EXPIRY
from orchestrator.definitions.parse import check_journey, parse_journey
from orchestrator.definitions.warnings import find_warnings
from orchestrator.errors import DefinitionError, Problem
from orchestrator.journeys.compile import DEFAULT_EXPIRY_MS
from tests.builders import a_journey, steps
from tests.property.journeys import journeys

SEND = {"kind": "send", "channel": "email", "template": "t", "next": "done"}
DAY_WAIT = {"kind": "wait", "duration": "P1D", "next": "done"}
OPEN = {"consent": {"marketing": "opt_out"}}


def found(**changes: Any) -> dict[str, str]:
    """Rule by path of every problem that keeps the journey from being published."""
    try:
        check_journey(a_journey(**changes))
    except DefinitionError as error:
        return {problem.path: problem.rule for problem in error.problems if problem.message and problem.fix}
    return {}


def told_of(document: object) -> Sequence[Problem]:
    """The problems of the document, or else its warnings."""
    try:
        return find_warnings(check_journey(document))
    except DefinitionError as error:
        return error.problems


Place = tuple[str | int, ...]


def _places(part: object, place: Place = ()) -> list[Place]:
    """Where something stands in the document."""
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [found for key, value in inside for found in [(*place, key), *_places(value, (*place, key))]]


def _at(part: Any, place: Place) -> Any:
    """What stands there; None when it has gone."""
    for key in place:
        try:
            part = part[key]
        except (KeyError, IndexError, TypeError):
            return None
    return part


def _put(document: Any, place: Place, part: Any) -> None:
    """Put ``part`` there, if there is still such a place."""
    *way, last = place
    holder: Any = _at(document, tuple(way))
    if not isinstance(holder, str) and _at(holder, (last,)) is not None:
        holder[last] = part


def a_loop(**changes: Any) -> dict[str, Any]:
    return {"kind": "loop", "times": 2, "back_to": "ask", "next": "done", **changes}


def test_a_loop_with_a_wait_on_every_way_is_fine() -> None:
    by_id = steps(ask={**SEND, "next": "pause"}, pause={**DAY_WAIT, "next": "again"}, again=a_loop())
    assert found(start="ask", steps=by_id) == {}


def test_a_loop_that_takes_no_time_is_refused() -> None:
    by_id = steps(ask={**SEND, "next": "again"}, again=a_loop())
    assert found(start="ask", steps=by_id) == {"$.steps.again.back_to": "loop_without_wait"}


def test_one_way_without_a_wait_is_enough() -> None:
    by_id = steps(
        ask={
            "kind": "branch",
            "paths": [{"when": {"kind": "happened", "event": "x"}, "next": "pause"}],
            "otherwise": "again",
        },
        pause={**DAY_WAIT, "next": "again"},
        again=a_loop(),
    )
    assert found(start="ask", steps=by_id) == {"$.steps.again.back_to": "loop_without_wait"}


def test_a_loop_that_never_comes_back_is_refused() -> None:
    by_id = steps(again=a_loop(back_to="later", next="later"), later=SEND)
    assert found(start="again", steps=by_id) == {"$.steps.again.back_to": "no_loop"}


def test_a_cycle_without_a_loop_step_is_refused() -> None:
    by_id = steps(ask={**DAY_WAIT, "next": "again"}, again={**DAY_WAIT, "next": "ask"})
    assert "loop" in found(start="ask", steps={**by_id}).values()


@pytest.mark.parametrize(
    ("expires", "rule"), [("PT10H", "shorter_than_quiet_hours"), ("PT11H", None), ("PT3H", "shorter_than_gap")]
)
def test_a_message_must_outlive_what_may_put_it_off(expires: str, rule: str | None) -> None:
    guardrails = {**OPEN, "quiet_hours": {"from": "21:00", "to": "08:00"}, "minimum_gap": "PT4H"}
    rules = found(start="s", steps=steps(s={**SEND, "expires_after": expires}), guardrails=guardrails)
    assert rules == {} if rule is None else rule in rules.values()


def test_quiet_hours_that_skip_let_messages_expire_when_they_like() -> None:
    guardrails = {**OPEN, "quiet_hours": {"from": "21:00", "to": "08:00", "on_quiet": "skip"}}
    assert found(start="s", steps=steps(s={**SEND, "expires_after": "PT1H"}), guardrails=guardrails) == {}


def test_quiet_hours_of_other_channels_or_with_another_way_out_let_messages_expire_when_they_like() -> None:
    short = {**SEND, "channel": "sms", "expires_after": "PT1H"}
    email = {"to": [{"channel": "email", "template": "t"}], "when": ["quiet_hours"]}
    hours = {"from": "21:00", "to": "08:00"}
    for send, quiet, is_refused in (
        (short, {**hours, "channels": ["push"]}, False),
        (short, {**hours, "channels": ["sms"]}, True),
        ({**short, "fallback": email}, {**hours, "channels": ["sms"]}, False),
    ):
        rules = found(start="s", steps=steps(s=send), guardrails={**OPEN, "quiet_hours": quiet})
        assert rules == ({"$.steps.s.expires_after": "shorter_than_quiet_hours"} if is_refused else {})


def test_a_step_that_only_an_expired_run_could_come_to_is_refused() -> None:
    by_id = steps(first={**DAY_WAIT, "next": "second"}, second={**DAY_WAIT, "next": "s"}, s=SEND)
    assert found(start="first", steps=by_id, expires_after="P3D") == {}
    assert found(start="first", steps=by_id, expires_after="P2D") == {
        "$.steps.s": "after_expiry",
        "$.steps.done": "after_expiry",
    }


def test_a_run_that_nobody_gave_an_end_ends_after_a_year() -> None:
    by_id = steps(long={**DAY_WAIT, "duration": "P365D", "next": "s"}, s=SEND)
    assert found(start="long", steps=by_id) == {"$.steps.s": "after_expiry", "$.steps.done": "after_expiry"}
    assert found(start="long", steps=by_id, expires_after="P366D") == {}
    assert duration_ms(DEFAULT_EXPIRY) == DEFAULT_EXPIRY_MS


def test_a_shorter_way_saves_a_step() -> None:
    by_id = steps(
        fork={
            "kind": "branch",
            "paths": [{"when": {"kind": "happened", "event": "x"}, "next": "slow"}],
            "otherwise": "s",
        },
        slow={"kind": "wait", "duration": "P9D", "next": "s"},
        s=SEND,
    )
    assert found(start="fork", steps=by_id, expires_after="P2D") == {}


def three_sends(**wait: Any) -> dict[str, Any]:
    return steps(
        one={**SEND, "next": "pause"},
        pause={**DAY_WAIT, **wait, "next": "two"},
        two={**SEND, "next": "three"},
        three=SEND,
    )


@pytest.mark.parametrize(
    ("cap", "rules"),
    [
        ({"limit": 2, "per": "P7D"}, {"$.steps.three": "forbidden_by_cap"}),
        ({"limit": 3, "per": "P7D"}, {}),
        ({"limit": 2, "per": "P7D", "channel": "sms"}, {}),
        ({"limit": 2, "per": "P7D", "category": "service"}, {}),
        ({"limit": 1, "per": "PT12H"}, {"$.steps.three": "forbidden_by_cap"}),  # the wait before two is longer
        ({"limit": 1, "per": "day"}, {"$.steps.three": "forbidden_by_cap"}),  # two and three fall into one instant
        ({"limit": 2, "per": "day"}, {}),  # a day may end at any moment of the wait
    ],
)
def test_a_cap_that_forbids_the_journeys_own_messages_is_refused(cap: dict[str, Any], rules: dict[str, str]) -> None:
    assert found(start="one", steps=three_sends(), guardrails={**OPEN, "caps": [cap]}) == rules


QUIET = {"quiet_hours": {"from": "21:00", "to": "08:00"}}


@pytest.mark.parametrize(
    ("window", "rules"),
    [
        ("PT23H", {}),  # put off by a night with a clock change, two may be as late as 13 hours after
        ("P2D", {"$.steps.three": "forbidden_by_cap"}),  # 1 day of wait, and a night before each of two and three
    ],
)
def test_a_night_between_messages_counts_against_the_window(window: str, rules: dict[str, str]) -> None:
    guardrails = {**OPEN, **QUIET, "caps": [{"limit": 2, "per": window}]}
    assert found(start="one", steps=three_sends(duration="PT12H"), guardrails=guardrails) == rules


def test_what_other_journeys_may_put_off_for_ever_is_within_no_window() -> None:
    guardrails = {**OPEN, "minimum_gap": "PT1M", "caps": [{"limit": 2, "per": "P30D"}]}
    assert found(start="one", steps=three_sends(), guardrails=guardrails) == {}


def test_rounds_of_a_loop_count_as_time() -> None:
    by_id = steps(
        ask={**SEND, "next": "pause"},
        pause={**DAY_WAIT, "next": "again"},
        again=a_loop(times=3, next="last"),
        last=SEND,
    )
    for window, rules in (("P3D", {}), ("P7D", {"$.steps.last": "forbidden_by_cap"})):
        assert found(start="ask", steps=by_id, guardrails={**OPEN, "caps": [{"limit": 1, "per": window}]}) == rules


def test_a_message_of_another_channel_may_not_have_been_sent_so_it_forbids_nothing() -> None:
    by_id = steps(one={**SEND, "channel": "sms", "next": "two"}, two=SEND)
    guardrails = {**OPEN, "caps": [{"limit": 1, "per": "P7D"}]}
    assert found(start="one", steps=by_id, guardrails=guardrails) == {}


def test_messages_on_other_ways_do_not_count() -> None:
    by_id = steps(
        fork={
            "kind": "branch",
            "paths": [{"when": {"kind": "happened", "event": "x"}, "next": "one"}],
            "otherwise": "two",
        },
        one={**SEND, "next": "two"},
        two=SEND,
    )
    assert found(start="fork", steps=by_id, guardrails={**OPEN, "caps": [{"limit": 1, "per": "P7D"}]}) == {}


OPENED = {"kind": "delivery", "step": "s", "outcomes": ["opened"]}


def test_a_report_can_be_asked_for_only_after_its_message() -> None:
    fork = {"kind": "branch", "paths": [{"when": OPENED, "next": "s"}], "otherwise": "done"}
    early = steps(fork={**fork, "otherwise": "s"}, s=SEND)
    late = steps(s={**SEND, "next": "fork"}, fork={**fork, "paths": [{"when": OPENED, "next": "done"}]})
    assert found(start="fork", steps=early) == {"$.steps.fork.paths[0].when": "nothing_sent_yet"}
    assert found(start="s", steps=late) == {}


def test_a_report_may_come_from_the_round_before() -> None:
    by_id = steps(
        fork={"kind": "branch", "paths": [{"when": OPENED, "next": "done"}], "otherwise": "s"},
        s={**SEND, "next": "pause"},
        pause={**DAY_WAIT, "next": "again"},
        again=a_loop(back_to="fork"),
    )
    assert found(start="fork", steps=by_id) == {}


def test_who_enters_has_been_sent_nothing() -> None:
    entry = {"kind": "segment", "audience": {"kind": "segment", "name": "readers"}}
    by_id = steps(s=SEND)
    assert found(start="s", steps=by_id, entry=entry, segments={"readers": OPENED}) == {
        "$.entry.audience": "nothing_sent_yet"
    }


@pytest.mark.parametrize(
    ("budget", "cost", "rules"),
    [
        ({"kind": "money", "limit": 0.05, "per": "day"}, 0.07, {"$.steps.s.cost": "forbidden_by_budget"}),
        ({"kind": "money", "limit": 0.05, "per": "day", "channel": "sms"}, 0.07, {}),
        ({"kind": "messages", "limit": 1, "per": "day"}, 7, {}),
        ({"kind": "money", "limit": 0.07, "per": "day"}, 0.07, {}),
    ],
)
def test_a_budget_must_hold_one_message(budget: dict[str, Any], cost: float, rules: dict[str, str]) -> None:
    guardrails = {**OPEN, "budgets": [budget]}
    assert found(start="s", steps=steps(s={**SEND, "cost": cost}), guardrails=guardrails) == rules


def test_a_budget_must_hold_one_message_of_a_fallback() -> None:
    send = {**SEND, "fallback": {"to": [{"channel": "sms", "template": "t", "cost": 0.07}]}}
    guardrails = {**OPEN, "budgets": [{"kind": "money", "limit": 0.05, "per": "total"}]}
    assert found(start="s", steps=steps(s=send), guardrails=guardrails) == {
        "$.steps.s.fallback.to[0].cost": "forbidden_by_budget"
    }


def test_what_was_published_before_a_check_existed_still_runs() -> None:
    by_id = steps(ask={**SEND, "next": "again"}, again=a_loop())
    assert parse_journey(a_journey(start="ask", steps=by_id)).steps


@given(journeys())
def test_the_checks_come_to_an_end_with_problems_or_none(document: dict[str, Any]) -> None:
    assert all(problem.path.startswith("$") and problem.rule and problem.message for problem in told_of(document))


@given(journeys(), st.data())
def test_a_journey_with_parts_mixed_up_is_published_or_refused(document: dict[str, Any], data: st.DataObject) -> None:
    places = [place for place in _places(document) if place[0] != "name"]
    for _ in range(3):
        one, other = data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))
        part = copy.deepcopy(_at(document, other))
        _put(document, one, part)
    assert all(problem.path.startswith("$") and problem.rule and problem.message for problem in told_of(document))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["kind", "steps", "start", "next", "back_to", "paths", "entry"]) | st.text(), inner
            )
        ),
    )
)
def test_whatever_is_no_journey_is_refused_with_problems(document: object) -> None:
    with pytest.raises(DefinitionError) as refused:
        check_journey(document)
    assert refused.value.problems


def test_a_journey_of_two_hundred_steps_is_checked_without_walking_every_way() -> None:
    """Two ways at each of a hundred branches are more ways than there are atoms in the world."""
    by_id: dict[str, Any] = {}
    for number in range(99):
        after = f"b{number + 1}" if number < 98 else "done"
        when = {"kind": "happened", "event": "x"}
        by_id[f"b{number}"] = {"kind": "branch", "paths": [{"when": when, "next": f"s{number}"}], "otherwise": after}
        by_id[f"s{number}"] = {**SEND, "next": after}
    caps = [{"limit": 100, "per": "P7D"}]
    assert found(start="b0", steps=steps(**by_id), guardrails={**OPEN, "caps": caps}, expires_after="P9D") == {}


@pytest.mark.parametrize(
    ("send", "guardrails", "message"),
    [
        (
            {"expires_after": "P1D"},
            {"minimum_gap": "P30D"},
            "a customer gets one message per 30 days, and this one is dropped after 1 day",
        ),
        (
            {"expires_after": "PT90M"},
            {"quiet_hours": {"from": "21:00", "to": "08:00"}},
            "quiet hours last 11 hours, and this message is dropped after 1 hour 30 minutes",
        ),
        (
            {},
            {"caps": [{"limit": 1, "per": "P7D"}]},
            "this message never goes out: the limit of 1 message in 7 days is used up by 1 message before it",
        ),
    ],
)
def test_a_message_that_cannot_go_out_is_told_with_both_lengths(
    send: dict[str, Any], guardrails: dict[str, Any], message: str
) -> None:
    by_id = steps(one={**SEND, "next": "two"}, two={**SEND, **send})
    with pytest.raises(DefinitionError) as caught:
        check_journey(a_journey(start="one", steps=by_id, guardrails={**OPEN, **guardrails}))
    (problem,) = caught.value.problems
    assert message in problem.message
