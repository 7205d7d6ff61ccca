"""The pictures in ``docs/images``: each page of the dashboard, taken from the real stack.

Not among the tests, since it writes: ``pytest tests/browser/images.py`` makes them anew.
"""

import base64
from pathlib import Path
from typing import Literal

import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect

from orchestrator.messages.codec import encode_event
from orchestrator.store.keys import Role
from tests.api_session import BASE, until
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_dialog, answer_of, open_page, settled
from tests.browser.story import CUSTOMERS_A_DAY, DAYS, FIRST_MS, HOSTILE, JOURNEY, story
from tests.builders import DAY, HOUR, a_journey, an_event
from tests.integration.test_worker_language import tell
from tests.tutorial import at_the_terminal, blocks, follow

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

FOLDER = Path(__file__).parents[2] / "docs/images"
QUALITY = 80  # of WebP, in percent
CANVAS = ".picture-frame"
MARGIN = 32  # below an element that a picture goes down to, in pixels
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
WORKSPACE = "/api/v1/workspace"
GUARDRAILS = {
    "caps": [{"limit": 2, "per": "P7D"}],
    "quiet_hours": {"from": "21:00", "to": "08:00"},
    "budgets": [{"kind": "money", "limit": 500, "per": "total"}, {"kind": "messages", "limit": 900, "per": "total"}],
    "consent": {"marketing": "opt_out"},
}
OF_ALL = {
    "caps": [{"limit": 3, "per": "week"}],
    "quiet_hours": {"from": "21:00", "to": "08:00"},
    "budgets": [{"kind": "money", "limit": 500, "per": "day"}],
    "consent": {"marketing": "opt_out"},
}
REVISED = {**JOURNEY, "steps": {**JOURNEY["steps"], "pause": {"kind": "wait", "duration": "P5D", "next": "remind"}}}


async def test_pictures_of_every_page(site: Site, tab: Tab) -> None:
    shown = await _furnish(site)
    journey = f"journey={shown}"
    await _picture(site, tab, "journeys", "journeys")
    for at in ("overview", "compare", "activities", "edit"):
        await _picture(site, tab, f"{journey}&tab={at}", f"journey-{at}")
    await _take_whole_canvas(await open_page(site, tab, f"{journey}&tab=canvas"), "journey-canvas")
    await _backtest(site, shown)
    await _picture(site, tab, f"{journey}&tab=backtest", "journey-backtest", scrolled_to="#backtest-answer-title")
    await _picture(site, tab, journey, "dashboard", form="png")
    await _picture(site, tab, journey, "journey-steps", scrolled_to="#steps-title")
    await _picture(site, tab, journey, "journey-limits", scrolled_to="#gauges-title")
    await _picture(site, tab, f"{journey}&tab=activities&customer=customer-0130", "customer-story")
    change = {"config": {**REVISED, "guardrails": GUARDRAILS}, "in_flight": {"policy": "follow"}}
    assert (await site.client.patch(f"{BASE}/{shown}", json=change)).status_code == 200
    await _picture(site, tab, f"{journey}&tab=history", "journey-history")
    for place in ("new", "proposals", "audit"):
        await _picture(site, tab, place, place)
    await _picture_of_keys(site, tab)
    await _picture_of_settings(site, tab)
    await tab.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await _picture(site, tab, journey, "phone")
    await tab.page.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    await tab.page.emulate_media(color_scheme="dark")
    await _picture(site, tab, journey, "dark")


async def test_picture_of_the_tutorials_journey(tab: Tab) -> None:
    """The journey of docs/tutorial.md, when its reader comes to the dashboard."""
    with at_the_terminal() as terminal:
        for block, shown in blocks(until="## 8. Take the figures with you"):
            follow(terminal, block, shown)
        said = terminal.type_in("echo $ORCHESTRATOR_API_URL $ORCHESTRATOR_API_KEY $JOURNEY")
        address, key, journey = said.split()
        await tab.page.goto(f"{address}/#key={key}&journey={journey}&tab=canvas")
        await expect(tab.page.locator('.journey[aria-busy="false"]').first).to_be_visible()
        await expect(tab.page.locator('[aria-busy="true"]')).to_have_count(0)
        await _take_whole_canvas(tab.page, "tutorial")
        await tab.page.goto("about:blank")  # what it shows is about to be cleaned up


async def _furnish(site: Site) -> str:
    """A workspace as it might be: journeys of several statuses, something that waits, costs. The journey to show."""
    journeys = (await answer_of(site, BASE))["items"]
    hostile = next(each["id"] for each in journeys if each["name"] == HOSTILE)
    await site.client.patch(f"{BASE}/{hostile}", json={"name": "Welcome", "status": "PAUSED"})
    await site.client.patch(f"{BASE}/{site.journey_id}", json={"status": "STOPPED", "name": "Win back, spring"})
    body = {"config": {**JOURNEY, "guardrails": GUARDRAILS}, "name": "Win back, summer", "campaign_id": "summer"}
    shown = str((await site.client.post(BASE, json=body)).json()["id"])
    await site.sink(story(shown, seed=2, hostile="completed", walks=True))
    settings = {"costs": {"sms": 0.07}, "holdout_percent": 2}
    await settled(site, {"needs_approval": True, **settings})
    async with await site.session.client(role="editor") as editor:
        answer = await editor.post(BASE, json={"config": a_journey(name="Birthday"), "campaign_id": "loyalty"})
        assert answer.status_code == 202, answer.text
    await settled(site, settings)
    return shown


async def _picture_of_settings(site: Site, tab: Tab) -> None:
    """The settings while somebody is about to change a cap."""
    await site.client.patch(WORKSPACE, json={"guardrails": OF_ALL})
    page = await open_page(site, tab, "settings")
    await page.locator('[data-path="$.guardrails.caps[0].limit"] input').fill("4")
    await expect(page.get_by_role("heading", name="What will hold, once it is saved")).to_be_visible()
    await _take(page, "settings")
    await page.get_by_role("button", name="Undo changes").click()
    await answer_dialog(page, "Undo changes")
    await site.client.patch(WORKSPACE, json={"guardrails": {}})


async def _picture_of_keys(site: Site, tab: Tab) -> None:
    """A few keys, as a workspace might have them, in place of the many with which pictures were taken."""
    table = '"033_omnichannel_journey_orchestrator_api_keys"'
    await site.session.pool.execute(f"delete from {table} where name = 'browser'")
    roles: tuple[tuple[str, Role], ...] = (
        ("Shop", "publisher"), ("Reports", "viewer"), ("Ana", "editor"), ("Ben", "approver"),
    )  # fmt: skip
    for name, role in roles:
        await site.session.key(role=role, name=name)
    await _picture(site, tab, "keys", "keys")


async def _backtest(site: Site, journey_id: str) -> None:
    """The journey over ninety days of customers who sign up, some of whom buy."""
    events = []
    for number in range(DAYS * CUSTOMERS_A_DAY):
        at_ms = FIRST_MS + number // CUSTOMERS_A_DAY * DAY + number % CUSTOMERS_A_DAY * HOUR
        for type_, after_ms in (("customer.signed_up", 0), ("order.placed", 2 * DAY))[: 1 + (number % 4 == 0)]:
            event = an_event(type_, at_ms + after_ms, f"{number}/{type_}", amount=number % 90)
            events.append(encode_event(replace(event, customer_id=f"customer-{number:04}")))
    await tell(site.session.settings, *events)
    period = {"from": "1998-04-01T00:00:00Z", "to": "1998-06-30T00:00:00Z"}
    config = {**REVISED, "guardrails": GUARDRAILS}
    body = {"config": config, "journey_id": journey_id, "against_published": True, **period}
    answer = await site.client.post("/api/v1/backtests", json=body)
    assert answer.status_code == 202, answer.text

    async def is_done() -> bool:
        return bool((await answer_of(site, f"/api/v1/backtests/{answer.json()['id']}"))["status"] == "DONE")

    await until(is_done)


async def _picture(
    site: Site, tab: Tab, place: str, name: str, *, scrolled_to: str = "", form: Literal["webp", "png"] = "webp"
) -> None:
    page = await open_page(site, tab, place)
    await expect(page.locator('[aria-busy="true"]')).to_have_count(0)
    if scrolled_to:
        await page.locator(scrolled_to).evaluate("one => scrollTo(0, one.getBoundingClientRect().top - 40)")
    await _take(page, name, form)


async def _take_whole_canvas(page: Page, name: str) -> None:
    await expect(page.locator('[aria-busy="true"]')).to_have_count(0)
    await page.get_by_role("button", name="Whole picture").click()
    await _take(page, name, down_to=CANVAS)


async def _take(page: Page, name: str, form: Literal["webp", "png"] = "webp", down_to: str = "") -> None:
    """What the window shows; or, however far down that is, the page from its top to the end of an element."""
    await page.evaluate("document.fonts.ready")
    options: dict[str, object] = {"format": form, "quality": QUALITY}
    if down_to:
        bottom = await page.locator(down_to).evaluate("one => one.getBoundingClientRect().bottom + scrollY")
        clip = {"x": 0, "y": 0, "width": DESKTOP["width"], "height": bottom + MARGIN, "scale": 1}
        options |= {"clip": clip, "captureBeyondViewport": True}
    session = await page.context.new_cdp_session(page)
    taken = await session.send("Page.captureScreenshot", options)
    await session.detach()
    (FOLDER / f"{name}.{form}").write_bytes(base64.b64decode(taken["data"]))
