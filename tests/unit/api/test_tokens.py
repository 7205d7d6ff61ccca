"""Access tokens count only when the provider signed them, for us, and they say who, where and in which role."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from orchestrator.api.tokens import Tokens
from orchestrator.errors import ConfigurationError, Unauthorised, Unavailable
from orchestrator.settings import Settings

AUDIENCE = "journeys"
OURS = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
STRANGERS = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


class _Provider(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        port = self.server.server_address[1]
        if self.path == "/.well-known/openid-configuration":
            document: dict[str, Any] = {"jwks_uri": f"http://127.0.0.1:{port}/keys"}
        else:
            document = {"keys": [{**RSAAlgorithm.to_jwk(OURS.public_key(), as_dict=True), "kid": "k1", "use": "sig"}]}
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a provider that has one key."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tokens(issuer: str) -> Tokens:
    return Tokens(Settings(oidc_issuer=issuer, oidc_audience=AUDIENCE))


def a_token(issuer: str, key: rsa.RSAPrivateKey = OURS, kid: str = "k1", **changes: Any) -> str:
    """A token with these claims changed; None leaves one out, a length of time is counted from now."""
    now = datetime.now(UTC)
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": "u-17",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "workspace": "acme",
        "role": ["staff", "viewer", "approver"],
        "email": "mara@example.org",
        **changes,
    }
    given = {name: now + value if isinstance(value, timedelta) else value for name, value in claims.items()}
    given = {name: value for name, value in given.items() if value is not None}
    return jwt.encode(given, key, algorithm="RS256", headers={"kid": kid})


async def test_a_token_says_who_where_and_in_which_role(issuer: str, tokens: Tokens) -> None:
    holder = await tokens.holder(a_token(issuer))
    assert (holder.id, holder.name) == ("oidc:u-17", "mara@example.org")
    assert (holder.workspace_id, holder.role) == ("acme", "approver")
    assert (await tokens.holder(a_token(issuer, role="viewer", email=None))).name == "u-17"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": timedelta(minutes=-5)},
        {"exp": None},
        {"nbf": timedelta(minutes=5)},
        {"aud": "others"},
        {"aud": None},
        {"iss": "http://elsewhere"},
        {"sub": None},
        {"workspace": None},
        {"workspace": ["acme", "globex"]},
        {"workspace": ""},
        {"role": None},
        {"role": "owner"},
        {"role": {"admin": True}},
        {"key": STRANGERS},
        {"kid": "k2"},
    ],
    ids=lambda changes: "-".join(changes),
)
async def test_a_token_that_lacks_anything_does_not_count(issuer: str, tokens: Tokens, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthorised):
        await tokens.holder(a_token(issuer, **changes))


async def test_a_signature_by_what_everybody_knows_does_not_count(issuer: str, tokens: Tokens) -> None:
    head, claims, _ = a_token(issuer).split(".")
    unsigned = jwt.encode(jwt.decode(a_token(issuer), options={"verify_signature": False}), "", algorithm="none")
    with_public_key = jwt.encode({"sub": "u-17"}, "x" * 64, algorithm="HS256", headers={"kid": "k1"})
    for token in (unsigned, with_public_key, f"{head}.{claims}.", "a.b.c", "x" * 10_000, ""):
        with pytest.raises(Unauthorised):
            await tokens.holder(token)


async def test_a_provider_that_is_away_is_no_refusal() -> None:
    tokens = Tokens(Settings(oidc_issuer="http://127.0.0.1:1", oidc_audience=AUDIENCE))
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
        await tokens.holder(a_token("http://127.0.0.1:1"))


def test_an_issuer_without_an_audience_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="OIDC_AUDIENCE"):
        Tokens(Settings(oidc_issuer="http://127.0.0.1:1"))
