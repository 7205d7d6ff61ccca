"""The page of the topics: what is on each, who writes and who reads it, and every field of its messages."""

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.catalog import TopicSpec
from orchestrator.reference.fields import Json, fields, in_order
from orchestrator.reference.markdown import code, link, page, prose, table

ABOUT = (
    "Every topic, from its file in [topics](../../topics), and every field of what is on it, from the schemas in "
    "[schemas](../../schemas); the same for machines: [asyncapi.json](../../schemas/asyncapi.json). Keys are "
    "`workspace_id:customer_id` in UTF-8, partitioned by murmur2, the default of Java's client. Values are JSON. "
    "Events come in as CloudEvents 1.0 (binary or structured) or as the plain envelope below; commands and activities "
    "go out as binary CloudEvents, whose attributes are the headers `ce_…`. Read what goes out with "
    "`isolation.level=read_committed`."
)


class Names:
    """The parts of a message are called by their names."""

    def link(self, name: str) -> str:
        """A link to a part."""
        return link(name)

    def link_to_all(self, names: frozenset[str]) -> str | None:
        """No part is one of several."""
        return None


def topics_page(specs: Sequence[TopicSpec], schemas: Mapping[str, Json]) -> str:
    """The page as Markdown. ``schemas``: by the name that topics call them."""
    parts = [
        table(
            ("topic", "what is on it", "written by", "read by"),
            (
                (link(spec.name, code(spec.name)), spec.about, ", ".join(spec.producers), ", ".join(spec.consumers))
                for spec in specs
            ),
        )
    ]
    for spec in specs:
        parts += _topic(spec)
    parts.append("## Messages")
    for name in dict.fromkeys(spec.schema_name for spec in specs):
        parts += _message(name, schemas[name])
    return page("Topics", ABOUT, parts)


def _topic(spec: TopicSpec) -> Iterator[str]:
    yield f"## {spec.name}"
    yield prose(spec.about)
    yield table(
        ("", ""),
        [
            ("messages", link(spec.schema_name)),
            ("key", spec.key),
            ("written by", ", ".join(spec.producers)),
            ("read by", ", ".join(spec.consumers)),
            ("partitions, replicas", f"{spec.partitions}, {spec.replicas}"),
            *((code(name), code(value)) for name, value in spec.config.items()),
        ],
    )


def _message(name: str, schema: Json) -> Iterator[str]:
    definitions = schema.get("$defs", {})
    top = schema.get("$ref", "").rsplit("/", 1)[-1]
    yield f"### {name}"
    yield prose(definitions[top]["description"] if top else schema.get("description", ""))
    yield fields(definitions[top] if top else schema, Names())
    for inner in in_order(schema, definitions):
        if inner != top:
            yield f"#### {inner}"
            yield prose(definitions[inner].get("description", ""))
            yield fields(definitions[inner], Names())
