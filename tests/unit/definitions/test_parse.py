"""A document becomes a definition, or everything that is wrong with it is said at once, with its place."""

import re
from typing import Any

import pytest

from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.parse import parse_journey
from orchestrator.errors import DefinitionError, Problem
from tests.builders import a_journey, steps


def problems_of(document: object) -> dict[str, Problem]:
    with pytest.raises(DefinitionError) as caught:
        parse_journey(document)
    return {problem.path: problem for problem in caught.value.problems}


def rules_at(document: object) -> dict[str, str]:
    return {path: problem.rule for path, problem in problems_of(document).items()}


def test_a_valid_journey_survives_being_written_and_read_again() -> None:
    journey = parse_journey(a_journey(goal={"event": "order.placed", "window": "P14D"}, holdout={"percent": 10}))
    assert parse_journey(journey.model_dump(mode="json", by_alias=True)) == journey


def test_every_problem_is_reported_at_once_with_its_place_in_the_document() -> None:
    document = a_journey(colour="red")
    document["steps"]["hello"] |= {"channel": "fax", "templte": "x"}
    del document["steps"]["pause"]["duration"]
    document["steps"]["remind"]["next"] = "nowhere"
    document["steps"]["odd"] = {"kind": "teleport"}
    document["guardrails"] = {"caps": [{"limit": 0, "per": "P1M"}]}
    assert rules_at(document) == {
        "$.colour": "extra_forbidden",
        "$.steps.hello.channel": "literal_error",
        "$.steps.hello.templte": "extra_forbidden",
        "$.steps.pause.duration": "missing",
        "$.steps.remind.next": "unknown_step",
        "$.steps.odd": "union_tag_invalid",
        "$.guardrails.caps[0].limit": "greater_than_equal",
        "$.guardrails.caps[0].per": "value_error",
    }


def test_a_path_names_fields_of_the_document_and_not_the_tags_of_unions() -> None:
    document = a_journey()
    document["entry"]["where"] = {
        "kind": "all",
        "of": [{"kind": "not", "of": {"kind": "field", "name": "a b", "op": "eq"}}],
    }
    assert "$.entry.where.of[0].of.name" in problems_of(document)


@pytest.mark.parametrize("document", [None, 7, "journey", [], {"steps": []}, {"steps": {"a": 3}, "start": 5}])
def test_anything_that_is_no_journey_is_refused_with_reasons(document: object) -> None:
    assert problems_of(document)


def test_a_document_that_json_cannot_hold_is_refused() -> None:
    assert rules_at(a_journey(about=float("nan"))) == {"$": "not_json"}


@pytest.mark.parametrize("duration", ["P1M", "P1Y", "3 days", "P", "", "-P1D", "P0D", 86_400, "P9999W"])
def test_a_wait_needs_a_length_of_fixed_and_sensible_size(duration: object) -> None:
    document = a_journey()
    document["steps"]["pause"]["duration"] = duration
    assert "$.steps.pause.duration" in problems_of(document)


@pytest.mark.parametrize("length", ["P1D", "P90D", "PT24H", "P2W"])
def test_the_past_to_compare_by_may_be_a_day_to_ninety(length: str) -> None:
    journey = parse_journey(a_journey(goal={"event": "order.placed", "window": "P14D", "compare_before": length}))
    assert parse_journey(journey.model_dump(mode="json", by_alias=True)) == journey


@pytest.mark.parametrize("length", ["PT23H59M59S", "P90DT1S", "P0D", "P3M", 30, ""])
def test_the_past_to_compare_by_is_neither_shorter_nor_longer(length: object) -> None:
    document = a_journey(goal={"event": "order.placed", "window": "P14D", "compare_before": length})
    assert rules_at(document) == {"$.goal.compare_before": "value_error"}


def test_a_step_that_no_way_leads_to_is_refused() -> None:
    document = a_journey()
    document["steps"]["island"] = {"kind": "wait", "duration": "P1D", "next": "done"}
    assert rules_at(document) == {"$.steps.island": "unreachable"}


def test_a_loop_is_refused() -> None:
    document = a_journey()
    document["steps"]["remind"]["next"] = "hello"
    assert "loop" in rules_at(document).values()


def test_a_start_that_does_not_exist_is_refused_and_not_blamed_on_the_steps() -> None:
    assert rules_at(a_journey(start="nowhere")) == {"$.start": "unknown_step"}


@pytest.mark.parametrize(
    ("percents", "rule"),
    [((50, 49), "weights"), ((33.333, 66.667), "weights"), ((50, 50), None), ((33.33, 66.67), None)],
)
def test_the_weights_of_a_split_add_up_to_a_hundred(percents: tuple[float, float], rule: str | None) -> None:
    paths = [{"name": f"p{i}", "percent": percent, "next": "done"} for i, percent in enumerate(percents)]
    document = a_journey(start="s", steps=steps(s={"kind": "split", "paths": paths}))
    if rule is None:
        assert isinstance(parse_journey(document), JourneyDefinition)
    else:
        assert rules_at(document) == {"$.steps.s.paths": rule}


def test_two_paths_of_a_split_need_two_names() -> None:
    paths = [{"name": "a", "percent": 50, "next": "done"}] * 2
    assert rules_at(a_journey(start="s", steps=steps(s={"kind": "split", "paths": paths}))) == {
        "$.steps.s.paths": "names"
    }


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"holdout": {"percent": 10}}, "$.goal", "missing_goal"),
        (
            {"entry": {"kind": "event", "type": "cart.filled", "re_entry": {"kind": "once_per_key"}}},
            "$.entry.key",
            "missing_key",
        ),
        (
            {"start": "hello", "steps": {"hello": {"kind": "wait", "duration": "P1D", "next": "hello"}}},
            "$.steps",
            "no_exit",
        ),
    ],
)
def test_fields_that_do_not_go_together_are_refused(changes: dict[str, Any], path: str, rule: str) -> None:
    assert problems_of(a_journey(**changes))[path].rule == rule


def test_a_wait_longer_than_the_life_of_the_run_is_refused() -> None:
    wait = {"kind": "wait_for", "event": "x", "timeout": "P10D", "next": "done", "on_timeout": "done"}
    document = a_journey(start="w", steps=steps(w=wait), expires_after="P5D")
    assert rules_at(document) == {"$.steps.w.timeout": "longer_than_expiry"}


def test_a_delivery_condition_must_name_a_send_step() -> None:
    when = {"kind": "delivery", "step": "pause", "outcomes": ["opened"]}
    document = a_journey()
    document["steps"]["pause"]["next"] = "fork"
    document["steps"]["fork"] = {"kind": "branch", "paths": [{"when": when, "next": "done"}], "otherwise": "remind"}
    assert rules_at(document) == {"$.steps.fork.paths[0].when.step": "unknown_step"}


def test_a_condition_that_nests_too_deep_is_refused() -> None:
    condition: dict[str, Any] = {"kind": "attribute", "name": "a", "op": "exists"}
    for _ in range(8):
        condition = {"kind": "not", "of": condition}
    document = a_journey()
    document["entry"]["where"] = condition
    assert rules_at(document) == {"$.entry.where": "condition_size"}


@pytest.mark.parametrize(
    "comparison",
    [
        {"op": "in", "value": "a"},
        {"op": "eq"},
        {"op": "eq", "value": ["a"]},
        {"op": "gt", "value": True},
        {"op": "exists", "value": "yes"},
        {"op": "matches", "value": "(a+)+"},
    ],
)
def test_a_comparison_needs_a_value_that_fits_it(comparison: dict[str, Any]) -> None:
    document = a_journey()
    document["entry"]["where"] = {"kind": "field", "name": "plan", **comparison}
    assert any(path.startswith("$.entry.where") for path in problems_of(document))


def test_deep_nesting_is_refused_and_does_not_exhaust_the_stack() -> None:
    document: Any = {}
    for _ in range(100_000):
        document = {"of": document}
    assert rules_at(a_journey(about=document)) == {"$": "not_json"}


def test_a_mistake_in_what_is_given_is_told_once() -> None:
    wrong = {"name": "x", "given": [{"at": "noon", "event": "a"}, {"at": "PT1H", "report": "opened", "stp": "hello"}]}
    assert rules_at(a_journey(tests=[wrong])) == {
        "$.tests[0].given[0].at": "value_error",
        "$.tests[0].given[1].step": "missing",
        "$.tests[0].given[1].stp": "extra_forbidden",
    }


NOTATION = re.compile(
    r"ISO 8601|greater than|less than|Input should|Field required|extra inputs|P366|PT1S|P90D|PT1H|\bhave at least \d"
)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("steps.pause.duration", "-1", "'-1' is no length of time; write one such as P7D (7 days)"),
        ("steps.pause.duration", "P0D", "more than nothing, and at most 3,660 days"),
        ("steps.pause.duration", 3, "3 is no length of time"),
        ("guardrails.caps", [{"limit": 0, "per": "P7D"}], "must be at least 1"),
        ("guardrails.caps", [{"limit": 1.5, "per": "P7D"}], "must be a whole number"),
        ("guardrails.caps", [{"limit": 1, "per": "P400D"}], "a cap counts over 1 second to 366 days"),
        ("guardrails.minimum_gap", "P400D", "the minimum gap is 1 second to 366 days"),
        ("guardrails.rates", [{"limit": 1, "per": "day"}], "must be one of 'second', 'minute' or 'hour'"),
        ("guardrails.brakes", [{"outcome": "failed", "percent": 0}], "must be more than 0"),
        ("guardrails.budgets", [{"kind": "messages", "limit": "9", "per": "day"}], "must be a number"),
        ("holdout", {"percent": 96}, "must be at most 95"),
        ("entry.grace", "PT2H", "1 hour at most"),
        ("entry.kind", "birth", "there is no kind 'birth'"),
        ("name", "", "must not be empty"),
        ("name", 7, "must be text"),
        ("name", "x" * 201, "must have 200 characters at most"),
        ("colour", "red", "there is no field 'colour' here"),
    ],
)
def test_what_is_wrong_is_said_so_that_it_may_stand_beside_a_field_of_a_form(
    place: str, value: object, message: str
) -> None:
    document = a_journey(guardrails={})
    *way, last = place.split(".")
    holder = document
    for name in way:
        holder = holder[name]
    holder[last] = value
    (problem,) = problems_of(document).values()
    assert message in problem.message
    assert not NOTATION.search(problem.message)
