"""A JSON Schema told in words: of each field the type, what it is when left out, its bounds, and what it means."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from orchestrator.reference.markdown import cell, code, prose, table

Json: TypeAlias = Mapping[str, Any]


class Naming(Protocol):
    """How the parts of a page are called and found."""

    def link(self, name: str) -> str:
        """A link to a definition."""

    def link_to_all(self, names: frozenset[str]) -> str | None:
        """A link to all of these definitions together, where they have a heading of their own."""


HEAD = ("field", "type", "when left out", "meaning")
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "minProperties": "at least {} of them",
    "maxProperties": "at most {} of them",
}


def fields(schema: Json, naming: Naming) -> str:
    """The table of an object's fields."""
    needed = schema.get("required", ())
    return table(
        HEAD, (_row(name, each, name in needed, naming) for name, each in schema.get("properties", {}).items())
    )


def _row(name: str, schema: Json, is_needed: bool, naming: Naming) -> Sequence[str]:
    bounds = ", ".join(dict.fromkeys(_bounds(schema)))
    meaning = prose(str(schema.get("description", "")))
    said = ". ".join(part.rstrip(".") for part in (meaning, bounds[:1].upper() + bounds[1:]) if part)
    return code(name), type_in_words(schema, naming), _when_left_out(schema, is_needed), said and said + "."


def _when_left_out(schema: Json, is_needed: bool) -> str:
    if is_needed:
        return "needed"
    default = schema.get("default")
    return "" if default is None else code(json.dumps(default, ensure_ascii=False))


def type_in_words(schema: Json, naming: Naming) -> str:
    """What a value may be."""
    match schema:
        case {"$ref": str(ref)}:
            return naming.link(_name(ref))
        case {"const": value}:
            return code(json.dumps(value).strip('"'))
        case {"enum": values}:
            return ", ".join(code(json.dumps(value).strip('"')) for value in values)
        case {"oneOf": parts} | {"anyOf": parts}:
            refs = frozenset(_name(part.get("$ref", "")) for part in parts)
            return naming.link_to_all(refs) or _one_of([part for part in parts if part.get("type") != "null"], naming)
        case {"allOf": [part]}:
            return type_in_words(part, naming)
        case {"type": "array", "prefixItems": parts}:
            return "list of " + " and ".join(type_in_words(part, naming) for part in parts)
        case {"type": "array"}:
            return f"list of {type_in_words(schema.get('items', {}), naming)}"
        case {"type": "object"} if inner := _values(schema):
            return f"map of {type_in_words(inner, naming)}"
        case {"format": str(format_)}:
            return {"date-time": "moment", "uuid": "UUID", "date": "day"}.get(format_, format_)
        case {"type": str(type_)}:
            return {"integer": "whole number", "boolean": "yes or no", "object": "object"}.get(type_, type_)
        case {"type": [*types]}:
            return " or ".join(str(type_) for type_ in types if type_ != "null")
        case _:
            return "anything"


def _one_of(parts: Sequence[Json], naming: Naming) -> str:
    words = list(dict.fromkeys(type_in_words(part, naming) for part in parts))
    return ", ".join(words[:-1]) + " or " + words[-1] if len(words) > 1 else "".join(words)


def _values(schema: Json) -> Json:
    """The schema of a map's values."""
    patterns = schema.get("patternProperties", {})
    inner = next(iter(patterns.values()), schema.get("additionalProperties"))
    return inner if isinstance(inner, Mapping) else {}


def _bounds(schema: Json) -> Iterator[str]:
    for key, words in _BOUNDS.items():
        if key in schema and not (key == "minLength" and schema[key] == 1):
            yield words.format(f"{schema[key]:,}" if isinstance(schema[key], int) else schema[key])
    if schema.get("pattern") and schema.get("format") != "duration":
        yield f"as {code(schema['pattern'].replace('|', cell('|')))}"
    for part in schema.get("anyOf", ()):
        yield from _bounds(part)
    if isinstance(schema.get("items"), Mapping):
        yield from (f"each {bound}" for bound in _bounds(schema["items"]))


def _name(ref: str) -> str:
    return ref.rsplit("/", 1)[-1]


def referred(schema: object) -> Iterator[str]:
    """The names of the definitions that a schema refers to, in order of first mention; some more than once."""
    match schema:
        case {"$ref": str(ref)}:
            yield _name(ref)
        case Mapping():
            for key, each in schema.items():
                if key != "$defs" and key != "discriminator":
                    yield from referred(each)
        case [*parts]:
            for part in parts:
                yield from referred(part)


def in_order(schema: Json, definitions: Json) -> list[str]:
    """The definitions that a schema leads to, each after the one that first names it, depth first."""
    found: dict[str, None] = {}

    def look(at: object) -> None:
        for name in dict.fromkeys(referred(at)):
            if name not in found:
                found[name] = None
                look(definitions[name])

    look(schema)
    return list(found)
