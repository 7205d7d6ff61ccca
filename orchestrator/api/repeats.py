"""The header ``Idempotency-Key``: a request that is sent again, because its answer was lost, happens once."""

import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated, cast
from uuid import UUID, uuid4

from fastapi import Depends, Response
from starlette.requests import Request

from orchestrator.api.problems import BadRequest
from orchestrator.messages.ids import derived_id
from orchestrator.store.keys import Holder
from orchestrator.store.requests import Answered, Repeatable
from orchestrator.store.tenant import Tenant

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("content-type", "etag", "location", "orchestrator-published")
_OK = range(200, 300)

Handle = Callable[[Request], Awaitable[Response]]


def key_of(request: Request) -> str | None:
    """The request's key; None: it has none.

    Raises:
        BadRequest: what stands there is not one.
    """
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise BadRequest(f"the header {HEADER} takes 1 to 255 visible ASCII characters, for example a UUID")
    return key


async def once(request: Request, key: str, body: bytes, tenant: Tenant, handle: Handle) -> Response:
    """The answer to the request, from ``handle`` the first time; only an answer of success is kept.

    Raises:
        KeyReused, Conflict, Unavailable: see :class:`orchestrator.store.requests.Repeatable`.
    """
    holder = cast(Holder, request.state.holder)
    repeatable = Repeatable(tenant, holder.id, key, _fingerprint(request, body))
    given = await repeatable.claim()
    if given is not None:
        return Response(given.body, given.status, {**given.headers, REPLAYED: "true"})
    request.state.id_of_creation = UUID(derived_id("created", holder.workspace_id, holder.id, key))
    is_kept = False
    try:
        response = await handle(request)
        if response.status_code in _OK:
            headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            await repeatable.keep(Answered(response.status_code, headers, bytes(response.body)))
            is_kept = True
        return response
    finally:
        if not is_kept:
            await repeatable.let_go()


def _id_of_creation(request: Request) -> UUID:
    return cast(UUID, getattr(request.state, "id_of_creation", None) or uuid4())


# The id of what the request creates: it follows from its key, so that the same request creates one thing.
IdOfCreation = Annotated[UUID, Depends(_id_of_creation)]


def _fingerprint(request: Request, body: bytes) -> bytes:
    parts = (request.method, request.url.path, request.url.query, request.headers.get("if-match", ""))
    return sha256("\n".join(parts).encode() + b"\n" + body).digest()
