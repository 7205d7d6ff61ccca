"""What holds for every journey is set in a form: told in words, checked as it is written, nobody's change is lost."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_dialog, answer_of, open_page, settled
from tests.browser.test_editor import REFUSED, control, field, state, tab_to
from tests.browser.test_journey_page import UNNAMED

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WORKSPACE = "/api/v1/workspace"
AS_AT_FIRST = {"is_sending": True, "holdout_percent": 0, "guardrails": {}, "costs": {}, "needs_approval": False}
OWN = '[data-focus="part:$.guardrails"]'  # the tick that the workspace has guardrails
CAPPED = {"caps": [{"limit": 3, "per": "week"}]}
CAP_IN_WORDS = "At most 3 messages per customer and calendar week, over all journeys."


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def untouched(site: Site) -> AsyncIterator[None]:
    """Each test begins and ends with a workspace that says nothing."""
    yield
    await settled(site, AS_AT_FIRST)


async def open_settings(site: Site, tab: Tab, **settings: Any) -> Page:
    if settings:
        assert (await site.client.patch(WORKSPACE, json=settings)).status_code == 200
    page = await open_page(site, tab, "settings")
    await expect(save(page)).to_be_visible()
    return page


def save(page: Page) -> Locator:
    return page.get_by_role("button", name="Save…")


def words(page: Page) -> Locator:
    return page.locator(".settings-words")


def notice(page: Page) -> Locator:
    return page.locator(".editor-notice")


async def guardrails_of(site: Site) -> dict[str, Any]:
    return dict((await answer_of(site, WORKSPACE))["guardrails"])


async def test_cap_over_all_journeys_is_told_in_words_before_it_holds_and_then_holds(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab)
    await expect(words(page)).to_contain_text("The workspace sets no guardrails of its own")
    await expect(save(page)).to_be_disabled()
    await page.locator(OWN).check()
    await page.get_by_role("button", name="Add a limit per customer").click()
    await control(page, "$.guardrails.caps[0].per").select_option("week")
    await expect(page.get_by_role("heading", name="What will hold, once it is saved")).to_be_visible()
    await expect(words(page)).to_contain_text(f"{CAP_IN_WORDS} Tightened")
    assert await guardrails_of(site) == {}
    await save(page).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator('[data-kind="tightened"]')).to_contain_text(CAP_IN_WORDS)
    # With the first rule the workspace asks for consent as well: nobody learns that from its customers.
    await expect(dialog.locator('[data-kind="tightened"]')).to_contain_text("only to customers who have agreed")
    await expect(dialog.locator('[data-kind="loosened"]')).to_have_count(0)
    await answer_dialog(page, "Save")
    await expect(notice(page)).to_have_text("Saved: it holds for every journey.")
    await expect(page.get_by_role("heading", name="What holds", exact=True)).to_be_visible()
    await expect(words(page)).to_contain_text(CAP_IN_WORDS)
    (cap,) = (await guardrails_of(site))["caps"]
    assert (cap["limit"], cap["per"], cap["channel"]) == (3, "week", None)
    gauges = (await answer_of(site, f"/api/v1/033-omnichannel-journey-orchestrator/{site.journey_id}/guardrails"))[
        "items"
    ]
    assert {"cap", "consent"} <= {gauge["kind"] for gauge in gauges if gauge["of"] == "workspace"}


async def test_everything_that_the_workspace_may_set_has_a_field(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab)
    await page.locator(OWN).check()
    await page.get_by_text("More limits", exact=True).click()
    for button in ("Add a limit per customer", "Add a budget", "Add a speed limit", "Add a rule"):
        await page.get_by_role("button", name=button).click()
    await page.locator('[data-focus="part:$.guardrails.quiet_hours"]').check()
    await control(page, "$.guardrails.minimum_gap").fill("2")
    await control(page, "$.guardrails.fallback_zones").fill("UTC, Europe/Berlin")
    await field(page, "$.guardrails.consent.marketing").locator("select").select_option("no “no”")
    await control(page, "$.holdout_percent").fill("2.5")
    await control(page, "$.costs.sms").fill("0.07")
    await control(page, "$.needs_approval").check()
    await expect(state(page)).to_have_text("It can be saved.")
    await save(page).click()
    await expect(page.get_by_role("dialog")).to_contain_text(
        "One text message costs 0.07 where its step names no cost."
    )
    await answer_dialog(page, "Save")
    await expect(notice(page)).to_contain_text("Saved")
    workspace = await answer_of(site, WORKSPACE)
    assert (workspace["holdout_percent"], workspace["costs"], workspace["needs_approval"]) == (2.5, {"sms": 0.07}, True)
    guardrails = workspace["guardrails"]
    assert [len(guardrails[name]) for name in ("caps", "budgets", "rates", "brakes")] == [1, 1, 1, 1]
    assert guardrails["minimum_gap"] == "P2D"
    assert guardrails["fallback_zones"] == ["UTC", "Europe/Berlin"]
    assert guardrails["consent"] == {"marketing": "opt_out", "transactional": "none"}
    assert (guardrails["quiet_hours"]["from"], guardrails["quiet_hours"]["to"]) == ("21:00", "08:00")
    await page.reload()
    await expect(control(page, "$.guardrails.minimum_gap")).to_have_value("2")
    await expect(words(page).get_by_role("listitem")).to_have_count(len(workspace["in_words"]))


async def test_wrong_value_is_told_beside_its_field_and_cannot_be_saved(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab, guardrails=CAPPED)
    await control(page, "$.guardrails.caps[0].limit").fill("0")
    await expect(field(page, "$.guardrails.caps[0].limit")).to_contain_text("At least 1.")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_attribute("aria-invalid", "true")
    await control(page, "$.guardrails.fallback_zones").fill("Mars/Olympus")  # rare limits are open, as one is used
    await expect(field(page, "$.guardrails.fallback_zones")).to_contain_text("write one such as Europe/Berlin")
    await control(page, "$.holdout_percent").fill("96")
    await expect(field(page, "$.holdout_percent")).to_contain_text("At most 95.")
    await expect(state(page)).to_have_text("3 problems to mend before it can be saved.")
    await expect(save(page)).to_be_disabled()
    await expect(words(page)).to_contain_text(CAP_IN_WORDS)  # that is what holds
    limit = "Guardrails › Messages per customer › Limit 1 › At most"
    await page.locator(".checks").get_by_role("button", name=limit).click()
    await expect(control(page, "$.guardrails.caps[0].limit")).to_be_focused()
    await control(page, "$.guardrails.caps[0].limit").fill("4")
    await control(page, "$.guardrails.fallback_zones").fill("")
    await control(page, "$.holdout_percent").fill("")
    await expect(save(page)).to_be_enabled()
    assert (await guardrails_of(site))["caps"][0]["limit"] == 3


async def test_what_is_loosened_is_told_before_it_holds_and_is_on_record_in_words(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab, guardrails={**CAPPED, "minimum_gap": "PT4H"})
    await control(page, "$.guardrails.caps[0].limit").fill("5")
    await control(page, "$.guardrails.minimum_gap").fill("6")
    await expect(words(page).locator('[data-kind="loosened"]')).to_have_count(1)
    await save(page).click()
    dialog = page.get_by_role("dialog")
    loosened = "At most 5 messages per customer and calendar week, over all journeys. Until now: at most 3 messages"
    await expect(dialog.locator('[data-kind="loosened"]')).to_contain_text(loosened)
    await expect(dialog.locator('[data-kind="tightened"]')).to_contain_text("At least 6 hours between any two messages")
    await expect(dialog).to_contain_text("It holds at once, also for customers under way.")
    await answer_dialog(page, "Cancel")
    assert (await guardrails_of(site))["caps"][0]["limit"] == 3
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("5")
    await save(page).click()
    await answer_dialog(page, "Save")
    await expect(notice(page)).to_contain_text("Saved")
    assert (await guardrails_of(site))["caps"][0]["limit"] == 5
    page = await open_page(site, tab, "audit")
    entry = page.locator(".audit li").filter(has_text="Settings changed").first
    await expect(entry).to_contain_text("Loosened: at most 5 messages per customer and calendar week")
    await entry.locator("summary").click()
    await expect(entry.locator(".opened")).to_contain_text(CAP_IN_WORDS)
    await expect(entry.locator(".opened")).not_to_contain_text("{")


async def test_what_is_loosened_waits_where_a_second_person_is_asked_for_and_is_told_to_them_in_words(
    site: Site, tab: Tab
) -> None:
    page = await open_settings(site, tab, guardrails=CAPPED, needs_approval=True)
    await control(page, "$.guardrails.caps[0].limit").fill("2")
    await save(page).click()
    await expect(page.get_by_role("dialog")).to_contain_text("It holds at once")
    await answer_dialog(page, "Save")
    await expect(notice(page)).to_contain_text("Saved")
    await control(page, "$.guardrails.caps[0].limit").fill("5")
    await save(page).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Nothing changes until somebody else who may approve agrees")
    await answer_dialog(page, "Propose")
    await expect(notice(page)).to_contain_text("It waits for a second person; nothing has changed yet.")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("2")

    page = await open_page(site, tab, "proposals", role="approver")
    proposal = page.locator(".proposal", has_text="Settings for every journey")
    loosened = "At most 5 messages per customer and calendar week, over all journeys. Until now: at most 2 messages"
    await expect(proposal.locator('[data-kind="loosened"]')).to_contain_text(loosened)
    await proposal.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("dialog").locator('[data-kind="loosened"]')).to_contain_text(loosened)
    await answer_dialog(page, "Approve")
    await expect(proposal).to_have_count(0)
    assert (await guardrails_of(site))["caps"][0]["limit"] == 5
    await page.get_by_role("button", name="Approved").click()
    await expect(proposal.first).to_contain_text(loosened)  # after those that other tests have left
    await expect(proposal.first).to_contain_text("Approved by")


async def test_to_allow_sending_again_waits_for_a_second_person_too(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab, is_sending=False, needs_approval=True)
    await page.locator(".kill-switch").get_by_role("button", name="Allow sending again").click()
    await expect(page.get_by_role("dialog")).to_contain_text("nothing is sent until somebody else who may approve")
    await answer_dialog(page, "Propose")
    await expect(page.locator(".kill-switch + .effect")).to_contain_text("waits for a second person")
    assert (await answer_of(site, WORKSPACE))["is_sending"] is False


async def test_form_and_json_are_one_document(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab, guardrails=CAPPED)
    await page.get_by_role("button", name="JSON").click()
    text = page.get_by_label("Settings as JSON")
    document = json.loads(await text.input_value())
    assert (document["guardrails"]["caps"][0]["limit"], "is_sending" in document) == (3, False)
    document["guardrails"]["caps"].append({"limit": 1, "per": "day", "channel": "sms", "colour": "red"})
    await text.fill(json.dumps(document))
    await page.locator(".checks").get_by_role("button", name="Guardrails › Messages per customer › Limit 2").click()
    await expect(text).to_be_focused()
    del document["guardrails"]["caps"][1]["colour"]
    await text.fill(json.dumps(document)[:-1])
    await expect(page.locator("#editor-text-problem")).to_contain_text("A comma or } is expected here.")
    await expect(save(page)).to_be_disabled()
    await text.fill(json.dumps(document))
    await page.get_by_role("button", name="Form").click()
    await expect(control(page, "$.guardrails.caps[1].channel")).to_have_value("sms")
    await expect(words(page)).to_contain_text(
        "At most 1 text message per customer and calendar day, over all journeys."
    )


async def test_what_is_typed_is_not_lost_by_a_refresh_nor_by_a_reload(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab, guardrails=CAPPED)
    await control(page, "$.guardrails.caps[0].limit").fill("4")
    async with page.expect_response(lambda answer: answer.url.endswith(WORKSPACE)):
        pass
    async with page.expect_response(lambda answer: answer.url.endswith(WORKSPACE)):
        pass
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("4")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_be_focused()
    page.on("dialog", lambda question: question.accept())  # the browser's own, whether to leave the page
    await page.reload()
    await expect(notice(page)).to_contain_text("These are your unsaved changes")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("4")
    await page.get_by_role("link", name="Audit").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Leave without saving?")
    await answer_dialog(page, "Stay")
    await page.get_by_role("button", name="Undo changes").click()
    await answer_dialog(page, "Undo changes")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("3")
    await expect(notice(page)).to_be_hidden()


async def test_other_settings_that_somebody_else_saves_are_taken_over_and_nothing_is_asked(
    site: Site, tab: Tab
) -> None:
    page = await open_settings(site, tab, guardrails=CAPPED)
    await control(page, "$.guardrails.caps[0].limit").fill("4")
    await site.client.patch(WORKSPACE, json={"costs": {"sms": 0.09}})
    await expect(control(page, "$.costs.sms")).to_have_value("0.09")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("4")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_be_focused()
    await save(page).click()
    await expect(page.get_by_role("dialog")).not_to_contain_text("0.09")
    tab.foretell(REFUSED)
    await site.client.patch(WORKSPACE, json={"holdout_percent": 7})  # while the question is open
    await answer_dialog(page, "Save")
    await expect(notice(page)).to_contain_text("Saved")
    workspace = await answer_of(site, WORKSPACE)
    assert workspace["guardrails"]["caps"][0]["limit"] == 4
    assert (workspace["costs"], workspace["holdout_percent"]) == ({"sms": 0.09}, 7)
    await expect(control(page, "$.holdout_percent")).to_have_value("7")


async def test_same_settings_of_two_people_are_shown_and_one_of_them_decides(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab, guardrails=CAPPED)
    await control(page, "$.guardrails.caps[0].limit").fill("4")
    await save(page).click()
    await site.client.patch(WORKSPACE, json={"guardrails": {"caps": [{"limit": 2, "per": "week"}]}})
    tab.foretell(REFUSED)
    await answer_dialog(page, "Save")
    await expect(notice(page)).to_contain_text("Somebody else has changed the same meanwhile: guardrails.")
    await expect(notice(page)).to_contain_text("At most 2 messages per customer and calendar week, over all journeys.")
    assert (await guardrails_of(site))["caps"][0]["limit"] == 2
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("4")
    await expect(save(page)).to_be_disabled()
    await notice(page).get_by_role("button", name="Keep mine").click()
    await save(page).click()
    await expect(page.get_by_role("dialog").locator('[data-kind="loosened"]')).to_contain_text("Until now: at most 2")
    await answer_dialog(page, "Save")
    await expect(notice(page)).to_contain_text("Saved")
    assert (await guardrails_of(site))["caps"][0]["limit"] == 4
    await control(page, "$.guardrails.caps[0].limit").fill("9")
    await site.client.patch(WORKSPACE, json={"guardrails": {"caps": [{"limit": 1, "per": "week"}]}})
    await notice(page).get_by_role("button", name="Take theirs").click()
    await answer_dialog(page, "Take theirs")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("1")
    await expect(save(page)).to_be_disabled()


async def test_what_somebody_else_takes_back_again_need_not_be_decided_any_more(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab, guardrails=CAPPED)
    await control(page, "$.guardrails.caps[0].limit").fill("4")
    await site.client.patch(WORKSPACE, json={"guardrails": {"caps": [{"limit": 2, "per": "week"}]}})
    await expect(notice(page)).to_contain_text("Somebody else has changed the same meanwhile")
    await site.client.patch(WORKSPACE, json={"guardrails": CAPPED})
    await expect(notice(page)).to_be_hidden()
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("4")
    await expect(save(page)).to_be_enabled()
    await site.client.patch(WORKSPACE, json={"guardrails": {"caps": [{"limit": 1, "per": "week"}]}})
    await expect(notice(page)).to_contain_text("At most 1 message per customer and calendar week")
    await page.get_by_role("button", name="Undo changes").click()
    await answer_dialog(page, "Undo changes")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("1")


async def test_unsaved_changes_meet_what_was_saved_while_the_page_was_away(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab, guardrails=CAPPED)
    await control(page, "$.guardrails.caps[0].limit").fill("4")
    await page.get_by_role("link", name="Audit").click()
    await answer_dialog(page, "Leave")
    await expect(page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
    await site.client.patch(WORKSPACE, json={"guardrails": {"caps": [{"limit": 2, "per": "week"}]}})
    await page.go_back()
    await expect(notice(page)).to_contain_text("Somebody else has changed the same meanwhile: guardrails.")
    await expect(notice(page)).to_contain_text("Until now: at most 3 messages")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("4")
    await notice(page).get_by_role("button", name="Take theirs").click()
    await answer_dialog(page, "Take theirs")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_have_value("2")


async def test_guardrails_of_the_workspace_are_taken_away_altogether(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab, guardrails=CAPPED)
    await page.locator(OWN).uncheck()
    await save(page).click()
    loosened = page.get_by_role("dialog").locator('[data-kind="loosened"]')
    await expect(loosened).to_contain_text("No longer: at most 3 messages per customer and calendar week")
    await expect(loosened).to_contain_text("No longer: marketing messages only to customers who have agreed")
    await answer_dialog(page, "Save")
    await expect(notice(page)).to_contain_text("Saved")
    await expect(words(page)).to_contain_text("The workspace sets no guardrails of its own")
    assert await guardrails_of(site) == {}


async def test_cap_is_set_by_keyboard_alone(site: Site, tab: Tab) -> None:
    page = await open_settings(site, tab)
    await tab_to(page, OWN)
    await page.keyboard.press("Space")
    await tab_to(page, '[data-focus="add:$.guardrails.caps"]')
    await page.keyboard.press("Enter")
    await expect(control(page, "$.guardrails.caps[0].limit")).to_be_focused()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("2")
    await expect(save(page)).to_be_enabled()
    await tab_to(page, ".editor-bar .primary", key="Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await tab_to(page, "dialog .grave, dialog .primary")
    await page.keyboard.press("Enter")
    await expect(notice(page)).to_contain_text("Saved")
    assert (await guardrails_of(site))["caps"][0]["limit"] == 2


@pytest.mark.parametrize("width", [320, 390, 820])
async def test_settings_with_every_rule_fit_the_screen_and_every_control_has_a_name(
    site: Site, tab: Tab, width: int
) -> None:
    await tab.page.set_viewport_size({"width": width, "height": 844})
    rules = {
        **CAPPED,
        "quiet_hours": {"from": "21:00", "to": "08:00"},
        "budgets": [{"kind": "money", "limit": 500, "per": "day", "zone": "America/Argentina/Buenos_Aires"}],
        "rates": [{"limit": 100, "per": "second", "channel": "sms"}],
        "brakes": [{"outcome": "complained", "percent": 1}],
    }
    page = await open_settings(site, tab, guardrails=rules)
    await control(page, "$.guardrails.caps[0].limit").fill("4")
    await expect(save(page)).to_be_enabled()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    for unnamed in UNNAMED:
        assert await page.evaluate(f"[...document.querySelectorAll{unnamed}.map(one => one.outerHTML)") == []
    await save(page).click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="JSON").click()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("role", ["viewer", "editor", "approver"])
async def test_who_is_no_admin_reads_the_same_sentences_and_can_change_nothing(site: Site, tab: Tab, role: Any) -> None:
    await site.client.patch(WORKSPACE, json={"guardrails": CAPPED})
    page = await open_page(site, tab, "settings", role=role)
    told = (await answer_of(site, WORKSPACE))["in_words"]
    await expect(words(page).get_by_role("listitem")).to_have_text([f"{said['sentence']}." for said in told])
    await expect(words(page)).to_contain_text(CAP_IN_WORDS)
    await expect(save(page)).to_have_count(0)
    await expect(page.locator("main :is(input, select, textarea)")).to_have_count(0)
    await expect(page.get_by_text("Only an admin can change it.")).to_be_visible()
