"""What holds on every page: it fits a phone, it can be read without seeing it, light and dark differ, links lead on."""

from typing import Literal

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Site, Tab
from tests.browser.pages import open_page
from tests.browser.test_journey_page import UNNAMED

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAGES = {"journeys": "Journeys", "proposals": "Proposals", "audit": "Audit", "keys": "Keys", "settings": "Settings"}


@pytest.mark.parametrize("width", [360, 820, 1280])
@pytest.mark.parametrize("place", PAGES)
async def test_page_fits_the_screen(site: Site, tab: Tab, width: int, place: str) -> None:
    await tab.page.set_viewport_size({"width": width, "height": 844})
    page = await open_page(site, tab, place)
    await expect(page.get_by_role("heading", level=1, name=PAGES[place])).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("place", PAGES)
async def test_page_can_be_read_without_seeing_it(site: Site, tab: Tab, place: str) -> None:
    page = await open_page(site, tab, place)
    for unnamed in UNNAMED:
        assert await page.evaluate(f"[...document.querySelectorAll{unnamed}.map(one => one.outerHTML)") == []
    await expect(page.get_by_role("link", name=PAGES[place], exact=True)).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_page_follows_the_light_that_the_reader_prefers(
    site: Site, tab: Tab, scheme: Literal["light", "dark"]
) -> None:
    await tab.page.emulate_media(color_scheme=scheme)
    page = await open_page(site, tab, "proposals")
    paper = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(246, 246, 243)", "dark": "rgb(18, 22, 29)"}[scheme]


async def test_every_page_is_reached_from_every_other_and_back(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", zone="Europe/Berlin")
    for place in ("proposals", "audit", "keys", "settings"):
        await page.get_by_role("link", name=PAGES[place], exact=True).click()
        await expect(page.get_by_role("heading", level=1, name=PAGES[place])).to_be_visible()
        await expect(page.get_by_role("main")).to_be_focused()
        assert page.url == f"{site.address}/#{place}&zone=Europe/Berlin"
    for _ in range(4):
        await page.go_back()
    await expect(page.get_by_role("heading", level=1, name="Journeys")).to_be_visible()
