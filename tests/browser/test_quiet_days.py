"""Days in which nothing happened: the list and a journey's page say so, and offer all days."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of, money, open_journey, open_page, tile

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OVERVIEW = "/api/v1/overview"
LATER = "2026-03-01..2026-03-30"
NOTHING = "Nobody entered and nothing was sent in these days. The newest figures are of 29 Jun 1998. Show all days"


async def test_the_list_says_of_which_day_the_newest_figures_are_and_shows_all(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", period=LATER)
    quiet = page.locator(".quiet-days")
    await expect(quiet).to_have_text(NOTHING)
    await expect(page.locator(".list tbody tr").first).to_contain_text("last figures 29 Jun 1998")
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
