"""Activities: filtered by type, customer and days, read without being moved, exported, and told as a story."""

import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect

from orchestrator.messages.activity import ActivityType
from orchestrator.messages.ids import derived_id
from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of, on_the_page, open_journey
from tests.browser.standing import standing_at
from tests.browser.story import HOSTILE, story

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CUSTOMER = "customer-0130"  # treated, and put off once


async def open_activities(site: Site, tab: Tab, journey_id: str = "", *, zone: str = "", customer: str = "") -> Page:
    return await open_journey(site, tab, journey_id, at="activities", zone=zone, customer=customer)


async def test_activities_can_be_filtered_paged_and_opened(site: Site, tab: Tab) -> None:
    page = await open_activities(site, tab)
    items = page.locator(".activities li")
    await expect(items).to_have_count(20)
    await page.get_by_role("button", name="Load more").click()
    await expect(items).to_have_count(40)
    await page.get_by_label("Type").select_option("Send suppressed")
    await expect(items.first.locator(".what")).to_have_text("Send suppressed")
    await expect(items).to_have_count(20)
    await items.first.locator("summary").click()
    await expect(items.first.locator(".sentence")).to_contain_text("was not sent: 2 of 2 sends in 7 days.")
    await items.first.get_by_text("Technical").click()
    await expect(items.first.locator(".details")).to_contain_text("2 of 2 sends in P7D")
    await page.get_by_label("Type").select_option("All types")
    await page.get_by_label("Customer", exact=True).fill("customer-0003")
    await page.get_by_role("button", name="Apply").click()
    await expect(items.first.locator(".who")).to_have_text("customer-0003")
    expected = await answer_of(site, f"{BASE}/{site.journey_id}/activities", customer_id="customer-0003")
    await expect(items).to_have_count(len(expected["items"]))


async def test_days_of_the_zone_chosen_are_filtered_by_and_wrong_ones_are_told_beside_them(
    site: Site, tab: Tab
) -> None:
    page = await open_activities(site, tab, zone="Asia/Kolkata")
    await page.get_by_role("textbox", name="From").fill("1998-04-02")
    await page.get_by_role("textbox", name="To", exact=True).fill("1998-04-01")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.locator("#activity-range-problem")).to_have_text("The first day is after the last: swap them.")
    await page.get_by_role("textbox", name="To", exact=True).fill("1998-04-02")
    await page.get_by_label("Type").select_option("Entered")
    moments = {"from": "1998-04-01T18:30:00Z", "to": "1998-04-02T18:30:00Z"}
    path = f"{BASE}/{site.journey_id}/activities"
    expected = await answer_of(site, path, type="journey_entered", **moments)
    assert 0 < len(expected["items"]) < 20
    await expect(page.locator(".activities li")).to_have_count(len(expected["items"]))
    await expect(page.locator(".activities .who").first).to_have_text(expected["items"][0]["customer_id"])


async def test_what_is_new_waits_while_somebody_reads(site: Site, tab: Tab) -> None:
    journey_id = await site.create("Read while it runs")
    activities = story(journey_id)
    path = f"{BASE}/{journey_id}/activities"
    await site.sink(activities[:40])
    before = (await answer_of(site, path, limit="20"))["items"]
    page = await open_activities(site, tab, journey_id)
    items = page.locator(".activities li")
    await expect(items).to_have_count(20)
    read = items.nth(3)
    await read.locator("summary").click()
    await site.sink(activities[40:60])
    after = (await answer_of(site, path, limit="20"))["items"]
    fresh = [item for item in after if item["id"] not in {each["id"] for each in before}]
    assert 1 < len(fresh) < 20
    await expect(page.get_by_role("button", name=f"Show {len(fresh)} new entries")).to_be_visible()
    await expect(items).to_have_count(20)
    await expect(read.locator(".who")).to_have_text(before[3]["customer_id"])
    await page.get_by_role("button", name=f"Show {len(fresh)} new entries").click()
    await expect(items).to_have_count(20 + len(fresh))
    await expect(items.first.locator(".who")).to_have_text(fresh[0]["customer_id"])
    await expect(page.get_by_role("button", name="new entries")).to_have_count(0)


async def test_customer_s_story_says_why_they_got_what_they_got(site: Site, tab: Tab) -> None:
    page = await open_activities(site, tab)
    await page.get_by_label("Customer", exact=True).fill(CUSTOMER)
    await page.get_by_role("button", name="Apply").click()
    await page.get_by_role("button", name=f"Why {CUSTOMER} got what they got").click()
    told = await answer_of(site, f"{BASE}/{site.journey_id}/customers/{CUSTOMER}/explain")
    await expect(page.get_by_role("heading", name=f"Why {CUSTOMER} got what they got")).to_be_focused()
    await expect(page.locator(".story-summary")).to_have_text(on_the_page(told["summary"]))
    (run,) = told["runs"]
    decisions = page.locator(".timeline > li")
    await expect(decisions).to_have_count(len(run["decisions"]))
    for at, decision in enumerate(run["decisions"]):
        await expect(decisions.nth(at).locator(".what")).to_have_text(on_the_page(decision["sentence"]))
    await decisions.first.get_by_text("Technical").click()
    await expect(decisions.first.locator(".details")).to_contain_text(run["decisions"][0]["cause"])
    assert f"&customer={CUSTOMER}" in page.url
    await page.get_by_role("button", name="← All activities").click()
    await expect(page.locator(".activities li").first).to_be_visible()


async def test_customer_s_story_is_reached_from_every_tab(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab)
    await page.get_by_label("What did one customer get, and why?").fill(CUSTOMER)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=f"Why {CUSTOMER} got what they got")).to_be_focused()
    assert f"&customer={CUSTOMER}" in page.url


async def test_what_happened_at_one_moment_is_told_in_its_order(site: Site, tab: Tab) -> None:
    journey_id = await site.create("At one moment")
    types: tuple[ActivityType, ...] = ("journey_entered", "send_requested", "goal_reached", "run_exited")
    path = f"{BASE}/{journey_id}/activities"
    for number in range(3):  # of random ids a wrong order would pass one time in 24
        activities = standing_at("hello", journey_id, version=1, customers=1)[:1]
        name = f"customer-{number}"
        made = [
            replace(
                activities[0],
                id=derived_id("activity", journey_id, name, type_),
                run_id=derived_id("run", journey_id, name),
                customer_id=name,
                type=type_,
                step="hello",
                details={"channel": "email", "template": "welcome", "reason": "goal"},
            )
            for type_ in types
        ]
        await site.sink(made)
        items = (await answer_of(site, path, customer_id=name))["items"]
        assert [item["type"] for item in items] == list(reversed(types))


async def test_story_of_nobody_says_so_and_that_of_a_hostile_name_is_text(site: Site, tab: Tab) -> None:
    tab.foretell("Failed to load resource: the server responded with a status of 404 (Not Found)")
    page = await open_activities(site, tab, customer="nobody")
    await expect(page.locator(".story")).to_contain_text("Nothing was decided for this customer")
    page = await open_activities(site, tab)
    item = page.locator(".activities li", has_text=HOSTILE).first
    await item.locator("summary").click()
    await item.get_by_role("button", name="Why this customer got what they got").click()
    await expect(page.locator(".timeline > li").first).to_be_visible()
    await expect(page.get_by_role("heading", name=f"Why {HOSTILE} got what they got")).to_be_visible()
    await expect(page.locator('main img[src="x"]')).to_have_count(0)
    assert await page.evaluate("document.body.dataset.harmed ?? 'no'") == "no"


async def test_activities_chosen_are_handed_over_as_a_file(site: Site, tab: Tab) -> None:
    page = await open_activities(site, tab)
    await page.get_by_label("Type").select_option("Goal reached")
    await expect(page.locator(".activities .what").first).to_have_text("Goal reached")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="JSON lines").click()
    lines = (await (await download.value).path()).read_text("utf-8").splitlines()
    activities = [line for line in lines if "goal_reached" in line and "customer-" in line]
    totals = await answer_of(site, f"{BASE}/{site.journey_id}/metrics", **{"from": "1997-06-01", "to": "1998-07-01"})
    hostile = sum("goal_reached" in line and "onerror" in line for line in lines)
    assert len(activities) + hostile == totals["totals"]["conversions"]
