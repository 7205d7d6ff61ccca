"""Keys and settings: what admins look after, with every wrong input told beside its field."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_dialog, answer_of, open_page, row_of
from tests.browser.story import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WORKSPACE = "/api/v1/workspace"


async def test_key_is_made_shown_once_copied_and_revoked(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "keys")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_label("Name").fill("Mara's laptop")
    await page.get_by_label("Role").select_option("editor")
    await page.get_by_role("button", name="Create key").click()
    secret = await page.locator("#secret").input_value()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_text("Copied.")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == secret
    mara = site.session.client_with({"Authorization": f"Bearer {secret}"})
    assert (await mara.get(WORKSPACE)).json()["role"] == "editor"
    await page.get_by_role("button", name="I have it").click()
    assert secret not in await page.content()
    await expect(row_of(page, "Mara's laptop").get_by_role("cell").first).to_have_text("Editor")
    await page.get_by_role("button", name="Revoke Mara's laptop").click()
    await answer_dialog(page, "Revoke")
    await expect(page.get_by_text("The key “Mara's laptop” is revoked.")).to_be_visible()
    await expect(row_of(page, "Mara's laptop")).to_contain_text("Revoked ")
    await expect(page.get_by_role("button", name="Revoke Mara's laptop")).to_have_count(0)


async def test_key_without_a_name_or_with_a_day_that_is_over_is_refused_beside_the_field(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "keys")
    before = len((await answer_of(site, "/api/v1/keys"))["items"])
    await page.get_by_role("button", name="Create key").click()
    await expect(page.locator("#key-name-problem")).not_to_be_empty()
    await expect(page.get_by_label("Name")).to_be_focused()
    await expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Name").fill(HOSTILE)
    await expect(page.locator("#key-name-problem")).to_be_empty()
    await page.get_by_label("Last day").fill((datetime.now(UTC) - timedelta(days=2)).date().isoformat())
    tab.foretell("Failed to load resource: the server responded with a status of 400 (Bad Request)")
    await page.get_by_role("button", name="Create key").click()
    await expect(page.locator("#key-expires-problem")).to_have_text("That day is over: choose a later one.")
    assert len((await answer_of(site, "/api/v1/keys"))["items"]) == before
    await page.get_by_label("Last day").fill((datetime.now(UTC) + timedelta(days=2)).date().isoformat())
    await page.get_by_role("button", name="Create key").click()
    await expect(row_of(page, HOSTILE)).to_contain_text("In force until")
    await expect(page.locator('main img[src="x"]')).to_have_count(0)


async def test_day_that_no_calendar_goes_to_is_refused_beside_its_field(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "keys")
    await page.get_by_label("Name").fill("For ever")
    await page.get_by_label("Last day").fill("9999-12-31")
    await page.get_by_role("button", name="Create key").click()
    await expect(page.locator("#key-expires-problem")).not_to_be_empty()
    await expect(page.get_by_role("button", name="Create key")).to_be_enabled()
    page = await open_page(site, tab, "audit")
    await page.get_by_label("To").fill("9999-12-31")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.locator("#audit-range-problem")).to_have_text("Choose days from 1900 to 9998.")


async def test_keys_are_offered_to_admins_alone(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", role="approver")
    await expect(page.get_by_role("link", name="Audit")).to_be_visible()
    await expect(page.get_by_role("link", name="Keys")).to_be_hidden()
    tab.foretell("Failed to load resource: the server responded with a status of 403 (Forbidden)")
    await page.goto(f"{await site.link('viewer')}&keys")
    await expect(page.locator("#notice")).to_contain_text("Ask somebody whose key has that role.")
    await expect(page.get_by_role("button", name="Create key")).to_be_hidden()
    assert tab.foreseen


async def test_all_sending_is_stopped_from_every_page_and_only_an_admin_allows_it_again(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", role="editor")
    stop = page.get_by_role("banner").get_by_role("button", name="Stop all sending")
    await stop.click()
    await expect(page.get_by_role("dialog")).to_contain_text("Nobody enters any journey meanwhile.")
    await answer_dialog(page, "Cancel")
    assert (await answer_of(site, WORKSPACE))["is_sending"] is True
    await stop.click()
    await answer_dialog(page, "Stop all sending")
    banner = page.locator(".silence")
    await expect(banner).to_contain_text(re.compile(r"All sending is stopped\. Passed on in [\d,]+ ms\."))
    assert (await answer_of(site, WORKSPACE))["is_sending"] is False
    await expect(banner).to_contain_text("nobody enters a journey and nothing is sent. An admin can allow it again.")
    await expect(stop).to_be_hidden()
    await expect(banner.get_by_role("button")).to_have_count(0)
    page = await open_page(site, tab, "audit", role="admin")
    await banner.get_by_role("button", name="Allow sending again").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Nothing is sent twice.")
    await answer_dialog(page, "Allow sending again")
    await expect(banner).to_contain_text("Sending is allowed again.")
    await expect(stop).to_be_focused()
    assert (await answer_of(site, WORKSPACE))["is_sending"] is True
    await page.get_by_role("link", name="Journeys", exact=True).click()
    await expect(banner).to_be_hidden()


async def test_viewer_is_not_offered_to_stop_all_sending(site: Site, tab: Tab) -> None:
    page = await open_page(site, tab, "journeys", role="viewer")
    await expect(page.get_by_role("button", name="Stop all sending")).to_have_count(0)
