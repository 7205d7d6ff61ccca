"""A document becomes a definition, or a list of everything that is wrong with it."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from orchestrator.definitions.contradiction import contradictions
from orchestrator.definitions.flow import flow_problems, report_problems
from orchestrator.definitions.graph import loops, read_graph, unknown_steps, unreachable_steps
from orchestrator.definitions.guardrail import Guardrails
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.limits import limit_problems
from orchestrator.definitions.moments import moment_problems
from orchestrator.definitions.problems import find_problems
from orchestrator.definitions.ways import Ways
from orchestrator.errors import DefinitionError, Problem

# With these there is no telling where a way leads, or what a condition consists of.
_BROKEN_WAYS = {"unknown_step", "loop"}
_BROKEN_CONDITIONS = {"unknown_segment", "segment_circle", "condition_size"}


def parse_journey(document: object) -> JourneyDefinition:
    """The journey that ``document`` (decoded JSON or YAML) describes, if it can be carried out.

    Raises:
        DefinitionError: with every problem at once, each with its JSON path.
    """
    journey, problems = _read(document)
    if problems:
        raise DefinitionError(problems)
    return journey


def check_journey(document: object) -> JourneyDefinition:
    """The journey that ``document`` describes, if it may be published: it can be carried out, and does what is meant.

    What was published before a check existed goes on running: workers ask ``parse_journey``.

    Raises:
        DefinitionError: with every problem at once, each with its JSON path.
    """
    journey, problems = _read(document)
    rules = {problem.rule for problem in problems}
    problems += moment_problems(journey)
    if not _BROKEN_CONDITIONS & rules:
        problems += contradictions(journey)
    if not _BROKEN_WAYS & rules:
        ways = Ways(journey)
        problems += [*flow_problems(ways), *limit_problems(ways)]
        if not _BROKEN_CONDITIONS & rules:
            problems += report_problems(ways)
    if problems:
        raise DefinitionError(problems)
    return journey


def _read(document: object) -> tuple[JourneyDefinition, list[Problem]]:
    """The journey, and what keeps it from being carried out.

    Raises:
        DefinitionError: there is no telling what the document means.
    """
    try:
        text = json.dumps(document, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise DefinitionError([Problem("$", "not_json", f"the document cannot be written as JSON: {error}")]) from error
    graph = read_graph(document)
    try:
        # Read as JSON text: in strict mode only JSON may write a duration or a date as text.
        journey = JourneyDefinition.model_validate_json(text)
    except ValidationError as error:
        problems = field_problems(error, document)
        # A field that is missing or wrong makes steps look unreachable, so of the graph only this is certain.
        raise DefinitionError([*problems, *unknown_steps(graph)]) from error
    return journey, [*unknown_steps(graph), *unreachable_steps(graph), *loops(graph), *find_problems(journey)]


def parse_guardrails(document: object) -> Guardrails:
    """The guardrails that ``document`` describes, as a workspace's settings hold them.

    Raises:
        DefinitionError: with every problem at once, each with its JSON path.
    """
    try:
        return Guardrails.model_validate_json(json.dumps(document, allow_nan=False))
    except ValidationError as error:
        raise DefinitionError(field_problems(error, document)) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise DefinitionError([Problem("$", "not_json", f"the document cannot be written as JSON: {error}")]) from error


def field_problems(error: ValidationError, document: object) -> list[Problem]:
    """What pydantic found wrong with ``document``, each thing with its JSON path."""
    problems = [_problem(detail, document) for detail in error.errors(include_url=False)]
    # A list whose only item is wrong is also reported as too short, which would mislead.
    return [
        problem
        for problem in problems
        if problem.rule != "too_short" or not any(other.path.startswith(problem.path + "[") for other in problems)
    ]


def _problem(detail: Mapping[str, Any], document: object) -> Problem:
    rule = str(detail["type"])
    message, fix = said(detail)
    return Problem(_json_path(detail["loc"], rule, document), rule, message, fix)


def said(detail: Mapping[str, Any]) -> tuple[str, str]:
    """What pydantic found wrong in one place, and what to do, in words for whoever writes a document or a form."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "it is missing", "add it"
        case "extra_forbidden":
            return f"there is no field {str(detail['loc'][-1])!r} here", "remove it, or correct its spelling"
        case "union_tag_not_found":
            return "it does not say of which kind it is", 'add "kind"'
        case "union_tag_invalid":
            return f"there is no kind {context['tag']!r}", f"use one of: {context['expected_tags']}"
        case "literal_error" | "enum":
            return f"must be one of {context['expected']}", ""
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}", ""
        case "less_than_equal":
            return f"must be at most {context['le']:,}", ""
        case "greater_than":
            return f"must be more than {context['gt']:g}", ""
        case "int_type" | "int_from_float" | "int_parsing":
            return "must be a whole number", ""
        case "float_type" | "finite_number":
            return "must be a number", ""
        case "string_type":
            return "must be text", ""
        case "dict_type" | "model_type" | "model_attributes_type":
            return "must be an object with named fields", ""
        case "bool_type" | "bool_parsing":
            return "must be true or false", ""
        case "string_too_short" | "too_short":
            return "must not be empty" if context["min_length"] == 1 else f"needs {context['min_length']} at least", ""
        case "string_too_long":
            return f"must have {context['max_length']:,} characters at most", ""
        case "too_long":
            return f"must have {context['max_length']:,} entries at most", ""
        case _:
            return str(detail["msg"]).removeprefix("Value error, ").replace("Input should be", "must be"), ""


def _json_path(loc: tuple[int | str, ...], rule: str, document: object) -> str:
    """Pydantic's location without the union tags it contains, which stand nowhere in the document."""
    path, here = "$", document
    for position, part in enumerate(loc):
        is_last = position == len(loc) - 1
        if isinstance(part, int):
            path += f"[{part}]"
            here = here[part] if isinstance(here, list) and part < len(here) else None
        elif isinstance(here, dict) and part in here:
            path += f".{part}"
            here = here[part]
        elif is_last and rule == "missing":
            path += f".{part}"
    return path
