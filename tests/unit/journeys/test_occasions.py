"""When all known customers are looked at: by cron, by dates, over clock changes, after a standstill."""

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import TypeAdapter

from orchestrator.definitions.schedule import Schedule
from orchestrator.journeys.occasions import Occasion, due_occasions, latest_moment
from orchestrator.journeys.replay import replay
from orchestrator.messages.activity import Activity
from orchestrator.messages.config import WorkspaceSettings
from tests.builders import (
    DAY,
    HOUR,
    JOURNEY,
    MONDAY_NOON,
    WORKSPACE,
    a_directory,
    a_journey,
    a_standing,
    an_event,
    steps,
)

NOON = MONDAY_NOON
NOONS = {"kind": "cron", "expression": "0 12 * * *"}
HELLO = steps(hello={"kind": "send", "channel": "email", "template": "hello", "next": "done"})


def a_schedule(document: dict[str, Any]) -> Any:
    return TypeAdapter(Schedule).validate_python(document, strict=False)


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("schedule", "now", "expected"),
    [
        (NOONS, "2026-01-05T12:00:00.000+00:00", "2026-01-05T12:00+00:00"),
        (NOONS, "2026-01-05T11:59:59.999+00:00", "2026-01-04T12:00+00:00"),
        ({**NOONS, "zone": "Asia/Tokyo"}, "2026-01-05T12:00+00:00", "2026-01-05T03:00+00:00"),
        # 2026-03-29, 02:30 does not exist in Berlin: it comes right after the jump.
        (
            {"kind": "cron", "expression": "30 2 * * *", "zone": "Europe/Berlin"},
            "2026-03-29T12:00+00:00",
            "2026-03-29T01:00+00:00",
        ),
        # 2026-10-25, 02:30 comes twice in Berlin: the first of the two counts.
        (
            {"kind": "cron", "expression": "30 2 * * *", "zone": "Europe/Berlin"},
            "2026-10-25T12:00+00:00",
            "2026-10-25T00:30+00:00",
        ),
        (
            {"kind": "dates", "at": ["2026-01-01T09:00", "2026-01-05T09:00", "2026-02-01T09:00"]},
            "2026-01-20T00:00+00:00",
            "2026-01-05T09:00+00:00",
        ),
        ({"kind": "dates", "at": ["2026-02-01T09:00"]}, "2026-01-20T00:00+00:00", None),
    ],
)
def test_the_latest_moment_is_found(schedule: dict[str, Any], now: str, expected: str | None) -> None:
    assert latest_moment(a_schedule(schedule), at(now)) == (None if expected is None else at(expected))


@pytest.mark.parametrize("expression", ["", "0 9 * *", "61 * * * *", "0 9 31 2 *", "* * * * * *", "a b c d e"])
def test_an_expression_that_names_no_moment_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"moment|five fields"):
        a_schedule({"kind": "cron", "expression": expression})


def scheduled(schedule: dict[str, Any] = NOONS, started_ms: int = NOON - 3 * DAY) -> Any:
    journey = a_journey(
        entry={"kind": "schedule", "schedule": schedule, "re_entry": {"kind": "always"}}, start="hello", steps=HELLO
    )
    return a_directory(journey).with_record(replace(a_standing(), changed_at_ms=started_ms))


def test_a_moment_is_due_until_it_is_done_and_of_several_only_the_latest() -> None:
    directory = scheduled()
    assert due_occasions(directory, {}, NOON + HOUR) == [Occasion(WORKSPACE, JOURNEY, NOON)]
    assert due_occasions(directory, {JOURNEY: NOON}, NOON + HOUR) == []
    assert due_occasions(directory, {JOURNEY: NOON}, NOON + 3 * DAY) == [Occasion(WORKSPACE, JOURNEY, NOON + 3 * DAY)]


def test_moments_before_the_start_do_not_count() -> None:
    assert due_occasions(scheduled(started_ms=NOON + 1), {}, NOON + HOUR) == []


def test_a_paused_journey_or_workspace_has_no_occasions() -> None:
    assert due_occasions(scheduled().with_record(a_standing("PAUSED")), {}, NOON) == []
    off = WorkspaceSettings(workspace_id=WORKSPACE, is_sending=False)
    assert due_occasions(scheduled().with_record(off), {}, NOON) == []


def test_a_segment_is_looked_at_when_the_journey_starts() -> None:
    vip = {"kind": "attribute", "name": "tier", "op": "eq", "value": "vip"}
    journey = a_journey(entry={"kind": "segment", "audience": vip}, start="hello", steps=HELLO)
    directory = a_directory(journey).with_record(replace(a_standing(), changed_at_ms=NOON))
    assert due_occasions(directory, {}, NOON - 1) == []
    assert due_occasions(directory, {}, NOON) == [Occasion(WORKSPACE, JOURNEY, NOON)]


def test_a_replay_walks_all_customers_known_by_each_moment() -> None:
    directory = scheduled(started_ms=NOON - 5 * DAY)
    signals = [
        replace(an_event("viewed", NOON + offset, f"{name}{offset}"), customer_id=name)
        for name, offset in (("a", -DAY - HOUR), ("b", -HOUR), ("a", HOUR), ("c", 2 * HOUR))
    ]
    effects = replay(directory, signals, NOON + DAY).effects
    entered = [
        (effect.customer_id, effect.details["occasion_ms"])
        for effect in effects
        if isinstance(effect, Activity) and effect.type == "journey_entered"
    ]
    assert entered == [
        ("a", NOON - DAY),
        ("a", NOON),
        ("b", NOON),
        ("a", NOON + DAY),
        ("b", NOON + DAY),
        ("c", NOON + DAY),
    ]
