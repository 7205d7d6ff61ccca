"""The dashboard in a browser: from the address to a page on which everything is drawn and can be used."""

import time
from collections.abc import Sequence

from playwright.async_api import Browser, expect

from tests.bench.measurement import Measurement, percentile
from tests.browser.chromium import running_chromium

TARGET_MS = 2_000
TARGET = "dashboard, 30 days, 100 journeys, 10 million activities: page usable"
PATIENCE_MS = 30_000
PAGES = {  # by name: the tab of a journey's page, and what is there when all of it is drawn
    "a list of all journeys": ("", '.list[aria-busy="false"]'),
    "a journey's overview": ("overview", '.journey[aria-busy="false"] .chart canvas >> nth=3'),
    "a journey's canvas": ("canvas", '.canvas-view[aria-busy="false"]'),
    "a journey's comparison": ("compare", '.journey[aria-busy="false"] table >> nth=0'),
    "a journey's activities": ("activities", '.journey[aria-busy="false"] time >> nth=0'),
}


async def measure_pages(address: str, key: str, journey_ids: Sequence[str], times: int) -> list[Measurement]:
    """The slowest of the dashboard's pages: each time a tab that never was there, signed in, of another journey."""
    details: dict[str, float | str] = {}
    worst_ms, worst = 0.0, ""
    async with running_chromium() as browser:
        await _usable_ms(browser, f"{address}/#key={key}", "main")  # so that Chromium itself has started
        for name, (tab, drawn) in PAGES.items():
            spent_ms = []
            for turn in range(times):
                journey = journey_ids[turn * len(journey_ids) // times]
                there = f"&journey={journey}&tab={tab}" if tab else ""
                spent_ms.append(await _usable_ms(browser, f"{address}/#key={key}{there}", drawn))
            details[f"{name}: p50, ms"] = percentile(spent_ms, 0.5)
            details[f"{name}: p95, ms"] = p95 = percentile(spent_ms, 0.95)
            if p95 > worst_ms:
                worst_ms, worst = p95, name
        details["browser"] = f"Chromium {browser.version}"
    note = f"p95 of the slowest, {worst}; nothing cached, headless Chromium on the same cores"
    return [Measurement(TARGET, "ms", TARGET_MS, worst_ms, note, False, details)]


async def _usable_ms(browser: Browser, address: str, drawn: str) -> float:
    context = await browser.new_context()
    try:
        page = await context.new_page()
        began = time.perf_counter()
        await page.goto(address)
        await expect(page.locator(drawn)).to_be_visible(timeout=PATIENCE_MS)
        return (time.perf_counter() - began) * 1_000
    finally:
        await context.close()
