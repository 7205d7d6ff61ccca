"""The OpenID Connect provider of the settings: what it says of itself, and the tokens it gives.

Nobody else is called. Its addresses come from its own discovery document and never from a request; redirections are
not followed, and an answer is bounded in time and size.
"""

import asyncio
import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from orchestrator.errors import RequestError, Unavailable
from orchestrator.settings import Settings

TIMEOUT_S = 10.0  # of a question with its answer, and of the wait for its turn
AT_ONCE = 8  # questions; people who sign in do not keep the rest of the API from its work
MAX_ANSWER_BYTES = 256 * 1024
DISCOVERY_AGE_S = 3_600.0  # after this long it is read again
FAILURE_AGE_S = 5.0  # so long it is not asked again when it did not answer
MAX_TOKEN_CHARS = 8_192
_DISCOVERY = "/.well-known/openid-configuration"
_MAX_WORDS_CHARS = 300


class SignInRefused(RequestError):
    """The provider, or what it said, does not let this person sign in."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a provider says of itself. None: it does not name such an address."""

    jwks_url: str
    authorization_endpoint: str | None
    token_endpoint: str | None
    end_session_endpoint: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens that a provider gave. ``expires_in_s``: how long the first is in force; None: it does not say."""

    access_token: str
    refresh_token: str | None
    id_token: str | None
    expires_in_s: int | None


def read_discovery(document: object, issuer: str) -> Discovery:
    """What the discovery document of ``issuer`` says.

    Raises:
        ValueError: it is of another issuer, or an address in it is none that may be called.
    """
    if not isinstance(document, dict):
        raise ValueError("it is no object")
    if document.get("issuer") != issuer:
        named = str(document.get("issuer"))[:_MAX_WORDS_CHARS]
        raise ValueError(f"it is that of the issuer {named!r}; ORCHESTRATOR_OIDC_ISSUER must be written exactly so")
    is_plain = urlsplit(issuer).scheme == "http"  # as on one's own machine
    jwks_url = _address(document, "jwks_uri", is_plain)
    if jwks_url is None:
        raise ValueError("it names no jwks_uri")
    return Discovery(
        jwks_url=jwks_url,
        authorization_endpoint=_address(document, "authorization_endpoint", is_plain),
        token_endpoint=_address(document, "token_endpoint", is_plain),
        end_session_endpoint=_address(document, "end_session_endpoint", is_plain),
    )


def read_grant(document: object) -> Grant:
    """The tokens in the answer of a token endpoint.

    Raises:
        ValueError: it has none that could be used.
    """
    if not isinstance(document, dict):
        raise ValueError("it is no object")
    if str(document.get("token_type", "")).lower() != "bearer":
        raise ValueError("its tokens are not of the type Bearer")
    access_token = _token(document, "access_token")
    if access_token is None:
        raise ValueError("it has no access_token")
    expires_in = str(document.get("expires_in", ""))
    return Grant(
        access_token=access_token,
        refresh_token=_token(document, "refresh_token"),
        id_token=_token(document, "id_token"),
        expires_in_s=int(expires_in) if re.fullmatch(r"[0-9]{1,9}", expires_in) else None,
    )


def words_of(document: object) -> str:
    """Why a token endpoint refused, in its own words: plain, and not too many of them."""
    given = document if isinstance(document, dict) else {}
    parts = [given[name] for name in ("error", "error_description") if isinstance(given.get(name), str)]
    text = "".join(sign if sign.isprintable() else " " for sign in ": ".join(parts))
    return text[:_MAX_WORDS_CHARS].strip() or "it does not say why"


class Provider:
    """Asks the provider. One for each API process."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = settings.oidc_issuer
        self.name = settings.oidc_name or urlsplit(settings.oidc_issuer).hostname or settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._reading = asyncio.Lock()
        self._trusted: ssl.SSLContext | None = None
        self._known: tuple[float, Discovery | Unavailable] | None = None

    async def discovery(self) -> Discovery:
        """What it says of itself, as of an hour ago at most.

        Raises:
            Unavailable: it does not answer, or not as a provider does.
        """
        async with self._reading:
            if self._known is None or self._clock() >= self._known[0]:
                self._known = await self._discover()
            known = self._known[1]
        if isinstance(known, Unavailable):
            raise Unavailable(str(known))
        return known

    async def grant(self, origin: str, **fields: str) -> Grant:
        """The tokens that the provider gives for ``fields`` of a token request.

        ``origin``: that of the page which they are for. A provider may give a page's tokens only to requests that name
        it, as a browser's would.

        Raises:
            SignInRefused: it gives none.
            Unavailable: it does not answer, or not as a provider does.
        """
        address = (await self.discovery()).token_endpoint
        if address is None:
            raise Unavailable(f"the provider {self.issuer} names no token_endpoint, so nobody can sign in there")
        form = {"client_id": self._client_id, **fields}
        status, document = await self._ask("POST", address, {"Origin": origin}, form)
        if status in (400, 401, 403):
            raise SignInRefused(f"{self.name} has refused: {words_of(document)}")
        try:
            if status != 200:
                raise ValueError(f"its status is {status}")
            return read_grant(document)
        except ValueError as error:
            raise Unavailable(f"the answer of {address} cannot be used: {error}") from error

    async def _discover(self) -> tuple[float, Discovery | Unavailable]:
        """What is known now, and until when."""
        address = self.issuer.rstrip("/") + _DISCOVERY
        try:
            status, document = await self._ask("GET", address)
            if status != 200:
                raise ValueError(f"its status is {status}")
            return self._clock() + DISCOVERY_AGE_S, read_discovery(document, self.issuer)
        except Unavailable as error:
            return self._clock() + FAILURE_AGE_S, error
        except ValueError as error:
            return self._clock() + FAILURE_AGE_S, Unavailable(f"the answer of {address} cannot be used: {error}")

    async def _ask(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> tuple[int, object]:
        """The status and the JSON of the answer."""
        wanted = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._turns,
                httpx.AsyncClient(verify=self._trust(), follow_redirects=False, timeout=TIMEOUT_S) as client,
                client.stream(method, address, headers=wanted, data=form) as answer,
            ):
                body = bytearray()
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ValueError(f"it has more than {MAX_ANSWER_BYTES} bytes")
                return answer.status_code, json.loads(body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Unavailable(f"asking {address}: {type(error).__name__} {error}".rstrip()) from error
        except (ValueError, RecursionError) as error:
            raise Unavailable(f"the answer of {address} cannot be used: {error}") from error

    def _trust(self) -> ssl.SSLContext:
        """The authorities that this machine trusts, a company's own among them."""
        if self._trusted is None:
            self._trusted = ssl.create_default_context()
        return self._trusted


def _address(document: Mapping[str, object], name: str, is_plain: bool) -> str | None:
    """An address that may be called; plain HTTP only where the issuer's own is."""
    address = document.get(name)
    if address is None:
        return None
    parts = urlsplit(str(address))
    if parts.scheme not in (("http", "https") if is_plain else ("https",)) or not parts.hostname:
        raise ValueError(f"its {name} is {str(address)[:_MAX_WORDS_CHARS]!r}, and not an address by HTTPS")
    return str(address)


def _token(document: Mapping[str, object], name: str) -> str | None:
    token = document.get(name)
    if token is None:
        return None
    if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN_CHARS:
        raise ValueError(f"its {name} is not a text of 1 to {MAX_TOKEN_CHARS} characters")
    return token
