"""A mapping is taken whole, or everything that is wrong with it is told at once, each thing with its place."""

from typing import Any

import pytest

from orchestrator.errors import DefinitionError
from orchestrator.intake.mapping import EventMapping
from orchestrator.intake.parse import parse_mapping
from tests.unit.intake.mappings import a_mapping, a_rule


def problems(document: object) -> dict[str, str]:
    """Rule by path of everything that is wrong."""
    with pytest.raises(DefinitionError) as refused:
        parse_mapping(document)
    return {problem.path: problem.rule for problem in refused.value.problems}


def test_a_mapping_is_read() -> None:
    assert isinstance(parse_mapping(a_mapping()), EventMapping)


def test_every_problem_is_told_at_once() -> None:
    document = a_mapping(a_rule(customer="customer", tpye="x"), {"type": "a b"}, surprise=1)
    assert problems(document) == {
        "$.rules[0].customer": "value_error",
        "$.rules[0].tpye": "extra_forbidden",
        "$.rules[1].type": "string_pattern_mismatch",
        "$.rules[1].customer": "missing",
        "$.rules[1].id": "missing",
        "$.surprise": "extra_forbidden",
    }


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (a_rule(data={"a": {"from": "a"}}), "$.rules[0].data.a.from"),
        (a_rule(data={"a": {"from": ["/a", "b"]}}), "$.rules[0].data.a.from[1]"),
        (a_rule(data={"a": {"from": "/a", "as": "hex"}}), "$.rules[0].data.a.as"),
        (a_rule(data={"a": {"form": "/a"}}), "$.rules[0].data.a.form"),
        (a_rule(data={"a": {"join": []}}), "$.rules[0].data.a.join"),
        (a_rule(data={"a": {"join": ["/a", {"constant": None}]}}), "$.rules[0].data.a.join[1].constant"),
        (a_rule(data={"a b": "/a"}), "$.rules[0].data.a b"),
        (a_rule(data={"a": {"from": "/a", "as": "sha256"}}), "$.rules[0].data.a"),
        (a_rule(data={"a": {"from": "/a", "salt": "sixteen-characters"}}), "$.rules[0].data.a"),
        (a_rule(data={"a": {"from": "/a", "as": "sha256", "salt": "short"}}), "$.rules[0].data.a.salt"),
        (a_rule(when=[{"at": "/a", "op": "eq"}]), "$.rules[0].when[0]"),
        (a_rule(when=[{"at": "a", "op": "exists"}]), "$.rules[0].when[0].at"),
        (a_rule(for_each="lines"), "$.rules[0].for_each"),
        (a_rule(type={"from": "/e", "rename": {"x": "a b"}}), "$.rules[0].type.rename.x"),
        (a_rule(type="orchestrator.entry.requested"), "$.rules[0].type"),
        (a_rule(type={"from": "/e", "rename": {"x": "orchestrator.clock.ticked"}}), "$.rules[0].type.rename.x"),
        (a_rule(type={"from": "/e", "prefix": "orchestrator.x"}), "$.rules[0].type.prefix"),
        (a_rule(type="customer.erased"), "$.rules[0].type"),
        (a_rule(type="customer.updated", data={"city": "/city"}), "$.rules[0].data"),
        (a_rule(type="consent.granted"), "$.rules[0].data"),
        (a_rule(data={"a": "/a", "a.b": "/b"}), "$.rules[0].data.a.b"),
    ],
)
def test_each_problem_has_its_place(rule: dict[str, Any], path: str) -> None:
    assert path in problems(a_mapping(rule))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"rules": []}, "$.rules"),
        ({"rules": [a_rule()] * 51}, "$.rules"),
        ({"source": "/orchestrator/journeys"}, "$.source"),
        ({"signature": {"kind": "none"}}, "$.signature"),
        ({"signature": {"kind": "hmac", "header": "X Signature"}}, "$.signature.header"),
        (
            {"tests": [{"name": "x", "payload": {}, "events": [{"type": "a"}], "refused": {"reason": "missing"}}]},
            "$.tests[0]",
        ),
        ({"about": "x" * 2_001}, "$.about"),
    ],
)
def test_the_rest_of_a_mapping_has_its_bounds_too(changes: dict[str, Any], path: str) -> None:
    assert path in problems(a_mapping(**changes))


@pytest.mark.parametrize("document", [None, [], "x", {"name": float("nan")}, {1, 2}, {"a": "x" * 300_000}])
def test_what_is_no_mapping_at_all_is_told_so(document: object) -> None:
    assert problems(document)


def test_a_condition_means_what_it_means_in_a_journey() -> None:
    rule = a_rule(when=[{"at": "/n", "op": "in", "value": [1, "x"]}, {"at": "/m", "op": "exists", "value": False}])
    assert parse_mapping(a_mapping(rule)).rules[0].when[0].value == (1, "x")
