"""The HTTP contract: what FastAPI knows of the routes, plus errors, the key, headers and examples. OpenAPI 3.1."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from orchestrator.api.answers import PUBLISHED
from orchestrator.api.body import NOT_KEPT
from orchestrator.api.event_documents import CloudEvent, NewEvents
from orchestrator.api.paths import ROOT, SIGN_IN
from orchestrator.api.problems import MEDIA_TYPE, ErrorItem, ProblemDocument
from orchestrator.api.repeats import HEADER as REPEAT_HEADER
from orchestrator.definitions.journey import JourneyDefinition

TITLE = "Omnichannel Journey Orchestrator"
VERSION = "1.0.0"  # of this contract
ABOUT = (
    "Configure journeys, pause them at once, and read what they did. The workspace is that of the API key; whatever "
    "belongs to another one is not found. Times are RFC 3339 in UTC, days are UTC days. Callers make so many requests "
    "a minute; answers say how many are left (`RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset` in seconds)."
)

# A piece of JSON Schema or OpenAPI; Any, because such documents have no narrower type.
Json: TypeAlias = dict[str, Any]

_REFS = "#/components/schemas/"
_ALWAYS = (401, 403, 404, 429, 500, 503)
_READS = (400, 422)
_WRITES = (400, 408, 409, 412, 413, 415, 422)
_STRANGERS = (401, 403, 409, 412)  # not said to who has no key and changes nothing
_UNTOLD_TO_SENDERS = (403, 404, 409, 412)  # nor these to who has a signature instead
_MEANINGS = {
    400: "The request cannot be read.",
    401: "There is no valid API key.",
    403: "The key's role does not allow this.",
    404: "This workspace has no such thing.",
    408: "The body has not come in whole in 30 s.",
    409: "The state of the thing does not allow this; of a journey `allowed` says what it does.",
    412: "It has changed since it was read.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not declared as JSON.",
    422: "What was sent has problems; `errors` lists all of them.",
    429: "The caller asks too often; go on after `Retry-After` seconds.",
    500: "Something unforeseen.",
    503: "PostgreSQL, or Kafka where it is asked, does not answer; try again after `Retry-After` seconds.",
}
_MEANINGS_OF_SIGN_IN = {
    400: "The request cannot be read, or the provider refuses.",
    404: "No provider is set up for signing in.",
    429: "Too many requests come from this address; go on after `Retry-After` seconds.",
    503: "The provider does not answer; try again after `Retry-After` seconds.",
}
_MEANINGS_OF_WEBHOOKS = {
    401: "The hook is not there or is turned off, or the signature does not hold.",
    422: "The hook's mapping cannot make events of it; `errors` says where and why.",
    429: "The hook is used too often; go on after `Retry-After` seconds.",
    503: "PostgreSQL or Kafka does not answer; send it again after `Retry-After` seconds.",
}
_SIGNED = "receiveHook"
_DEFINITION: Json = {
    "name": "Win back",
    "entry": {"kind": "event", "type": "order.placed"},
    "start": "quiet",
    "steps": {
        "quiet": {
            "kind": "wait_for",
            "event": "order.placed",
            "timeout": "P90D",
            "next": "done",
            "on_timeout": "offer",
        },
        "offer": {"kind": "send", "channel": "email", "template": "we-miss-you", "cost": 0.001, "next": "done"},
        "done": {"kind": "exit"},
    },
    "goal": {"event": "order.placed", "window": "P120D", "value": "amount"},
    "holdout": {"percent": 10},
}
_EXAMPLES: Mapping[str, Mapping[str, Json]] = {
    "createJourney": {
        "start at once": {"value": {"campaign_id": "spring-2026", "config": _DEFINITION}},
        "keep as a draft": {"value": {"name": "Win back, spring", "config": _DEFINITION, "status": "DRAFT"}},
    },
    "changeJourney": {
        "pause": {"value": {"status": "PAUSED"}},
        "resume": {"value": {"status": "ACTIVE"}},
        "stop, letting customers under way finish": {"value": {"status": "STOPPED", "drain": True}},
        "new version": {"value": {"config": _DEFINITION}},
    },
    "startBacktest": {"the last thirty days": {"value": {"config": _DEFINITION}}},
    "changeWorkspace": {"stop every send": {"value": {"is_sending": False}}},
}
_HEADERS: Json = {
    PUBLISHED: {
        "description": "`true`: Kafka has the change, the workers act on it. `false`: written, waiting for Kafka.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "ETag": {"description": "Of it as it is now, for `If-Match`.", "schema": {"type": "string"}},
    "Location": {"description": "The path of what is new.", "schema": {"type": "string"}},
}
_SENT_HEADERS: Mapping[str, tuple[str, ...]] = {
    "createJourney": (PUBLISHED, "ETag", "Location"),
    "getJourney": ("ETag",),
    "changeJourney": (PUBLISHED, "ETag"),
    "stopJourney": (PUBLISHED, "ETag"),
    "getWorkspace": ("ETag",),
    "changeWorkspace": (PUBLISHED, "ETag"),
    "replaceWorkspace": (PUBLISHED, "ETag"),
    "requestEntry": (PUBLISHED,),
    "eraseCustomer": (PUBLISHED,),
    "publishJourney": (PUBLISHED, "ETag"),
    "pauseJourney": (PUBLISHED, "ETag"),
    "resumeJourney": (PUBLISHED, "ETag"),
    "endJourney": (PUBLISHED, "ETag"),
    "archiveJourney": (PUBLISHED, "ETag"),
    "approveProposal": (PUBLISHED, "ETag"),
    "startBacktest": ("Location",),
    "createHook": ("Location",),
}
_MAY_WAIT = ("createJourney", "changeJourney", "publishJourney", "changeWorkspace", "replaceWorkspace")
_WAITS = "The workspace asks for a second person: the proposal `proposal_id` waits, and nothing has changed yet."
_REPEAT: Json = {
    "name": REPEAT_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "Names the request, such as a UUID: sent again within a day it is answered as before, and nothing "
    "more happens.",
}


def document_of(app: FastAPI) -> Json:
    """The OpenAPI document of the routes of ``app``."""
    document = get_openapi(title=TITLE, version=VERSION, description=ABOUT, routes=app.routes)
    schemas: Json = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for model in (ErrorItem, ProblemDocument, JourneyDefinition, NewEvents, CloudEvent):
        schema = model.model_json_schema(ref_template=_REFS + "{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for holder in ("NewJourney", "JourneyPatch", "JourneyDocument", "NewBacktest", "BacktestDocument"):
        config: Json = schemas[holder]["properties"]["config"]
        about = {key: config[key] for key in ("description",) if key in config}
        schemas[holder]["properties"]["config"] = {"$ref": f"{_REFS}JourneyDefinition", **about}
    document["components"]["securitySchemes"] = {
        "apiKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (`jo_` and 43 characters), or an access token of the provider in use.",
        }
    }
    document["info"]["license"] = {"name": "Apache 2.0", "identifier": "Apache-2.0"}
    document["servers"] = [{"url": "/", "description": "The API that this document came from."}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith(SIGN_IN):
                operation["security"] = []  # who comes here has no key yet
                _add_problems(operation, _MEANINGS_OF_SIGN_IN, is_read=method == "get", left_out=_STRANGERS)
            elif operation["operationId"] == _SIGNED:
                operation["security"] = []  # the signature is the key
                _add_problems(operation, _MEANINGS_OF_WEBHOOKS, is_read=False, left_out=_UNTOLD_TO_SENDERS)
            elif path.startswith(ROOT):
                _complete(operation, is_read=method == "get")
            else:
                operation["security"] = []  # probes have no key
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _complete(operation: Json, *, is_read: bool) -> None:
    operation["security"] = [{"apiKey": []}]
    _add_problems(operation, {}, is_read=is_read)
    responses: Json = operation["responses"]
    name = operation["operationId"]
    for header in _SENT_HEADERS.get(name, ()):
        success = next(code for code in responses if code.startswith("2"))
        responses[success].setdefault("headers", {})[header] = _HEADERS[header]
    if name in _MAY_WAIT:
        success = next(code for code in responses if code.startswith("2"))
        responses["202"] = {**responses[success], "description": _WAITS}
    if not is_read and name not in NOT_KEPT:
        operation.setdefault("parameters", []).append(_REPEAT)
    if name in _EXAMPLES:
        operation["requestBody"]["content"]["application/json"]["examples"] = dict(_EXAMPLES[name])


def _add_problems(
    operation: Json, of_its_own: Mapping[int, str], *, is_read: bool, left_out: tuple[int, ...] = ()
) -> None:
    meanings = {**_MEANINGS, **of_its_own}
    for status in sorted({*_ALWAYS, *(_READS if is_read else _WRITES)} - {*left_out}):
        content = {MEDIA_TYPE: {"schema": {"$ref": f"{_REFS}{ProblemDocument.__name__}"}}}
        operation["responses"][str(status)] = {"description": meanings[status], "content": content}
