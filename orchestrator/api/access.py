"""Who is calling: what stands in ``Authorization: Bearer …`` names the workspace and the role, and nothing else does.

It is an API key (``jo_…``) or, where a provider is configured, an access token (``api/tokens.py``).
"""

import time
from collections.abc import Callable
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from orchestrator.api.database import Database
from orchestrator.api.edge import request_id_of
from orchestrator.api.paths import EVENTS, ROOT
from orchestrator.api.quota import Allowance, Quota, neighbourhood_of
from orchestrator.api.services import Services
from orchestrator.api.tokens import Tokens
from orchestrator.errors import Forbidden, Unauthorised
from orchestrator.store.audit import Author
from orchestrator.store.keys import Holder, Role, digest_of, find_key, includes, looks_like_key
from orchestrator.store.tenant import Tenant

CACHE_S = 5.0  # a revoked key is refused after at most this long
CACHE_MOST = 1_000
READING = frozenset({"GET", "HEAD"})
# They get a document, since one does not fit into an address, answer what comes of it, and keep nothing.
COMPUTING = frozenset({f"{ROOT}/definitions/check", f"{ROOT}/definitions/rehearse"})


class Access:
    """Looks keys up, and remembers who holds them for a few seconds. Only digests are kept."""

    def __init__(
        self, database: Database, tokens: Tokens | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._known: dict[bytes, tuple[float, Holder]] = {}

    async def holder(self, authorization: str | None) -> Holder:
        """Whom the key or the token in the ``Authorization`` header belongs to.

        Raises:
            Unauthorised: there is none, or none that is in force.
            Unavailable: the database, or the provider of tokens, does not answer.
        """
        scheme, _, key = (authorization or "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer":
            raise Unauthorised
        if not looks_like_key(key):
            if self._tokens is None:
                raise Unauthorised
            return await self._tokens.holder(key)
        digest = digest_of(key)
        expires, known = self._known.get(digest, (0.0, None))
        if known is not None and self._clock() < expires:
            return known
        found = await find_key(self._database.pool, digest)
        if found is None:
            self._known.pop(digest, None)
            raise Unauthorised(
                "the API key is unknown, has ended or was revoked; ask the workspace's admin for a new one"
            )
        if len(self._known) >= CACHE_MOST:
            self._known.clear()
        self._known[digest] = (self._clock() + CACHE_S, found)
        return found


def least_role(method: str, path: str) -> Role:
    """The least role that may use this HTTP method on this path; a handler may ask for more."""
    if path == EVENTS and method not in READING:
        return "publisher"
    return "viewer" if method in READING or path in COMPUTING else "editor"


def demand(holder: Holder, role: Role, what: str = "this") -> None:
    """Does nothing when the holder's role includes ``role``.

    Raises:
        Forbidden: it does not.
    """
    if not includes(holder.role, role):
        raise Forbidden(f"the API key's role is {holder.role}; {what} needs {role}")


async def admit(request: Request) -> Allowance | None:
    """Finds the caller and lets it in by its role and the method; ``Caller`` then gives it to the handler.

    What the caller has left of its requests is returned.

    Raises:
        Unauthorised, Forbidden: it is not let in.
        TooManyRequests: it asks too often.
        Unavailable: who it is cannot be found out now.
    """
    access, quota = cast(Access, request.app.state.access), cast(Quota, request.app.state.quota)
    holder = await access.holder(request.headers.get("authorization"))
    allowance = quota.take(f"{holder.workspace_id}/{holder.id}")
    demand(holder, least_role(request.method, request.url.path), f"{request.method} here")
    request.state.holder = holder
    return allowance


async def admit_stranger(request: Request) -> Allowance | None:
    """Lets anybody in, so many times a minute from one address; what is left of them is returned.

    Raises:
        TooManyRequests: there were too many requests from where this one comes.
    """
    strangers = cast(Quota, request.app.state.strangers)
    return strangers.take(neighbourhood_of(request.client.host if request.client else None))


async def admit_signed(_: Request) -> Allowance | None:
    """Lets anybody in whose signature is still to be checked; whose it is decides how often they may come."""
    return None


def _caller(request: Request) -> Holder:
    return cast(Holder, request.state.holder)


def tenant_of(request: Request) -> Tenant:
    """The database as the workspace of an admitted caller sees it."""
    services = cast(Services, request.app.state.services)
    return Tenant(services.database.pool, _caller(request).workspace_id)


def _author(request: Request) -> Author:
    caller = _caller(request)
    return Author(caller.id, caller.name, request_id_of(request))


Caller = Annotated[Holder, Depends(_caller)]
CallersTenant = Annotated[Tenant, Depends(tenant_of)]  # the database as the caller's workspace sees it
CallersName = Annotated[Author, Depends(_author)]  # for the audit
