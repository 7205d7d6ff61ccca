"""The editor speaks to whoever fills in the form: what is typed stays, and what is wrong is told in plain words."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import open_journey
from tests.browser.standing import created
from tests.browser.test_editor import control, field, open_editor, open_new, open_step, state, text_of
from tests.builders import a_journey

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def write_text(page: Page, document: dict[str, Any]) -> None:
    """Writes the document as JSON, and goes back to the form."""
    await page.get_by_role("button", name="JSON").click()
    await page.locator("#editor-text").fill(json.dumps(document))
    await page.get_by_role("button", name="Form").click()


async def test_length_of_time_keeps_its_number_and_unit_whatever_is_typed(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await open_step(page, "breather")
    await control(page, "$.steps.breather.duration").fill("-1")
    unit = page.get_by_label("Wait: unit")
    await unit.select_option("hours")

    async def stands(words: str) -> None:
        await expect(control(page, "$.steps.breather.duration")).to_have_value("-1")
        await expect(unit).to_have_value("H")
        problem = field(page, "$.steps.breather.duration").locator(".form-problem")
        await expect(problem).to_have_text("Write a whole number of at least 1.")
        await expect(page.locator('details.step-card[data-path="$.steps.breather"] > summary')).to_contain_text(words)

    await stands("Wait …")
    await page.get_by_role("button", name="Add a step after breather").click()
    await stands("Wait …")
    await page.get_by_role("button", name="Move later breather").click()
    await stands("Wait …")
    await page.get_by_role("button", name="JSON").click()
    text = await page.locator("#editor-text").input_value()
    await page.locator("#editor-text").fill(f"{text} ")
    await page.get_by_role("button", name="Form").click()
    await stands("Wait …")
    page.on("dialog", lambda question: question.accept())  # the browser's own, whether to leave the page
    await page.reload()
    await expect(page.locator(".editor-notice")).to_contain_text("These are your unsaved changes")
    await open_step(page, "breather")
    await stands("Wait …")
    await control(page, "$.steps.breather.duration").fill("0")
    await expect(field(page, "$.steps.breather.duration")).to_contain_text("Write a whole number of at least 1.")
    await control(page, "$.steps.breather.duration").fill("1")
    await expect(field(page, "$.steps.breather.duration").locator(".form-problem")).to_be_hidden()
    assert (await text_of(page))["steps"]["breather"]["duration"] == "PT1H"
    await expect(page.locator('details.step-card[data-path="$.steps.breather"] > summary')).to_contain_text(
        "Wait 1 hour"
    )


@pytest.mark.parametrize("written", ["soon", "P1M", 86_400])
async def test_length_of_time_that_is_none_is_mended_in_the_form(site: Site, tab: Tab, written: object) -> None:
    page = await open_new(site, tab, "welcome")
    document = await text_of(page)
    document["steps"]["breather"]["duration"] = written
    await write_text(page, document)
    await open_step(page, "breather")
    await expect(control(page, "$.steps.breather.duration")).to_have_value(str(written))
    await expect(field(page, "$.steps.breather.duration")).to_contain_text("Write a whole number of at least 1.")
    await control(page, "$.steps.breather.duration").fill("3")
    assert (await text_of(page))["steps"]["breather"]["duration"] == "P3D"


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        (
            {"guardrails": {"caps": [{"limit": 0, "per": "P7D"}]}},
            "Guardrails › Messages per customer › Limit 1 › At most",
            "At least 1.",
        ),
        (
            {"entry": {"kind": "event", "type": "cart.updated", "re_entry": {"kind": "once_per_key"}}},
            "Who enters › Field that tells one entry from another",
            "Say which field of the event tells one entry from another, such as cart_id.",
        ),
        (
            {"guardrails": {"caps": [{"limit": 1, "per": "P9D"}]}},
            "Step how-it-works",
            "This message never goes out: the limit of 1 message in 9 days is used up by 1 message before it. "
            "Raise the limit under “Messages per customer”, or remove a message.",
        ),
        (
            {"guardrails": {"minimum_gap": "P30D"}},
            "Step best-sellers › Drop it when late by",
            "A customer gets one message per 30 days, and this one is dropped after 2 days: what another message puts "
            "off may never go out. Raise “Drop it when late by”, or lower “Least time between two messages”.",
        ),
    ],
)
async def test_problem_is_told_in_the_forms_words_and_leads_to_its_place(
    site: Site, tab: Tab, changes: dict[str, Any], place: str, words: str
) -> None:
    page = await open_new(site, tab, "welcome")
    document = await text_of(page)
    document["steps"]["hello"]["category"] = "marketing"
    await write_text(page, document | changes)
    checks = page.locator(".checks li").filter(has=page.get_by_role("button", name=place, exact=True)).first
    await expect(checks).to_have_text(f"{place} {words}")
    await checks.get_by_role("button").click()
    await expect(page.locator(".form-problem:visible").filter(has_text=words).first).to_be_visible()


async def test_removed_step_comes_back_with_all_its_ways(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    before = await text_of(page)
    await open_step(page, "breather")
    await page.get_by_role("button", name="Remove breather").click()
    assert "breather" not in (await text_of(page))["steps"]
    undo = page.get_by_role("button", name="Undo")
    await expect(undo).to_be_focused()
    await page.keyboard.press("Enter")
    assert await text_of(page) == before
    await page.get_by_role("button", name="Remove breather").click()
    await control(page, "$.name").fill("Without a pause")
    await expect(undo).to_have_count(0)  # it would take this back as well


async def test_what_was_typed_for_a_kind_of_entry_is_there_when_the_kind_is_chosen_again(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "abandoned-cart")
    before = (await text_of(page))["entry"]
    await control(page, "$.entry.kind").select_option("schedule")
    await control(page, "$.entry.schedule.expression").fill("0 8 * * *")
    await control(page, "$.entry.kind").select_option("event")
    assert (await text_of(page))["entry"] == before
    await control(page, "$.entry.kind").select_option("schedule")
    await expect(control(page, "$.entry.schedule.expression")).to_have_value("0 8 * * *")


async def test_the_chosen_beginning_is_marked(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab)
    chosen = page.locator('.template[aria-pressed="true"]')
    await expect(chosen).to_contain_text("Welcome series")
    await page.locator('[data-template="win-back"]').click()
    await expect(chosen).to_have_count(1)
    await expect(chosen).to_contain_text("Win back")


async def test_new_step_is_called_by_what_it_does_until_somebody_gives_it_a_name(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await open_step(page, "breather")
    await page.get_by_role("button", name="Add a step after breather").click()
    await expect(page.locator('[data-focus="id:message"]')).to_be_focused()
    await control(page, "$.steps.message.kind").select_option("wait")
    await expect(control(page, "$.steps.wait.kind")).to_be_focused()
    steps = (await text_of(page))["steps"]
    assert "message" not in steps
    assert (steps["breather"]["next"], steps["wait"]["next"]) == ("wait", "best-sellers")
    await page.locator('[data-focus="id:wait"]').fill("one-more-day")
    await page.keyboard.press("Tab")
    await control(page, "$.steps.one-more-day.kind").select_option("update")
    assert "one-more-day" in (await text_of(page))["steps"]


async def test_rare_limits_are_folded_away_until_they_are_used_or_wrong(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    limits = page.locator("details.form-more").filter(has=page.get_by_text("More limits", exact=True))
    await expect(control(page, "$.fallback_zones")).to_have_count(0)
    await expect(control(page, "$.guardrails.fallback_zones")).to_be_hidden()
    await limits.locator("> summary").focus()
    await page.keyboard.press("Enter")
    await control(page, "$.guardrails.fallback_zones").fill("Mars/Base")
    await limits.locator("> summary").click()
    await expect(limits.locator("> summary")).to_contain_text("1 problem")
    await page.locator(".checks").get_by_role("button", name="Time zone of customers of whom none is known").click()
    await expect(control(page, "$.guardrails.fallback_zones")).to_be_focused()
    journey_id = await created(site, a_journey(name="With a budget", guardrails={"budgets": [BUDGET]}))
    page = await open_editor(site, tab, journey_id)
    await expect(control(page, "$.guardrails.budgets[0].limit")).to_be_visible()


BUDGET = {"kind": "messages", "limit": 500, "per": "day"}


async def test_picture_is_whole_follows_the_open_step_and_marks_what_is_wrong(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "abandoned-cart")
    await expect(page.get_by_role("button", name="Whole picture")).to_have_attribute("aria-pressed", "true")
    box = page.locator('.picture-node[data-step="offer"]')
    await open_step(page, "offer")
    await control(page, "$.steps.offer.template").fill("")
    await expect(box).to_have_attribute("aria-expanded", "true")
    await expect(box).to_contain_text("1 problem")
    await expect(box).to_have_attribute("data-tone", "bad")
    fits = "[...document.querySelectorAll('.picture-frame')].every(one => one.scrollWidth <= one.clientWidth + 1)"
    assert await page.evaluate(fits)
    await control(page, "$.steps.offer.template").fill("cart-offer")
    await expect(box).not_to_contain_text("problem")
    await control(page, "$.name").focus()
    await expect(box).to_have_attribute("aria-expanded", "false")


async def test_faulty_draft_says_that_it_is_kept_here_though_it_cannot_be_saved(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "blank")
    await expect(page.locator("#editor-why")).to_contain_text("can be saved and published. Until then")
    await expect(page.locator("#editor-why")).to_contain_text("kept in this browser tab")
    await expect(page.get_by_role("button", name="Save draft")).to_be_disabled()


async def test_on_a_phone_the_checks_come_before_the_form(site: Site, tab: Tab) -> None:
    await tab.page.set_viewport_size({"width": 390, "height": 844})
    page = await open_new(site, tab, "welcome")
    checks, form = await page.locator(".checks").bounding_box(), await page.locator(".editor-form").bounding_box()
    assert checks
    assert form
    assert checks["y"] + checks["height"] <= form["y"]


async def test_history_tells_in_words_what_a_version_changed(site: Site, tab: Tab) -> None:
    journey_id = await created(site, a_journey(name="Longer now", guardrails={"caps": [{"limit": 3, "per": "P7D"}]}))
    config = a_journey(name="Longer now", guardrails={"caps": [{"limit": 2, "per": "P7D"}]}, holdout={"percent": 10})
    config |= {"goal": {"event": "order.placed", "window": "P14D"}}
    config["steps"]["pause"]["duration"] = "PT2H"
    answer = await site.client.patch(f"{BASE}/{journey_id}", json={"config": config})
    assert answer.status_code == 200, answer.text
    page = await open_journey(site, tab, journey_id, at="history")
    second = page.locator(".versions li").first
    await second.get_by_text("What differs from version 1").click()
    words = second.locator(".difference-words > li")
    await expect(words.filter(has_text="Step “pause”")).to_have_text("Step “pause”: Wait 3 days → Wait 2 hours")
    await expect(words.filter(has_text="limit per customer")).to_have_text(
        "Guardrails limit per customer 1 limit: 3 → 2"
    )
    await expect(words.filter(has_text="Holdout")).to_have_text("Holdout: nothing → percent 10")
    await expect(second.locator(".lines")).to_be_hidden()
    await expect(state(page)).to_have_count(0)
