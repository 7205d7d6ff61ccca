"""The page of the mapping language: every field of a mapping, from the models that check it."""

from orchestrator.intake.mapping import EventMapping
from orchestrator.reference.fields import Json, fields, in_order
from orchestrator.reference.markdown import link, page, prose

ABOUT = (
    "Every field of a mapping, which says how another system signs its webhooks and which of its payloads are which "
    "events. In prose, with signatures and answers: [webhooks.md](../webhooks.md). As a JSON Schema, for editors: "
    "[mapping.v1.schema.json](../../schemas/mapping.v1.schema.json). Mappings that come with the program, with their "
    "tests: [presets](../../orchestrator/intake/presets)."
)


class Names:
    """Headings are the models' names."""

    def link(self, name: str) -> str:
        """A link to a definition."""
        return link(name)

    def link_to_all(self, names: frozenset[str]) -> str | None:
        """Nothing: each is told by itself."""
        return None


def mappings_page() -> str:
    """The page as Markdown."""
    schema: Json = EventMapping.model_json_schema(by_alias=True)
    parts = ["## EventMapping", prose(schema["description"]), fields(schema, Names())]
    for name in in_order(schema, schema["$defs"]):
        definition = schema["$defs"][name]
        parts += [f"## {name}", prose(definition.get("description", "")), fields(definition, Names())]
    return page("Mappings, field by field", ABOUT, parts)
