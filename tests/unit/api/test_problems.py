"""Errors in the words of RFC 9457."""

import json
from collections.abc import Iterator

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from orchestrator import errors
from orchestrator.api.problems import (
    MAX_ERRORS,
    BadRequest,
    InvalidPart,
    PreconditionFailed,
    ProblemDocument,
    StatusConflict,
    TooLarge,
    TooSlow,
    UnsupportedMediaType,
    answer_to,
    problem_response,
)
from orchestrator.errors import DecodeError, DefinitionError, OrchestratorError, Problem, RequestError, Unavailable


def told_classes(root: type[OrchestratorError]) -> Iterator[type[OrchestratorError]]:
    yield root
    for below in root.__subclasses__():
        yield from told_classes(below)


TOLD_IN_WORDS = [kind for kind in told_classes(RequestError) if kind is not InvalidPart]


@pytest.mark.parametrize("kind", [*TOLD_IN_WORDS, Unavailable])
def test_every_error_that_is_told_keeps_its_status_and_its_words(kind: type[OrchestratorError]) -> None:
    error = StatusConflict("so it is", ["ACTIVE"]) if kind is StatusConflict else kind("so it is")
    answer = answer_to(error)
    assert (answer.status, answer.detail) == (kind.status_hint, "so it is")


def test_the_problems_of_a_part_have_paths_that_lead_into_the_body() -> None:
    part = InvalidPart("$.guardrails", DefinitionError([Problem("$.caps[0].limit", "greater_than", "too few", "more")]))
    answer = answer_to(part)
    assert (answer.status, answer.kind) == (InvalidPart.status_hint, "validation")
    assert answer.errors == [Problem("$.guardrails.caps[0].limit", "greater_than", "too few", "more")]


def test_statuses_are_those_the_contract_names() -> None:
    statuses = {
        answer_to(kind()).kind: answer_to(kind()).status
        for kind in (
            BadRequest,
            errors.Unauthorised,
            errors.Forbidden,
            errors.NotFound,
            errors.Conflict,
            PreconditionFailed,
            TooLarge,
            TooSlow,
            UnsupportedMediaType,
            Unavailable,
        )
    }
    assert statuses == {
        "bad-request": 400,
        "unauthorised": 401,
        "forbidden": 403,
        "not-found": 404,
        "conflict": 409,
        "precondition-failed": 412,
        "too-large": 413,
        "too-slow": 408,
        "unsupported-media-type": 415,
        "unavailable": 503,
    }


@pytest.mark.parametrize("error", [RuntimeError("swordfish"), errors.ConfigurationError("swordfish"), KeyError("x")])
def test_what_is_not_meant_to_be_told_is_not_told(error: Exception) -> None:
    answer = answer_to(error)
    assert (answer.status, answer.kind) == (500, "internal")
    assert "swordfish" not in answer.detail


def test_problems_of_a_definition_are_found_below_config() -> None:
    answer = answer_to(
        DefinitionError([Problem("$.steps.a.next", "unknown_step", "no such step", "add it"), Problem("$", "r", "m")])
    )
    assert [problem.path for problem in answer.errors] == ["$.config.steps.a.next", "$.config"]
    assert answer.status == 422


def test_problems_beside_and_inside_the_definition_are_told_together() -> None:
    found = [{"type": "extra_forbidden", "loc": ("body", "colour"), "msg": "not permitted", "input": 1}]
    answer = answer_to(RequestValidationError(found, body={"colour": 1, "config": {"name": ""}}))
    paths = [problem.path for problem in answer.errors]
    assert paths[0] == "$.colour"
    assert "$.config.name" in paths
    assert "$.config.steps" in paths
    assert answer.errors[0].fix


def test_long_list_of_problems_says_that_it_is_cut() -> None:
    answer = answer_to(DefinitionError([Problem("$", "r", "m")] * (MAX_ERRORS + 1)))
    assert len(answer.errors) == MAX_ERRORS
    assert str(MAX_ERRORS + 1) in answer.detail


def test_id_that_is_no_uuid_is_simply_not_found() -> None:
    found = [{"type": "uuid_parsing", "loc": ("path", "id"), "msg": "no UUID", "input": "x"}]
    assert answer_to(RequestValidationError(found)).status == 404


def test_value_that_the_database_does_not_take_is_the_callers_to_mend() -> None:
    assert answer_to(DecodeError("unstorable", "too long")).status == 422


def test_document_has_what_the_model_promises() -> None:
    conflict = answer_to(StatusConflict("no", ["PAUSED"]))
    response = problem_response(conflict, "/x", "abc")
    assert response.media_type == "application/problem+json"
    document = ProblemDocument.model_validate(json.loads(bytes(response.body)))
    assert document.allowed == ["PAUSED"]
    assert (document.instance, document.request_id) == ("/x", "abc")
    unauthorised = problem_response(answer_to(errors.Unauthorised()), "/", "")
    assert unauthorised.headers["www-authenticate"].startswith("Bearer")
    assert problem_response(answer_to(Unavailable()), "/", "").headers["retry-after"]
    assert problem_response(answer_to(HTTPException(405)), "/", "").status_code == 405


def test_what_is_wrong_with_a_request_is_said_in_the_words_of_definitions() -> None:
    found = [
        {"type": "dict_type", "loc": ("body", "config"), "msg": "Input should be a valid dictionary"},
        {"type": "less_than_equal", "loc": ("query", "limit"), "msg": "Input should be …", "ctx": {"le": 200}},
    ]
    answer = answer_to(RequestValidationError(found))
    told = [(each.path, each.message) for each in answer.errors]
    assert told == [("$.config", "must be an object with named fields"), ("query.limit", "must be at most 200")]
