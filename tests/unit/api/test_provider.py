"""A provider is asked at its own addresses and nowhere else, and its answers are taken with care."""

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.api.provider import (
    DISCOVERY_AGE_S,
    FAILURE_AGE_S,
    MAX_ANSWER_BYTES,
    MAX_TOKEN_CHARS,
    Grant,
    Provider,
    SignInRefused,
    read_discovery,
    read_grant,
    words_of,
)
from orchestrator.errors import Unavailable
from orchestrator.settings import Settings
from tests.hand_clock import Clock
from tests.openid_provider import AUDIENCE, CLIENT_ID, FakeProvider, openid_provider

ISSUER = "https://id.example/staff"
DISCOVERY = {
    "issuer": ISSUER,
    "jwks_uri": "https://id.example/keys",
    "authorization_endpoint": "https://id.example/authorize",
    "token_endpoint": "https://tokens.example/token",
}
JSON = {"Content-Type": "application/json"}
ORIGIN = "https://journeys.example"


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with openid_provider() as fake:
        yield fake


def provider_at(issuer: str, clock: Clock | None = None) -> Provider:
    settings = Settings(oidc_issuer=issuer, oidc_audience=AUDIENCE, oidc_client_id=CLIENT_ID)
    return Provider(settings, clock or Clock())


def test_a_discovery_document_names_the_addresses() -> None:
    discovery = read_discovery(DISCOVERY, ISSUER)
    assert (discovery.jwks_url, discovery.token_endpoint) == ("https://id.example/keys", "https://tokens.example/token")
    assert discovery.end_session_endpoint is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": ISSUER + "/"}, "must be written exactly so"),
        ({"issuer": None}, "must be written exactly so"),
        ({"jwks_uri": None}, "names no jwks_uri"),
        ({"token_endpoint": "http://tokens.example/token"}, "not an address by HTTPS"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "not an address by HTTPS"),
        ({"end_session_endpoint": "file:///etc/passwd"}, "not an address by HTTPS"),
        ({"jwks_uri": "https:///keys"}, "not an address by HTTPS"),
        ({"token_endpoint": 7}, "not an address by HTTPS"),
    ],
)
def test_a_discovery_document_that_leads_elsewhere_is_not_taken(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_discovery({**DISCOVERY, **changes}, ISSUER)
    with pytest.raises(ValueError, match="no object"):
        read_discovery([DISCOVERY], ISSUER)


def test_tokens_are_read_with_how_long_they_hold() -> None:
    given = {"token_type": "bearer", "access_token": "a.b.c", "expires_in": "300", "scope": "openid"}
    assert read_grant(given) == Grant("a.b.c", None, None, 300)
    assert read_grant({**given, "expires_in": "soon"}).expires_in_s is None


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"token_type": "DPoP", "access_token": "a.b.c"},
        {"token_type": "Bearer"},
        {"token_type": "Bearer", "access_token": ""},
        {"token_type": "Bearer", "access_token": ["a.b.c"]},
        {"token_type": "Bearer", "access_token": "a" * (MAX_TOKEN_CHARS + 1)},
        {"token_type": "Bearer", "access_token": "a.b.c", "refresh_token": {}},
    ],
)
def test_an_answer_without_usable_tokens_is_none(document: object) -> None:
    with pytest.raises(ValueError, match=r"it is|it has|its "):
        read_grant(document)


def test_a_refusal_is_told_in_plain_words_and_not_too_many() -> None:
    assert words_of({"error": "access_denied", "error_description": "not\r\ntoday"}) == "access_denied: not  today"
    assert len(words_of({"error": "x" * 10_000})) == 300
    for silent in (None, [], {}, {"error": 7}):
        assert words_of(silent) == "it does not say why"


async def test_a_code_is_exchanged_in_the_name_of_the_page(fake: FakeProvider) -> None:
    with pytest.raises(SignInRefused, match=r"127\.0\.0\.1 has refused: invalid_grant: the code does not hold"):
        await provider_at(fake.issuer).grant(ORIGIN, grant_type="authorization_code", code="c", code_verifier="v")
    assert fake.grants == [
        {"client_id": CLIENT_ID, "grant_type": "authorization_code", "code": "c", "code_verifier": "v"}
    ]
    assert fake.origins == [ORIGIN]


@pytest.mark.parametrize(
    "answer",
    [
        (307, {"Location": "/elsewhere"}, b"{}"),
        (200, JSON, b"{" + b" " * MAX_ANSWER_BYTES + b"}"),
        (200, JSON, b"[" * 100_000),
        (200, JSON, b"<html>"),
        (200, JSON, b"{}"),
        (200, {**JSON, "Content-Encoding": "gzip"}, b"\x1f\x8b"),
        (500, JSON, b"{}"),
        (404, JSON, b"{}"),
    ],
    ids=["redirection", "large", "deep", "page", "empty", "packed", "failed", "gone"],
)
async def test_an_answer_that_is_none_is_not_followed_and_not_taken(
    fake: FakeProvider, answer: tuple[int, dict[str, str], bytes]
) -> None:
    fake.answer = answer
    with pytest.raises(Unavailable, match=r"/token cannot be used"):
        await provider_at(fake.issuer).grant(ORIGIN, grant_type="refresh_token", refresh_token="r")
    assert fake.paths == ["/.well-known/openid-configuration", "/token"]


async def test_what_a_provider_says_of_itself_is_read_once_an_hour(fake: FakeProvider) -> None:
    clock = Clock()
    provider = provider_at(fake.issuer, clock)
    for _ in range(3):
        assert (await provider.discovery()).token_endpoint == f"{fake.issuer}/token"
    assert len(fake.paths) == 1
    clock.now_s += DISCOVERY_AGE_S
    await provider.discovery()
    assert len(fake.paths) == 2


async def test_a_provider_that_fails_is_left_alone_for_some_seconds(fake: FakeProvider) -> None:
    clock, named = Clock(), fake.discovery
    provider = provider_at(fake.issuer, clock)
    fake.discovery = {**named, "issuer": "https://elsewhere.example"}
    for _ in range(3):
        with pytest.raises(Unavailable, match=r"elsewhere\.example"):
            await provider.discovery()
    assert len(fake.paths) == 1
    fake.discovery = named
    clock.now_s += FAILURE_AGE_S
    assert (await provider.discovery()).jwks_url == f"{fake.issuer}/keys"


async def test_a_provider_without_a_token_endpoint_gives_no_tokens(fake: FakeProvider) -> None:
    del fake.discovery["token_endpoint"]
    with pytest.raises(Unavailable, match="names no token_endpoint"):
        await provider_at(fake.issuer).grant(ORIGIN, grant_type="refresh_token", refresh_token="r")


def test_a_provider_is_called_by_its_name_or_its_host() -> None:
    assert provider_at(ISSUER).name == "id.example"
    assert Provider(Settings(oidc_issuer=ISSUER, oidc_name="Acme accounts")).name == "Acme accounts"
