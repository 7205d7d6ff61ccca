"""The tests that a mapping carries are played, and what differs is told; those of the presets pass."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from orchestrator.backtest.documents import read_document
from orchestrator.intake.parse import parse_mapping
from orchestrator.intake.rehearsal import rehearse
from tests.unit.intake.mappings import a_rule, mapping_of

PRESETS = sorted(Path(str(files("orchestrator.intake").joinpath("presets"))).glob("*.yaml"))
PAYLOAD = {"id": "o-1", "customer": "c1"}


def differences(rule: dict[str, Any], **test: Any) -> tuple[str, ...]:
    [played] = rehearse(mapping_of(rule, tests=[{"name": "a payload", "payload": PAYLOAD, **test}]))
    return played.differences


def test_there_is_a_preset_of_each_system() -> None:
    assert [path.stem for path in PRESETS] == ["plain", "segment", "shopify"]


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_passes_its_own_tests(path: Path) -> None:
    played = rehearse(parse_mapping(read_document(path)))
    assert len(played) >= 5
    assert {test.name: test.differences for test in played if test.differences} == {}


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_every_rule_of_a_preset_is_shown_by_one_of_its_tests(path: Path) -> None:
    document: Any = read_document(path)
    for index in range(len(document["rules"])):
        others = [rule for place, rule in enumerate(document["rules"]) if place != index]
        without = {**document, "rules": others or [a_rule(type="never", when=[{"at": "/never", "op": "exists"}])]}
        assert any(test.differences for test in rehearse(parse_mapping(without))), document["rules"][index]


def test_what_is_expected_passes() -> None:
    event = {"type": "order.placed", "customer": "c1", "id": "o-1", "source": "/shop", "data": {}}
    assert differences(a_rule(), events=[{**event, "time": "2026-01-05T12:00:00Z"}]) == ()
    assert differences(a_rule(), events=[event], received="2026-02-01T00:00:00+01:00") == ()
    assert differences(a_rule(id="/no"), refused={"reason": "missing", "at": "/no"}) == ()


@pytest.mark.parametrize(
    ("rule", "test", "told"),
    [
        (a_rule(), {}, "event 1: expected no more, but there is 'order.placed' of 'c1'"),
        (
            a_rule(),
            {"events": [{"type": "order.paid"}]},
            'event 1: expected type "order.paid", but it is "order.placed"',
        ),
        (a_rule(), {"events": [{"type": "order.placed", "time": "2026-01-05T12:00:01Z"}]}, "expected time"),
        (a_rule(), {"events": [{"type": "order.placed", "data": {"a": 1}}]}, 'expected data {"a":1}, but it is {}'),
        (
            a_rule(),
            {"events": [{"type": "order.placed"}] * 2},
            "event 2: expected 'order.placed', but there are no more",
        ),
        (a_rule(), {"refused": {"reason": "missing"}}, "expected to be refused (missing), but it is 1 event(s)"),
        (a_rule(id="/no"), {}, "it was refused at /no (missing, $.rules[0].id)"),
        (a_rule(id="/no"), {"refused": {"reason": "not_text"}}, "expected not_text at any place, but it was refused"),
        (a_rule(id="/no"), {"refused": {"reason": "missing", "at": "/id"}}, "expected missing at /id"),
        (a_rule(id="/no", alone=True), {}, "left out 1: something was at /no (missing, $.rules[0].id)"),
        (
            a_rule(),
            {"events": [{"type": "order.placed"}], "left_out": [{"reason": "missing"}]},
            "expected something to be left out (missing)",
        ),
    ],
)
def test_what_differs_is_told(rule: dict[str, Any], test: dict[str, Any], told: str) -> None:
    [difference] = differences(rule, **test)
    assert told in difference
