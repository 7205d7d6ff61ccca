"""How tests come to a page, and find what stands on it."""

import re
from datetime import datetime
from typing import Any

from playwright.async_api import Locator, Page, expect

from orchestrator.store.keys import Role
from tests.api_session import BASE
from tests.browser.conftest import Site, Tab


async def open_journey(
    site: Site, tab: Tab, journey_id: str = "", role: Role = "admin", at: str = "overview", **address: str
) -> Page:
    """A tab of a journey's page, all of it drawn; unless named, of the journey with figures."""
    await open_page(site, tab, f"journey={journey_id or site.journey_id}&tab={at}", role, **address)
    await expect(tab.page.locator('.journey[aria-busy="false"]').first).to_be_visible()
    return tab.page


async def open_page(site: Site, tab: Tab, place: str, role: Role = "admin", **address: str) -> Page:
    """The page at a place (`proposals`, `journey=…`), signed in with a new key."""
    more = "".join(f"&{name}={value}" for name, value in address.items())
    await tab.page.goto("about:blank")  # or else what was shown before stays until the new place is there
    await tab.page.goto(f"{await site.link(role)}&{place}{more}")
    await expect(tab.page.locator('main [aria-busy="false"]').first).to_be_visible()
    return tab.page


def tile(page: Page, name: str) -> Locator:
    """The figure of this name."""
    return page.locator(f'[data-figure="{name}"]')


def row_of(page: Page | Locator, heading: str) -> Locator:
    """The row that this heads."""
    whole = page.page if isinstance(page, Locator) else page  # what a row has is looked for from the row
    return page.get_by_role("row").filter(has=whole.get_by_role("rowheader", name=heading, exact=True))


def table_of(page: Page, caption: str) -> Locator:
    """The table whose caption begins so."""
    return page.get_by_role("table", name=caption)


async def metrics_of(site: Site, journey_id: str = "", **query: str) -> dict[str, Any]:
    """What the API says of a journey."""
    return await answer_of(site, f"{BASE}/{journey_id or site.journey_id}/metrics", **query)


async def answer_of(site: Site, path: str, **query: str) -> dict[str, Any]:
    """What the API says at a path."""
    answer = await site.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def settled(site: Site, settings: dict[str, Any]) -> None:
    """Has the workspace's settings be these: where that needs a second person, somebody agrees."""
    answer = await site.client.put("/api/v1/workspace", json={"is_sending": True, **settings})
    if answer.status_code == 202:
        async with await site.session.client(role="approver") as second:
            answer = await second.post(f"/api/v1/proposals/{answer.json()['proposal_id']}/approve", json={})
    assert answer.status_code == 200, answer.text


async def journey_of(site: Site, journey_id: str) -> dict[str, Any]:
    """The journey as the API has it."""
    return await answer_of(site, f"{BASE}/{journey_id}")


def money(value: float) -> str:
    """As the page writes an amount."""
    return f"{value:,.0f}" if value >= 10_000 else f"{value:,.2f}"


def on_the_page(sentence: str) -> str:
    """A sentence of the API with its moments as the page writes them in UTC."""
    moments = r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC"

    def written(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found[1])
        return f"{at.day} {at:%b %Y, %H:%M:%S} UTC"

    return re.sub(moments, written, sentence)


async def answer_dialog(page: Page, verb: str, reason: str | None = None) -> None:
    """Agrees in the dialog that is open."""
    dialog = page.get_by_role("dialog")
    if reason is not None:
        await dialog.get_by_role("textbox").fill(reason)
    await dialog.get_by_role("button", name=verb, exact=True).click()
