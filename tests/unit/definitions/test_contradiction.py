"""Conditions that contradict themselves or each other are refused; what somebody might satisfy is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.definitions.comparison import comparison
from orchestrator.definitions.parse import check_journey
from orchestrator.errors import DefinitionError
from tests.builders import a_journey, steps

SEND = {"kind": "send", "channel": "email", "template": "t", "next": "done"}
WHEN = "$.steps.b.paths[0].when"


def found(**changes: Any) -> dict[str, str]:
    try:
        check_journey(a_journey(**changes))
    except DefinitionError as error:
        return {problem.path: problem.rule for problem in error.problems if problem.message and problem.fix}
    return {}


def branch_on(*conditions: dict[str, Any], **changes: Any) -> dict[str, str]:
    paths = [{"when": condition, "next": "s"} for condition in conditions]
    return found(start="b", steps=steps(b={"kind": "branch", "paths": paths, "otherwise": "done"}, s=SEND), **changes)


def all_of(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "all", "of": list(conditions)}


def any_of(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "any", "of": list(conditions)}


def no(condition: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "not", "of": condition}


def tier(op: str, value: Any = None) -> dict[str, Any]:
    return {"kind": "attribute", "name": "tier", "op": op, **({} if value is None else {"value": value})}


def did(event: str = "ordered", **more: Any) -> dict[str, Any]:
    return {"kind": "happened", "event": event, **more}


@pytest.mark.parametrize(
    "condition",
    [
        all_of(tier("eq", "gold"), tier("eq", "silver")),
        all_of(tier("eq", "gold"), all_of(did(), tier("in", ["silver", "bronze"]))),
        all_of(tier("gt", 5), tier("lt", 5)),
        all_of(tier("ge", 5), tier("lt", 5)),
        all_of(tier("gt", 5), tier("lt", "many")),
        all_of(tier("exists", False), tier("ne", "gold")),
        all_of(tier("eq", True), tier("eq", 1)),
        all_of(tier("eq", "gold"), no(tier("eq", "gold"))),
        all_of(tier("eq", "gold"), no(any_of(did(), tier("eq", "gold")))),
        all_of(did(at_least=3, within="P7D"), no(did(within="P30D"))),
        any_of(all_of(tier("eq", "a"), tier("eq", "b")), all_of(tier("lt", 1), tier("gt", 1))),
        did(where=all_of(*({"kind": "field", "name": "plan", "op": "eq", "value": value} for value in "ab"))),
    ],
)
def test_a_condition_that_nobody_satisfies_is_refused(condition: dict[str, Any]) -> None:
    assert branch_on(condition) == {WHEN: "never_holds"}


@pytest.mark.parametrize(
    "condition",
    [
        all_of(tier("eq", "gold"), tier("ne", "silver"), tier("in", ["gold"]), tier("contains", "ol")),
        all_of(tier("ge", 5), tier("le", 5)),
        all_of(tier("gt", 5), tier("lt", 6)),
        all_of(tier("exists"), tier("eq", "gold")),
        all_of(tier("contains", "a"), tier("contains", "b")),  # a text, or a list, with both
        all_of(did(), no(did(within="P30D"))),  # once, but not lately
        all_of(did(within="P30D"), no(did(at_least=2, within="P30D"))),
        all_of(did(), no(did(where={"kind": "field", "name": "total", "op": "gt", "value": 5}))),
        all_of(tier("eq", "a"), {"kind": "attribute", "name": "other", "op": "eq", "value": "b"}),
        no(all_of(tier("eq", "a"), no(did()))),
        any_of(tier("eq", "a"), tier("eq", "b")),
    ],
)
def test_a_condition_that_somebody_may_satisfy_is_not(condition: dict[str, Any]) -> None:
    assert branch_on(condition) == {}


def test_a_contradiction_with_a_named_segment_is_found() -> None:
    named = {"kind": "segment", "name": "golden"}
    rules = branch_on(all_of(named, tier("eq", "silver")), segments={"golden": tier("eq", "gold")})
    assert rules == {WHEN: "never_holds"}


@pytest.mark.parametrize(
    ("entry", "rules"),
    [
        ({"audience": tier("eq", "a"), "exclude": tier("eq", "a")}, {"$.entry": "never_enters"}),
        ({"audience": tier("eq", "a"), "exclude": any_of(did(), tier("eq", "a"))}, {"$.entry": "never_enters"}),
        ({"audience": did(within="P7D"), "exclude": did()}, {"$.entry": "never_enters"}),
        ({"audience": did(), "exclude": did(within="P7D")}, {}),
        ({"audience": all_of(tier("eq", "a"), tier("eq", "b"))}, {"$.entry.audience": "never_holds"}),
    ],
)
def test_an_audience_that_is_excluded_is_refused(entry: dict[str, Any], rules: dict[str, str]) -> None:
    assert found(entry={"kind": "event", "type": "customer.signed_up", **entry}) == rules


@pytest.mark.parametrize(
    ("conditions", "rules"),
    [
        ((tier("eq", "a"), tier("eq", "a")), {"$.steps.b.paths[1]": "never_taken"}),
        ((tier("eq", "a"), all_of(did(), tier("eq", "a"))), {"$.steps.b.paths[1]": "never_taken"}),
        ((did(), tier("eq", "a"), did(at_least=2)), {"$.steps.b.paths[2]": "never_taken"}),
        ((all_of(did(), tier("eq", "a")), tier("eq", "a")), {}),
        ((did(at_least=2), did()), {}),
    ],
)
def test_a_path_behind_a_wider_one_is_refused(conditions: Any, rules: dict[str, str]) -> None:
    assert branch_on(*conditions) == rules


def test_segments_that_double_at_every_level_are_refused_before_anybody_carries_them_out() -> None:
    segments = {f"s{i}": all_of(*[{"kind": "segment", "name": f"s{i + 1}"}] * 2) for i in range(40)}
    rules = branch_on({"kind": "segment", "name": "s0"}, segments={**segments, "s40": did()})
    assert rules[WHEN] == "condition_size"


_VALUES = st.sampled_from(["a", "b", "ab", "", 0, 1, 2, 1.5, True, False])
_COMPARISONS = st.one_of(
    st.tuples(st.sampled_from(["eq", "ne", "contains"]), _VALUES),
    st.tuples(st.sampled_from(["gt", "ge", "lt", "le"]), _VALUES.filter(lambda value: not isinstance(value, bool))),
    st.tuples(st.just("in"), st.lists(_VALUES, max_size=3)),
    st.tuples(st.just("exists"), st.booleans()),
)


@given(st.lists(_COMPARISONS, min_size=1, max_size=4), _VALUES | st.none() | st.lists(_VALUES, max_size=3))
def test_what_the_engine_finds_true_of_a_value_is_never_refused(asked: list[tuple[str, Any]], value: object) -> None:
    tests = [comparison(op, tuple(wanted) if isinstance(wanted, list) else wanted) for op, wanted in asked]
    if all(test(value) for test in tests):
        assert branch_on(all_of(*(tier(op, wanted) for op, wanted in asked))) == {}
