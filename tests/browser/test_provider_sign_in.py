"""Signing in at a provider: there and back to where one wanted to go, renewed while it lasts, refused in words."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, Request, expect

from tests.browser.conftest import Site, Tab
from tests.openid_provider import AUDIENCE, CLIENT_ID, FakeProvider, openid_provider

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

BAD_REQUEST = "Failed to load resource: the server responded with a status of 400 (Bad Request)"
UNAUTHORISED = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
NOT_BEGUN = "This sign-in was not begun in this tab"
OVER = "Your sign-in is over. Sign in again to go on where you were."
LONGEST_S = 3_000  # an access token that no test outlives


@pytest.fixture(scope="module")
def running() -> Iterator[FakeProvider]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def more_settings(running: FakeProvider) -> dict[str, str]:
    return {
        "oidc_issuer": running.issuer,
        "oidc_audience": AUDIENCE,
        "oidc_client_id": CLIENT_ID,
        "oidc_name": "Acme accounts",
    }


@pytest.fixture
def provider(running: FakeProvider) -> FakeProvider:
    """The provider as it is before a test tells it otherwise."""
    running.claims, running.id_claims, running.back = {"role": "editor"}, {}, {}
    running.lives_s, running.gives_refresh_token, running.answer = LONGEST_S, True, None
    for heard in (running.grants, running.asked, running.left):
        heard.clear()
    return running


async def sign_in(site: Site, page: Page, place: str = "") -> None:
    """Takes the way by the provider."""
    await page.goto(f"{site.address}/{place}")
    await page.get_by_role("button", name="Sign in with Acme accounts").click()


async def kept(page: Page) -> Any:
    """The tokens in this tab."""
    return await page.evaluate("JSON.parse(sessionStorage.getItem('orchestrator.tokens'))")


async def spoil(page: Page) -> None:
    """From now on the access token in this tab is one that the server does not take."""
    await page.evaluate(
        "name => sessionStorage.setItem(name, JSON.stringify("
        "{...JSON.parse(sessionStorage.getItem(name)), access_token: 'a.b.c'}))",
        "orchestrator.tokens",
    )
    await page.reload()


async def test_who_signs_in_lands_where_they_wanted_to_go(site: Site, tab: Tab, provider: FakeProvider) -> None:
    page, called = tab.page, list[Request]()
    page.on("request", lambda request: called.append(request))
    place = f"#journey={site.journey_id}&period=7"
    await sign_in(site, page, place)
    await expect(page.get_by_role("heading", name="Win back", level=1)).to_be_visible()
    await expect(page.get_by_text("acme · editor")).to_be_visible()
    assert page.url == f"{site.address}/{place}"
    (asked,) = provider.asked
    assert asked["realm"] == "staff"  # what the provider's address had already
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT_ID, "S256")
    assert (asked["redirect_uri"], asked["scope"]) == (f"{site.address}/", "openid profile email")
    assert asked["audience"] == AUDIENCE
    assert provider.origins[-1] == site.address
    # By scripts only our own server was called; the tokens are in no address.
    assert {urlsplit(each.url).netloc for each in called if each.resource_type == "fetch"} == {
        urlsplit(site.address).netloc
    }
    token = (await kept(page))["access_token"]
    assert not any(token in each.url for each in called)
    assert await page.evaluate("Object.keys(sessionStorage)") == ["orchestrator.tokens"]
    assert await page.evaluate("localStorage.length + document.cookie.length") == 0


async def test_a_token_is_renewed_before_it_runs_out_and_nobody_notices(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    page = tab.page
    provider.lives_s = 3
    await sign_in(site, page)
    await expect(page.get_by_text("acme · editor")).to_be_visible()
    provider.lives_s, provider.claims = LONGEST_S, {"role": "admin"}
    await expect(page.get_by_text("acme · admin")).to_be_visible()  # what the renewed one says
    assert [each["grant_type"] for each in provider.grants] == ["authorization_code", "refresh_token"]
    assert (await kept(page))["refresh_token"] in provider.refresh_tokens


async def test_a_token_that_is_refused_early_is_renewed_and_the_request_made_again(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    page = tab.page
    tab.foretell(UNAUTHORISED)
    await sign_in(site, page)
    await expect(page.get_by_text("acme · editor")).to_be_visible()
    await spoil(page)
    await expect(page.get_by_text("acme · editor")).to_be_visible()
    assert (await kept(page))["access_token"] != "a.b.c"
    assert [each["grant_type"] for each in provider.grants].count("refresh_token") == 1
    assert tab.foreseen


async def test_a_provider_that_fails_for_a_while_throws_nobody_out(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    page = tab.page
    tab.foretell("Failed to load resource: the server responded with a status of 503")
    provider.lives_s = 30
    await sign_in(site, page)
    await expect(page.get_by_text("acme · editor")).to_be_visible()
    provider.answer = (500, {}, b"")
    await page.evaluate(
        "name => sessionStorage.setItem(name, JSON.stringify("
        "{...JSON.parse(sessionStorage.getItem(name)), renew_at_ms: 0}))",
        "orchestrator.tokens",
    )
    await page.reload()
    await expect(page.get_by_text("acme · editor")).to_be_visible()
    assert tab.foreseen
    provider.answer, provider.claims = None, {"role": "admin"}
    await expect(page.get_by_text("acme · admin")).to_be_visible()


async def test_what_was_typed_is_there_again_after_signing_in_anew(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    page = tab.page
    tab.foretell(BAD_REQUEST)
    provider.lives_s = 6
    await sign_in(site, page, f"#journey={site.journey_id}&tab=edit")
    name = page.get_by_label("Name", exact=True).first
    await name.fill("Win back, with more words")
    provider.lives_s = LONGEST_S
    provider.refresh_tokens.clear()  # the provider has ended the session
    await expect(page.get_by_role("alert")).to_contain_text(OVER)
    assert "orchestrator.tokens" not in await page.evaluate("Object.keys(sessionStorage)")
    await page.get_by_role("button", name="Sign in with Acme accounts").click()
    await expect(page.get_by_label("Name", exact=True).first).to_have_value("Win back, with more words")
    assert page.url == f"{site.address}/#journey={site.journey_id}&tab=edit"
    assert tab.foreseen


async def test_without_a_refresh_token_one_signs_in_again_when_the_token_has_run_out(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    page = tab.page
    tab.foretell(UNAUTHORISED)
    provider.gives_refresh_token = False
    await sign_in(site, page, f"#journey={site.journey_id}")
    await expect(page.get_by_role("heading", name="Win back", level=1)).to_be_visible()
    await spoil(page)
    await expect(page.get_by_role("alert")).to_contain_text(OVER)
    await page.get_by_role("button", name="Sign in with Acme accounts").click()
    await expect(page.get_by_role("heading", name="Win back", level=1)).to_be_visible()


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (
            {"code": "", "error": "access_denied", "error_description": "not <b>today</b>"},
            "Acme accounts did not let you sign in: Not <b>today</b> (access_denied).",
        ),
        ({"state": "of somebody else"}, NOT_BEGUN),
        ({"iss": "http://elsewhere"}, "This answer is not from Acme accounts."),
    ],
    ids=["refused", "tampered-state", "another-issuer"],
)
async def test_an_answer_that_does_not_let_one_in_is_told_in_words_and_asked_no_further(
    site: Site, tab: Tab, provider: FakeProvider, back: dict[str, str], words: str
) -> None:
    provider.back = back
    await sign_in(site, tab.page, "#audit")
    await expect(tab.page.get_by_role("alert")).to_contain_text(words)
    assert tab.page.url == f"{site.address}/#audit"
    assert provider.grants == []
    assert await tab.page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize(
    ("claims", "id_claims", "words"),
    [
        ({"aud": "others"}, {}, "Acme accounts let you in, and the orchestrator does not: the token does not count"),
        ({"role": "guest"}, {}, "names none of: publisher, viewer, editor, approver, admin"),
        ({}, {"nonce": "of another sign-in"}, "the ID token is of another sign-in"),
    ],
    ids=["audience", "role", "nonce"],
)
async def test_tokens_that_do_not_count_here_let_nobody_in_and_the_page_says_why(
    site: Site, tab: Tab, provider: FakeProvider, claims: dict[str, str], id_claims: dict[str, str], words: str
) -> None:
    tab.foretell(BAD_REQUEST)
    provider.claims, provider.id_claims = claims, id_claims
    await sign_in(site, tab.page)
    await expect(tab.page.get_by_role("alert")).to_contain_text(words)
    assert await tab.page.evaluate("sessionStorage.length") == 0
    assert tab.foreseen


async def test_a_link_with_a_code_of_somebody_else_signs_nobody_in_and_nobody_out(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    planted = f"{site.address}/?code=planted&state=planted"
    await tab.page.goto(planted)
    await expect(tab.page.get_by_role("alert")).to_contain_text(NOT_BEGUN)
    assert tab.page.url == f"{site.address}/"
    await sign_in(site, tab.page)
    await expect(tab.page.get_by_text("acme · editor")).to_be_visible()
    before = await kept(tab.page)
    provider.grants.clear()
    await tab.page.goto(planted)
    await expect(tab.page.get_by_text("acme · editor")).to_be_visible()
    assert (await kept(tab.page))["access_token"] == before["access_token"]
    assert provider.grants == []


async def test_signing_out_forgets_the_tokens_here_and_ends_the_session_there(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    page = tab.page
    await sign_in(site, page)
    await expect(page.get_by_text("acme · editor")).to_be_visible()
    id_token = (await kept(page))["id_token"]
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("button", name="Sign in with Acme accounts")).to_be_focused()
    assert provider.left == [
        {"id_token_hint": id_token, "client_id": CLIENT_ID, "post_logout_redirect_uri": f"{site.address}/"}
    ]
    assert await page.evaluate("sessionStorage.length") == 0
    assert page.url == f"{site.address}/"


async def test_a_key_still_lets_one_in_beside_the_provider(site: Site, tab: Tab, provider: FakeProvider) -> None:
    await tab.page.goto(f"{site.address}/")
    await expect(tab.page.get_by_role("button", name="Sign in with Acme accounts")).to_be_visible()
    await tab.page.get_by_label("API key").fill((await site.link()).partition("#key=")[2])
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_text("acme · admin")).to_be_visible()
    await tab.page.get_by_role("button", name="Sign out").click()
    await expect(tab.page.get_by_label("API key")).to_be_visible()
    assert provider.left == []


async def test_the_page_asks_for_https_where_the_browser_cannot_keep_a_sign_in_safe(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    await tab.page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    await sign_in(site, tab.page)
    await expect(tab.page.get_by_role("alert")).to_contain_text("open this page by HTTPS")
    assert provider.asked == []


async def test_a_provider_that_the_server_does_not_reach_is_told_and_a_key_lets_one_in(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    page = tab.page
    tab.foretell("Failed to load resource: the server responded with a status of 503")
    await page.route("**/api/v1/sign-in", lambda route: route.fulfill(status=503))
    await page.goto(f"{site.address}/")
    await expect(page.get_by_text("Your company’s sign-in cannot be reached")).to_be_visible()
    await expect(page.get_by_label("API key")).to_be_editable()
    await page.unroute("**/api/v1/sign-in")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("button", name="Sign in with Acme accounts")).to_be_visible()
    assert tab.foreseen


async def test_the_sign_in_fits_a_narrow_screen_and_is_worked_by_keyboard(
    site: Site, tab: Tab, provider: FakeProvider
) -> None:
    page = tab.page
    await page.set_viewport_size({"width": 320, "height": 700})
    await page.goto(f"{site.address}/#audit")
    await expect(page.get_by_role("button", name="Sign in with Acme accounts")).to_be_focused()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Audit", level=1)).to_be_visible()


async def test_every_sign_in_has_secrets_of_its_own(site: Site, tab: Tab, provider: FakeProvider) -> None:
    for _ in range(2):
        await sign_in(site, tab.page)
        await expect(tab.page.get_by_text("acme · editor")).to_be_visible()
        await tab.page.get_by_role("button", name="Sign out").click()
        await expect(tab.page.get_by_label("API key")).to_be_visible()
    for name in ("state", "nonce", "code_challenge"):
        assert len({asked[name] for asked in provider.asked}) == 2
        assert all(len(asked[name]) == 43 for asked in provider.asked)


async def test_the_challenge_is_that_of_the_standard(site: Site, tab: Tab) -> None:
    await tab.page.goto(site.address)
    challenge = await tab.page.evaluate(
        "verifier => import('/dashboard/authorisation.js').then((way) => way.challengeOf(verifier))",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",  # RFC 7636, appendix B
    )
    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def test_an_address_of_the_provider_keeps_what_it_has(site: Site, tab: Tab) -> None:
    await tab.page.goto(site.address)
    address = await tab.page.evaluate(
        "([tokens, page]) => import('/dashboard/credential.js').then((parts) => parts.signOutAddress(tokens, page))",
        [
            {"id_token": None, "provider": {"client_id": "c&d", "end_session_endpoint": "https://id.example/out?a=b"}},
            "https://journeys.example/",
        ],
    )
    assert parse_qs(urlsplit(address).query) == {
        "a": ["b"],
        "client_id": ["c&d"],
        "post_logout_redirect_uri": ["https://journeys.example/"],
    }
