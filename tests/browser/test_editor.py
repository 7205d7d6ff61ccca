"""The editor: form, text and picture are one document; what is published is what is on the page; nothing is lost."""

import json
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from orchestrator.api.change import checked_definition, written
from orchestrator.store.keys import Role
from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_dialog, answer_of, journey_of, open_journey, open_page, settled
from tests.browser.standing import created, standing_at
from tests.browser.story import HOSTILE
from tests.builders import a_journey
from tests.sink_story import sunk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WORKSPACE_SETTINGS = "/api/v1/workspace"
MOST_TABS = 400  # presses until a control must have been reached
REFUSED = "Failed to load resource: the server responded with a status of 412"


def field(page: Page | Locator, path: str) -> Locator:
    """The field of a path of the document."""
    return page.locator(f'[data-path="{path}"]').first


def control(page: Page | Locator, path: str) -> Locator:
    """What is typed into, or chosen from, for a path."""
    return field(page, path).locator("input, select, textarea").first


def state(page: Page) -> Locator:
    return page.locator(".check-state")


def publish(page: Page) -> Locator:
    return page.locator(".editor-bar").get_by_role("button", name="Publish")


async def open_step(page: Page, step: str) -> None:
    card = page.locator(f'details.step-card[data-path="$.steps.{step}"]')
    if await card.get_attribute("open") is None:
        await card.locator("summary").click()


async def open_new(site: Site, tab: Tab, template: str = "") -> Page:
    page = await open_page(site, tab, "new")
    await expect(page.locator('.editor[aria-busy="false"]')).to_be_visible()
    if template:
        await page.locator(f'[data-template="{template}"]').click()
    return page


async def open_editor(site: Site, tab: Tab, journey_id: str, role: Role = "admin") -> Page:
    page = await open_journey(site, tab, journey_id, role, at="edit")
    await expect(page.locator('.editor[aria-busy="false"]')).to_be_visible()
    return page


async def text_of(page: Page) -> dict[str, Any]:
    return dict(json.loads(await page.locator("#editor-text").input_value()))


async def named(site: Site, name: str) -> list[dict[str, Any]]:
    return list((await answer_of(site, BASE, name=name))["items"])


def stored(definition: dict[str, Any]) -> dict[str, Any]:
    """The definition as the API keeps it."""
    return written(checked_definition(definition))


async def test_journey_is_made_from_a_template_in_the_form_and_published_as_it_stands_there(
    site: Site, tab: Tab
) -> None:
    page = await open_new(site, tab, "abandoned-cart")
    await control(page, "$.name").fill("Carts of spring")
    await page.get_by_label("Campaign").fill("spring-26")
    await control(page, "$.entry.type").fill("basket.left")
    await open_step(page, "give-time")
    await control(page, "$.steps.give-time.duration").fill("2")
    await open_step(page, "remind")
    await page.get_by_label("Kind of the new step after remind").select_option("branch")
    await page.get_by_role("button", name="Add a step after remind").click()
    await control(page, "$.steps.branch.paths[0].when.name").fill("vip")
    await control(page, "$.steps.branch.paths[0].when.op").select_option("exists")
    await control(page, "$.steps.branch.paths[0].next").select_option("offer")
    await control(page, "$.holdout.percent").fill("15")
    await page.get_by_text("More limits", exact=True).click()
    await page.get_by_role("button", name="Add a budget").click()
    await control(page, "$.guardrails.budgets[0].limit").fill("500")
    await expect(state(page)).to_contain_text("It can be published.")
    expected = await text_of(page)
    await publish(page).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Who enters from now on: whoever does basket.left.")
    await expect(dialog).to_contain_text("15% of them are held out and get nothing.")
    assert await named(site, "Carts of spring") == []
    await answer_dialog(page, "Publish")
    await expect(page.get_by_role("heading", name="Carts of spring", level=1)).to_be_visible()
    (item,) = await named(site, "Carts of spring")
    journey = await journey_of(site, item["id"])
    assert (journey["status"], journey["campaign_id"]) == ("ACTIVE", "spring-26")
    assert journey["config"] == stored(expected)
    steps = journey["config"]["steps"]
    assert steps["remind"]["next"] == "branch"
    assert steps["give-time"]["duration"] == "PT2H"
    assert steps["branch"]["paths"][0]["when"] == {"kind": "attribute", "name": "vip", "op": "exists", "value": True}
    assert journey["config"]["guardrails"]["budgets"][0]["limit"] == 500


async def test_draft_is_kept_reaches_nobody_and_is_published_later(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await control(page, "$.name").fill("Begun as a draft")
    await expect(state(page)).to_contain_text("It can be published.")
    await page.get_by_role("button", name="Save draft").click()
    await expect(page.get_by_role("heading", name="Begun as a draft", level=1)).to_be_visible()
    (item,) = await named(site, "Begun as a draft")
    assert item["status"] == "DRAFT"
    page = await open_editor(site, tab, item["id"])
    await control(page, "$.entry.type").fill("account.opened")
    await page.get_by_role("button", name="Save draft").click()
    await expect(page.locator(".editor-notice")).to_have_text("Saved.")
    journey = await journey_of(site, item["id"])
    assert (journey["status"], journey["config"]["entry"]["type"]) == ("DRAFT", "account.opened")
    await publish(page).click()
    await answer_dialog(page, "Publish")
    await expect(page.locator(".status .chip")).to_have_text("Active")
    assert (await journey_of(site, item["id"]))["status"] == "ACTIVE"


async def test_wrong_value_is_told_beside_its_field_and_cannot_be_published(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await control(page, "$.holdout.percent").fill("120")
    await expect(field(page, "$.holdout.percent")).to_contain_text("At most 95.")
    await expect(control(page, "$.holdout.percent")).to_have_attribute("aria-invalid", "true")
    await expect(publish(page)).to_be_disabled()
    await expect(page.get_by_role("button", name="Save draft")).to_be_disabled()
    await control(page, "$.holdout.percent").fill("lots")
    await expect(field(page, "$.holdout.percent")).to_contain_text("Write a number.")
    await open_step(page, "hello")
    await control(page, "$.steps.hello.template").fill("")
    await expect(field(page, "$.steps.hello.template")).to_contain_text("Fill this in.")
    await expect(state(page)).to_have_text("2 problems to mend before it can be published.")
    await page.locator('details.step-card[data-path="$.steps.hello"] > summary').click()  # closed again
    await page.locator(".checks").get_by_role("button", name="Step hello › Template").click()
    await expect(control(page, "$.steps.hello.template")).to_be_focused()
    await control(page, "$.steps.hello.template").fill("hello-there")
    await control(page, "$.holdout.percent").fill("12")
    await expect(publish(page)).to_be_enabled()
    await expect(field(page, "$.holdout.percent").locator(".form-problem")).to_be_hidden()


async def test_problem_of_the_whole_and_a_warning_lead_to_their_places(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await open_step(page, "hello")
    await control(page, "$.steps.hello.next").select_option("done")
    await expect(page.locator(".checks")).to_contain_text("Step breather No way leads to this step.")
    await expect(page.locator('details.step-card[data-path="$.steps.breather"] > summary')).to_contain_text("1 problem")
    await expect(page.locator('.picture-node[data-step="breather"]')).to_contain_text("No way leads here")
    await control(page, "$.steps.hello.next").select_option("first-days")
    await page.get_by_role("button", name="Add a limit per customer").click()
    await control(page, "$.guardrails.caps[0].channel").select_option("whatsapp")
    await expect(state(page)).to_have_text("It can be published. 1 warning.")
    await (
        page.locator(".checks")
        .get_by_role("button", name="Guardrails › Messages per customer › Limit 1 › Channel")
        .click()
    )
    await expect(control(page, "$.guardrails.caps[0].channel")).to_be_focused()


async def test_form_text_and_picture_stay_one(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await open_step(page, "breather")
    await control(page, "$.steps.breather.duration").fill("5")
    assert (await text_of(page))["steps"]["breather"]["duration"] == "P5D"
    await expect(page.locator('.picture-node[data-step="breather"]')).to_contain_text("Wait 5 days")
    await page.get_by_role("button", name="JSON").click()
    document = await text_of(page)
    document["steps"]["breather"]["duration"] = "PT36H"
    document["name"] = "Written as text"
    await page.locator("#editor-text").fill(json.dumps(document))
    await page.get_by_role("button", name="Form").click()
    await expect(control(page, "$.name")).to_have_value("Written as text")
    await expect(control(page, "$.steps.breather.duration")).to_have_value("36")
    await expect(page.locator('.picture-node[data-step="breather"]')).to_contain_text("Wait 36 hours")


async def test_text_that_cannot_be_read_is_told_with_line_and_column_and_never_lost(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await page.get_by_role("button", name="JSON").click()
    broken = '{\n  "name": "Half written",\n  "entry": }'
    await page.locator("#editor-text").fill(broken)
    await expect(page.locator("#editor-text-problem")).to_contain_text("Line 3, column 12")
    await expect(publish(page)).to_be_disabled()
    await page.get_by_role("button", name="Form").click()
    await expect(control(page, "$.name")).to_be_disabled()
    await expect(control(page, "$.name")).to_have_value("Welcome series")
    await page.get_by_role("button", name="JSON").click()
    await expect(page.locator("#editor-text")).to_have_value(broken)
    page.on("dialog", lambda question: question.accept())  # the browser's own, whether to leave the page
    await page.reload()
    await expect(page.locator(".editor-notice")).to_contain_text("These are your unsaved changes")
    await expect(page.locator("#editor-text")).to_have_value(broken)


async def test_steps_are_added_renamed_moved_and_removed_and_the_ways_follow(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "win-back")
    await open_step(page, "we-miss-you")
    await page.get_by_label("Kind of the new step after we-miss-you").select_option("wait_for")
    await page.get_by_role("button", name="Add a step after we-miss-you").click()
    await expect(page.locator('[data-focus="id:wait-for"]')).to_be_focused()
    await page.locator('[data-focus="id:wait-for"]').fill("answer")
    await page.keyboard.press("Tab")
    steps = (await text_of(page))["steps"]
    assert steps["we-miss-you"]["next"] == "answer"
    assert (steps["answer"]["next"], steps["answer"]["on_timeout"]) == ("let-them-think", "let-them-think")
    await control(page, "$.steps.answer.on_timeout").select_option("A new step…")
    assert (await text_of(page))["steps"]["answer"]["on_timeout"] == "message"
    await page.get_by_role("button", name="Move earlier answer").click()
    steps = (await text_of(page))["steps"]
    assert (steps["morning"]["next"], steps["answer"]["next"]) == ("answer", "we-miss-you")
    assert steps["we-miss-you"]["next"] == "let-them-think"
    await page.get_by_role("button", name="Remove answer").click()
    steps = (await text_of(page))["steps"]
    assert "answer" not in steps
    assert (steps["morning"]["next"], steps["we-miss-you"]["next"]) == ("we-miss-you", "let-them-think")


async def test_change_of_another_in_between_is_told_and_not_overwritten(site: Site, tab: Tab) -> None:
    journey_id = await created(site, a_journey(name="Of two people"))
    page = await open_editor(site, tab, journey_id)
    await open_step(page, "pause")
    await control(page, "$.steps.pause.duration").fill("4")
    await site.client.patch(f"{BASE}/{journey_id}", json={"config": a_journey(name="Of two people", priority=90)})
    notice = page.locator(".editor-notice")
    await expect(notice).to_contain_text(
        "Somebody else has changed this journey since you opened it: it is now version 2"
    )
    await expect(notice).to_contain_text("They changed: priority.")
    assert (await journey_of(site, journey_id))["config"]["priority"] == 90
    tab.foretell(REFUSED)
    await publish(page).click()
    await page.get_by_role("dialog").get_by_role("button", name="Publish version").click()
    await expect(notice).to_contain_text("nothing of theirs is overwritten")
    journey = await journey_of(site, journey_id)
    assert (journey["version"], journey["config"]["steps"]["pause"]["duration"]) == (2, "P3D")
    await expect(control(page, "$.steps.pause.duration")).to_have_value("4")
    await notice.get_by_role("button", name="Take theirs").click()
    await answer_dialog(page, "Take theirs")
    await expect(control(page, "$.priority")).to_have_value("90")
    await expect(control(page, "$.steps.pause.duration")).to_have_value("3")


async def test_own_change_may_take_the_place_of_anothers_when_asked_for(site: Site, tab: Tab) -> None:
    journey_id = await created(site, a_journey(name="Of two others"))
    page = await open_editor(site, tab, journey_id)
    await open_step(page, "pause")
    await control(page, "$.steps.pause.duration").fill("4")
    await site.client.patch(f"{BASE}/{journey_id}", json={"config": a_journey(name="Of two others", priority=90)})
    await page.locator(".editor-notice").get_by_role("button", name="Keep mine").click()
    await publish(page).click()
    await expect(page.get_by_role("dialog")).to_contain_text("Changed: priority, step pause.")
    await page.get_by_role("dialog").get_by_role("button", name="Publish version 3").click()
    await expect(page.locator(".editor-notice")).to_have_text("Version 3 is published.")
    config = (await journey_of(site, journey_id))["config"]
    assert (config["priority"], config["steps"]["pause"]["duration"]) == (50, "P4D")


async def test_new_version_shows_what_becomes_of_customers_under_way_before_it_applies(site: Site, tab: Tab) -> None:
    journey_id = await created(site, a_journey(name="Under way"))
    await sunk(site.session.settings, standing_at("pause", journey_id, version=1, customers=4))
    page = await open_editor(site, tab, journey_id)
    await open_step(page, "pause")
    await page.locator('[data-focus="id:pause"]').fill("rest")
    await page.keyboard.press("Tab")
    await expect(state(page)).to_contain_text("It can be published.")
    await publish(page).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("4 customers finish as they began.")
    await dialog.get_by_label("They go over to the new version").check()
    await expect(dialog).to_contain_text("4 customers leave.")
    await expect(dialog).to_contain_text("Steps that are gone: pause.")
    await dialog.get_by_label("They go over, to the steps chosen here").check()
    await dialog.get_by_label("Who stands at pause goes on at").select_option("rest")
    await expect(dialog).to_contain_text("4 customers go on in the new version.")
    assert (await journey_of(site, journey_id))["version"] == 1
    await dialog.get_by_role("button", name="Publish version 2").click()
    await expect(page.locator(".editor-notice")).to_have_text("Version 2 is published.")
    version = await answer_of(site, f"{BASE}/{journey_id}/versions/2")
    assert (version["policy"], version["steps"]) == ("map", {"pause": "rest"})
    assert version["config"] == (await journey_of(site, journey_id))["config"]


async def test_drain_names_the_moment_at_which_the_last_leave(site: Site, tab: Tab) -> None:
    journey_id = await created(site, a_journey(name="Drained"))
    page = await open_editor(site, tab, journey_id)
    await control(page, "$.about").fill("Shorter from now on.")
    await publish(page).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("They go on as they began, until a moment").check()
    await dialog.get_by_label("Until (UTC)").fill("2031-05-01T10:00")
    await expect(dialog).to_contain_text("Nobody is under way now.")
    await dialog.get_by_role("button", name="Publish version 2").click()
    await expect(page.locator(".editor-notice")).to_have_text("Version 2 is published.")
    version = await answer_of(site, f"{BASE}/{journey_id}/versions/2")
    assert (version["policy"], version["until"]) == ("drain", "2031-05-01T10:00:00Z")


async def test_where_a_second_person_is_asked_for_it_is_said_that_nothing_has_changed_yet(site: Site, tab: Tab) -> None:
    await site.client.patch(WORKSPACE_SETTINGS, json={"needs_approval": True})
    try:
        page = await open_new(site, tab, "welcome")
        await control(page, "$.name").fill("For two")
        await expect(publish(page)).to_be_enabled()
        await publish(page).click()
        await expect(page.get_by_role("dialog")).to_contain_text("asks for a second person")
        await answer_dialog(page, "Ask for approval")
        await expect(page.locator(".editor-notice")).to_contain_text("It waits for a second person")
        (item,) = await named(site, "For two")
        assert item["status"] == "DRAFT"
        proposals = (await answer_of(site, "/api/v1/proposals", status="open"))["items"]
        assert [each["journey_id"] for each in proposals] == [item["id"]]
    finally:
        await settled(site, {})


async def test_journey_whose_answer_is_lost_is_made_once(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await control(page, "$.name").fill("Made once")
    await expect(publish(page)).to_be_enabled()
    lost: list[str] = []

    async def lose_first(route: Route) -> None:
        if route.request.method != "POST" or lost:
            await route.continue_()
            return
        lost.append(route.request.headers["idempotency-key"])
        await route.fetch()
        await route.abort()

    tab.foretell("Failed to load resource: net::ERR_FAILED")
    await page.route(f"**{BASE}", lose_first)
    await publish(page).click()
    await answer_dialog(page, "Publish")
    await expect(page.get_by_role("heading", name="Made once", level=1)).to_be_visible()
    assert len(lost) == 1
    assert len(await named(site, "Made once")) == 1


async def test_leaving_with_unsaved_changes_asks_and_they_are_there_on_coming_back(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await control(page, "$.name").fill("Not saved yet")
    away = page.get_by_role("navigation").get_by_role("link", name="Audit")
    await away.click()
    await expect(page.get_by_role("dialog")).to_contain_text("Leave without saving?")
    await answer_dialog(page, "Stay")
    await expect(control(page, "$.name")).to_have_value("Not saved yet")
    await away.click()
    await answer_dialog(page, "Leave")
    await expect(page.locator(".editor")).to_have_count(0)
    await page.go_back()
    await expect(control(page, "$.name")).to_have_value("Not saved yet")
    await page.get_by_role("button", name="Throw them away").click()
    await expect(control(page, "$.name")).to_have_value("Welcome series")
    await away.click()
    await expect(page.locator(".editor")).to_have_count(0)  # nothing to lose, so nothing is asked


async def test_names_of_a_journey_stay_text(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await control(page, "$.name").fill(HOSTILE)
    await open_step(page, "hello")
    await control(page, "$.steps.hello.template").fill(HOSTILE)
    await control(page, "$.entry.type").fill(HOSTILE)
    await expect(page.locator('.picture-node[data-step="hello"]')).to_contain_text(HOSTILE)
    await expect(field(page, "$.entry.type")).to_contain_text("An event's type has letters")
    await control(page, "$.entry.type").fill("a.b")
    await expect(publish(page)).to_be_enabled()
    await publish(page).click()
    await expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    await page.keyboard.press("Escape")
    await expect(page.locator('img[src="x"]')).to_have_count(0)
    assert await page.evaluate("document.body.dataset.harmed ?? 'no'") == "no"


async def test_viewer_sees_the_document_and_can_change_nothing(site: Site, tab: Tab) -> None:
    page = await open_editor(site, tab, site.journey_id, role="viewer")
    await expect(control(page, "$.name")).to_be_disabled()
    await expect(publish(page)).to_have_count(0)
    await expect(page.locator("#editor-why")).to_contain_text("you can look, and not change")


async def test_journey_can_be_made_and_published_by_keyboard_alone(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab)
    await tab_to(page, '[data-template="blank"]')
    await page.keyboard.press("Enter")
    await expect(control(page, "$.name")).to_be_focused()
    await page.keyboard.type("By keyboard")
    await tab_to(page, '[data-path="$.entry.type"] input')
    await page.keyboard.type("customer.signed_up")
    await tab_to(page, '[data-focus="card:message"]')
    await page.keyboard.press("Enter")
    await tab_to(page, '[data-path="$.steps.message.template"] input')
    await page.keyboard.type("hello")
    await expect(publish(page)).to_be_enabled()
    await tab_to(page, ".editor-bar .primary", key="Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await tab_to(page, "dialog .primary")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="By keyboard", level=1)).to_be_visible()
    assert [item["status"] for item in await named(site, "By keyboard")] == ["ACTIVE"]


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
async def test_editor_fits_the_screen(site: Site, tab: Tab, width: int) -> None:
    await tab.page.set_viewport_size({"width": width, "height": 844})
    page = await open_new(site, tab, "abandoned-cart")
    for step in ("give-time", "remind", "worth-an-offer"):
        await open_step(page, step)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.get_by_role("button", name="JSON").click()
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_every_control_of_the_form_has_a_name(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "abandoned-cart")
    for step in ("give-time", "remind", "give-more-time", "worth-an-offer", "offer", "done"):
        await open_step(page, step)
    controls = "[...document.querySelectorAll('.editor :is(input, select, textarea)')]"
    assert await page.evaluate(f"{controls}.filter(one => !one.labels?.length && !one.ariaLabel).length") == 0
    buttons = "[...document.querySelectorAll('.editor button')]"
    assert await page.evaluate(f"{buttons}.filter(one => !one.textContent.trim()).length") == 0


async def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Presses the key until the focus is there."""
    for _ in range(MOST_TABS):
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        await page.keyboard.press(key)
    pytest.fail(f"the key {key} does not lead to {selector}")
