"""Access tokens count only when the provider signed them, for us, and they say who, where and in which role."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest

from orchestrator.api.provider import Provider
from orchestrator.api.tokens import Tokens
from orchestrator.errors import ConfigurationError, Unauthorised, Unavailable
from orchestrator.settings import Settings
from tests.openid_provider import AUDIENCE, CLIENT_ID, STRANGERS, FakeProvider, openid_provider

NONCE = "n" * 20


def tokens_of(issuer: str) -> Tokens:
    settings = Settings(oidc_issuer=issuer, oidc_audience=AUDIENCE, oidc_client_id=CLIENT_ID)
    return Tokens(settings, Provider(settings))


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    """A provider that has one key."""
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def tokens(provider: FakeProvider) -> Tokens:
    return tokens_of(provider.issuer)


async def test_a_token_says_who_where_and_in_which_role(provider: FakeProvider, tokens: Tokens) -> None:
    holder = await tokens.holder(provider.token())
    assert (holder.id, holder.name) == ("oidc:u-17", "mara@example.org")
    assert (holder.workspace_id, holder.role) == ("acme", "approver")
    assert (await tokens.holder(provider.token(role="viewer", email=None))).name == "u-17"


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
        {"workspace": "*"},
        {"workspace": "acme:globex"},
        {"workspace": "x" * 256},
        {"role": None},
        {"role": "owner"},
        {"role": {"admin": True}},
        {"key": STRANGERS},
        {"kid": "k2"},
    ],
    ids=lambda changes: "-".join(changes),
)
async def test_a_token_that_lacks_anything_does_not_count(
    provider: FakeProvider, tokens: Tokens, changes: dict[str, Any]
) -> None:
    with pytest.raises(Unauthorised):
        await tokens.holder(provider.token(**changes))


async def test_a_signature_by_what_everybody_knows_does_not_count(provider: FakeProvider, tokens: Tokens) -> None:
    head, claims, _ = provider.token().split(".")
    unsigned = jwt.encode(jwt.decode(provider.token(), options={"verify_signature": False}), "", algorithm="none")
    with_public_key = jwt.encode({"sub": "u-17"}, "x" * 64, algorithm="HS256", headers={"kid": "k1"})
    for token in (unsigned, with_public_key, f"{head}.{claims}.", "a.b.c", "x" * 10_000, ""):
        with pytest.raises(Unauthorised):
            await tokens.holder(token)


async def test_a_provider_that_is_away_is_no_refusal() -> None:
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
        await tokens_of("http://127.0.0.1:1").holder(FakeProvider("http://127.0.0.1:1").token())


def test_an_issuer_without_an_audience_is_a_mistake() -> None:
    settings = Settings(oidc_issuer="http://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="OIDC_AUDIENCE"):
        Tokens(settings, Provider(settings))


async def test_an_id_token_is_for_the_dashboard_and_for_the_sign_in_that_began(
    provider: FakeProvider, tokens: Tokens
) -> None:
    await tokens.check_identity(provider.id_token(NONCE), NONCE)
    await tokens.check_identity(provider.id_token(NONCE, aud=[CLIENT_ID, "other"], azp=CLIENT_ID), NONCE)


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another sign-in's"},
        {"nonce": None},
        {"aud": AUDIENCE},
        {"azp": "another application"},
        {"exp": timedelta(minutes=-5)},
        {"iss": "http://elsewhere"},
        {"key": STRANGERS},
    ],
    ids=lambda changes: "-".join(changes),
)
async def test_an_id_token_of_another_sign_in_does_not_count(
    provider: FakeProvider, tokens: Tokens, changes: dict[str, Any]
) -> None:
    with pytest.raises(Unauthorised):
        await tokens.check_identity(provider.id_token(NONCE, **changes), NONCE)
