"""A backtest from the page: of a journey as it stands, and of what somebody is writing."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace
from playwright.async_api import Page, expect

from orchestrator.api import backtest_process
from orchestrator.messages.codec import encode_event
from orchestrator.messages.event import EngagementEvent
from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_of, open_journey, open_page, row_of, table_of, tile
from tests.browser.story import FIRST_MS, HOSTILE
from tests.browser.test_journey_page import UNNAMED
from tests.builders import DAY, HOUR, a_journey, an_event
from tests.integration.test_worker_language import tell

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PATH = "/api/v1/backtests"
FROM, TO = "1998-04-01", "1998-04-20"
CUSTOMERS = 7
JOURNEY: dict[str, Any] = a_journey(
    name="Tried over history",
    goal={"event": "order.placed", "window": "P7D", "value": "amount"},
    guardrails={"consent": {"marketing": "opt_out"}},
)


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def history(site: Site) -> None:
    """Seven customers of 1998 sign up, one of whom has revoked before, and one buys."""

    def did(customer: str, type_: str, at_ms: int, **data: Any) -> EngagementEvent:
        return replace(an_event(type_, at_ms, f"{customer}/{type_}", **data), customer_id=customer)

    signed_up = [did(f"c{number}", "customer.signed_up", FIRST_MS + number * DAY) for number in range(CUSTOMERS)]
    others = [
        did("c1", "consent.revoked", FIRST_MS - DAY, channel="email"),
        did("c2", "order.placed", FIRST_MS + 2 * DAY + HOUR, amount=30),
    ]
    await tell(site.session.settings, *(encode_event(event) for event in [*signed_up, *others]))


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program that never ends stands for the backtest."""
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho \'{"phase": "running", "done": 1200, "of": 4800}\' >&2\nexec sleep 600\n')
    program.chmod(0o700)
    monkeypatch.setattr(backtest_process.sys, "executable", str(program))


async def created(site: Site, **journey: Any) -> str:
    answer = await site.client.post(BASE, json={"config": JOURNEY, **journey})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def ask(page: Page, start: str = FROM, end: str = TO) -> None:
    """Asks for a backtest where the question stands."""
    form = page.get_by_role("form", name="Run a backtest")
    await form.get_by_label("From").fill(start)
    await form.get_by_label("To").fill(end)
    await form.get_by_role("button", name="Run the backtest").click()


async def test_figures_on_the_page_are_those_of_the_backtest(site: Site, tab: Tab) -> None:
    journey_id = await created(site, status="DRAFT")
    page = await open_journey(site, tab, journey_id, at="backtest")
    await ask(page)
    await expect(page.get_by_role("heading", name="What would have happened")).to_be_visible()
    listed = (await answer_of(site, PATH, journey_id=journey_id))["items"]
    assert [(item["from"], item["to"]) for item in listed] == [("1998-04-01T00:00:00Z", "1998-04-21T00:00:00Z")]
    result = (await answer_of(site, f"{PATH}/{listed[0]['id']}"))["result"]
    assert (result["entered"], result["suppressed"]) == (CUSTOMERS, {"consent": 1})
    await expect(tile(page, "Entries")).to_have_text(str(result["entered"]))
    await expect(tile(page, "Messages")).to_have_text(str(result["sent"]))
    await expect(tile(page, "Held back")).to_have_text("1")
    await expect(tile(page, "Goals in history")).to_have_text("1")
    steps = table_of(page, "Steps, in the order")
    sent = result["steps"]["hello"]["sent"]["email"]
    await expect(row_of(steps, "hello Send")).to_contain_text(f"{sent} email")
    went_on = row_of(steps, "pause Wait").get_by_role("cell").first
    await expect(went_on).to_have_text(str(result["steps"]["pause"]["passed"]))
    held_back = table_of(page, "Messages held back, by guardrail")
    await expect(row_of(held_back, "No consent")).to_contain_text("100.0%")
    silent = page.locator(".backtest-silent")
    await expect(silent).to_have_text(result["note"])
    await expect(page.locator(".backtest-answer")).to_contain_text("Events before the first day: 1.")
    await expect(page.locator(".backtest-answer .chart .uplot")).to_have_count(2)
    await page.locator(".backtest-answer").get_by_text("Show as table").click()
    await expect(row_of(page, "1 Apr 1998")).to_contain_text("1")
    await expect(page.get_by_role("checkbox")).to_be_hidden()  # nothing of a draft is published


async def test_past_backtests_are_listed_and_shown_again(site: Site, tab: Tab) -> None:
    journey_id = await created(site)
    page = await open_journey(site, tab, journey_id, at="backtest")
    await ask(page)
    await expect(tile(page, "Entries")).to_have_text("7")
    await ask(page, "1998-04-03", "1998-04-04")
    await expect(tile(page, "Entries")).to_have_text("2")
    items = page.locator(".backtest-list li")
    await expect(items).to_have_count(2)
    await expect(items.first).to_contain_text("done")
    await items.last.get_by_role("button").click()
    await expect(tile(page, "Entries")).to_have_text("7")
    await expect(items.last.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    # What is chosen for the next one stays as it was typed, whatever is refreshed.
    await page.locator("#backtest-from").fill("1998-04-09")
    for _ in range(2):
        async with page.expect_response(lambda response: response.url.endswith("limit=10")):
            pass
    await expect(page.locator("#backtest-from")).to_have_value("1998-04-09")


async def test_what_is_being_written_is_run_and_compared_with_what_is_published(site: Site, tab: Tab) -> None:
    journey_id = await created(site)
    page = await open_journey(site, tab, journey_id, at="edit")
    changed = copy.deepcopy(JOURNEY)
    changed["steps"]["hello"]["channel"] = "sms"
    await page.get_by_role("button", name="JSON").click()
    await page.locator("#editor-text").fill(json.dumps(changed))
    await page.get_by_role("button", name="Backtest…").click()
    await page.get_by_label("Compare with what is published").check()
    await ask(page)
    different = table_of(page, "Against version 1, which is published: what differs")
    await expect(row_of(different, "Step hello: sent over sms")).to_contain_text("+7")
    await expect(page.locator(".backtest-answer")).to_contain_text("customers would have got other messages")
    assert (await answer_of(site, f"{BASE}/{journey_id}"))["version"] == 1
    assert json.loads(await page.locator("#editor-text").input_value()) == changed  # and nothing written is lost


async def test_wrong_definition_is_refused_with_what_is_wrong_and_where(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "new")
    tab.foretell("Failed to load resource: the server responded with a status of 422")
    wrong = {**JOURNEY, "start": HOSTILE}
    await page.get_by_role("button", name="JSON").click()
    await page.locator("#editor-text").fill(json.dumps(wrong))
    await page.get_by_role("button", name="Backtest…").click()
    await ask(page)
    refused = page.locator(".backtest .failed[role=alert]").first
    await expect(page.get_by_text("The journey has problems; mend them, then it can be run:")).to_be_visible()
    await expect(refused).to_be_attached()
    await expect(page.locator(".backtest-refused li").first).to_contain_text("Start")
    await expect(page.locator('main img[src="x"]')).to_have_count(0)
    await page.locator("#editor-text").fill(json.dumps(JOURNEY))
    await ask(page)
    await expect(tile(page, "Entries")).to_have_text("7")
    await expect(page.locator(".backtest-refused")).to_have_count(0)


async def test_period_that_is_none_is_told_before_anything_is_asked(site: Site, tab: Tab) -> None:
    page = await open_journey(site, tab, await created(site), at="backtest")
    await ask(page, TO, FROM)
    await expect(page.get_by_text("The first day is after the last: swap them.")).to_be_visible()
    await expect(page.locator("#backtest-from")).to_be_focused()


@pytest.mark.usefixtures("endless")
async def test_progress_is_shown_a_second_one_refused_and_the_first_cancelled(site: Site, tab: Tab) -> None:
    tab.foretell("Failed to load resource: the server responded with a status of 409")
    page = await open_journey(site, tab, await created(site), at="backtest")
    await ask(page)
    await expect(page.get_by_text("Running the journey over it: 1,200 of 4,800 events.")).to_be_visible()
    assert await page.locator("progress").evaluate("bar => bar.value") == 0.25
    await ask(page)
    await expect(page.get_by_text("wait for it, or cancel it")).to_be_visible()
    await page.get_by_role("button", name="Cancel the backtest").click()
    await expect(page.get_by_role("status").filter(has_text="has no result: browser has cancelled it.")).to_be_visible()
    await expect(page.get_by_role("button", name="Cancel the backtest")).to_be_hidden()
    await expect(page.locator(".backtest-list li")).to_contain_text("cancelled")


async def test_viewer_reads_backtests_and_runs_none(site: Site, tab: Tab) -> None:
    journey_id = await created(site)
    page = await open_journey(site, tab, journey_id, at="backtest")
    await ask(page)
    await expect(tile(page, "Entries")).to_have_text("7")
    page = await open_journey(site, tab, journey_id, role="viewer", at="backtest")
    await expect(tile(page, "Entries")).to_have_text("7")
    await expect(page.get_by_role("button", name="Run the backtest")).to_be_disabled()
    await expect(page.get_by_text("you can read backtests, and not run any")).to_be_visible()


@pytest.mark.parametrize("width", [320, 820, 1280])
async def test_answer_fits_the_screen_and_can_be_read_without_seeing_it(site: Site, tab: Tab, width: int) -> None:
    await tab.page.set_viewport_size({"width": width, "height": 844})
    page = await open_journey(site, tab, await created(site), at="backtest")
    await ask(page)
    await expect(tile(page, "Entries")).to_have_text("7")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    for unnamed in UNNAMED:
        assert await page.evaluate(f"[...document.querySelectorAll{unnamed}.map(one => one.outerHTML)") == []
    ids = "[...document.querySelectorAll('[id]')].map(one => one.id).filter((id, at, all) => all.indexOf(id) < at)"
    assert await page.evaluate(ids) == []
