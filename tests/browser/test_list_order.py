"""The order of the list: chosen by headings or by a choice, done by the server, kept in the address."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of, open_page
from tests.browser.story import JOURNEY
from tests.reading_reports import csv_tables

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OVERVIEW = "/api/v1/overview"
PHONE = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 800}


async def other_journeys(site: Site, count: int = 3) -> None:
    for number in range(count):
        body = {"config": JOURNEY, "name": f"{'zyx'[number % 3]} {number:03}", "status": "DRAFT"}
        assert (await site.client.post(BASE, json=body)).status_code == 201


def heading(page: Page, label: str) -> Locator:
    """The heading of a column that one may sort by."""
    return page.get_by_role("columnheader", name=label)


async def names_in(site: Site, sort: str) -> list[str]:
    return [item["journey"]["name"] for item in (await answer_of(site, OVERVIEW, sort=sort, limit="100"))["items"]]


async def test_headings_sort_by_keyboard_and_the_order_stays_in_the_address(site: Site, tab: Tab) -> None:
    await other_journeys(site)
    page = await open_page(site, tab, "journeys")
    names = page.locator(".list tbody a")
    newest = await names_in(site, "newest")
    await expect(names).to_have_text(newest)
    await heading(page, "Revenue").get_by_role("button").focus()
    await page.keyboard.press("Enter")
    by_revenue = await names_in(site, "revenue")
    assert by_revenue[0] == "Win back" != newest[0]
    await expect(names).to_have_text(by_revenue)
    await expect(heading(page, "Revenue")).to_have_attribute("aria-sort", "descending")
    await expect(heading(page, "Revenue").get_by_role("button")).to_be_focused()
    assert page.url.endswith("#sort=revenue")
    await page.reload()
    await expect(names).to_have_text(by_revenue)
    await expect(page.get_by_label("Sorted by")).to_have_value("revenue")
    async with page.expect_response(lambda answer: "/overview?" in answer.url) as refreshed:
        pass
    assert "sort=revenue" in (await refreshed.value).url
    async with page.expect_download() as download:
        await page.get_by_role("group", name="Export these days").get_by_role("button", name="CSV").click()
    tables = csv_tables((await (await download.value).path()).read_text("utf-8"))
    assert [row[0] for row in tables["journeys"][1:]] == by_revenue
    await heading(page, "Journey").get_by_role("button").click()
    await expect(names).to_have_text(await names_in(site, "name"))
    await expect(heading(page, "Journey")).to_have_attribute("aria-sort", "ascending")
    await expect(page.locator("th[aria-sort]")).to_have_count(1)
    await heading(page, "Journey").get_by_role("button").click()
    await expect(names).to_have_text(newest)
    await expect(page.locator("th[aria-sort]")).to_have_count(0)
    assert "sort" not in page.url


async def test_on_a_phone_the_order_is_chosen_beside_the_filters(site: Site, tab: Tab) -> None:
    await other_journeys(site)
    await tab.page.set_viewport_size(PHONE)
    page = await open_page(site, tab, "journeys")
    await expect(page.locator(".sorting").first).to_be_hidden()
    for label, sort in (("Name", "name"), ("Most sends", "sends"), ("Most under way", "under_way")):
        await page.get_by_label("Sorted by").select_option(label)
        await expect(page.locator(".list tbody a")).to_have_text(await names_in(site, sort))
        assert page.url.endswith(f"#sort={sort}")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await tab.page.set_viewport_size(DESKTOP)


async def test_pages_go_on_in_the_order_chosen(site: Site, tab: Tab) -> None:
    await other_journeys(site, 105)
    page = await open_page(site, tab, "journeys", status="DRAFT", sort="name")
    names = page.locator(".list tbody a")
    await expect(names).to_have_count(100)
    await page.get_by_role("button", name="Load more").click()
    await expect(page.get_by_role("button", name="Load more")).to_be_hidden()
    texts = await names.all_inner_texts()
    assert texts == sorted(texts, key=str.casefold)
    assert len(texts) >= 105
    await page.get_by_label("Sorted by").select_option("Newest first")
    await expect(names).to_have_count(100)
    assert "pages" not in page.url


async def test_an_order_that_is_none_is_the_usual_one(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", sort="luck")
    await expect(page.get_by_label("Sorted by")).to_have_value("newest")
    await expect(page.locator(".list tbody a").first).to_have_text((await names_in(site, "newest"))[0])
