"""A draft over a history: the figures are those of the engine, counted by hand and by the reference."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.backtest.history import EVERYTHING, Reading, Scope, read_activity_file, read_file
from orchestrator.backtest.report import as_document, difference
from orchestrator.backtest.run import BLOCK, backtest, directory_of
from orchestrator.backtest.tally import Tally
from orchestrator.definitions.parse import parse_journey
from orchestrator.errors import ConfigurationError
from orchestrator.journeys.replay import replay
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import encode_activity
from orchestrator.messages.config import WorkspaceSettings
from orchestrator.messages.event import EngagementEvent
from orchestrator.simulator.forms import encode_plain, encode_structured
from tests.builders import DAY, HOUR, MONDAY_NOON, a_journey, steps

NOON = MONDAY_NOON
OFFER = {"kind": "send", "channel": "email", "template": "offer", "cost": 0.5, "next": "pause"}
PAUSE = {"kind": "wait", "duration": "P3D", "next": "again"}
AGAIN = {"kind": "send", "channel": "sms", "template": "again", "next": "done"}
JOURNEY = parse_journey(
    a_journey(
        start="offer",
        steps=steps(offer=OFFER, pause=PAUSE, again=AGAIN),
        goal={"event": "ordered", "window": "P7D", "value": "amount"},
        guardrails={"consent": {"marketing": "opt_out"}, "caps": [{"limit": 1, "per": "P7D", "channel": "sms"}]},
    )
)


def did(customer: str, type_: str, at_ms: int, **data: Any) -> EngagementEvent:
    return EngagementEvent(
        id=f"{customer}/{type_}/{at_ms}",
        source="shop",
        type=type_,
        time_ms=at_ms,
        workspace_id="acme",
        customer_id=customer,
        data=data,
    )


HISTORY = [
    did("a", "customer.signed_up", NOON),
    did("b", "consent.revoked", NOON + 1, channel="email"),
    did("b", "customer.signed_up", NOON + HOUR),
    did("c", "customer.signed_up", NOON + DAY),
    did("c", "ordered", NOON + 2 * DAY, amount=30),
    did("a", "customer.signed_up", NOON + 2 * DAY),
    did("d", "viewed", NOON + 9 * DAY),
]


def test_the_figures_are_those_one_counts_by_hand() -> None:
    document = as_document(backtest(JOURNEY, HISTORY))
    assert (document["signals"], document["customers"], document["entered"]) == (7, 4, 3)
    assert document["entry_refused"] == {"under_way": 1}
    assert (document["sent"], document["cost"]) == (4, 1.0)
    assert document["suppressed"] == {"consent": 1}
    assert document["ended"] == {"completed": 2, "goal_reached": 1}
    assert document["arms"] == {"treatment": {"entered": 3, "goals": 1, "value": 30.0}}
    steps_of = document["steps"]
    assert isinstance(steps_of, dict)
    assert steps_of["offer"]["sent"] == {"email": 2}
    assert steps_of["again"]["sent"] == {"sms": 2}
    days = document["days"]
    assert isinstance(days, dict)
    assert {day: (figures["entered"], figures["sent"]) for day, figures in days.items()} == {
        "2026-01-05": (2, 1),
        "2026-01-06": (1, 1),
        "2026-01-07": (0, 0),
        "2026-01-08": (0, 2),
    }


def test_a_backtest_decides_what_the_reference_decides() -> None:
    tally = Tally()
    until_ms = HISTORY[-1].time_ms
    tally.take_all(replay(directory_of(JOURNEY, "acme", "backtest"), HISTORY, until_ms).effects)
    assert backtest(JOURNEY, HISTORY).tally == tally


@pytest.mark.parametrize("limits", [{}, {"rates": [{"limit": 1, "per": "hour"}]}])
def test_a_history_of_many_blocks_is_counted_to_the_last_event_and_as_the_reference_counts_it(limits: Any) -> None:
    document = JOURNEY.model_dump(mode="json", by_alias=True)
    journey = parse_journey({**document, "guardrails": {**document["guardrails"], **limits}})
    count = 2 * BLOCK + 1
    history = [did(f"c{number % 70}", "customer.signed_up", NOON + number * HOUR // 2) for number in range(count)]
    foreign = [replace(event, workspace_id="globex") for event in history]
    mixed = [event for pair in zip(history, foreign, strict=True) for event in pair]
    result, reference = backtest(journey, mixed), Tally()
    reference.take_all(replay(directory_of(journey, "acme", "backtest"), history, history[-1].time_ms).effects)
    assert (result.signals, result.foreign, result.customers) == (count, count, 70)
    assert result.tally == reference
    assert result.tally.sent > 70
    assert bool(result.tally.held_back("deferred")["rate"]) == bool(limits)


def test_what_falls_due_after_the_last_event_can_be_waited_for() -> None:
    short = HISTORY[:1]
    assert backtest(JOURNEY, short).tally.sent == 1
    assert backtest(JOURNEY, short, until_ms=NOON + 3 * DAY).tally.sent == 2


def test_a_journey_that_begins_later_knows_what_was_before_and_lets_nobody_in_then() -> None:
    result = backtest(JOURNEY, HISTORY, since_ms=NOON + HOUR)
    assert (result.signals, result.before) == (7, 2)
    # a signed up before, and again two days later; b had revoked before, which holds.
    assert (result.tally.entered, result.tally.refused) == (3, {})
    assert result.tally.held_back("suppressed") == {"consent": 1}
    assert result.tally.steps["offer"].sent == {"email": 2}
    assert min(result.tally.days) == "2026-01-05"
    nobody_yet = backtest(JOURNEY, HISTORY, since_ms=NOON + 30 * DAY)
    assert (nobody_yet.before, nobody_yet.tally) == (7, Tally())


def test_a_journey_on_a_schedule_that_begins_later_has_no_earlier_moments() -> None:
    journey = parse_journey(
        a_journey(
            entry={"kind": "schedule", "schedule": {"kind": "cron", "expression": "0 9 * * *"}},
            start="offer",
            steps=steps(offer=OFFER | {"next": "done"}),
            guardrails={"consent": {"marketing": "opt_out"}},
        )
    )
    days = {since: set(backtest(journey, HISTORY, since_ms=since).tally.days) for since in (None, NOON + 7 * DAY)}
    assert "2026-01-06" in days[None]
    assert min(days[NOON + 7 * DAY]) == "2026-01-13"


def test_what_binds_the_workspace_binds_in_a_backtest_too() -> None:
    guardrails = {"consent": {"marketing": "opt_out"}, "caps": [{"limit": 1, "per": "P30D"}]}
    settings = WorkspaceSettings(workspace_id="acme", guardrails=guardrails)
    result = backtest(JOURNEY, HISTORY, settings=settings)
    assert result.tally.held_back("suppressed")["frequency_cap"] == 1
    assert backtest(JOURNEY, HISTORY).tally.held_back("suppressed")["frequency_cap"] == 0
    held_out = backtest(JOURNEY, HISTORY, settings=WorkspaceSettings(workspace_id="acme", holdout_percent=95.0))
    assert held_out.tally.sent < backtest(JOURNEY, HISTORY).tally.sent


def test_a_scope_has_the_events_of_one_workspace_before_its_end_and_hears_of_no_other() -> None:
    scope = Scope("acme", until_ms=NOON + HOUR)
    assert [scope.has(event) for event in HISTORY[:3]] == [True, True, False]
    assert not scope.has(replace(HISTORY[0], workspace_id="globex"))
    keys = [b"acme:a", b"globex:a", b"\x00walk", b"acme", None]
    assert [scope.may_have(key) for key in keys] == [True, False, False, False, True]
    assert all(EVERYTHING.may_have(key) for key in keys)


def test_late_events_and_other_workspaces_are_told() -> None:
    other = EngagementEvent(id="x", source="s", type="t", time_ms=NOON, workspace_id="globex", customer_id="z")
    result = backtest(JOURNEY, [HISTORY[2], HISTORY[0], other])
    assert (result.late, result.foreign, result.signals) == (1, 1, 2)


def test_an_empty_history_is_no_error() -> None:
    result = backtest(JOURNEY, [])
    assert (result.signals, result.first_ms, result.tally) == (0, None, Tally())


def test_two_versions_differ_in_what_differs_and_for_whom() -> None:
    other = parse_journey({**JOURNEY.model_dump(mode="json", by_alias=True), "goal": None})
    found = difference(backtest(JOURNEY, HISTORY).tally, backtest(other, HISTORY).tally)
    assert found["figures"] == {
        "2026-01-09: sent": {"this": 0, "other": 1},
        "ended: completed": {"this": 2, "other": 3},
        "ended: goal_reached": {"this": 1, "other": 0},
        "sent": {"this": 4, "other": 5},
        "step again: sent over sms": {"this": 2, "other": 3},
    }
    assert (found["customers_who_differ"], found["for_example"]) == (1, ["c"])
    assert difference(backtest(JOURNEY, HISTORY).tally, backtest(JOURNEY, HISTORY).tally)["figures"] == {}


def test_a_file_of_events_in_every_form_is_read_and_what_is_none_is_counted(tmp_path: Path) -> None:
    lines = [encode_plain(HISTORY[0]).value, encode_structured(HISTORY[1]).value, b"", b"{}", b"not json", b'{"id": 1}']
    plain, packed = tmp_path / "events.jsonl", tmp_path / "events.jsonl.gz"
    plain.write_bytes(b"\n".join(lines))
    with gzip.open(packed, "wb") as file:
        file.write(b"\n".join(lines))
    for path in (plain, packed):
        reading = Reading()
        assert list(read_file(path, reading)) == HISTORY[:2]
        assert (reading.read, reading.unusable) == (5, 3)
        assert "line 4" in reading.problems[0]


@pytest.mark.parametrize("content", [None, b"\x1f\x8b broken"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "events.jsonl.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"events\.jsonl\.gz"):
        list(read_file(path, Reading()))


def test_activities_of_a_file_are_counted_like_those_of_a_backtest(tmp_path: Path) -> None:
    result = replay(directory_of(JOURNEY, "acme", "backtest"), HISTORY, HISTORY[-1].time_ms)
    path = tmp_path / "activities.jsonl"
    recorded = [encode_activity(effect).value for effect in result.effects if isinstance(effect, Activity)]
    path.write_bytes(b"\n".join([*recorded, b"{}"]))
    tally, reading = Tally(), Reading()
    for activity in read_activity_file(path, reading):
        tally.take(activity)
    assert reading.unusable == 1
    assert tally == backtest(JOURNEY, HISTORY).tally


def test_the_document_is_json() -> None:
    assert json.loads(json.dumps(as_document(backtest(JOURNEY, HISTORY))))["journey"] == "Welcome"
