"""A journey's own tests in the editor: written in a form, played as they are written, told in words."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_dialog, journey_of
from tests.browser.standing import created
from tests.browser.story import HOSTILE
from tests.browser.test_editor import control, field, open_editor, open_new, publish, state, text_of
from tests.builders import a_journey, steps

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

REHEARSE = "**/api/v1/definitions/rehearse"
SIGNED_UP = {"event": "customer.signed_up"}
BOTH = [{"template": "welcome", "at": "PT0S"}, {"template": "reminder", "at": "P3D"}]


def a_test(name: str = "two messages", **changes: Any) -> dict[str, Any]:
    return {"name": name, "given": [SIGNED_UP], "sends": BOTH, **changes}


def card(page: Page, number: int) -> Locator:
    return page.locator(f'.test-card[data-path="$.tests[{number}]"]')


def chip(page: Page, number: int) -> Locator:
    return card(page, number).locator(".test-outcome")


def told(page: Page) -> Locator:
    """How many tests pass."""
    return page.locator('[data-section="tests"] .test-state').first


def story(page: Page, number: int) -> Locator:
    return card(page, number).get_by_role("group", name=f"What test {number + 1} comes to")


def value(page: Page, path: str) -> Locator:
    """The value of what has a name."""
    return field(page, path).get_by_label("Value", exact=True)


async def open_section(page: Page) -> None:
    section = page.locator('details[data-section="tests"]')
    if await section.get_attribute("open") is None:
        await section.locator("> summary").click()


async def open_card(page: Page, number: int) -> None:
    if await card(page, number).get_attribute("open") is None:
        await card(page, number).locator("summary").first.click()


async def test_test_is_written_by_taking_what_happens_as_what_is_expected(site: Site, tab: Tab) -> None:
    page = await open_new(site, tab, "welcome")
    await open_section(page)
    await page.get_by_role("button", name="Add a test").click()
    await expect(control(page, "$.tests[0].name")).to_be_focused()
    await expect(chip(page, 0)).to_have_text("Fails")
    await expect(story(page, 0)).to_contain_text("1 run begins.")
    await expect(story(page, 0)).to_contain_text(
        "At the start (5 Jan 2026, 12:00:00 UTC): “welcome-hello” by E-mail to customer"
    )
    await expect(story(page, 0)).to_contain_text(
        "expected nothing more, but 'welcome-how-it-works' was sent over email to customer after 2 days"
    )
    await expect(told(page)).to_have_text("The test does not pass.")
    await expect(state(page)).to_have_text("It can be published. 1 warning.")
    await page.get_by_role("button", name="Take what happens as what is expected").click()
    await expect(card(page, 0).locator("summary").first).to_be_focused()
    await expect(chip(page, 0)).to_have_text("Passes")
    await expect(told(page)).to_have_text("The test passes.")
    await expect(state(page)).to_have_text("It can be published.")
    (written,) = (await text_of(page))["tests"]
    assert [sent["template"] for sent in written["sends"]] == [
        "welcome-hello",
        "welcome-how-it-works",
        "welcome-best-sellers",
    ]
    assert written["sends"][1]["at"] == "P2D"


async def test_tests_are_played_again_as_soon_as_the_journey_is_changed(site: Site, tab: Tab) -> None:
    journey = await created(site, a_journey(name="Played", tests=[a_test(), a_test("as well")]))
    page = await open_editor(site, tab, journey)
    await expect(told(page)).to_have_text("All 2 tests pass.")
    await page.locator('details.step-card[data-path="$.steps.pause"] summary').click()
    await control(page, "$.steps.pause.duration").fill("4")
    await expect(chip(page, 0)).to_have_text("Fails")
    await open_card(page, 0)
    await expect(story(page, 0)).to_contain_text(
        "message 2: expected 'reminder' after 3 days, but 'reminder' was sent over push to customer after 4 days"
    )
    await control(page, "$.tests[0].sends[1].at").fill("4")
    await expect(chip(page, 0)).to_have_text("Passes")
    await expect(told(page)).to_have_text("1 of 2 tests does not pass: “as well”.")


async def test_every_kind_of_thing_that_may_happen_is_chosen_in_the_form(site: Site, tab: Tab) -> None:
    fork = {
        "kind": "split",
        "paths": [{"name": "a", "percent": 50, "next": "hello"}, {"name": "b", "percent": 50, "next": "done"}],
    }
    hello = {"kind": "send", "channel": "email", "template": "welcome", "category": "news", "next": "seen"}
    opened = {"kind": "delivery", "step": "hello", "outcomes": ["opened"]}
    seen = {"kind": "wait_for", "condition": opened, "timeout": "P7D", "next": "thanks", "on_timeout": "done"}
    thanks = {"kind": "send", "channel": "push", "template": "thanks", "category": "news", "next": "done"}
    definition = a_journey(
        name="Everything",
        start="fork",
        steps=steps(fork=fork, hello=hello, seen=seen, thanks=thanks),
        entry={
            "kind": "event",
            "type": "customer.signed_up",
            "where": {"kind": "field", "name": "plan", "op": "eq", "value": "gold"},
            "audience": {"kind": "attribute", "name": "country", "op": "eq", "value": "NO"},
        },
        guardrails={"consent": {"news": "required"}},
        tests=[{"name": "all", "given": [SIGNED_UP]}],
    )
    page = await open_editor(site, tab, await created(site, definition))
    await open_card(page, 0)
    await expect(story(page, 0)).to_contain_text("Nobody enters the journey.")
    await control(page, "$.tests[0].given[0].what").select_option("attributes")
    await page.get_by_role("button", name="Add an attribute").click()
    await page.get_by_label("Name of attribute").fill("country")
    await page.get_by_label("Name of attribute").blur()
    await value(page, "$.tests[0].given[0].data.attributes.country").fill("NO")
    await page.get_by_role("button", name="Something else happens").click()
    await control(page, "$.tests[0].given[1].what").select_option("granted")
    await control(page, "$.tests[0].given[1].data.category").fill("news")
    await page.get_by_role("button", name="Something else happens").click()
    await control(page, "$.tests[0].given[2].event").fill("customer.signed_up")
    await field(page, "$.tests[0].given[2].data").get_by_role("button", name="Add a field").click()
    await page.get_by_label("Name of field").last.fill("plan")
    await page.get_by_label("Name of field").last.blur()
    await value(page, "$.tests[0].given[2].data.plan").fill("gold")
    await expect(story(page, 0)).to_contain_text("“welcome” by E-mail")
    await page.get_by_role("button", name="Something else happens").click()
    await control(page, "$.tests[0].given[3].what").select_option("report")
    await control(page, "$.tests[0].given[3].at").fill("2")
    await expect(story(page, 0)).to_contain_text(
        "After 2 hours (5 Jan 2026, 14:00:00 UTC): “thanks” by Push to customer"
    )
    await page.get_by_role("button", name="Expect a message").click()
    await control(page, "$.tests[0].sends[0].template").fill("welcome")
    await page.get_by_role("button", name="Expect a message").click()
    await control(page, "$.tests[0].sends[1].template").fill("thanks")
    await control(page, "$.tests[0].sends[1].channel").select_option("push")
    await control(page, "$.tests[0].sends[1].at").fill("2")
    await control(page, "$.tests[0].ends").fill("completed")
    await expect(chip(page, 0)).to_have_text("Passes")
    await control(page, "$.tests[0].arms.fork").select_option("b")
    await expect(chip(page, 0)).to_have_text("Not played")
    await expect(story(page, 0)).to_contain_text("given 4: nothing was sent at 'hello' that could be opened")
    (written,) = (await text_of(page))["tests"]
    assert written["arms"] == {"fork": "b"}
    assert written["given"] == [
        {"at": "PT0S", "event": "customer.updated", "data": {"attributes": {"country": "NO"}}, "customer": "customer"},
        {"at": "PT0S", "event": "consent.granted", "data": {"channel": "*", "category": "news"}},
        {"at": "PT0S", "event": "customer.signed_up", "data": {"plan": "gold"}},
        {"at": "PT2H", "report": "opened", "step": "hello"},
    ]


async def test_a_mistake_in_a_test_is_told_beside_its_field_and_in_its_result(site: Site, tab: Tab) -> None:
    given = [SIGNED_UP, {"at": "PT1H", "report": "opened", "step": "remind"}]
    page = await open_editor(site, tab, await created(site, a_journey(name="Mistaken", tests=[a_test(given=given)])))
    await expect(chip(page, 0)).to_have_text("Not played")
    await open_card(page, 0)
    await expect(story(page, 0)).to_contain_text("given 2: nothing was sent at 'remind' that could be opened")
    await expect(page.get_by_role("button", name="Take what happens as what is expected")).to_be_hidden()
    await control(page, "$.tests[0].given[1].at").fill("")
    await expect(field(page, "$.tests[0].given[1].at")).to_contain_text("Fill this in.")
    await expect(told(page)).to_have_text("Mend the problems first: then the tests can be played.")
    await page.locator("details.test-card > summary").click()
    place = "Test 1 › What happens › Occurrence 2 › After the start"
    await page.locator(".check-list").get_by_role("button", name=place).click()
    await expect(control(page, "$.tests[0].given[1].at")).to_be_focused()


async def test_publishing_names_the_tests_that_fail_and_goes_on_when_told_to(site: Site, tab: Tab) -> None:
    journey = await created(site, a_journey(name="Published anyway", tests=[a_test("promise"), a_test("other")]))
    page = await open_editor(site, tab, journey)
    await page.locator('details.step-card[data-path="$.steps.pause"] summary').click()
    await control(page, "$.steps.pause.duration").fill("5")
    await expect(state(page)).to_have_text("It can be published. 2 warnings.")
    await page.locator(".check-list").get_by_role("button", name="Test 2").click()
    await expect(control(page, "$.tests[1].name")).to_be_focused()
    await expect(control(page, "$.tests[1].name")).to_be_in_viewport()
    await publish(page).click()
    await expect(page.get_by_role("dialog")).to_contain_text("2 of its tests fail: “promise”, “other”.")
    await answer_dialog(page, "Publish version 2")
    await expect(page.locator(".editor-notice")).to_have_text("Version 2 is published.")
    assert (await journey_of(site, journey))["config"]["steps"]["pause"]["duration"] == "P5D"


async def test_test_that_is_removed_leaves_the_others_with_their_results(site: Site, tab: Tab) -> None:
    tests = [a_test("first"), a_test("second", sends=[]), a_test("third")]
    page = await open_editor(site, tab, await created(site, a_journey(name="Fewer", tests=tests)))
    await expect(told(page)).to_have_text("1 of 3 tests does not pass: “second”.")
    await open_card(page, 0)
    await open_card(page, 1)
    await page.get_by_role("button", name="Remove test 1").click()
    await expect(card(page, 0).locator(".step-words")).to_have_text("second")
    await expect(card(page, 0)).to_have_attribute("open", "")
    await expect(chip(page, 0)).to_have_text("Fails")
    await expect(chip(page, 1)).to_have_text("Passes")
    await page.get_by_role("button", name="Remove test 1").click()
    await open_card(page, 0)
    await page.get_by_role("button", name="Remove test 1").click()
    await expect(page.locator(".test-card")).to_have_count(0)
    assert "tests" not in await text_of(page)


async def test_without_an_answer_playing_is_tried_again_and_what_was_typed_stays(site: Site, tab: Tab) -> None:
    tab.foretell("Failed to load resource: the server responded with a status of 429")
    page = await open_editor(site, tab, await created(site, a_journey(name="Busy", tests=[a_test()])))
    await expect(told(page)).to_have_text("The test passes.")

    async def busy(route: Route) -> None:
        await route.fulfill(status=429, content_type="application/problem+json", body='{"detail": "busy"}')

    await page.route(REHEARSE, busy)
    await open_card(page, 0)
    await control(page, "$.tests[0].name").fill("typed meanwhile")
    await expect(told(page)).to_have_text("The server asks for fewer requests. This page tries again by itself.")
    await page.unroute(REHEARSE)
    await page.get_by_role("button", name="Play the test").click()
    await expect(told(page)).to_have_text("The test passes.")
    await expect(control(page, "$.tests[0].name")).to_have_value("typed meanwhile")


async def test_unsaved_tests_are_there_after_a_reload(site: Site, tab: Tab) -> None:
    page = await open_editor(site, tab, await created(site, a_journey(name="Kept tests")))
    await open_section(page)
    await page.get_by_role("button", name="Add a test").click()
    await control(page, "$.tests[0].name").fill("not lost")
    await expect(chip(page, 0)).to_have_text("Fails")
    await page.reload()
    await expect(page.locator(".editor-notice")).to_contain_text("These are your unsaved changes")
    await expect(card(page, 0).locator(".step-words")).to_have_text("not lost")
    await expect(chip(page, 0)).to_have_text("Fails")


async def test_what_people_call_things_stays_text(site: Site, tab: Tab) -> None:
    given = [{**SIGNED_UP, "customer": HOSTILE, "data": {HOSTILE: [HOSTILE]}}]
    page = await open_editor(
        site, tab, await created(site, a_journey(name="Hostile", tests=[a_test(HOSTILE, given=given, sends=[])]))
    )
    await expect(chip(page, 0)).to_have_text("Fails")
    await open_card(page, 0)
    await expect(story(page, 0)).to_contain_text(f"“welcome” by E-mail to {HOSTILE}")
    assert await page.evaluate("document.body.dataset.harmed") is None


async def test_test_is_written_by_keyboard_alone_on_a_small_phone(site: Site, tab: Tab) -> None:
    await tab.page.set_viewport_size({"width": 320, "height": 700})
    page = await open_editor(site, tab, await created(site, a_journey(name="By keyboard")))
    await page.locator('details[data-section="tests"] > summary').focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Add a test")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(control(page, "$.tests[0].name")).to_be_focused()
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.type("typed")
    await expect(chip(page, 0)).to_have_text("Fails")
    take = page.get_by_role("button", name="Take what happens as what is expected")
    for _ in range(60):
        if await take.evaluate("one => one === document.activeElement"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(chip(page, 0)).to_have_text("Passes")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    controls = "[...document.querySelectorAll('.test-card :is(input, select, textarea)')]"
    assert await page.evaluate(f"{controls}.filter(one => !one.labels?.length && !one.ariaLabel).length") == 0
    (written,) = (await text_of(page))["tests"]
    assert (written["name"], [sent["at"] for sent in written["sends"]]) == ("typed", ["PT0S", "P3D"])


async def test_viewer_sees_the_tests_and_what_they_come_to(site: Site, tab: Tab) -> None:
    journey = await created(site, a_journey(name="Looked at", tests=[a_test()]))
    page = await open_editor(site, tab, journey, "viewer")
    await open_card(page, 0)
    await expect(control(page, "$.tests[0].name")).to_be_disabled()
    await expect(chip(page, 0)).to_have_text("Passes")
    await expect(told(page)).to_be_visible()
