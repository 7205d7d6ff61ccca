"""What publishing a version would do to the customers under way."""

from typing import Any

import pytest

from orchestrator.api.preview import preview
from orchestrator.messages.config import Migration

OLD = {"pause": 1, "offer": 2, "done": 3}
NEW = {"pause": 9, "teaser": 2, "done": 3}
UNDER_WAY = {(1, "pause"): 41, (1, "offer"): 7}


def seen(policy: Any, under_way: Any = UNDER_WAY, earlier: tuple[Migration, ...] = (), **fields: Any) -> Any:
    return preview([*earlier, Migration(version=3, policy=policy, **fields)], OLD, NEW, under_way)


def test_steps_that_come_go_and_change_are_named() -> None:
    found = seen("pin")
    assert (found.version, found.added_steps, found.removed_steps) == (3, ["teaser"], ["offer"])
    assert found.changed_steps == ["pause"]


def test_each_policy_says_what_becomes_of_whom() -> None:
    assert seen("pin").stay == 48
    assert seen("drain", until_ms=9).drained == 48
    follow = seen("follow")
    assert (follow.go_on, follow.leave) == (41, 7)
    assert [(group.step, group.fate, group.to_step) for group in follow.groups] == [
        ("offer", "leaves", None),
        ("pause", "goes_on", "pause"),
    ]
    assert "no step offer" in follow.groups[0].sentence
    mapped = seen("map", steps={"offer": "teaser"})
    assert (mapped.go_on, mapped.leave) == (48, 0)


def test_customers_whom_an_earlier_version_is_about_to_take_over_are_counted_there() -> None:
    earlier = (Migration(version=2, policy="map", steps={"offer": "pause"}),)
    found = seen("follow", earlier=earlier)
    assert [(group.version, group.step, group.customers) for group in found.groups] == [(2, "pause", 48)]


def test_nobody_under_way_is_no_groups() -> None:
    assert seen("follow", under_way={}).groups == []


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        (
            {"kind": "wait", "duration": "PT1H"},
            {"kind": "wait", "duration": "PT2H"},
            " Their wait is counted from when it began: they go on 2 hours after that, not 1 hour.",
        ),
        (
            {"kind": "wait_for", "event": "ordered", "timeout": "P7D"},
            {"kind": "wait_for", "event": "ordered", "timeout": "P1D"},
            " Their wait is counted from when it began: they wait up to 1 day from then on, not 7 days; "
            "who has waited that long already goes on at once.",
        ),
        (
            {"kind": "wait", "duration": "PT1H", "next": "offer"},
            {"kind": "wait", "duration": "PT1H", "next": "done"},
            " Their wait is counted from when it began: they go on 1 hour after that, as before.",
        ),
        (
            {"kind": "wait_until", "until": {"kind": "local_time", "time": "09:00"}},
            {"kind": "wait_until", "until": {"kind": "local_time", "time": "10:00"}},
            " Until when they wait is worked out anew, from when their wait began.",
        ),
        (
            {"kind": "wait", "duration": "PT1H"},
            {"kind": "wait_for", "event": "ordered", "timeout": "P1D"},
            " They begin that step anew, since it is another kind of step now.",
        ),
    ],
)
def test_who_waits_is_told_what_becomes_of_the_wait(was: Any, now: Any, told: str) -> None:
    found = preview([Migration(version=2, policy="follow")], {"pause": was}, {"pause": now}, {(1, "pause"): 24})
    assert found.groups[0].sentence == f"24 at pause of version 1 go on at pause of the new version.{told}"


def test_nothing_is_said_of_waits_on_versions_whose_steps_are_not_at_hand() -> None:
    was, now = {"kind": "wait", "duration": "PT1H"}, {"kind": "wait", "duration": "PT2H"}
    found = preview([Migration(version=3, policy="follow")], {"pause": was}, {"pause": now}, {(1, "pause"): 24})
    assert found.groups[0].sentence == "24 at pause of version 1 go on at pause of the new version."
