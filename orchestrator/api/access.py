"""Who is calling: the key in ``Authorization: Bearer jo_…`` names the workspace and the role, and nothing else does."""

import time
from collections.abc import Callable
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from orchestrator.api.database import Database
from orchestrator.errors import Forbidden, Unauthorised
from orchestrator.store.keys import ROLES, KeyHolder, Role, digest_of, find_key, looks_like_key

CACHE_S = 5.0  # a revoked key is refused after at most this long
CACHE_MOST = 1_000
_READING = frozenset({"GET", "HEAD"})


class Access:
    """Looks keys up, and remembers who holds them for a few seconds. Only digests are kept."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[bytes, tuple[float, KeyHolder]] = {}

    async def holder(self, authorization: str | None) -> KeyHolder:
        """Whom the key in the ``Authorization`` header belongs to.

        Raises:
            Unauthorised: there is no key, or none that is in force.
            Unavailable: the database does not answer.
        """
        scheme, _, key = (authorization or "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not looks_like_key(key):
            raise Unauthorised
        digest = digest_of(key)
        expires, known = self._known.get(digest, (0.0, None))
        if known is not None and self._clock() < expires:
            return known
        found = await find_key(self._database.pool, digest)
        if found is None:
            self._known.pop(digest, None)
            raise Unauthorised("the API key is unknown or was revoked; ask the workspace's admin for a new one")
        if len(self._known) >= CACHE_MOST:
            self._known.clear()
        self._known[digest] = (self._clock() + CACHE_S, found)
        return found


def least_role(method: str) -> Role:
    """The least role that may use this HTTP method; a handler may ask for more."""
    return "viewer" if method in _READING else "editor"


def demand(holder: KeyHolder, role: Role, what: str = "this") -> None:
    """Does nothing when the holder's role includes ``role``.

    Raises:
        Forbidden: it does not.
    """
    if ROLES.index(holder.role) < ROLES.index(role):
        raise Forbidden(f"the API key's role is {holder.role}; {what} needs {role}")


async def admit(request: Request) -> None:
    """Finds the caller and lets it in by its role and the method; ``Caller`` then gives it to the handler."""
    access = cast(Access, request.app.state.access)
    holder = await access.holder(request.headers.get("authorization"))
    demand(holder, least_role(request.method), f"{request.method} here")
    request.state.holder = holder


def _caller(request: Request) -> KeyHolder:
    return cast(KeyHolder, request.state.holder)


Caller = Annotated[KeyHolder, Depends(_caller)]
