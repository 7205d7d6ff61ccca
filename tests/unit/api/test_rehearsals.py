"""A definition's tests are played beside other requests, in bounded time, and everybody comes to their turn."""

import asyncio
import threading
from itertools import count
from typing import Any

import pytest

from orchestrator.api import rehearsals
from orchestrator.api.quota import TooManyRequests
from orchestrator.api.rehearsal_documents import MOST_CHARS, MOST_TOLD, MOST_VALUE_CHARS, RehearsedTest
from orchestrator.api.rehearsals import Rehearsals, play
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.parse import check_journey
from tests.api_session import until
from tests.builders import a_journey, steps

SIGNED_UP = {"event": "customer.signed_up"}
SENDS = [{"template": "welcome"}, {"template": "reminder"}]
PATIENCE_S = 30.0


def a_definition(*tests: dict[str, Any], **changes: Any) -> JourneyDefinition:
    named = [{"name": f"test {number}", "given": [SIGNED_UP], **test} for number, test in enumerate(tests)]
    return check_journey(a_journey(tests=named, **changes))


def outcomes(tests: list[RehearsedTest]) -> list[str]:
    return [test.outcome for test in tests]


def test_each_test_says_what_it_came_to_and_what_happened() -> None:
    passed, failed = play(a_definition({"sends": SENDS}, {"sends": SENDS[:1]}), 60)
    assert (passed.outcome, passed.differences, passed.entries) == ("passed", [], 1)
    assert [(each.template, each.channel, each.step, each.after) for each in passed.messages] == [
        ("welcome", "email", "hello", "PT0S"),
        ("reminder", "push", "remind", "P3D"),
    ]
    assert passed.messages[1].at.isoformat() == "2026-01-08T12:00:00+00:00"
    assert [(end.reason, end.customer_id) for end in passed.ends] == [("completed", "customer")]
    assert failed.outcome == "failed"
    assert "expected nothing more, but 'reminder' was sent" in failed.differences[0]
    assert failed.messages == passed.messages


def test_what_was_held_back_is_told_of_every_test() -> None:
    (result,) = play(a_definition({"sends": []}, guardrails={"consent": {"marketing": "required"}}), 60)
    assert result.outcome == "passed"
    assert "welcome was not sent (consent)" in result.notes[0]


def test_when_the_time_is_up_what_is_left_is_not_played_and_says_so() -> None:
    ticks = count()
    tests = play(a_definition(*({"sends": SENDS} for _ in range(4))), 8, clock=lambda: float(next(ticks)))
    assert outcomes(tests)[0] == "passed"
    assert outcomes(tests)[-1] == "not_played"
    assert "all tests together may take 8 s" in tests[-1].differences[0]


def test_a_story_in_which_too_much_happens_is_given_up_and_the_next_one_is_played(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rehearsals, "MOST_SIGNALS", 6)
    many = {"given": [{**SIGNED_UP, "customer": f"c{number}"} for number in range(7)]}
    long, short = play(a_definition(many, {"sends": SENDS}), 60)
    assert (long.outcome, short.outcome) == ("not_played", "passed")
    assert "more than 6 things happen in it" in long.differences[0]


def test_an_answer_is_bounded_whatever_a_story_brings_about() -> None:
    by_id = steps(
        hello={
            "kind": "send",
            "channel": "email",
            "template": "welcome",
            "variables": {"long": {"kind": "literal", "value": "x" * 2_000}},
            "next": "done",
        },
    )
    given = [{**SIGNED_UP, "customer": f"c{number}"} for number in range(MOST_TOLD + 1)]
    (result,) = play(a_definition({"given": given}, steps=by_id), 60)
    assert result.is_cut
    assert len(result.differences) == len(result.messages) == len(result.ends) == MOST_TOLD
    assert len(result.differences[0]) == MOST_CHARS + 1
    assert len(result.messages[0].variables["long"]) == MOST_VALUE_CHARS + 1
    assert result.entries == MOST_TOLD + 1


class Stage:
    """Stands for the playing: each waits in its thread until it may end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.playing: list[str] = []
        self.may_end = threading.Event()
        monkeypatch.setattr(rehearsals, "play", self._play)

    def _play(self, definition: JourneyDefinition, _: float) -> list[RehearsedTest]:
        self.playing.append(definition.name)
        assert self.may_end.wait(PATIENCE_S)
        return []


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


async def test_others_are_answered_while_a_definition_is_played(stage: Stage) -> None:
    played = asyncio.create_task(Rehearsals().play("acme", a_definition()))
    await until(lambda: stage.playing == ["Welcome"])
    assert not played.done()
    stage.may_end.set()
    assert await played == []


async def test_a_workspace_that_plays_a_lot_keeps_others_waiting_for_one_definition_only(stage: Stage) -> None:
    all_ = Rehearsals()
    names = [f"ours {number}" for number in range(3)]
    ours = [asyncio.create_task(all_.play("acme", a_definition(name=name), PATIENCE_S)) for name in names]
    await until(lambda: len(stage.playing) == 1)
    theirs = asyncio.create_task(all_.play("globex", a_definition(name="theirs"), PATIENCE_S))
    await asyncio.sleep(0)
    stage.may_end.set()
    await asyncio.gather(*ours, theirs)
    assert stage.playing.index("theirs") == 1


async def test_who_does_not_come_to_a_turn_in_time_is_told_when_to_ask_again_and_takes_nobodys(stage: Stage) -> None:
    all_ = Rehearsals()
    first = asyncio.create_task(all_.play("acme", a_definition()))
    await until(lambda: len(stage.playing) == 1)
    for workspace in ("acme", "globex"):
        with pytest.raises(TooManyRequests, match="ask again in 5 s"):
            await all_.play(workspace, a_definition(), 0.01)
    stage.may_end.set()
    await first
    assert await all_.play("globex", a_definition()) == []
    assert await all_.play("acme", a_definition()) == []


def test_a_story_with_a_mistake_is_told_apart_from_one_that_goes_otherwise() -> None:
    given = [SIGNED_UP, {"at": "PT1H", "report": "opened", "step": "remind"}]
    early, lost = play(a_definition({"given": given, "sends": []}, {"arms": {"nowhere": "a"}}), 60)
    assert outcomes([early, lost]) == ["not_played", "not_played"]
    assert early.differences == ["given 2: nothing was sent at 'remind' that could be opened"]
    assert [each.template for each in early.messages] == ["welcome"]
    assert lost.differences == ["arms: 'nowhere' is no split and no experiment"]
