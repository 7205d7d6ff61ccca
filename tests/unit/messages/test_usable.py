"""An event about a customer's record says what its type is for, or is told what it lacks."""

import pytest

from orchestrator.messages.usable import usability_problem
from tests.builders import an_event


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("order.placed", {}),
        ("customer.updated", {"attributes": {}}),
        ("customer.updated", {"attributes": {"plan": "pro", "age": 3, "vip": True, "score": 1.5, "old": None}}),
        ("consent.granted", {}),
        ("consent.granted", {"channel": "email", "category": "marketing"}),
        ("consent.revoked", {"channel": "*"}),
        ("consent.revoked", {"channel": "email", "category": "*"}),
        ("customer.merged", {"into": "c2"}),
    ],
)
def test_what_says_enough_is_taken(type_: str, data: dict[str, object]) -> None:
    assert usability_problem(an_event(type_, 1, **data)) is None


def test_attributes_may_be_of_use_in_part_where_that_is_enough() -> None:
    in_part = {"attributes": {"plan": "pro", "address": {"city": "Bonn"}}}
    for data in (in_part, {"attributes": {}}, {}):
        assert usability_problem(an_event("customer.updated", 1, **data), in_part=True) is None
    assert usability_problem(an_event("customer.updated", 1, attributes=["plan"]), in_part=True) is not None
    assert usability_problem(an_event("consent.granted", 1, channel="fax"), in_part=True) is not None


@pytest.mark.parametrize(
    ("type_", "data", "path"),
    [
        ("customer.updated", {}, "$.data.attributes"),
        ("customer.updated", {"attributes": ["plan"]}, "$.data.attributes"),
        ("customer.updated", {"attributes": {"address": {"city": "Bonn"}}}, "$.data.attributes.address"),
        ("customer.updated", {"attributes": {"note": "x" * 1_001}}, "$.data.attributes.note"),
        ("customer.updated", {"attributes": {"n": 2**63}}, "$.data.attributes.n"),
        ("consent.granted", {"channel": "e-mail"}, "$.data.channel"),
        ("consent.revoked", {"channel": None}, "$.data.channel"),
        ("consent.revoked", {"channel": ["email"]}, "$.data.channel"),
        ("consent.granted", {"category": 3}, "$.data.category"),
        ("consent.revoked", {"category": "marketing mails"}, "$.data.category"),
        ("consent.revoked", {"category": "x" * 65}, "$.data.category"),
        ("customer.merged", {}, "$.data.into"),
        ("customer.merged", {"into": "\x00"}, "$.data.into"),
        ("customer.merged", {"into": "c1"}, "$.data.into"),
    ],
)
def test_what_the_engine_would_pass_over_is_told_with_its_place(type_: str, data: dict[str, object], path: str) -> None:
    problem = usability_problem(an_event(type_, 1, **data))
    assert problem is not None
    assert (problem.rule, problem.path) == ("unusable", path)
    assert problem.message
    assert problem.fix
