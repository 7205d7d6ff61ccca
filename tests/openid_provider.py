"""A provider of OpenID Connect in the test's own process: whoever comes may sign in, unless a test says otherwise."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "journeys"
CLIENT_ID = "dashboard"
OURS = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
STRANGERS = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@dataclass
class FakeProvider:
    """What the provider does, which tests change, and what it was asked."""

    issuer: str = ""
    discovery: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)  # of the access token, besides the usual ones
    id_claims: dict[str, Any] = field(default_factory=dict)  # of the ID token
    back: dict[str, str] = field(default_factory=dict)  # instead of what the page would be sent back with
    lives_s: int = 300  # an access token
    gives_refresh_token: bool = True
    answer: tuple[int, dict[str, str], bytes] | None = None  # of the token endpoint, whatever it is asked
    grants: list[dict[str, str]] = field(default_factory=list)
    origins: list[str | None] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)  # where people sign in
    left: list[dict[str, str]] = field(default_factory=list)  # where they sign out
    paths: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refresh_tokens: set[str] = field(default_factory=set)

    def token(self, key: rsa.RSAPrivateKey = OURS, kid: str = "k1", **changes: Any) -> str:
        """An access token with these claims changed; None leaves one out, a length of time is counted from now."""
        now = datetime.now(UTC)
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "u-17",
            "iat": now,
            "exp": timedelta(seconds=self.lives_s),
            "jti": uuid4().hex,
            "workspace": "acme",
            "role": ["staff", "viewer", "approver"],
            "email": "mara@example.org",
            **self.claims,
            **changes,
        }
        given = {name: now + value if isinstance(value, timedelta) else value for name, value in claims.items()}
        given = {name: value for name, value in given.items() if value is not None}
        return jwt.encode(given, key, algorithm="RS256", headers={"kid": kid})

    def id_token(self, nonce: str, /, **changes: Any) -> str:
        """An ID token for the dashboard."""
        own = {"aud": CLIENT_ID, "nonce": nonce, "workspace": None, "role": None, "exp": timedelta(minutes=5)}
        return self.token(**{**own, **self.id_claims, **changes})

    def sign_in(self, **asked: str) -> str:
        """The code that somebody gets who signs in with these parameters."""
        code = uuid4().hex
        self.codes[code] = asked
        return code

    def grant(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to a request for tokens."""
        if form.get("client_id") != CLIENT_ID:
            return 401, {"error": "invalid_client"}
        if form.get("grant_type") == "refresh_token":
            known = form.get("refresh_token", "")
            if known not in self.refresh_tokens:
                return 400, {"error": "invalid_grant", "error_description": "the session is over"}
            self.refresh_tokens.discard(known)  # each holds once
            return 200, self._given({})
        begun = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if begun is None or begun["code_challenge"] != challenge or begun["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant", "error_description": "the code does not hold"}
        return 200, self._given({"id_token": self.id_token(begun["nonce"])})

    def _given(self, more: dict[str, Any]) -> dict[str, Any]:
        given = {"token_type": "Bearer", "access_token": self.token(), "expires_in": self.lives_s, **more}
        if self.gives_refresh_token:
            given["refresh_token"] = uuid4().hex
            self.refresh_tokens.add(given["refresh_token"])
        return given


@contextmanager
def openid_provider() -> Iterator[FakeProvider]:
    """A provider while the block lasts."""
    provider = FakeProvider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": provider}))
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    provider.discovery = {
        "issuer": provider.issuer,
        "jwks_uri": f"{provider.issuer}/keys",
        "authorization_endpoint": f"{provider.issuer}/authorize?realm=staff",
        "token_endpoint": f"{provider.issuer}/token",
        "end_session_endpoint": f"{provider.issuer}/leave",
    }
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    provider: ClassVar[FakeProvider]

    def do_GET(self) -> None:
        address, provider = urlsplit(self.path), self.provider
        provider.paths.append(address.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        match address.path:
            case "/.well-known/openid-configuration":
                self._answer(200, provider.discovery)
            case "/keys":
                key = {**RSAAlgorithm.to_jwk(OURS.public_key(), as_dict=True), "kid": "k1", "use": "sig"}
                self._answer(200, {"keys": [key]})
            case "/authorize":
                provider.asked.append(asked)
                said = {"code": provider.sign_in(**asked), "state": asked["state"], "iss": provider.issuer}
                said = {name: value for name, value in {**said, **provider.back}.items() if value}
                self._send_to(f"{asked['redirect_uri']}?{urlencode(said)}")
            case "/leave":
                provider.left.append(asked)
                self._send_to(asked["post_logout_redirect_uri"])
            case _:
                self._answer(404, {})

    def do_POST(self) -> None:
        provider = self.provider
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        provider.paths.append(self.path)
        provider.grants.append(form)
        provider.origins.append(self.headers["Origin"])
        if provider.answer is not None:
            self._write(*provider.answer)
        else:
            self._answer(*provider.grant(form))

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        self._write(status, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def _send_to(self, address: str) -> None:
        self._write(302, {"Location": address}, b"")

    def _write(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
