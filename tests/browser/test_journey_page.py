"""A journey's page: its numbers are the API's, its buttons do what they say, and data stays data."""

import re
import time
from typing import Any, Literal

import pytest
from playwright.async_api import Locator, Page, expect

from orchestrator.store.keys import Role
from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.story import HOSTILE, LAST_DAY, story
from tests.sink_story import sunk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

LANDMARKS: tuple[Literal["banner", "main", "contentinfo"], ...] = ("banner", "main", "contentinfo")
# What a screen reader could not name: (selector)].filter(which of them).
UNNAMED = (
    "('table')].filter(one => !one.caption?.textContent)",
    "('section')].filter(one => !one.ariaLabel && !one.getAttribute('aria-labelledby'))",
    "('button, input, select')].filter(one => !one.textContent && !one.labels?.length)",
)


async def open_journey(site: Site, tab: Tab, journey_id: str = "", role: Role = "admin", period: str = "") -> Page:
    """The page of a journey, all of it drawn; unless named, of the one with figures."""
    await tab.page.goto(f"{await site.link(role)}&journey={journey_id or site.journey_id}&period={period}")
    await expect(tab.page.locator('.journey[aria-busy="false"]')).to_be_visible()
    return tab.page


def tile(page: Page, name: str) -> Locator:
    return page.locator(f'[data-figure="{name}"]')


def row_of(page: Page, heading: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=heading, exact=True))


async def metrics_of(site: Site, **query: str) -> dict[str, Any]:
    answer = await site.client.get(f"{BASE}/{site.journey_id}/metrics", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(("period", "first"), [("7", "1998-06-23"), ("30", "1998-05-31"), ("all", "1997-05-26")])
async def test_numbers_are_those_of_the_api(site: Site, tab: Tab, period: str, first: str) -> None:
    page = await open_journey(site, tab, period=period)
    metrics = await metrics_of(site, **{"from": first, "to": LAST_DAY})
    totals = metrics["totals"]
    assert totals["sends"] > 50
    for name in ("Entered", "Sends", "Suppressed", "Conversions"):
        await expect(tile(page, name)).to_have_text(f"{totals[name.lower()]:,}")
    begun = totals["arms"]["treatment"]["entered"]  # the holdout takes no steps
    under_way = max(0, begun - totals["completed"] - totals["exited"])
    await expect(tile(page, "Under way")).to_have_text(f"{under_way:,}")
    rate = totals["customers_converted"] / totals["customers"]
    await expect(tile(page, "Conversion rate")).to_have_text(f"{rate:.1%}")
    revenue = totals["revenue"]
    await expect(tile(page, "Revenue")).to_have_text(f"{revenue:,.0f}" if revenue >= 10_000 else f"{revenue:,.2f}")
    for channel, heading in {"email": "E-mail", "push": "Push"}.items():
        cells = row_of(page, heading).get_by_role("cell")
        await expect(cells.nth(0)).to_have_text(f"{totals['channels'][channel]['sends']:,}")
        await expect(cells.nth(2)).to_contain_text(f"{totals['channels'][channel]['opened']:,}")


async def test_comparison_and_verdict_are_those_of_the_api(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    comparison = (await metrics_of(site))["comparison"]
    assert comparison["finding"] == "better"
    verdict = page.locator(".verdict")
    await expect(verdict).to_have_attribute("data-tone", "good")
    await expect(verdict).to_contain_text(comparison["verdict"])
    for arm in ("treatment", "holdout"):
        figures = comparison[arm]
        cells = row_of(page, arm.title()).get_by_role("cell")
        await expect(cells.nth(0)).to_have_text(f"{figures['customers']:,}")
        await expect(cells.nth(1)).to_have_text(f"{figures['conversions']:,}")
        await expect(cells.nth(2)).to_contain_text(f"{figures['conversion_rate']:.1%}")
    effect = comparison["conversion"]
    uplift, low, high = (effect[field] for field in ("relative", "relative_low", "relative_high"))
    label = f"Conversion rate, relative: {uplift:+.1%}, {low:+.1%} to {high:+.1%} (95%, one planned look)"
    await expect(page.get_by_role("img", name=label)).to_be_visible()


async def test_difference_with_the_past_taken_out_stands_below_the_plain_one(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    comparison = (await metrics_of(site))["comparison"]
    adjusted = comparison["adjusted"]
    cells = row_of(page, "The same, past taken out").get_by_role("cell")
    await expect(cells.nth(0)).to_have_text(f"{adjusted['absolute'] * 100:+.1f} pp")
    low, high = (f"{adjusted[end] * 100:+.1f} pp" for end in ("absolute_low", "absolute_high"))
    await expect(cells.nth(1)).to_contain_text(f"{low} to {high}")
    await expect(cells.nth(1)).to_contain_text("95%, one planned look")
    for note in comparison["notes"]:
        await expect(page.get_by_role("listitem").filter(has_text=note)).to_be_visible()


async def test_after_against_before_is_shown_as_what_it_is(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    comparison = (await metrics_of(site))["comparison"]
    for arm in ("treatment", "holdout"):
        baseline = comparison[arm]["baseline"]
        assert baseline["customers"] == comparison[arm]["customers"]  # all windows of 1998 are over
        cells = row_of(page, f"{arm.title()}, after against before").get_by_role("cell")
        await expect(cells.nth(0)).to_have_text(f"{baseline['customers']:,}")
        await expect(cells.nth(1)).to_have_text(f"{baseline['rate_before']:.1%}")
        await expect(cells.nth(2)).to_have_text(f"{baseline['rate_after']:.1%}")
        change = f"{baseline['absolute'] * 100:+.1f} pp".replace("-", "\N{MINUS SIGN}")
        await expect(cells.nth(3)).to_have_text(change)
        await expect(cells.nth(4)).to_contain_text("weaker than a holdout")
    journey_id = await site.create("Without a past")
    bare = await open_journey(site, tab, journey_id)
    await expect(bare.get_by_role("table", name="After against before entering")).to_have_count(0)


async def test_days_still_needed_are_told_with_the_customers(site: Site, tab: Tab) -> None:
    journey_id = await site.create("Just begun")
    await sunk(site.session.settings, story(journey_id)[:300])
    page = await open_journey(site, tab, journey_id)
    comparison = (await site.client.get(f"{BASE}/{journey_id}/metrics")).json()["comparison"]
    customers, days = comparison["customers_still_needed"], comparison["days_still_needed"]
    assert days > 1
    remark = page.get_by_role("listitem").filter(has_text=f"About {customers:,} more customers are needed")
    await expect(remark).to_contain_text(f"from chance: {days:,} days at the pace so far.")
    await expect(row_of(page, "The same, past taken out")).to_have_count(0)


async def test_trend_has_a_table_with_every_day_of_the_charts(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    await expect(page.locator(".chart canvas")).to_have_count(4)
    await page.get_by_text("Show as table").click()
    rows = page.get_by_role("table", name="The trend as a table").locator("tbody tr")
    await expect(rows).to_have_count(30)
    last = (await metrics_of(site))["days"][-1]
    await expect(rows.first.get_by_role("rowheader")).to_have_text("29 Jun 1998")
    await expect(rows.first.get_by_role("cell").nth(2)).to_have_text(f"{last['sends']:,}")


async def test_pause_asks_first_then_pauses_and_tells_how_long_it_took(site: Site, tab: Tab) -> None:
    journey_id = await site.create("To be paused")
    page = await open_journey(site, tab, journey_id)
    await page.get_by_role("button", name="Pause").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert (await journey_of(site, journey_id))["status"] == "ACTIVE"
    await page.get_by_role("button", name="Pause").click()
    await page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    await expect(page.locator(".effect")).to_have_text(re.compile(r"^Paused; handed to the workers in [\d,]+ ms\.$"))
    assert (await journey_of(site, journey_id))["status"] == "PAUSED"
    await expect(page.locator(".status")).to_contain_text("Paused")
    await expect(page.get_by_role("button", name="Resume")).to_be_focused()
    await page.get_by_role("button", name="Resume").click()
    await page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    await expect(page.locator(".effect")).to_contain_text("Resumed")
    assert (await journey_of(site, journey_id))["status"] == "ACTIVE"


async def test_stop_can_let_customers_under_way_finish(site: Site, tab: Tab) -> None:
    journey_id = await site.create("To be stopped")
    page = await open_journey(site, tab, journey_id)
    await page.get_by_role("button", name="Stop").click()
    await page.get_by_role("dialog").get_by_label("Let customers under way finish").check()
    await page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    await expect(page.locator(".status")).to_contain_text("Stopping")
    journey = await journey_of(site, journey_id)
    assert (journey["status"], journey["drain"]) == ("STOPPED", True)


async def test_change_made_elsewhere_shows_by_itself(site: Site, tab: Tab) -> None:
    journey_id = await site.create("To be renamed")
    page = await open_journey(site, tab, journey_id)
    await site.client.patch(f"{BASE}/{journey_id}", json={"status": "PAUSED", "name": "Renamed elsewhere"})
    await expect(page.get_by_role("heading", name="Renamed elsewhere")).to_be_visible()
    await expect(page.get_by_role("button", name="Resume")).to_be_visible()


async def test_viewer_sees_the_figures_and_no_buttons(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, role="viewer")
    await expect(tile(page, "Entered")).to_be_visible()
    await expect(page.locator("[data-target]")).to_have_count(0)


async def test_names_from_data_are_shown_as_text(site: Site, tab: Tab) -> None:
    page = tab.page
    await page.goto(await site.link())
    await page.get_by_role("link", name=HOSTILE).click()
    await expect(page.get_by_role("heading", name=HOSTILE, level=1)).to_be_visible()
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    await page.keyboard.press("Escape")
    page = await open_journey(site, tab)
    await expect(page.locator(".activities .who", has_text=HOSTILE).first).to_be_visible()
    await page.locator(".activities li", has_text=HOSTILE).first.click()
    await expect(page.locator('main img[src="x"]')).to_have_count(0)
    assert await page.evaluate("document.body.dataset.harmed ?? 'no'") == "no"


async def test_activities_can_be_filtered_paged_and_opened(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    items = page.locator(".activities li")
    await expect(items).to_have_count(20)
    await page.get_by_role("button", name="Load more").click()
    await expect(items).to_have_count(40)
    await page.get_by_label("Type").select_option("Send suppressed")
    await expect(items.first.locator(".what")).to_have_text("Send suppressed")
    await expect(items).to_have_count(20)
    await items.first.click()
    await expect(items.first.locator(".details")).to_contain_text("2 of 2 sends in P7D")
    await page.get_by_label("Type").select_option("All types")
    await page.get_by_label("Customer", exact=True).fill("customer-0003")
    await page.get_by_role("button", name="Apply").click()
    await expect(items.first.locator(".who")).to_have_text("customer-0003")
    expected = await site.client.get(f"{BASE}/{site.journey_id}/activities", params={"customer_id": "customer-0003"})
    await expect(items).to_have_count(len(expected.json()["items"]))


async def test_lost_connection_is_told_and_mended_by_itself(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    tab.foretell("Failed to load resource: net::ERR_FAILED")
    await page.route("**/api/**", lambda route: route.abort())
    await expect(page.locator("#notice")).to_contain_text(
        "The server does not answer. This page tries again by itself."
    )
    await expect(tile(page, "Entered")).to_be_visible()
    await page.unroute("**/api/**")
    await expect(page.locator("#notice")).to_be_hidden(timeout=30_000)
    assert tab.foreseen


async def test_journey_that_does_not_exist_is_told_with_a_way_on(site: Site, tab: Tab) -> None:
    tab.foretell("Failed to load resource: the server responded with a status of 404 (Not Found)")
    await tab.page.goto(f"{await site.link()}&journey=00000000-0000-0000-0000-000000000000")
    await expect(tab.page.locator("#notice")).to_contain_text("does not exist in your workspace. Go back to the list")
    assert tab.foreseen


@pytest.mark.parametrize("width", [390, 820, 950, 1280])
async def test_page_fits_the_screen(site: Site, tab: Tab, width: int) -> None:
    await tab.page.set_viewport_size({"width": width, "height": 844})
    page = await open_journey(site, tab)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.get_by_role("button", name="All journeys").click()
    await expect(page.locator('.list[aria-busy="false"]')).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_page_can_be_read_without_seeing_it(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    for unnamed in UNNAMED:
        assert await page.evaluate(f"[...document.querySelectorAll{unnamed}.length") == 0
    for landmark in LANDMARKS:
        await expect(page.get_by_role(landmark)).to_have_count(1)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()


async def test_page_is_usable_soon(site: Site, tab: Tab, measured: list[str]) -> None:
    link = await site.link()
    began = time.perf_counter()
    await tab.page.goto(f"{link}&journey={site.journey_id}")
    await expect(tab.page.locator('.journey[aria-busy="false"] .chart canvas')).to_have_count(4)
    took_s = time.perf_counter() - began
    measured.append(f"The journey's page with 30 days of figures was usable after {took_s:.2f} s (target: under 2 s).")


async def journey_of(site: Site, journey_id: str) -> dict[str, Any]:
    return dict((await site.client.get(f"{BASE}/{journey_id}")).json())
