"""Errors become ``application/problem+json`` (RFC 9457): one shape for everything that goes wrong.

``type`` is a stable URN to program against, ``detail`` a sentence for the person who reads it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from orchestrator.api.event_documents import RefusedEvent
from orchestrator.api.provider import SignInRefused
from orchestrator.api.quota import TooManyRequests
from orchestrator.definitions.parse import check_journey, said
from orchestrator.errors import (
    Conflict,
    DecodeError,
    DefinitionError,
    Forbidden,
    NotFound,
    OrchestratorError,
    Problem,
    RequestError,
    Unauthorised,
    Unavailable,
)
from orchestrator.store.requests import KeyReused

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:orchestrator:problem:"
RETRY_AFTER_S = 2
MAX_ERRORS = 100  # of one answer; a document with more is mended in rounds


class BadRequest(RequestError):
    """The request cannot be read as what it should be."""


class StatusConflict(Conflict):
    """The journey's status does not allow this change; ``allowed`` are the statuses it may go to."""

    def __init__(self, message: str, allowed: Sequence[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(message)


class PreconditionFailed(RequestError):
    """The thing has changed since it was read; read it again and repeat the change."""

    status_hint = 412


class InvalidPart(RequestError):
    """A part of the body is a document with problems; their paths lead into the body."""

    status_hint = 422

    def __init__(self, path: str, error: DefinitionError) -> None:
        self.problems = [Problem(path + p.path.removeprefix("$"), p.rule, p.message, p.fix) for p in error.problems]
        super().__init__(str(error))


class TooSlow(RequestError):
    """The request body has not come in whole in the time that there is for it."""

    status_hint = 408


class TooLarge(RequestError):
    """The request body is larger than is taken."""

    status_hint = 413


class UnsupportedMediaType(RequestError):
    """The request body is not JSON; send it with ``Content-Type: application/json``."""

    status_hint = 415


class EventsRefused(RequestError):
    """None of the events was accepted; ``refused`` says why."""

    status_hint = 422

    def __init__(self, message: str, refused: Sequence[RefusedEvent] = ()) -> None:
        self.refused = refused
        super().__init__(message)


class ErrorItem(BaseModel):
    """One thing wrong with what was sent: where, which rule, why, and how to mend it."""

    path: str = Field(description="JSON path into the body, or query.NAME", examples=["$.config.steps.offer.next"])
    rule: str = Field(examples=["unknown_step"])
    detail: str
    fix: str


class ProblemDocument(BaseModel):
    """What every error looks like (RFC 9457)."""

    type: str = Field(examples=[TYPE_PREFIX + "not-found"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked for.")
    request_id: str = Field(description="Also in the header X-Request-Id and in the log.")
    errors: list[ErrorItem] | None = Field(None, description="Only where there are several things to say.")
    allowed: list[str] | None = Field(None, description="Of a conflict: the statuses the journey may go to.")
    refused: list[RefusedEvent] | None = Field(None, description="Of events that were published: none was accepted.")


@dataclass(frozen=True, slots=True)
class Answer:
    """An error as it is told: status, kind (the end of ``type``), and what else belongs to it."""

    status: int
    kind: str
    detail: str
    errors: Sequence[Problem] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    allowed: Sequence[str] | None = None
    refused: Sequence[RefusedEvent] = ()


_CHALLENGE = 'Bearer realm="orchestrator"'
_HTTP_KINDS = {400: "bad-request", 404: "not-found", 405: "method-not-allowed"}
_HTTP_DETAILS = {
    404: "there is nothing at this path; see /openapi.json for what there is",
    405: "this path does not take this method; the header Allow names those it takes",
}


def answer_to(error: Exception) -> Answer:
    """How ``error`` is told. What is not meant to be told gives a 500 without its words."""
    match error:
        case DefinitionError():
            return _validation(_in_config(error))
        case InvalidPart(problems=problems):
            return _validation(problems)
        case EventsRefused(refused=refused):
            return Answer(422, "events-refused", str(error), refused=refused)
        case RequestValidationError():
            return _of_validation(error)
        case DecodeError():  # PostgreSQL takes no such value, for example text with a zero byte
            return Answer(422, "validation", str(error))
        case Unauthorised():
            return Answer(401, "unauthorised", str(error), headers={"WWW-Authenticate": _CHALLENGE})
        case Forbidden():
            challenge = f'{_CHALLENGE}, error="insufficient_scope"'
            return Answer(403, "forbidden", str(error), headers={"WWW-Authenticate": challenge})
        case NotFound():
            return Answer(404, "not-found", str(error))
        case StatusConflict(allowed=allowed):
            return Answer(409, "conflict", str(error), allowed=allowed)
        case Conflict():
            return Answer(409, "conflict", str(error))
        case PreconditionFailed():
            return Answer(412, "precondition-failed", str(error))
        case TooSlow():
            return Answer(408, "too-slow", str(error), headers={"Connection": "close"})
        case TooLarge():
            return Answer(413, "too-large", str(error))
        case UnsupportedMediaType():
            return Answer(415, "unsupported-media-type", str(error))
        case KeyReused():
            return Answer(422, "idempotency-key-reused", str(error))
        case TooManyRequests(retry_after_s=retry_after_s):
            return Answer(429, "too-many-requests", str(error), headers={"Retry-After": str(retry_after_s)})
        case SignInRefused():
            return Answer(400, "sign-in-refused", str(error))
        case RequestError():
            return Answer(400, "bad-request", str(error))
        case Unavailable():
            return Answer(503, "unavailable", str(error), headers={"Retry-After": str(RETRY_AFTER_S)})
        case HTTPException(status_code=status):
            kind = _HTTP_KINDS.get(status, "http")
            return Answer(status, kind, _HTTP_DETAILS.get(status, str(error.detail)), headers=dict(error.headers or {}))
        case OrchestratorError() | Exception():
            return Answer(500, "internal", "something unforeseen went wrong; the log has it under this request_id")


def problem_response(answer: Answer, path: str, request_id: str) -> JSONResponse:
    """The response to a request for ``path``."""
    content: dict[str, Any] = {
        "type": TYPE_PREFIX + answer.kind,
        "title": HTTPStatus(answer.status).phrase,
        "status": answer.status,
        "detail": answer.detail,
        "instance": path,
        "request_id": request_id,
    }
    if answer.errors:
        content["errors"] = [{"path": p.path, "rule": p.rule, "detail": p.message, "fix": p.fix} for p in answer.errors]
    if answer.allowed is not None:
        content["allowed"] = list(answer.allowed)
    if answer.refused:
        content["refused"] = [each.model_dump() for each in answer.refused]
    return JSONResponse(content, answer.status, headers=dict(answer.headers), media_type=MEDIA_TYPE)


def items_of(problems: Iterable[Problem]) -> list[ErrorItem]:
    """Problems as an answer lists them that is no refusal."""
    items = [ErrorItem(path=each.path, rule=each.rule, detail=each.message, fix=each.fix) for each in problems]
    return items[:MAX_ERRORS]


def _validation(problems: Sequence[Problem]) -> Answer:
    shown = problems[:MAX_ERRORS]
    more = f", of which the first {MAX_ERRORS} are listed" if len(problems) > MAX_ERRORS else ""
    return Answer(422, "validation", f"what was sent has {len(problems)} problem(s){more}", errors=shown)


def _of_validation(error: RequestValidationError) -> Answer:
    found = error.errors()
    if any(detail["loc"][0] == "path" for detail in found):
        return Answer(404, "not-found", "this workspace has nothing of that id: ids are UUIDs, versions are numbers")
    return _validation([*map(_of_pydantic, found), *_of_definition(error.body)])


def _of_definition(body: object) -> Sequence[Problem]:
    """Problems of the definition in a body that has other problems too, so that the writer learns of all at once."""
    if not isinstance(body, dict) or not isinstance(body.get("config"), dict):
        return ()
    try:
        check_journey(body["config"])
    except DefinitionError as error:
        return _in_config(error)
    return ()


def _in_config(error: DefinitionError) -> Sequence[Problem]:
    return InvalidPart("$.config", error).problems


def _of_pydantic(detail: Mapping[str, Any]) -> Problem:
    rule = str(detail["type"])
    message, fix = said(detail)
    place, *inner = detail["loc"]
    if place != "body":
        return Problem(".".join(map(str, detail["loc"])), rule, message, fix)
    path = "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inner)
    return Problem(path, rule, message, fix)
