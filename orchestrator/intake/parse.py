"""A document becomes a mapping, or a list of everything that is wrong with it."""

import json
from collections.abc import Iterator

from pydantic import ValidationError

from orchestrator.definitions.parse import field_problems
from orchestrator.errors import DefinitionError, Problem
from orchestrator.intake.mapping import EventMapping, NamedBySender, Rule
from orchestrator.messages.event import (
    CONSENT_GRANTED,
    CONSENT_REVOKED,
    CUSTOMER_MERGED,
    CUSTOMER_UPDATED,
)
from orchestrator.messages.reserved import OUR_TYPES, is_own_source, way_instead_of

MAX_MAPPING_CHARS = 262_144  # 256 KiB of JSON, with its tests
# What an event of these types must have to say anything.
_NEEDS = {
    CUSTOMER_UPDATED: "attributes",
    CONSENT_GRANTED: "channel",
    CONSENT_REVOKED: "channel",
    CUSTOMER_MERGED: "into",
}


def parse_mapping(document: object) -> EventMapping:
    """The mapping that ``document`` (decoded JSON or YAML) describes.

    Raises:
        DefinitionError: with every problem at once, each with its JSON path.
    """
    try:
        text = json.dumps(document, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise DefinitionError([Problem("$", "not_json", f"the document cannot be written as JSON: {error}")]) from error
    if len(text) > MAX_MAPPING_CHARS:
        message = f"the mapping has {len(text):,} characters as JSON; at most {MAX_MAPPING_CHARS:,} are taken"
        raise DefinitionError([Problem("$", "too_large", message, "shorten its tests, or make two of it")])
    try:
        # Read as JSON text: in strict mode only JSON may write a list as a tuple, or a moment as text.
        mapping = EventMapping.model_validate_json(text)
    except ValidationError as error:
        raise DefinitionError(field_problems(error, document)) from error
    problems = list(_problems(mapping))
    if problems:
        raise DefinitionError(problems)
    return mapping


def _problems(mapping: EventMapping) -> Iterator[Problem]:
    """What is wrong between the fields."""
    if is_own_source(mapping.source):
        message = "this source is the orchestrator's own"
        yield Problem("$.source", "reserved", message, "name the system that sends")
    for index, rule in enumerate(mapping.rules):
        path = f"$.rules[{index}]"
        yield from _types(rule, f"{path}.type")
        yield from _wants(rule, path)
        yield from _names(rule, f"{path}.data")


def _types(rule: Rule, path: str) -> Iterator[Problem]:
    named = rule.type.rename if isinstance(rule.type, NamedBySender) else {}
    types = {path: rule.type} if isinstance(rule.type, str) else {f"{path}.rename.{k}": v for k, v in named.items()}
    for place, type_ in types.items():
        if (instead := way_instead_of(type_)) is not None:
            yield Problem(place, "reserved", f"no webhook is an event of the type {type_}", instead)
    if isinstance(rule.type, NamedBySender) and (rule.type.prefix or "").startswith(OUR_TYPES):
        message = f"types that begin with {OUR_TYPES} are the orchestrator's own"
        yield Problem(f"{path}.prefix", "reserved", message, "begin them otherwise")


def _wants(rule: Rule, path: str) -> Iterator[Problem]:
    wanted = _NEEDS.get(rule.type) if isinstance(rule.type, str) else None
    if wanted is not None and rule.fields_of is None:
        names = {name.partition(".")[0] for name in rule.fields}
        if wanted not in names:
            message = f"an event of type {rule.type} says nothing without {wanted!r} in its data"
            yield Problem(f"{path}.data", "says_nothing", message, f"add {wanted!r}")


def _names(rule: Rule, path: str) -> Iterator[Problem]:
    for name in rule.fields:
        parts = name.split(".")
        for length in range(1, len(parts)):
            outer = ".".join(parts[:length])
            if outer in rule.fields:
                message = f"{outer!r} is given as a whole, so that {name!r} would stand within something else"
                yield Problem(f"{path}.{name}", "names", message, "keep one of them")
