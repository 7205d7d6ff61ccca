"""A journey's page: its numbers are the API's, its buttons do what they say, and data stays data."""

import re
import time
from typing import Literal

import pytest
from playwright.async_api import Route, expect

from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import (
    answer_dialog,
    answer_of,
    journey_of,
    metrics_of,
    money,
    open_journey,
    row_of,
    settled,
    table_of,
    tile,
)
from tests.browser.standing import standing_at
from tests.browser.story import FIRST_MS, HOSTILE, JOURNEY, LAST_DAY, story
from tests.builders import DAY, WORKSPACE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

LANDMARKS: tuple[Literal["banner", "main", "contentinfo", "navigation"], ...] = (
    "banner",
    "main",
    "contentinfo",
    "navigation",
)
# What a screen reader could not name: (selector)].filter(which of them).
UNNAMED = (
    "('table')].filter(one => !one.caption?.textContent)",
    "('section')].filter(one => !one.ariaLabel && !one.getAttribute('aria-labelledby'))",
    "('button, input, select, textarea')].filter(one => !one.textContent && !one.ariaLabel && !one.labels?.length)",
    "('ol, [role=tabpanel], [role=meter]')].filter(one => one.className !== 'timeline' && "
    "!one.ariaLabel && !one.getAttribute('aria-labelledby'))",
)
TABS = ("overview", "compare", "activities", "history")


DAYS_BEFORE = {"7": {"from": "1998-06-23", "to": LAST_DAY}, "30": {"from": "1998-05-31", "to": LAST_DAY}}


@pytest.mark.parametrize("period", ["7", "30", "all"])
async def test_numbers_are_those_of_the_api(site: Site, tab: Tab, period: str) -> None:
    page = await open_journey(site, tab, period=period)
    metrics = await metrics_of(site, **DAYS_BEFORE.get(period, {"whole_life": "true"}))
    totals = metrics["totals"]
    assert totals["sends"] > 50
    for name in ("Entered", "Sends", "Suppressed", "Conversions"):
        await expect(tile(page, name)).to_have_text(f"{totals[name.lower()]:,}")
    positions = await answer_of(site, f"{BASE}/{site.journey_id}/positions")
    await expect(tile(page, "Under way")).to_have_text(f"{positions['under_way']:,}")
    rate = totals["customers_converted"] / totals["customers"]
    await expect(tile(page, "Conversion rate")).to_have_text(f"{rate:.1%}")
    await expect(tile(page, "Revenue")).to_have_text(money(totals["revenue"]))
    for channel, heading in {"email": "E-mail", "push": "Push"}.items():
        cells = row_of(table_of(page, "Messages by channel"), heading).get_by_role("cell")
        await expect(cells.nth(0)).to_have_text(f"{totals['channels'][channel]['sends']:,}")
        await expect(cells.nth(2)).to_contain_text(f"{totals['channels'][channel]['opened']:,}")


async def test_steps_tell_what_happened_and_who_stands_there_now(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, period="all")
    steps = (await metrics_of(site, **{"from": "1997-05-26", "to": LAST_DAY}))["totals"]["steps"]
    positions = await answer_of(site, f"{BASE}/{site.journey_id}/positions")
    table = table_of(page, "Steps")
    in_order = [re.compile(f"^{step}") for step in ("hello", "pause", "remind", "done")]
    await expect(table.get_by_role("rowheader")).to_have_text(in_order)
    hello = steps["hello"]
    assert hello["sends"] > 500
    cells = table.get_by_role("row").nth(1).get_by_role("cell")
    for at, figure in {0: "passed", 1: "sends", 2: "suppressed", 3: "deferred", 4: "exits"}.items():
        await expect(cells.nth(at)).to_have_text(f"{hello[figure]:,}")
    standing = {each["step"]: each["customers"] for each in positions["steps"]}
    await expect(cells.nth(6)).to_contain_text(f"{standing.get('hello', 0):,}")
    await expect(page.get_by_text(f"{positions['under_way']:,} under way in all")).to_be_visible()


async def test_limits_say_in_words_and_numbers_how_far_they_are_used(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    gauges = (await answer_of(site, f"{BASE}/{site.journey_id}/guardrails"))["items"]
    assert gauges
    items = page.locator(".gauge")
    await expect(items).to_have_count(len(gauges))
    for at, gauge in enumerate(gauges):
        await expect(items.nth(at)).to_contain_text(gauge["sentence"])
        is_measured = gauge["share"] is not None
        await expect(items.nth(at).get_by_role("meter")).to_have_count(int(is_measured))
        if is_measured and gauge["kind"] not in ("brake", "holdout"):
            await expect(items.nth(at).locator(".gauge-text")).to_contain_text(f"({gauge['share']:.1%})")


async def test_free_range_of_days_stands_in_the_address_and_a_wrong_one_is_told_beside_it(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    await page.get_by_role("button", name="Dates…").click()
    await page.get_by_role("textbox", name="From").fill("1998-06-10")
    await page.get_by_role("textbox", name="To", exact=True).fill("1998-06-01")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.locator("#period-range-problem")).to_have_text("The first day is after the last: swap them.")
    await expect(page.get_by_role("textbox", name="From")).to_have_attribute("aria-invalid", "true")
    await page.get_by_role("textbox", name="From").fill("1998-06-01")
    await page.get_by_role("textbox", name="To", exact=True).fill("1998-06-10")
    await page.get_by_role("button", name="Show", exact=True).click()
    totals = (await metrics_of(site, **{"from": "1998-06-01", "to": "1998-06-10"}))["totals"]
    await expect(tile(page, "Entered")).to_have_text(f"{totals['entered']:,}")
    await expect(page.locator(".dates")).to_have_text(re.compile(r"^1\s?–\s?10 June? 1998"))
    assert "period=1998-06-01..1998-06-10" in page.url
    await page.reload()
    await expect(tile(page, "Entered")).to_have_text(f"{totals['entered']:,}")


async def test_zone_chosen_is_that_of_the_days_and_of_every_time(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, period="1998-06-01..1998-06-10")
    await page.get_by_label("Zone").focus()
    await page.get_by_label("Zone").select_option("Pacific/Auckland")
    query = {"from": "1998-06-01", "to": "1998-06-10", "zone": "Pacific/Auckland"}
    totals = (await metrics_of(site, **query))["totals"]
    await expect(page.locator(".dates")).to_contain_text("(Pacific/Auckland days)")
    await expect(tile(page, "Entered")).to_have_text(f"{totals['entered']:,}")
    assert page.url.endswith("&zone=Pacific/Auckland")
    await expect(page.get_by_label("Zone")).to_be_focused()
    await expect(page.locator(".freshness")).to_contain_text(re.compile(r"GMT\+1[23]"))
    await page.get_by_role("tab", name="Activities").click()
    await expect(page.locator(".activities time").first).to_contain_text("GMT+12")
    await page.get_by_role("link", name="Audit").click()
    await expect(page.locator(".audit time").first).to_contain_text(re.compile(r"GMT\+1[23]"))


@pytest.mark.parametrize(("button", "ending"), [("CSV", "csv"), ("Excel", "xlsx"), ("Report to print", "html")])
async def test_report_of_the_days_shown_is_handed_over_as_a_file(
    site: Site, tab: Tab, button: str, ending: str
) -> None:
    page = await open_journey(site, tab, period="7")
    async with page.expect_download() as download:
        await page.get_by_role("group", name="Export these days").get_by_role("button", name=button).click()
    file = await download.value
    assert file.suggested_filename == f"journey-win-back-1998-06-23-to-{LAST_DAY}.{ending}"
    content = (await file.path()).read_bytes()
    assert content[:2] == b"PK" if ending == "xlsx" else b"Win back" in content


async def test_tabs_are_worked_by_keyboard_and_stand_in_the_address(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    await page.get_by_role("tab", name="Overview").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("tab", name="History")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("tab", name="History")).to_have_attribute("aria-selected", "true")
    await expect(page.get_by_role("tabpanel", name="History")).to_be_visible()
    assert page.url.endswith("&tab=history")
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("tabpanel", name="Compare")).to_be_visible()
    await expect(page.get_by_role("tabpanel")).to_have_count(1)
    await page.go_back()
    await expect(page.get_by_role("tabpanel", name="History")).to_be_visible()
    await expect(page.locator('[role="tab"][tabindex="0"]')).to_have_text("History")  # one stop for all tabs


async def test_change_that_waits_for_a_second_person_says_so_and_leads_to_it(site: Site, tab: Tab) -> None:
    await site.client.patch("/api/v1/workspace", json={"needs_approval": True})
    try:
        answer = await site.client.post(BASE, json={"config": JOURNEY, "name": "Waits", "status": "DRAFT"})
        page = await open_journey(site, tab, answer.json()["id"])
        await page.get_by_role("button", name="Publish").click()
        await page.get_by_role("dialog").get_by_role("button", name="Ask for approval").click()
        await expect(page.locator(".effect").first).to_contain_text("Publish waits for a second person")
        assert (await journey_of(site, answer.json()["id"]))["status"] == "DRAFT"
        await page.get_by_role("link", name="See what waits").click()
        await expect(page.locator(".proposal", has_text="Waits")).to_contain_text("Start the journey.")
    finally:
        await settled(site, {})


async def test_draft_says_what_is_next_and_is_published_by_the_editors_question(site: Site, tab: Tab) -> None:
    answer = await site.client.post(BASE, json={"config": JOURNEY, "name": "Not yet", "status": "DRAFT"})
    page = await open_journey(site, tab, answer.json()["id"])
    await expect(page.get_by_role("heading", name="A draft reaches nobody")).to_be_visible()
    await expect(tile(page, "Entered")).to_be_hidden()
    await expect(page.locator(".toolbar")).to_be_hidden()
    await page.get_by_role("link", name="Go on writing").click()
    await expect(page.get_by_role("heading", name="Edit the draft")).to_be_visible()
    await page.get_by_role("tab", name="Overview").click()
    await page.get_by_role("button", name="Publish", exact=True).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("It has 2 messages; consent, limits and quiet hours are checked before each.")
    await answer_dialog(page, "Publish")
    await expect(page.locator(".effect").first).to_contain_text("Published. Passed on in ")
    await expect(tile(page, "Entered")).to_have_text("0")
    await expect(page.get_by_role("heading", name="A draft reaches nobody")).to_be_hidden()


async def test_stopped_journey_says_what_is_final_and_its_editor_leads_to_a_copy(site: Site, tab: Tab) -> None:
    journey_id = await site.create("Over")
    await site.sink(story(journey_id, seed=3))
    await site.client.patch(f"{BASE}/{journey_id}", json={"status": "STOPPED"})
    page = await open_journey(site, tab, journey_id)
    await expect(page.locator(".verdict")).to_contain_text("This is final: nobody enters any more")
    await page.get_by_role("tab", name="Edit").click()
    await page.locator(".editor-bar").get_by_role("button", name="Copy into a new journey").click()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Copy of Over")


async def test_tab_that_is_open_is_in_view_on_a_phone(site: Site, tab: Tab) -> None:
    await tab.page.set_viewport_size({"width": 390, "height": 844})
    page = await open_journey(site, tab, at="history")
    await expect(page.get_by_role("tab", name="History")).to_be_in_viewport(ratio=1)


async def test_pause_whose_answer_is_lost_is_asked_for_again_as_the_same_request(site: Site, tab: Tab) -> None:
    journey_id = await site.create("Paused over a bad line")
    page = await open_journey(site, tab, journey_id)
    tab.foretell("Failed to load resource: net::ERR_FAILED")
    keys: list[str | None] = []

    async def lose_first(route: Route) -> None:
        if route.request.method != "PATCH":
            await route.continue_()
            return
        keys.append(route.request.headers.get("idempotency-key"))
        answer = await route.fetch()  # it is done, and nobody hears of it
        if len(keys) == 1:
            await route.abort()
        else:
            await route.fulfill(response=answer)

    await page.route("**/api/**", lose_first)
    await page.get_by_role("button", name="Pause").click()
    await page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    await expect(page.locator(".effect")).to_contain_text("Paused. Passed on in ")
    assert len(keys) == 2
    assert keys[0] is not None
    assert len(set(keys)) == 1
    await page.unroute("**/api/**")
    audit = await answer_of(site, "/api/v1/audit", subject_id=journey_id)
    assert next(item["after"] for item in audit["items"]) == {"status": "PAUSED"}
    assert tab.foreseen


async def test_a_long_period_is_drawn_by_week_and_told_whole(site: Site, tab: Tab) -> None:
    days = {"from": "1996-12-30", "to": LAST_DAY}
    page = await open_journey(site, tab, period="..".join(days.values()))
    await expect(page.get_by_role("heading", name="Trend by week (from Monday)")).to_be_visible()
    metrics = await metrics_of(site, **days, by="week")
    assert len(metrics["days"]) == 79
    await expect(tile(page, "Entered")).to_have_text(f"{metrics['totals']['entered']:,}")
    await page.get_by_text("Show as table").click()
    rows = table_of(page, "The trend as a table").get_by_role("row")
    await expect(rows).to_have_count(1 + len(metrics["days"]))
    await expect(rows.nth(1)).to_contain_text("29 Jun 1998")


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
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("whoever does then what starts it is not taken in later")
    await expect(dialog).to_contain_text("What they do still counts")
    await expect(dialog).to_contain_text("is dropped if it is past its “not worth sending after” when you resume")
    await expect(dialog).to_contain_text("0 customers are under way now.")
    await dialog.get_by_role("button", name="Cancel").click()
    assert (await journey_of(site, journey_id))["status"] == "ACTIVE"
    await page.get_by_role("button", name="Pause").click()
    await page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    await expect(page.locator(".effect")).to_have_text(re.compile(r"^Paused\. Passed on in [\d,]+ ms\.$"))
    assert (await journey_of(site, journey_id))["status"] == "PAUSED"
    await expect(page.locator(".status")).to_contain_text("Paused")
    await expect(page.get_by_role("button", name="Resume")).to_be_focused()
    await page.get_by_role("button", name="Resume").click()
    await page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    await expect(page.locator(".effect")).to_contain_text("Resumed")
    assert (await journey_of(site, journey_id))["status"] == "ACTIVE"
    await page.get_by_role("tab", name="History").click()
    await expect(page.locator(".effect")).to_be_empty()  # what was told goes when something else is done


async def test_stop_can_let_customers_under_way_finish(site: Site, tab: Tab) -> None:
    journey_id = await site.create("To be stopped")
    await site.sink(standing_at("pause", journey_id, version=1, customers=4))
    page = await open_journey(site, tab, journey_id)
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.get_by_role("dialog")).to_contain_text("A stopped journey cannot be started again")
    await expect(page.get_by_role("dialog")).to_contain_text("4 customers are under way now.")
    await page.get_by_role("dialog").get_by_label("Let customers under way finish").check()
    await page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    await expect(page.locator(".status")).to_contain_text("Stopping")
    journey = await journey_of(site, journey_id)
    assert (journey["status"], journey["drain"]) == ("STOPPED", True)


async def test_journey_is_copied_into_a_new_one_even_when_it_is_stopped(site: Site, tab: Tab) -> None:
    journey_id = await site.create("To be copied")
    await site.client.patch(f"{BASE}/{journey_id}", json={"status": "STOPPED"})
    page = await open_journey(site, tab, journey_id)
    await page.get_by_role("button", name="Copy into a new journey").click()
    await expect(page.get_by_role("heading", name="New journey", level=1)).to_be_visible()
    await expect(page.locator('.editor[aria-busy="false"]')).to_be_visible()
    await page.get_by_role("button", name="Save draft").click()
    await expect(page.get_by_role("heading", name="Copy of To be copied")).to_be_visible()
    copy = (await answer_of(site, BASE, status="DRAFT"))["items"][0]
    assert copy["name"] == "Copy of To be copied"
    made, source = await journey_of(site, copy["id"]), await journey_of(site, journey_id)
    assert made["campaign_id"] == source["campaign_id"]
    assert made["config"] == {**source["config"], "name": "Copy of To be copied"}


async def test_journey_says_that_it_does_not_send_while_sending_is_switched_off(site: Site, tab: Tab) -> None:
    await site.client.patch("/api/v1/workspace", json={"is_sending": False})
    try:
        page = await open_journey(site, tab)
        await expect(page.locator(".journey-header .chip")).to_have_text("Active, but not sending")
        await expect(page.locator(".status .failed")).to_contain_text("nobody enters and nothing is sent")
    finally:
        await site.client.patch("/api/v1/workspace", json={"is_sending": True})
    await expect(page.locator(".journey-header .chip")).to_have_text("Active")


async def test_where_the_usual_days_show_nothing_all_are_shown(site: Site, tab: Tab) -> None:
    journey_id = await site.create("Long ago")
    latest = Activity(
        id=derived_id("activity", journey_id, "late"),
        workspace_id=WORKSPACE,
        customer_id="customer-0001",
        journey_id=journey_id,
        version=1,
        run_id=derived_id("run", journey_id, "customer-0001"),
        type="run_completed",
        at_ms=FIRST_MS + 200 * DAY,
        step="done",
        arm="treatment",
        details={"reason": "completed"},
        cause="engagement.events.v1/0/0",
    )
    await site.sink([*story(journey_id), latest])
    page = await open_journey(site, tab, journey_id)
    await expect(page.get_by_role("button", name="All", exact=True)).to_have_attribute("aria-pressed", "true")
    await expect(tile(page, "Entered")).to_have_text("1,080")
    await page.get_by_role("button", name="30 days").click()
    await expect(tile(page, "Entered")).to_have_text("0")


async def test_days_chosen_are_kept_between_the_list_and_a_journey(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, period="90")
    await page.get_by_role("link", name="← All journeys").click()
    await expect(page.get_by_role("heading", level=1, name="Journeys")).to_be_visible()
    await expect(page.get_by_role("button", name="90 days")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("link", name="Win back", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="Win back")).to_be_visible()
    await expect(page.get_by_role("button", name="90 days")).to_have_attribute("aria-pressed", "true")


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
    page = await open_journey(site, tab, at="activities")
    await expect(page.locator(".activities .who", has_text=HOSTILE).first).to_be_visible()
    await page.locator(".activities li", has_text=HOSTILE).first.click()
    await expect(page.locator('main img[src="x"]')).to_have_count(0)
    assert await page.evaluate("document.body.dataset.harmed ?? 'no'") == "no"


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
    await expect(tab.page.get_by_role("tab")).to_have_count(0)  # nothing that would stay empty
    await tab.page.get_by_role("link", name="All journeys").click()
    await expect(tab.page.get_by_role("link", name="Win back")).to_be_visible()
    await expect(tab.page.locator("#notice")).to_be_hidden()
    assert tab.foreseen


@pytest.mark.parametrize("width", [390, 820, 950, 1280])
@pytest.mark.parametrize("at", TABS)
async def test_page_fits_the_screen(site: Site, tab: Tab, width: int, at: str) -> None:
    await tab.page.set_viewport_size({"width": width, "height": 844})
    page = await open_journey(site, tab, at=at)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("at", TABS)
async def test_page_can_be_read_without_seeing_it(site: Site, tab: Tab, at: str) -> None:
    page = await open_journey(site, tab, at=at)
    for unnamed in UNNAMED:
        assert await page.evaluate(f"[...document.querySelectorAll{unnamed}.map(one => one.outerHTML)") == []
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
