"""The list of journeys: its numbers are the API's, and it can be filtered by status, name and campaign."""

import pytest
from playwright.async_api import expect

from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of, money, open_page, tile
from tests.browser.story import JOURNEY
from tests.reading_reports import csv_tables

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OVERVIEW = "/api/v1/overview"


async def test_a_status_that_is_none_asks_for_nothing(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", status="NONSENSE")
    await expect(page.get_by_role("link", name="Win back")).to_be_visible()
    await expect(page.get_by_label("Status")).to_have_value("")


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


async def test_all_is_all_and_so_is_the_file_of_it(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", period="all")
    overview = await answer_of(site, OVERVIEW, whole_life="true")
    assert (overview["from"], overview["to"]) == ("1998-04-01", "1998-06-29")
    for name, figure in {"Entered": "entered", "Sends": "sends", "Conversions": "conversions"}.items():
        await expect(tile(page, name)).to_have_text(f"{overview['totals'][figure]:,}")
    await expect(page.locator(".dates")).to_have_text("1 Apr – 29 Jun 1998 (UTC days)")


async def test_list_can_be_filtered_and_the_filter_stands_in_the_address(site: Site, tab: Tab) -> None:
    body = {"config": JOURNEY, "name": "Draft of autumn", "campaign_id": "autumn-26", "status": "DRAFT"}
    assert (await site.client.post(BASE, json=body)).status_code == 201
    page = await open_page(site, tab, "journeys")
    names = page.locator(".list tbody a")
    await page.get_by_label("Status").select_option("Draft")
    await expect(names).to_have_text(["Draft of autumn"])
    await expect(tile(page, "Entered")).to_have_text("0")
    await page.get_by_label("Status").select_option("All but archived")
    await expect(page.locator('#list-campaigns option[value="autumn-26"]')).to_have_count(1)
    await page.get_by_label("Campaign").fill("autumn-26")
    await expect(names).to_have_text(["Draft of autumn"])
    await page.get_by_label("Campaign").fill("AUTUMN")
    await expect(page.locator(".list .empty")).to_have_text(
        "No journey matches: choose another status or name, or write the whole id of the campaign."
    )
    await page.get_by_label("Campaign").fill("")
    await page.get_by_label("Name").fill("win b")
    await expect(names).to_have_text(["Win back"])
    await expect(page.get_by_label("Name")).to_be_focused()
    assert page.url.endswith("#name=win%20b")
    overview = await answer_of(site, OVERVIEW, name="win b")
    await expect(tile(page, "Entered")).to_have_text(f"{overview['totals']['entered']:,}")
    await page.reload()
    await expect(names).to_have_text(["Win back"])
    await page.get_by_label("Name").fill("no such")
    await expect(page.locator(".list .empty")).to_have_text(
        "No journey matches: choose another status, name or campaign."
    )


async def test_days_are_those_of_the_zone_chosen_and_so_is_every_figure(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", name="win")
    await page.get_by_label("Zone").focus()
    await page.get_by_label("Zone").select_option("Pacific/Chatham")
    await expect(page.locator(".dates")).to_contain_text("(Pacific/Chatham days)")
    await expect(page.get_by_label("Zone")).to_be_focused()
    assert page.url.endswith("#name=win&zone=Pacific/Chatham")
    await page.get_by_role("button", name="Dates…").click()
    await page.get_by_label("From").fill("1998-06-10")
    await page.get_by_label("To", exact=True).fill("1998-06-10")
    await page.get_by_role("button", name="Show", exact=True).click()
    days = {"from": "1998-06-10", "to": "1998-06-10", "name": "win"}
    here, utc = [await answer_of(site, OVERVIEW, **days, zone=zone) for zone in ("Pacific/Chatham", "UTC")]
    assert here["totals"] != utc["totals"]
    await expect(tile(page, "Sends")).to_have_text(f"{here['totals']['sends']:,}")
    (item,) = here["items"]
    await expect(page.locator(".list tbody tr").get_by_role("cell").nth(2)).to_have_text(
        f"{item['figures']['sends']:,}"
    )
    await page.go_back()
    await page.go_forward()
    await expect(page.locator(".dates")).to_have_text("10 Jun 1998 (Pacific/Chatham days)")
    await expect(page.get_by_label("Zone")).to_have_value("Pacific/Chatham")
    async with page.expect_download() as download:
        await page.get_by_role("group", name="Export these days").get_by_role("button", name="CSV").click()
    tables = csv_tables((await (await download.value).path()).read_text("utf-8"))
    about = {row[0]: row[1] for row in tables["about"]}
    assert (about["zone"], about["from"], about["to"]) == ("Pacific/Chatham", "1998-06-10", "1998-06-10")
    assert about["name"] == "with “win” in it"
    assert [row[0] for row in tables["journeys"][1:]] == ["Win back"]


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


async def test_more_than_a_page_is_loaded_on_demand_and_a_search_finds_what_is_not_on_it(site: Site, tab: Tab) -> None:
    for number in range(105):
        body = {"config": JOURNEY, "name": f"Many {number:03}", "status": "DRAFT"}
        assert (await site.client.post(BASE, json=body)).status_code == 201
    page = await open_page(site, tab, "journeys", status="DRAFT")
    names = page.locator(".list tbody a")
    await expect(names).to_have_count(100)
    await page.get_by_label("Name").fill("many 000")
    await expect(names).to_have_text(["Many 000"])
    await page.get_by_label("Name").fill("many")
    await expect(names).to_have_count(100)
    await page.get_by_role("button", name="Load more").click()
    await expect(names).to_have_count(105)
    await expect(page.get_by_role("button", name="Load more")).to_be_hidden()
    assert "pages=2" in page.url
    await page.reload()
    await expect(names).to_have_count(105)
    await page.get_by_label("Name").fill("many 0")
    await expect(names).to_have_count(100)
    assert "pages" not in page.url
