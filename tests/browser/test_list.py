"""The list of journeys: its numbers are the API's, and it can be filtered by status, name and campaign."""

import pytest
from playwright.async_api import expect

from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of, money, open_page, tile
from tests.browser.story import JOURNEY

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OVERVIEW = "/api/v1/overview"


async def test_numbers_of_every_journey_and_of_all_are_those_of_the_api(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys")
    overview = await answer_of(site, OVERVIEW, limit="100")
    totals = overview["totals"]
    assert totals["sends"] > 50
    for name, figure in {"Entered": "entered", "Sends": "sends", "Conversions": "conversions"}.items():
        await expect(tile(page, name)).to_have_text(f"{totals[figure]:,}")
    await expect(tile(page, "Revenue")).to_have_text(money(totals["revenue"]))
    await expect(tile(page, "Cost")).to_have_text(money(totals["cost"]))
    rows = page.locator(".list tbody tr")
    await expect(rows).to_have_count(len(overview["items"]))
    for at, item in enumerate(overview["items"]):
        figures = item["figures"]
        cells = rows.nth(at).get_by_role("cell")
        await expect(rows.nth(at).get_by_role("rowheader")).to_contain_text(item["journey"]["name"])
        await expect(cells.nth(1)).to_have_text(f"{figures['entered']:,}{item['under_way']:,} under way")
        await expect(cells.nth(2)).to_have_text(f"{figures['sends']:,}")
        await expect(cells.nth(3)).to_contain_text(f"{figures['customers_converted']:,}")
        await expect(cells.nth(4)).to_have_text(money(figures["revenue"]))
        await expect(cells.nth(5)).to_have_text(money(figures["cost"]))
        await expect(cells.nth(6)).to_contain_text(item["verdict"] or "Nobody yet")


async def test_days_chosen_are_those_of_the_figures(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys")
    await page.get_by_role("button", name="7 days").click()
    overview = await answer_of(site, OVERVIEW, **{"from": "1998-06-23", "to": "1998-06-29"})
    await expect(tile(page, "Entered")).to_have_text(f"{overview['totals']['entered']:,}")
    assert page.url.endswith("#period=7")


async def test_list_can_be_filtered_and_the_filter_stands_in_the_address(site: Site, tab: Tab) -> None:
    body = {"config": JOURNEY, "name": "Draft of autumn", "campaign_id": "autumn-26", "status": "DRAFT"}
    assert (await site.client.post(BASE, json=body)).status_code == 201
    page = await open_page(site, tab, "journeys")
    names = page.locator(".list tbody a")
    await page.get_by_label("Status").select_option("Draft")
    await expect(names).to_have_text(["Draft of autumn"])
    await page.get_by_label("Status").select_option("All but archived")
    await page.get_by_label("Campaign").fill("AUTUMN")
    await expect(names).to_have_text(["Draft of autumn"])
    await page.get_by_label("Campaign").fill("")
    await page.get_by_label("Name").fill("win b")
    await expect(names).to_have_text(["Win back"])
    await expect(page.get_by_label("Name")).to_be_focused()
    assert page.url.endswith("#name=win%20b")
    await page.reload()
    await expect(names).to_have_text(["Win back"])
    await page.get_by_label("Name").fill("no such")
    await expect(page.locator(".list .empty")).to_have_text(
        "No journey matches: choose another status, name or campaign."
    )


async def test_figures_of_all_journeys_are_handed_over_as_a_file(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys")
    async with page.expect_download() as download:
        await page.get_by_role("group", name="Export these days").get_by_role("button", name="CSV").click()
    assert "Win back" in (await (await download.value).path()).read_text("utf-8")


async def test_viewer_is_offered_no_new_journey(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", role="viewer")
    await expect(page.get_by_role("link", name="Win back", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="New journey")).to_have_count(0)
    page = await open_page(site, tab, "journeys", role="editor")
    await expect(page.get_by_role("link", name="New journey")).to_have_attribute("href", "#new")
