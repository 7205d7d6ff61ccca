"""The page of the journey language: every field of a definition, and an example of each kind that passes the checks."""

from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from orchestrator import demo
from orchestrator.backtest.documents import read_document
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.reference.fields import Json, fields, in_order, referred
from orchestrator.reference.markdown import example, link, page, prose

EXAMPLES = (
    *sorted((Path(demo.__file__).parent / "journeys").glob("*.yaml")),
    Path(__file__).with_name("example.yaml"),
)
ABOUT = (
    "Every field of a journey's definition, from the models that check it. What the language means, in prose: "
    "[journeys.md](../journeys.md). As a JSON Schema, for editors: "
    "[journey.v1.schema.json](../../schemas/journey.v1.schema.json). Durations are ISO 8601 (`P7D`, `PT4H`), without "
    "years and months. The examples are parts of the [sample journeys](../../orchestrator/demo/journeys) and of "
    "[one more](../../orchestrator/reference/example.yaml), all of which pass the checks."
)
WIDTH = 110  # of a line of an example
# The sections of the page, with the definitions that each begins with; what these lead to stands behind them.
_SECTIONS = {
    "Entry": ("EventEntry", "SegmentEntry", "ScheduleEntry", "ApiEntry"),
    "Re-entry": ("NeverAgain", "AfterPeriod", "Always", "OncePerKey"),
    "Steps": (
        "Send", "Wait", "WaitUntil", "WaitFor", "Branch", "Split", "Experiment", "Update", "StartJourney", "Emit",
        "Webhook", "Loop", "Exit",
    ),
    "Moments to wait until": ("Instant", "DateAttribute", "LocalTime", "LocalWindow"),
    "Variables": ("FromAttribute", "FromEntry", "Literally"),
    "Conditions": (
        "AttributeIs", "FieldIs", "Happened", "DeliveryWas", "TimeOfDay", "InSegment", "CustomerIs", "AllOf", "AnyOf",
        "Not",
    ),
    "Goal, holdout and ends": ("Goal", "Holdout", "ExitCriterion"),
    "Guardrails": ("Guardrails",),
    "Tests": ("JourneyTest",),
}  # fmt: skip
_UNIONS = {frozenset(names): title for title, names in _SECTIONS.items() if len(names) > 1}


class Names:
    """Headings: of a kind what stands under ``kind``, else the model's name in words."""

    def __init__(self, definitions: Json) -> None:
        self._definitions = definitions

    def heading(self, name: str) -> str:
        """The heading of a definition."""
        kind = self._definitions[name].get("properties", {}).get("kind", {}).get("const")
        section = next((title for title, names in _SECTIONS.items() if name in names), "")
        if kind is None or not section:
            return "All guardrails" if name == section else _apart(name)
        return f"{section.split(' ')[0].removesuffix('s')}: {kind}"

    def link(self, name: str) -> str:
        """A link to a definition."""
        return link(self.heading(name))

    def link_to_all(self, names: frozenset[str]) -> str | None:
        """A link to the section of all of these definitions."""
        section = _UNIONS.get(names)
        return section and link(section)


def journeys_page() -> str:
    """The page as Markdown."""
    schema = JourneyDefinition.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    names, examples = Names(definitions), _examples(schema)
    parts = ["## Journey", prose(schema["description"]), fields(schema, names)]
    begun = {name for begins in _SECTIONS.values() for name in begins}
    written: set[str] = set()
    for title, begins in _SECTIONS.items():
        parts.append(f"## {title}")
        for begin in begins:
            within = (name for name in in_order(definitions[begin], definitions) if name not in begun | written)
            for name in (begin, *within):
                written.add(name)
                parts += _part(name, definitions[name], names, examples)
    return page("Journeys, field by field", ABOUT, parts)


def _apart(name: str) -> str:
    """``SplitPath`` as ``Split path``."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip().capitalize()


def _part(name: str, schema: Json, names: Names, examples: Mapping[str, object]) -> Iterator[str]:
    yield f"### {names.heading(name)}"
    yield prose(schema.get("description", ""))
    yield fields(schema, names)
    if name in examples:
        yield example("yaml", _yaml(examples[name]))


def _yaml(value: object) -> str:
    yaml, text = YAML(), StringIO()
    yaml.default_flow_style = None  # a map of plain values is one line
    yaml.width = WIDTH
    yaml.dump(value, text)
    return text.getvalue()


def _examples(schema: Json) -> dict[str, object]:
    """For each definition the smallest part of an example that is one of it."""
    found: dict[str, object] = {}
    for file in EXAMPLES:
        for name, value in instances(schema, read_document(file), schema["$defs"]):
            if name not in found or len(str(value)) < len(str(found[name])):
                found[name] = value
    return found


def instances(schema: Json, value: object, definitions: Json) -> Iterator[tuple[str, object]]:
    """Which parts of a value are of which definition."""
    if "$ref" in schema:
        (name,) = referred(schema)
        yield name, value
        yield from instances(definitions[name], value, definitions)
    elif isinstance(value, dict):
        for each, inner in _inner(schema, value, definitions):
            yield from instances(each, inner, definitions)
    elif isinstance(value, list):
        each = next((part for part in (schema, *schema.get("anyOf", ())) if "items" in part), {"items": {}})["items"]
        for inner in value:
            yield from instances(each, inner, definitions)


def _inner(schema: Json, value: Mapping[str, Any], definitions: Json) -> Iterator[tuple[Json, object]]:
    """The parts of a map, each with its schema; or the map itself, with that of the kind it is of."""
    if "discriminator" in schema:
        yield {"$ref": schema["discriminator"]["mapping"][value[schema["discriminator"]["propertyName"]]]}, value
    elif "anyOf" in schema or "oneOf" in schema:
        parts = schema.get("anyOf", schema.get("oneOf"))
        yield from ((part, value) for part in parts if _may_be(part, value, definitions))
    elif "patternProperties" in schema:
        (of_all,) = schema["patternProperties"].values()
        yield from ((of_all, each) for each in value.values())
    else:
        yield from ((known, value[name]) for name, known in schema.get("properties", {}).items() if name in value)


def _may_be(schema: Json, value: Mapping[str, Any], definitions: Json) -> bool:
    """Whether a map is of the kind of an alternative, which is enough to tell those of a field apart."""
    if "$ref" in schema:
        (name,) = referred(schema)
        known = definitions[name]
        return bool(set(known.get("required", ())) <= value.keys() <= known.get("properties", {}).keys())
    return "discriminator" in schema or schema.get("type") == "object"
