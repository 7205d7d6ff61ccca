"""Days in which nothing happened: the list and a journey's page say so, and offer all days."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of, money, open_journey, open_page, tile
from tests.browser.story import story

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OVERVIEW = "/api/v1/overview"
PHONE = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 800}
SPRING_MS = int(datetime(2026, 4, 10, 9, tzinfo=UTC).timestamp() * 1000)
LATER = "2026-03-01..2026-03-30"
NOTHING = "Nobody entered and nothing was sent in these days. The newest figures are of 29 Jun 1998. Show all days"


async def test_the_list_says_of_which_day_the_newest_figures_are_and_shows_all(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", period=LATER)
    quiet = page.locator(".quiet-days")
    await expect(quiet).to_have_text(NOTHING)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Win back", exact=True))
    await expect(row).to_contain_text("last on 29 Jun 1998")
    for size in (PHONE, DESKTOP):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await page.get_by_role("button", name="Show all days").click()
    await expect(quiet).to_be_hidden()
    overview = await answer_of(site, OVERVIEW, whole_life="true")
    await expect(tile(page, "Revenue")).to_have_text(money(overview["totals"]["revenue"]))
    assert page.url.endswith("#period=all")


async def test_days_that_have_figures_are_shown_without_a_word(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys")
    await expect(tile(page, "Entered")).not_to_have_text("0")
    await expect(page.locator(".quiet-days")).to_be_hidden()
    page = await open_journey(site, tab)
    await expect(page.locator(".quiet-days")).to_be_hidden()


async def test_a_journeys_page_says_the_same_and_shows_all(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, period=LATER)
    quiet = page.locator(".quiet-days")
    await expect(quiet).to_have_text(NOTHING)
    await page.get_by_role("tab", name="Compare").click()
    await expect(quiet).to_be_hidden()
    await page.get_by_role("tab", name="Overview").click()
    await expect(quiet).to_have_text(NOTHING)
    await page.get_by_role("button", name="Show all days").click()
    await expect(quiet).to_be_hidden()
    await expect(tile(page, "Entered")).not_to_have_text("0")
    await page.get_by_role("button", name="Dates…").click()
    await page.get_by_label("From").fill("1998-07-10")
    await page.get_by_label("To", exact=True).fill("1998-07-11")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(quiet).to_have_text(NOTHING)


async def test_the_usual_days_are_the_newest_and_the_list_says_which_journeys_they_leave_out(
    site: Site, tab: Tab
) -> None:
    entries = [each for each in story(await site.create("Of today")) if each.type == "journey_entered"][:3]
    later_ms = SPRING_MS - entries[0].at_ms
    await site.sink([replace(each, at_ms=each.at_ms + later_ms) for each in entries])
    page = await open_page(site, tab, "journeys")
    await expect(page.locator(".dates")).to_have_text("12 Mar – 10 Apr 2026 (UTC days)")
    await expect(tile(page, "Entered")).to_have_text("3")
    await expect(page.locator(".quiet-days")).to_have_text(
        "1 journey has no entries or sends in these days, but figures of others; "
        "the newest of them are of 29 Jun 1998. Show all days"
    )
    await page.get_by_role("button", name="Show all days").click()
    await expect(page.locator(".quiet-days")).to_be_hidden()
