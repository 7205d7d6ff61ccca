"""The whole way, with nothing made up: a journey from the page, a worker, a sink, events in Kafka, and the page again.

Worker and sink are processes of their own beside the API, on the same Kafka and PostgreSQL.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Page, expect

from orchestrator.api.journey_report import COUNTED
from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import decode_activity, encode_event
from orchestrator.settings import Settings
from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_dialog, answer_of, money, open_journey, row_of, tile
from tests.browser.test_editor import named, open_new, publish, state
from tests.builders import an_event
from tests.reading_reports import Page as Printed
from tests.reading_reports import csv_tables, xlsx_sheets
from tests.worker_process import PATIENCE_S, WorkerProcess, produce, read_all

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NAME = "Welcome, the whole way"
SIGN_UPS, BUYERS, LATE = 80, 30, 12
AMOUNT = 19.95
JOURNEY = {
    "name": NAME,
    "entry": {"kind": "event", "type": "customer.signed_up"},
    "start": "hello",
    "steps": {
        "hello": {
            "kind": "send",
            "channel": "email",
            "template": "hello",
            "category": "transactional",
            "cost": 0.02,
            "next": "three-days",
        },
        "three-days": {
            "kind": "wait_for",
            "event": "order.placed",
            "timeout": "P3D",
            "next": "done",
            "on_timeout": "done",
        },
        "done": {"kind": "exit"},
    },
    "goal": {"event": "order.placed", "window": "P14D", "value": "amount"},
    "holdout": {"percent": 25},
}


@asynccontextmanager
async def at_work(settings: Settings) -> AsyncIterator[None]:
    """A worker that has its partitions, and a sink."""
    worker = WorkerProcess(settings, "worker-0", ("-m", "orchestrator", "worker"))
    sink = WorkerProcess(settings, "sink-0", ("-m", "orchestrator", "sink"))
    try:
        sink.start()
        await worker.start().takes_over()
        yield
        assert (await worker.stop(), await sink.stop()) == (0, 0)
    finally:
        worker.close()
        sink.close()


async def happens(settings: Settings, type_: str, customers: Sequence[str], **data: Any) -> None:
    """Each of the customers does something now."""
    now_ms = int(time.time() * 1_000)
    events = [
        replace(an_event(type_, now_ms, f"{type_}-{customer}", **data), customer_id=customer) for customer in customers
    ]
    await produce(settings, Catalog(settings).events, {0: [encode_event(event) for event in events]})


async def create_from_the_page(site: Site, tab: Tab) -> str:
    """The journey, begun from a template, written as text, and published; its id."""
    page = await open_new(site, tab, "welcome")
    await page.get_by_role("button", name="JSON").click()
    await page.locator("#editor-text").fill(json.dumps(JOURNEY))
    await expect(state(page)).to_contain_text("It can be published.")
    await publish(page).click()
    await answer_dialog(page, "Publish")
    await expect(page.get_by_role("heading", name=NAME, level=1)).to_be_visible()
    (item,) = await named(site, NAME)
    return str(item["id"])


async def commands_for(settings: Settings, journey_id: str) -> list[dict[str, Any]]:
    """The send commands of the journey that an adapter sees."""
    records = await read_all(settings, Catalog(settings).commands("email"))
    commands = [json.loads(record.value) for record in records if record.value is not None]
    return [command for command in commands if command["journey_id"] == journey_id]


async def activities_of(settings: Settings, journey_id: str) -> list[Activity]:
    """The journey's activities as the topic has them."""
    records = await read_all(settings, Catalog(settings).activities)
    activities = [decode_activity(record.value) for record in records if record.value is not None]
    return [activity for activity in activities if activity.journey_id == journey_id]


def recounted(activities: Sequence[Activity]) -> dict[str, float]:
    """What the page tells in its tiles, counted from the topic without the product's own sums."""
    types = Counter(activity.type for activity in activities)
    entered = {activity.customer_id for activity in activities if activity.type == "journey_entered"}
    converted = {activity.customer_id for activity in activities if activity.type == "goal_reached"}
    return {
        "entered": types["journey_entered"],
        "customers": len(entered),
        "sends": types["send_requested"],
        "suppressed": types["send_suppressed"],
        "conversions": types["goal_reached"],
        "customers_converted": len(converted),
        "revenue": sum(float(str(each.details["value"])) for each in activities if each.type == "goal_reached"),
        "cost": sum(float(str(each.details["cost"])) for each in activities if each.type == "send_requested"),
    }


async def until_there_are(count: int, type_: str, settings: Settings, journey_id: str) -> None:
    """Waits until the topic has so many activities of a type."""
    deadline = time.monotonic() + PATIENCE_S
    while Counter(each.type for each in await activities_of(settings, journey_id))[type_] < count:
        assert time.monotonic() < deadline, f"not {count} of {type_} within {PATIENCE_S:.0f} s"
        await asyncio.sleep(0.2)


async def file_of(page: Page, button: str) -> bytes:
    """The report of the days shown."""
    async with page.expect_download() as download:
        await page.get_by_role("group", name="Export these days").get_by_role("button", name=button).click()
    return (await (await download.value).path()).read_bytes()


async def test_what_is_published_watched_paused_and_exported_on_the_page_is_what_happened(site: Site, tab: Tab) -> None:
    settings = site.session.settings
    customers = [f"new-{number}" for number in range(SIGN_UPS)]
    async with at_work(settings):
        journey_id = await create_from_the_page(site, tab)
        page = await open_journey(site, tab, journey_id)
        await happens(settings, "customer.signed_up", customers)
        # Nobody touches the page: it tells by itself what happens meanwhile.
        await expect(tile(page, "Entered")).to_have_text(f"{SIGN_UPS}")
        await happens(settings, "order.placed", customers[:BUYERS], amount=AMOUNT)
        await expect(tile(page, "Conversions")).to_have_text(f"{BUYERS}")

        await page.get_by_role("button", name="Pause").click()
        await answer_dialog(page, "Pause")
        await expect(page.locator(".effect")).to_contain_text("Paused. Passed on in ")
        before = await commands_for(settings, journey_id)
        await happens(settings, "customer.signed_up", [f"late-{number}" for number in range(LATE)])
        await until_there_are(LATE, "entry_refused", settings, journey_id)
        assert await commands_for(settings, journey_id) == before

        await page.get_by_role("button", name="Resume").click()
        await answer_dialog(page, "Resume")
        await expect(page.locator(".effect")).to_contain_text("Resumed. Passed on in ")
        await happens(settings, "customer.signed_up", [f"after-{number}" for number in range(LATE)])
        await expect(tile(page, "Entered")).to_have_text(f"{SIGN_UPS + LATE}")

    activities = await activities_of(settings, journey_id)
    expected = recounted(activities)
    assert expected["sends"] == len(await commands_for(settings, journey_id)) > len(before)
    assert (expected["entered"], expected["conversions"]) == (SIGN_UPS + LATE, BUYERS)
    await are_those_of_the_page_the_api_and_every_file(site, tab, journey_id, expected)
    await are_those_of_the_comparison(site, tab, journey_id, activities)


async def are_those_of_the_page_the_api_and_every_file(
    site: Site, tab: Tab, journey_id: str, expected: dict[str, float]
) -> None:
    """Counted from the topics, and told by the page, the API, the list of journeys, and a file in each form."""
    answer = await answer_of(site, f"{BASE}/{journey_id}/metrics")
    overview = await answer_of(site, f"{ROOT}/overview")
    (item,) = [item for item in overview["items"] if item["journey"]["id"] == journey_id]
    page = await open_journey(site, tab, journey_id, period="all")
    tables = csv_tables((await file_of(page, "CSV")).decode("utf-8-sig"))
    sheet = xlsx_sheets(await file_of(page, "Excel"))["Summary"]
    printed = Printed((await file_of(page, "Report to print")).decode())
    in_csv = {row[0]: row[1] for row in tables["summary"]}
    for name, amount in expected.items():
        place = COUNTED.index(name)
        in_files = (in_csv[name], sheet.rows[1 + place][1], printed.sections["summary"][place][1])
        told = (answer["totals"][name], item["figures"][name], *in_files)
        assert told == pytest.approx((amount,) * len(told)), name
    for name in ("Entered", "Sends", "Suppressed", "Conversions"):
        await expect(tile(page, name)).to_have_text(f"{expected[name.lower()]:,}")
    await expect(tile(page, "Revenue")).to_have_text(money(expected["revenue"]))
    await expect(tile(page, "Cost")).to_have_text(money(expected["cost"]))


async def are_those_of_the_comparison(site: Site, tab: Tab, journey_id: str, activities: Sequence[Activity]) -> None:
    """Who entered in which arm, and who of them bought."""
    page = await open_journey(site, tab, journey_id, at="compare")
    for arm, group in {"treatment": "With messages", "holdout": "Without messages"}.items():
        entered = {each.customer_id for each in activities if each.type == "journey_entered" and each.arm == arm}
        bought = {each.customer_id for each in activities if each.type == "goal_reached"} & entered
        assert entered
        cells = row_of(page, group).get_by_role("cell")
        await expect(cells.nth(0)).to_have_text(f"{len(entered)}")
        await expect(cells.nth(1)).to_have_text(f"{len(bought)}")
