"""The editor with what nobody foresaw: numbers of two readings, half-written documents, late answers, an early end."""

import json
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of
from tests.browser.standing import created, standing_at
from tests.browser.test_editor import control, field, open_editor, open_new, open_step, publish, state, text_of
from tests.builders import a_journey
from tests.sink_story import sunk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_number_that_may_be_a_thousand_or_one_is_asked_about_and_never_guessed(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await page.get_by_text("More limits", exact=True).click()
    await page.get_by_role("button", name="Add a budget").click()
    budget = "$.guardrails.budgets[0].limit"
    await control(page, budget).fill("10,000")
    await expect(field(page, budget)).to_contain_text("Write the number without anything between its thousands")
    await expect(publish(page)).to_be_disabled()
    await control(page, budget).fill("10000")
    await expect(publish(page)).to_be_enabled()
    assert (await text_of(page))["guardrails"]["budgets"][0]["limit"] == 10_000
    await control(page, budget).fill("0,125")
    assert (await text_of(page))["guardrails"]["budgets"][0]["limit"] == 0.125


async def test_half_written_document_of_any_shape_is_shown_and_can_be_mended(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    sound = await page.locator("#editor-text").input_value()
    await page.get_by_role("button", name="JSON").click()
    odd: list[dict[str, Any]] = [
        {"tests": [None, 1, {"given": "x", "sends": "y", "arms": []}], "steps": {"a": None, "b": [], "c": "x"}},
        {"steps": {"a": {"kind": "send", "channel": "constructor", "next": "toString"}}, "start": "__proto__"},
        {"steps": {f"step-{number}": {"kind": "exit"} for number in range(500)}},
    ]
    for document in odd:
        await page.locator("#editor-text").evaluate(
            "(area, text) => { area.value = text; area.dispatchEvent(new Event('input')); }", json.dumps(document)
        )
        await expect(state(page)).to_contain_text("to mend before it can be published.")
    await page.locator("#editor-text").fill("[]")
    await expect(page.locator("#editor-text-problem")).to_contain_text("The document begins with {")
    await expect(page.locator(".check-list li")).to_have_count(0)
    await page.locator("#editor-text").fill(sound)
    await expect(state(page)).to_contain_text("It can be published.")


async def test_whoever_writes_in_a_journey_that_is_stopped_meanwhile_can_take_it_along(site: Site, tab: Tab) -> None:
    journey_id = await created(site, a_journey(name="Stopped under one's hands"))
    page = await open_editor(site, tab, journey_id)
    await control(page, "$.about").fill("Typed, and not to be lost.")
    await site.client.delete(f"{BASE}/{journey_id}")
    await expect(page.locator("#editor-why")).to_contain_text("take them along from the JSON view")
    await page.get_by_role("button", name="JSON").click()
    assert (await text_of(page))["about"] == "Typed, and not to be lost."


async def test_what_is_published_is_what_the_dialog_shows_however_late_the_answers_come(site: Site, tab: Tab) -> None:
    journey_id = await created(site, a_journey(name="Over a slow line"))
    await sunk(site.session.settings, standing_at("pause", journey_id, version=1, customers=3))
    page = await open_editor(site, tab, journey_id)
    await open_step(page, "pause")
    await page.locator('[data-focus="id:pause"]').fill("rest")
    await page.keyboard.press("Tab")
    await expect(publish(page)).to_be_enabled()
    first = True

    async def hold_first(route: Route) -> None:
        nonlocal first
        is_held, first = first, False
        if is_held:
            return  # whoever chooses at once never sees who would finish as they began
        await route.continue_()

    await page.route("**/versions/preview", hold_first)
    await publish(page).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("They go over, to the steps chosen here").check()
    target = dialog.get_by_label("Who stands at pause goes on at")
    shown = await target.input_value()
    await dialog.get_by_role("button", name="Publish version 2").click()
    await expect(page.locator(".editor-notice")).to_have_text("Version 2 is published.")
    version = await answer_of(site, f"{BASE}/{journey_id}/versions/2")
    assert (version["policy"], version["steps"]) == ("map", {"pause": shown})
