"""Signing in and out: the key is taken from the link, kept in the tab, and nowhere else."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Site, Tab

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

UNAUTHORISED = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"


async def test_link_signs_in_and_the_key_leaves_the_address(site: Site, tab: Tab) -> None:
    requested: list[str] = []
    tab.page.on("request", lambda request: requested.append(request.url))
    link = await site.link()
    await tab.page.goto(link)
    await expect(tab.page.get_by_role("heading", name="Journeys")).to_be_visible()
    await expect(tab.page.get_by_role("link", name="Win back", exact=True)).to_be_visible()
    key = link.partition("#key=")[2]
    assert tab.page.url == f"{site.address}/"
    assert not any(key in url for url in requested)
    assert await tab.page.evaluate("Object.values(sessionStorage)") == [key]
    assert await tab.page.evaluate("localStorage.length + document.cookie.length") == 0
    assert not any("#key" in url for url in await _history(tab))


async def test_link_can_lead_to_a_journey(site: Site, tab: Tab) -> None:
    await tab.page.goto(f"{await site.link()}&journey={site.journey_id}&period=7")
    await expect(tab.page.get_by_role("heading", name="Win back", level=1)).to_be_visible()
    await expect(tab.page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    assert tab.page.url == f"{site.address}/#journey={site.journey_id}&period=7"


async def test_link_opened_over_the_page_signs_in_anew(site: Site, tab: Tab) -> None:
    await tab.page.goto(await site.link("admin"))
    await expect(tab.page.get_by_text("acme · admin")).to_be_visible()
    await tab.page.evaluate("link => { location.hash = link }", (await site.link("viewer")).partition("#")[2])
    await expect(tab.page.get_by_text("acme · viewer")).to_be_visible()
    assert tab.page.url == f"{site.address}/"


async def test_key_typed_into_the_form_signs_in_and_signing_out_forgets_it(site: Site, tab: Tab) -> None:
    await tab.page.goto(f"{site.address}/")
    await tab.page.get_by_label("API key").fill((await site.link()).partition("#key=")[2])
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_role("link", name="Win back", exact=True)).to_be_visible()
    await tab.page.get_by_role("button", name="Sign out").click()
    await expect(tab.page.get_by_label("API key")).to_be_focused()
    assert await tab.page.evaluate("sessionStorage.length") == 0
    await expect(tab.page.get_by_role("link", name="Win back", exact=True)).to_have_count(0)


@pytest.mark.parametrize("wrong", ["jo_wrong", "jo_" + "A" * 43, "<b>key</b>"])
async def test_wrong_key_is_told_in_a_sentence(site: Site, tab: Tab, wrong: str) -> None:
    tab.foretell(UNAUTHORISED)
    await tab.page.goto(f"{site.address}/")
    await tab.page.get_by_label("API key").fill(wrong)
    await tab.page.get_by_role("button", name="Sign in").click()
    await expect(tab.page.get_by_role("alert")).to_contain_text("This key is not accepted. Check it")
    assert await tab.page.evaluate("sessionStorage.length") == 0
    assert tab.foreseen


async def test_link_with_a_wrong_key_leads_to_the_form_that_says_so(site: Site, tab: Tab) -> None:
    tab.foretell(UNAUTHORISED)
    await tab.page.goto(f"{site.address}/#key=jo_{'A' * 43}")
    await expect(tab.page.get_by_role("alert")).to_contain_text("This key is not accepted. Check it")
    await expect(tab.page.get_by_label("API key")).to_be_visible()
    assert tab.page.url == f"{site.address}/"
    assert tab.foreseen


async def test_whoever_loses_a_key_while_writing_goes_on_there_with_another(site: Site, tab: Tab) -> None:
    key = (await site.client.post("/api/v1/keys", json={"name": "lent", "role": "editor"})).json()
    page = tab.page
    await page.goto(f"{site.address}/#key={key['secret']}&new")
    name = page.locator('[data-path="$.name"] input')
    await name.fill("Begun with a lent key")
    tab.foretell(UNAUTHORISED)
    await site.client.delete(f"/api/v1/keys/{key['id']}")
    await expect(page.get_by_role("main")).to_contain_text("This key is not accepted.")
    await page.get_by_label("API key").fill((await site.link("editor")).partition("key=")[2])
    await page.get_by_role("button", name="Sign in").click()
    await expect(name).to_have_value("Begun with a lent key")
    await expect(page.locator(".editor-notice")).to_contain_text("These are your unsaved changes")


async def _history(tab: Tab) -> list[str]:
    session = await tab.page.context.new_cdp_session(tab.page)
    entries = (await session.send("Page.getNavigationHistory"))["entries"]
    return [entry["url"] for entry in entries]
