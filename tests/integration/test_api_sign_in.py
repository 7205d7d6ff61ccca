"""Signing in by a provider over HTTP: open to strangers, to whom it tells nothing, and safe from them."""

import base64
import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from orchestrator.api import app as api_app
from orchestrator.api.paths import BASE, ROOT, SIGN_IN
from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from tests.api_session import ApiSession, serving
from tests.builders import a_journey
from tests.openid_provider import AUDIENCE, CLIENT_ID, FakeProvider, openid_provider

pytestmark = pytest.mark.integration

PAGE = "https://journeys.example/"
VERIFIER = "v" * 64
NONCE = "n" * 43


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture
async def api(settings: Settings, topics: Catalog, provider: FakeProvider) -> AsyncIterator[ApiSession]:
    """The API of an installation where people sign in at the provider."""
    more = {"oidc_issuer": provider.issuer, "oidc_audience": AUDIENCE, "oidc_client_id": CLIENT_ID}
    async with serving(settings.model_copy(update=more)) as session:
        yield session


@pytest.fixture
async def of_keys(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    """The API of an installation without a provider."""
    async with serving(settings) as session:
        yield session


def begun(provider: FakeProvider, **changes: Any) -> dict[str, Any]:
    """The end of a sign-in that somebody began."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    code = provider.sign_in(code_challenge=challenge, redirect_uri=PAGE, nonce=NONCE)
    return {"code": code, "code_verifier": VERIFIER, "nonce": NONCE, "redirect_uri": PAGE, **changes}


async def test_a_stranger_is_told_where_to_sign_in_and_nothing_else(api: ApiSession, provider: FakeProvider) -> None:
    answer = await api.client_with({}).get(SIGN_IN)
    assert answer.json() == {
        "provider": {
            "name": "127.0.0.1",
            "issuer": provider.issuer,
            "client_id": CLIENT_ID,
            "scope": "openid profile email",
            "audience": AUDIENCE,
            "authorization_endpoint": f"{provider.issuer}/authorize?realm=staff",
            "end_session_endpoint": f"{provider.issuer}/leave",
        }
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_a_code_becomes_tokens_that_open_the_workspace_and_are_renewed(
    api: ApiSession, provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    provider.claims = {"role": "editor"}
    stranger = api.client_with({})
    given = (await stranger.post(f"{SIGN_IN}/exchange", json=begun(provider))).json()
    assert given["expires_in_s"] == provider.lives_s
    person = api.client_with({"Authorization": f"Bearer {given['access_token']}"})
    assert (await person.get(f"{ROOT}/workspace")).json()["role"] == "editor"
    assert (await person.post(BASE, json={"config": a_journey()})).status_code == 201
    (made,) = (await person.get(f"{ROOT}/audit")).json()["items"]
    assert made["author"] == "mara@example.org"
    renewal = {"refresh_token": given["refresh_token"], "redirect_uri": PAGE}
    renewed = await stranger.post(f"{SIGN_IN}/renew", json=renewal)
    assert renewed.json()["access_token"] != given["access_token"]
    assert provider.origins == ["https://journeys.example"] * 2
    again = await stranger.post(f"{SIGN_IN}/renew", json=renewal)
    assert (again.status_code, again.json()["type"]) == (400, "urn:orchestrator:problem:sign-in-refused")
    for secret in (given["access_token"], given["refresh_token"], given["id_token"], VERIFIER):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "of-nobody"}, "has refused: invalid_grant: the code does not hold"),
        ({"code_verifier": "w" * 64}, "has refused: invalid_grant"),
        ({"redirect_uri": "https://elsewhere.example/"}, "has refused: invalid_grant"),
        ({"nonce": "m" * 43}, "the ID token is of another sign-in"),
    ],
    ids=["code", "verifier", "redirect_uri", "nonce"],
)
async def test_a_code_of_another_sign_in_gives_no_tokens(
    api: ApiSession, provider: FakeProvider, changes: dict[str, str], words: str
) -> None:
    answer = await api.client_with({}).post(f"{SIGN_IN}/exchange", json=begun(provider, **changes))
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:orchestrator:problem:sign-in-refused")
    assert words in answer.json()["detail"]
    assert "access_token" not in answer.json()


@pytest.mark.parametrize(
    "claims", [{"aud": "others"}, {"workspace": None}, {"role": "guest"}], ids=["audience", "workspace", "role"]
)
async def test_tokens_that_would_not_count_are_not_given_away(
    api: ApiSession, provider: FakeProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    answer = await api.client_with({}).post(f"{SIGN_IN}/exchange", json=begun(provider))
    assert answer.status_code == 400
    assert "127.0.0.1 let you in, and the orchestrator does not" in answer.json()["detail"]


async def test_no_request_decides_whom_the_api_asks(api: ApiSession, provider: FakeProvider) -> None:
    stranger = api.client_with({})
    bodies = (
        begun(provider, redirect_uri=f"{provider.issuer}/inside"),
        begun(provider, token_endpoint=f"{provider.issuer}/inside"),
        begun(provider, issuer=f"{provider.issuer}/inside"),
        begun(provider, code="two words"),
        begun(provider, code="a\r\nHost: inside"),
        begun(provider, redirect_uri="https://journeys.example\r\nX: y/"),
        begun(provider, redirect_uri="javascript:alert(1)"),
        begun(provider, redirect_uri="https://user@journeys.example/"),
    )
    statuses = [(await stranger.post(f"{SIGN_IN}/exchange", json=body)).status_code for body in bodies]
    assert statuses == [400, *[422] * (len(bodies) - 1)]
    assert set(provider.paths) <= {"/.well-known/openid-configuration", "/token"}
    assert len(provider.grants) == 1


async def test_a_provider_that_is_away_is_told_as_such_and_keys_go_on(settings: Settings, topics: Catalog) -> None:
    more = {"oidc_issuer": "http://127.0.0.1:1", "oidc_audience": AUDIENCE, "oidc_client_id": CLIENT_ID}
    async with serving(settings.model_copy(update=more)) as session:
        stranger, member = session.client_with({}), await session.client()
        body = {"code": "c", "code_verifier": VERIFIER, "nonce": NONCE, "redirect_uri": PAGE}
        for answer in (await stranger.get(SIGN_IN), await stranger.post(f"{SIGN_IN}/exchange", json=body)):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert (await member.get(BASE)).status_code == 200


async def test_strangers_who_ask_too_often_are_stopped_and_callers_are_not_concerned(
    of_keys: ApiSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_keys.app.state, "strangers", api_app.Quota(2))
    stranger, member = of_keys.client_with({}), await of_keys.client()
    asked = [await stranger.get(SIGN_IN), await stranger.post(f"{SIGN_IN}/renew", json={}), await stranger.get(SIGN_IN)]
    assert [answer.status_code for answer in asked] == [200, 422, 429]
    assert int(asked[-1].headers["retry-after"]) >= 1
    assert (await member.get(BASE)).status_code == 200


async def test_without_a_provider_only_keys_are_offered_and_nobody_is_asked(of_keys: ApiSession) -> None:
    stranger = of_keys.client_with({})
    assert (await stranger.get(SIGN_IN)).json() == {"provider": None}
    exchange = {"code": "c", "code_verifier": VERIFIER, "nonce": NONCE, "redirect_uri": PAGE}
    renewal = {"refresh_token": "r", "redirect_uri": PAGE}
    for answer in (
        await stranger.post(f"{SIGN_IN}/exchange", json=exchange),
        await stranger.post(f"{SIGN_IN}/renew", json=renewal),
    ):
        assert _told(answer) == (404, "no provider is set up for signing in here; sign in with an API key")


async def test_tokens_alone_are_taken_without_a_sign_in_for_the_page(
    settings: Settings, topics: Catalog, provider: FakeProvider
) -> None:
    more = {"oidc_issuer": provider.issuer, "oidc_audience": AUDIENCE}
    async with serving(settings.model_copy(update=more)) as session:
        person = session.client_with({"Authorization": f"Bearer {provider.token()}"})
        assert (await person.get(BASE)).status_code == 200
        assert (await person.get(SIGN_IN)).json() == {"provider": None}


def _told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["detail"])
