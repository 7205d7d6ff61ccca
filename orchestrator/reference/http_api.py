"""The page of the HTTP API: every operation, from the OpenAPI document and the demands of its handlers."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.api.access import least_role
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.reference.fields import Json, fields, in_order, type_in_words
from orchestrator.reference.markdown import code, link, page, prose, table

# What a handler demands beyond reading or writing; tests/integration/test_api_walls.py tries all of them.
DEMANDS: Mapping[str, str] = {
    "eraseCustomer": "admin",
    "listKeys": "admin",
    "createKey": "admin",
    "revokeKey": "admin",
    "listSubscriptions": "admin",
    "createSubscription": "admin",
    "deleteSubscription": "admin",
    "testSubscription": "admin",
    "approveProposal": "approver",
    "rejectProposal": "approver, or who proposed it",
    "changeWorkspace": "admin; editor to switch sending off",
    "replaceWorkspace": "admin",
    "listHooks": "editor",
    "getHook": "editor",
    "checkHook": "editor",
    "createHook": "admin",
    "changeHook": "admin",
    "deleteHook": "admin",
}
NOBODY = "nobody: no key is needed"
ABOUT = (
    "Every operation, from [openapi.json](../../schemas/openapi.json), which the program writes itself. The key "
    "stands in `Authorization: Bearer KEY`; the workspace is that of the key. Each role may do what the ones before "
    "it may: viewer, editor, approver, admin; but for publisher, which may publish events (as editors may too) and "
    "nothing else. Problems have one shape, `application/problem+json`: [problems.md](problems.md#of-the-http-api)."
)
_SUCCESS = "2"


_OF_JOURNEYS = frozenset(JourneyDefinition.model_json_schema(by_alias=True)["$defs"]) | {"JourneyDefinition"}


class Names:
    """Documents are called by their names; what belongs to a journey's definition has a page of its own."""

    def link(self, name: str) -> str:
        """A link to a document."""
        return f"[{name}](journeys.md)" if name in _OF_JOURNEYS else link(name)

    def link_to_all(self, names: frozenset[str]) -> str | None:
        """A link to the language, for its parts."""
        return "[part of a journey](journeys.md)" if len(names) > 1 and names <= _OF_JOURNEYS else None


def http_api_page(document: Json) -> str:
    """The page as Markdown. ``document``: the OpenAPI document."""
    known = document["components"]["schemas"]
    by_tag: dict[str, list[str]] = defaultdict(list)
    overview: list[Sequence[str]] = []
    used: dict[str, None] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            name = operation["operationId"]
            overview.append((operation["tags"][0], code(f"{method.upper()} {path}"), link(name, operation["summary"])))
            by_tag[operation["tags"][0]] += _operation(method.upper(), path, operation)
            bodies = [operation.get("requestBody", {}), *_successes(operation)]
            for body in bodies:
                used.update(dict.fromkeys(in_order(body, known)))
    parts = [table(("of", "request", "what it does"), sorted(overview, key=lambda row: row[0]))]
    for tag, texts in sorted(by_tag.items()):
        parts += [f"## {tag.capitalize()}", *texts]
    parts += ["## Documents", "What is sent and answered, by name."]
    for name in sorted(used.keys() - _OF_JOURNEYS):
        parts += _document(name, known[name])
    return page("HTTP API", ABOUT, parts)


def _successes(operation: Json) -> list[Json]:
    return [answer for status, answer in operation["responses"].items() if status.startswith(_SUCCESS)]


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    name = operation["operationId"]
    yield f"### {name}"
    yield code(f"{method} {path}")
    yield f"{prose(operation['summary'])}. {prose(operation.get('description', ''))}".strip()
    yield f"Least role: {role_of(method, path, operation)}."
    yield table(
        ("parameter", "in", "type", "when left out", "meaning"), map(_parameter, operation.get("parameters", ()))
    )
    body = operation.get("requestBody", {}).get("content", {})
    yield "\n".join(_lines(operation, body))


def role_of(method: str, path: str, operation: Json) -> str:
    """Who may ask for the operation."""
    if not operation.get("security"):
        return NOBODY
    return DEMANDS.get(operation["operationId"], least_role(method, path))


def _parameter(parameter: Json) -> Sequence[str]:
    schema = parameter["schema"]
    default = "needed" if parameter.get("required") else code(str(schema.get("default") or ""))
    return (
        code(parameter["name"]),
        parameter["in"],
        type_in_words(schema, Names()),
        default,
        prose(parameter.get("description", "")),
    )


def _lines(operation: Json, body: Json) -> Iterator[str]:
    for media, content in body.items():
        yield f"- Takes {code(media)}: {type_in_words(content['schema'], Names())}"
    for status, answer in operation["responses"].items():
        if status.startswith(_SUCCESS):
            kinds = [
                f"{code(media)}: {type_in_words(content.get('schema', {}), Names())}"
                for media, content in answer.get("content", {}).items()
            ]
            yield f"- {status}: {'; '.join(kinds) or 'nothing'}"
    refused = [status for status in operation["responses"] if not status.startswith(_SUCCESS)]
    if refused:
        yield f"- Problems: {', '.join(sorted(refused))}"


def _document(name: str, schema: Json) -> Iterator[str]:
    yield f"### {name}"
    yield prose(schema.get("description", ""))
    yield fields(schema, Names()) or f"One of {type_in_words(schema, Names())}."
