"""The commands around adapters say what is wrong in words and by their exit codes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters import checking
from orchestrator.adapters.conformance.judgement import Verdict
from tests.unit.cli.conftest import Said

Type = Callable[..., Said]


def test_templates_are_listed_with_what_they_ask_for(type_in: Type, tmp_path: Path) -> None:
    (tmp_path / "welcome.txt.liquid").write_text("Hi {{ name }} {{ code | default: '' }}")
    said = type_in("adapter", "check-templates", str(tmp_path))
    assert said.code == 0
    assert "welcome: txt; variables: code, name" in said.out


def test_a_template_that_cannot_be_used_is_told_and_exits_with_1(type_in: Type, tmp_path: Path) -> None:
    (tmp_path / "welcome.txt.liquid").write_text("\n{{ name | shout }}")
    said = type_in("adapter", "check-templates", str(tmp_path))
    assert said.code == 1
    assert "welcome.txt.liquid: there is no filter shout here" in said.out.replace("\n", " ")


@pytest.mark.parametrize(
    ("states", "words", "code"),
    [
        (("passed", "passed"), (), 0),
        (("failed", "passed"), (), 1),
        (("not seen", "passed"), (), 1),
        (("passed", "not seen"), (), 1),
        (("passed", "not seen"), ("--no-restart",), 0),
    ],
)
def test_the_check_of_an_adapter_ends_with_0_only_when_every_rule_was_seen_to_hold(
    type_in: Type, monkeypatch: pytest.MonkeyPatch, states: Any, words: tuple[str, ...], code: int
) -> None:
    async def check(settings: object, asked: checking.Check) -> list[Verdict]:
        assert asked.wish.variables == {"email": "a@example.org"}
        return [
            Verdict(rule, "what is wanted", state, "what was seen")
            for rule, state in zip(("once", "remembers"), states, strict=True)
        ]

    monkeypatch.setattr(checking, "check", check)
    command = ("adapters", "check", "--channel", "email", "--variables", '{"email": "a@example.org"}', *words)
    said = type_in(*command)
    assert said.code == code
    assert f"{states[0]:8} once: what is wanted (what was seen)" in said.out


@pytest.mark.parametrize("variables", ["nonsense", "[1]"])
def test_variables_that_are_no_object_are_refused(type_in: Type, variables: str) -> None:
    assert type_in("adapters", "check", "--channel", "email", "--variables", variables).code == 2


def test_an_adapter_without_what_it_needs_says_which_setting_is_missing(
    type_in: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = type_in("adapter", "webhook")
    assert said.code == 2
    assert "ORCHESTRATOR_WEBHOOK_ENDPOINTS_FILE" in said.err
