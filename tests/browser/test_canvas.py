"""The canvas: its numbers are the API's, of any journey; it can be walked by keyboard and read as text."""

from itertools import combinations
from typing import Any

import pytest
from playwright.async_api import FloatRect, Locator, Page, expect

from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of, metrics_of, open_journey, row_of
from tests.browser.standing import created, standing_at
from tests.browser.story import HOSTILE
from tests.builders import a_journey
from tests.sink_story import sunk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

LARGEST_MEANT = 60  # steps of a picture that people still read


def node(page: Page, step: str) -> Locator:
    """The box of a step; that of the entry has no step."""
    return page.locator(f'.picture-node[data-step="{step}"]')


async def open_canvas(site: Site, tab: Tab, journey_id: str = "", period: str = "30") -> Page:
    page = await open_journey(site, tab, journey_id, at="canvas", period=period)
    await expect(page.locator('.canvas-view[aria-busy="false"]')).to_be_visible()
    return page


async def test_counts_of_each_step_are_those_of_the_api(site: Site, tab: Tab) -> None:
    page = await open_canvas(site, tab)
    totals = (await metrics_of(site))["totals"]
    positions = await answer_of(site, f"{BASE}/{site.journey_id}/positions")
    hello = totals["steps"]["hello"]
    standing = next(each["customers"] for each in positions["steps"] if each["step"] == "hello")
    assert min(hello["sends"], hello["suppressed"], hello["exits"], hello["passed"], standing) > 0
    await expect(node(page, "hello")).to_contain_text(f"{hello['passed']:,} passed · {hello['sends']:,} sent")
    await expect(node(page, "hello").locator(".picture-now").first).to_have_text(f"Now: {standing:,} waiting")
    await expect(node(page, "hello")).to_contain_text(f"{hello['suppressed']:,} suppressed")
    share = f"{hello['exits'] / (hello['passed'] + hello['exits']):.1%}"
    await expect(node(page, "hello")).to_contain_text(f"{hello['exits']:,} left ({share})")
    entry = node(page, "")
    await expect(entry.locator(".picture-count")).to_have_text(f"{totals['entered']:,} entered")
    now = [f"Now: {positions['under_way']:,} under way", f"{positions['held_out']:,} held out"]
    await expect(entry.locator(".picture-now")).to_have_text(now)
    await page.get_by_text("Show counts as table").click()
    cells = row_of(page, "hello").get_by_role("cell")
    counts = [f"{hello['passed']:,}", f"{hello['exits']:,} ({share})"]
    counts += [f"{figure:,}" for figure in (hello["sends"], hello["suppressed"], hello["deferred"], standing)]
    for at, text in enumerate(counts, start=1):
        await expect(cells.nth(at)).to_have_text(text)


async def test_counts_of_the_days_and_of_now_are_told_apart(site: Site, tab: Tab) -> None:
    page = await open_canvas(site, tab)
    of_now = node(page, "hello").locator(".picture-now").first
    of_days = node(page, "hello").locator(".picture-count").first
    legend = page.locator(".canvas-legend")
    for line, word in ((of_days, "In grey:"), (of_now, "Now:")):
        sample = legend.get_by_text(word, exact=True)
        assert await colour_of(sample) == await colour_of(line)
    assert await colour_of(of_days) != await colour_of(of_now)
    await expect(legend).to_contain_text("what happened in 31 May – 29 Jun 1998 (UTC days), all versions.")
    await node(page, "hello").click()
    details = page.get_by_role("complementary", name="hello")
    await expect(details.get_by_role("heading", level=4)).to_have_text(["In these days", "Now"])


async def test_biggest_drop_off_is_pointed_out_in_words(site: Site, tab: Tab) -> None:
    page = await open_canvas(site, tab)
    hello = (await metrics_of(site))["totals"]["steps"]["hello"]
    done = hello["passed"] + hello["exits"]  # who waits there now is not of these days
    finding = page.locator(".canvas-finding")
    await expect(finding).to_contain_text(f"The biggest drop-off is at “hello”: of the {done:,} who were ")
    await expect(finding).to_contain_text(f"{hello['exits']:,} left the journey there ({hello['exits'] / done:.1%})")
    await expect(node(page, "hello")).to_have_attribute("data-tone", "bad")
    await expect(node(page, "pause")).not_to_have_attribute("data-tone", "bad")


async def test_step_opens_with_its_definition_and_its_counts_by_click_and_by_key(site: Site, tab: Tab) -> None:
    page = await open_canvas(site, tab)
    details = page.get_by_role("complementary", name="hello")
    await node(page, "hello").click()
    await expect(details).to_contain_text("Send e-mail ‘welcome’.")
    hello = (await metrics_of(site))["totals"]["steps"]["hello"]
    await expect(details).to_contain_text(f"{hello['suppressed'] / (hello['sends'] + hello['suppressed']):.1%} of ")
    await page.keyboard.press("Escape")
    await expect(details).to_be_hidden()
    await expect(node(page, "hello")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(node(page, "pause")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("complementary", name="pause")).to_contain_text("Wait 3 days.")
    await expect(page.get_by_role("heading", name="pause")).to_be_focused()


async def test_picture_can_be_walked_by_keyboard_from_its_first_step_to_its_last(site: Site, tab: Tab) -> None:
    page = await open_canvas(site, tab)
    await page.locator('.picture-node[tabindex="0"]').focus()
    await page.keyboard.press("Home")
    walked = []
    for _ in range(5):
        walked.append(await page.evaluate("document.activeElement.dataset.step"))
        await page.keyboard.press("ArrowRight")
    assert walked == ["", "hello", "pause", "remind", "done"]


async def test_picture_has_a_twin_in_text(site: Site, tab: Tab) -> None:
    page = await open_canvas(site, tab)
    await page.get_by_text("Show as list").click()
    items = page.locator(".picture-list > li")
    await expect(items).to_have_count(5)
    await expect(items.nth(1)).to_contain_text("hello Send e-mail ‘welcome’.")
    await expect(items.nth(1)).to_contain_text("to pause")


async def test_version_is_chosen_where_customers_are_under_way_on_several(site: Site, tab: Tab) -> None:
    journey_id = await created(site, a_journey(name="Two versions"))
    await sunk(site.session.settings, standing_at("pause", journey_id, version=1, customers=3))
    longer = a_journey(name="Two versions")
    longer["steps"]["pause"]["duration"] = "P9D"
    answer = await site.client.patch(f"{BASE}/{journey_id}", json={"config": longer})
    assert answer.json()["version"] == 2
    await sunk(site.session.settings, standing_at("pause", journey_id, version=2, customers=2))
    page = await open_canvas(site, tab, journey_id)
    await expect(node(page, "pause")).to_contain_text("Wait 9 days")
    await expect(node(page, "pause")).to_contain_text("Now: 2 waiting")
    others = page.locator(".canvas-others")
    await expect(others).to_have_text("Shown here is version 2. 3 customers are on version 1 and finish as they began.")
    await page.get_by_label("Version").select_option("1")
    await expect(node(page, "pause")).to_contain_text("Wait 3 days")
    await expect(node(page, "pause")).to_contain_text("Now: 3 waiting")
    await expect(others).to_contain_text("2 customers are on version 2 and finish as they began.")


async def test_large_journey_is_drawn_whole_and_no_box_covers_another(site: Site, tab: Tab) -> None:
    journey_id = await created(site, a_large_journey(LARGEST_MEANT))
    page = await open_canvas(site, tab, journey_id)
    boxes = page.locator(".picture-node")
    await expect(boxes).to_have_count(LARGEST_MEANT + 1)  # and the entry
    places = [place for box in await boxes.all() if (place := await box.bounding_box())]
    assert len(places) == LARGEST_MEANT + 1
    assert not any(overlap(one, other) for one, other in combinations(places, 2))
    await expect(page.locator(".picture-edge.back")).to_have_count(1)
    await page.get_by_role("button", name="Whole picture").click()
    frame, surface = (page.locator(".picture-frame"), page.locator(".picture-room"))
    shown, drawn = await frame.bounding_box(), await surface.bounding_box()
    assert shown
    assert drawn
    assert drawn["width"] <= shown["width"] + 1


async def test_names_of_a_journey_are_shown_as_text(site: Site, tab: Tab) -> None:
    hostile = a_journey(name=HOSTILE)
    hostile["steps"]["hello"]["template"] = HOSTILE
    journey_id = await created(site, hostile)
    page = await open_canvas(site, tab, journey_id)
    await expect(node(page, "hello")).to_contain_text(HOSTILE)
    await node(page, "hello").click()
    await expect(page.get_by_role("complementary", name="hello")).to_contain_text(HOSTILE)
    await expect(page.locator('main img[src="x"]')).to_have_count(0)
    assert await page.evaluate("document.body.dataset.harmed ?? 'no'") == "no"


@pytest.mark.parametrize("width", [390, 820, 1280])
async def test_canvas_fits_the_screen(site: Site, tab: Tab, width: int) -> None:
    await tab.page.set_viewport_size({"width": width, "height": 844})
    page = await open_canvas(site, tab)
    await node(page, "hello").click()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def colour_of(line: Locator) -> str:
    """The colour in which a line is written."""
    return str(await line.evaluate("one => getComputedStyle(one).color"))


def a_large_journey(number: int) -> dict[str, Any]:
    """Branches that join again, one after the other, and a way back at the end."""
    steps: dict[str, Any] = {}
    blocks = (number - 3) // 3
    for at in range(blocks):
        onward = f"choice-{at + 1}" if at + 1 < blocks else "again"
        way = {
            "when": {"kind": "attribute", "name": "country", "op": "eq", "value": f"country-{at}"},
            "next": f"a-{at}",
        }
        steps[f"choice-{at}"] = {"kind": "branch", "paths": [way], "otherwise": f"b-{at}"}
        steps[f"a-{at}"] = {"kind": "wait", "duration": "P1D", "next": onward}
        steps[f"b-{at}"] = {"kind": "wait", "duration": "PT1H", "next": onward}
    steps["again"] = {"kind": "loop", "times": 2, "back_to": "choice-0", "next": "last"}
    steps["last"] = {"kind": "send", "channel": "email", "template": "bye", "next": "done"}
    steps["done"] = {"kind": "exit"}
    assert len(steps) == number
    return a_journey(name="Large", start="choice-0", steps=steps)


def overlap(one: FloatRect, other: FloatRect) -> bool:
    """Whether two boxes have more than an edge in common."""
    return all(
        one[side] + 1 < other[side] + other[length] and other[side] + 1 < one[side] + one[length]
        for side, length in (("x", "width"), ("y", "height"))
    )
