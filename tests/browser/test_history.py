"""What was changed, proposed and decided: on a journey's history, the audit and the proposals."""

import copy
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.api_session import BASE
from tests.browser.conftest import Site, Tab
from tests.browser.pages import answer_dialog, answer_of, journey_of, open_journey, open_page, settled
from tests.browser.story import HOSTILE, JOURNEY

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WORKSPACE = "/api/v1/workspace"
CHANGED = copy.deepcopy(JOURNEY)
CHANGED["steps"]["pause"]["duration"] = "P5D"
CHANGED["steps"]["remind"]["next"] = "thanks"
CHANGED["steps"]["thanks"] = {"kind": "send", "channel": "email", "template": HOSTILE, "next": "done"}


@pytest_asyncio.fixture(loop_scope="module")
async def editor(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who needs a second person, as long as the test lasts."""
    await site.client.patch(WORKSPACE, json={"needs_approval": True})
    async with await site.session.client(role="editor") as client:
        yield client
    await settled(site, {})


async def proposed(editor: httpx.AsyncClient, name: str) -> str:
    """A journey that waits for somebody to agree that it starts."""
    answer = await editor.post(BASE, json={"config": JOURNEY, "name": name})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def approved(site: Site, answer: httpx.Response) -> None:
    """Agrees to what has just been proposed."""
    assert answer.status_code == 202, answer.text
    agreed = await site.client.post(f"/api/v1/proposals/{answer.json()['proposal_id']}/approve", json={})
    assert agreed.status_code == 200, agreed.text


async def test_version_says_what_differs_from_the_one_before_line_by_line_and_in_words(site: Site, tab: Tab) -> None:
    journey_id = await site.create("With two versions")
    change = {"config": CHANGED, "in_flight": {"policy": "follow"}}
    assert (await site.client.patch(f"{BASE}/{journey_id}", json=change)).status_code == 200
    page = await open_journey(site, tab, journey_id, at="history")
    second = page.locator(".versions li").first
    await expect(second).to_contain_text("Version 2")
    await expect(second).to_contain_text("Customers under way went on at the step of the same name.")
    await second.get_by_text("What differs from version 1").click()
    words = second.locator(".difference > p")
    await expect(words).to_have_text("1 step added: “thanks”; 2 steps changed: “pause”, “remind”.")
    await second.get_by_text("Line by line, as it is kept").click()
    removed, added = second.locator('[data-kind="removed"]'), second.locator('[data-kind="added"]')
    await expect(removed.filter(has_text='"duration": "P3D"')).to_have_count(1)
    await expect(added.filter(has_text='"duration": "P5D"')).to_have_count(1)
    await expect(added.filter(has_text="onerror")).to_contain_text("<img src=x")
    await expect(page.locator('main img[src="x"]')).to_have_count(0)


async def test_history_tells_who_changed_the_journey_and_how(site: Site, tab: Tab) -> None:
    journey_id = await site.create("Changed often")
    await site.client.patch(f"{BASE}/{journey_id}", json={"status": "PAUSED"})
    page = await open_journey(site, tab, journey_id, at="history")
    items = page.locator(".audit li")
    audit = (await answer_of(site, "/api/v1/audit", subject_id=journey_id))["items"]
    await expect(items).to_have_count(len(audit))
    await expect(items.first.locator(".what")).to_have_text("Journey paused")
    await expect(items.first.locator(".gist")).to_have_text("Status: Active → Paused")
    await expect(items.first.locator(".who")).to_have_text(audit[0]["author"])


async def test_audit_says_which_journey_was_changed_and_what_was_done_in_words(site: Site, tab: Tab) -> None:
    journey_id = await site.create("Named in the audit")
    await site.client.patch(f"{BASE}/{journey_id}", json={"status": "STOPPED"})
    await site.client.patch(WORKSPACE, json={"is_sending": False})
    await site.client.patch(WORKSPACE, json={"is_sending": True})
    page = await open_page(site, tab, "audit")
    items = page.locator(".audit li")  # the first is the key that this page is read with
    await expect(items.nth(1).locator(".what")).to_have_text("Sending allowed again")
    await expect(items.nth(2).locator(".what")).to_have_text("All sending stopped")
    await expect(items.nth(3).locator(".what")).to_have_text("Journey stopped")
    created = items.filter(has_text="Journey created").first
    await expect(created.locator(".gist")).to_contain_text("Named in the audit")
    await expect(created.locator(".gist")).not_to_contain_text("Name:")
    await expect(items.nth(3).locator(".gist")).to_have_text(
        re.compile(r"^Named in the audit\s+Status: Active → Stopped$")
    )
    await items.nth(3).locator("summary").click()
    await items.nth(3).get_by_role("link", name="Named in the audit").click()
    await expect(page.get_by_role("heading", name="Named in the audit", level=1)).to_be_visible()


async def test_audit_has_every_change_and_can_be_narrowed_to_one_author(site: Site, tab: Tab) -> None:
    await site.create(HOSTILE)
    page = await open_page(site, tab, "audit")
    items = page.locator(".audit li")
    audit = await answer_of(site, "/api/v1/audit", limit="20")
    await expect(items).to_have_count(len(audit["items"]))
    made = items.filter(has_text=HOSTILE).first
    await made.locator("summary").click()
    await expect(made.locator(".details")).to_contain_text(HOSTILE)
    await expect(page.locator('main img[src="x"]')).to_have_count(0)
    await made.get_by_role("button", name=re.compile("^Only what")).click()
    author = next(item for item in audit["items"] if item["action"] == "journey_created")["author_id"]
    only = await answer_of(site, "/api/v1/audit", author_id=author, limit="20")
    await expect(items).to_have_count(len(only["items"]))
    await page.get_by_role("button", name=re.compile("show all$")).click()
    await expect(items).to_have_count(len(audit["items"]))


async def test_proposal_is_counted_shown_and_approved_with_a_reason(
    site: Site, tab: Tab, editor: httpx.AsyncClient
) -> None:
    journey_id = await proposed(editor, "To be approved")
    page = await open_page(site, tab, "journeys", role="approver")
    waiting = (await answer_of(site, "/api/v1/proposals", status="open"))["items"]
    link = page.get_by_role("link", name=re.compile("^Proposals"))
    await expect(link).to_have_text(f"Proposals {len(waiting)} waiting")
    await link.click()
    proposal = page.locator(".proposal", has_text="To be approved")
    await expect(proposal).to_contain_text("Start the journey.")
    await proposal.get_by_role("button", name="Approve").click()
    await answer_dialog(page, "Approve", "Looks good")
    await expect(proposal).to_have_count(0)
    assert (await journey_of(site, journey_id))["status"] == "ACTIVE"
    await page.get_by_role("button", name="Approved").click()
    await expect(proposal).to_contain_text("Looks good")
    page = await open_journey(site, tab, journey_id, at="history")
    await expect(page.locator(".proposal")).to_contain_text("Approved by")
    await expect(page.locator(".audit .what").filter(has_text="Change approved")).to_have_count(1)


async def test_proposal_is_not_rejected_without_a_reason(site: Site, tab: Tab, editor: httpx.AsyncClient) -> None:
    journey_id = await proposed(editor, "To be rejected")
    page = await open_page(site, tab, "proposals", role="approver")
    proposal = page.locator(".proposal", has_text="To be rejected")
    await proposal.get_by_role("button", name="Reject").click()
    await answer_dialog(page, "Reject", "")
    await expect(page.locator("#confirmation-reason-problem")).not_to_be_empty()
    await expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
    await answer_dialog(page, "Reject", HOSTILE)
    await expect(proposal).to_have_count(0)
    assert (await journey_of(site, journey_id))["status"] == "DRAFT"
    await page.get_by_role("button", name="Rejected").click()
    await expect(proposal).to_contain_text(HOSTILE)


async def test_proposal_decided_about_elsewhere_goes_by_itself(site: Site, tab: Tab, editor: httpx.AsyncClient) -> None:
    await proposed(editor, "Stays open")
    answer = await editor.post(BASE, json={"config": JOURNEY, "name": "Decided elsewhere"})
    page = await open_page(site, tab, "proposals", role="approver")
    await expect(page.locator(".proposal", has_text="Decided elsewhere")).to_be_visible()
    await approved(site, answer)
    await expect(page.locator(".proposal", has_text="Decided elsewhere")).to_have_count(0)
    await expect(page.locator(".proposal", has_text="Stays open")).to_be_visible()


async def test_definition_proposed_is_shown_against_the_one_in_force(
    site: Site, tab: Tab, editor: httpx.AsyncClient
) -> None:
    answer = await editor.post(BASE, json={"config": JOURNEY, "name": "To be rewritten", "status": "DRAFT"})
    journey_id = answer.json()["id"]
    await approved(site, await editor.post(f"{BASE}/{journey_id}/publish"))
    assert (await editor.patch(f"{BASE}/{journey_id}", json={"config": CHANGED})).status_code == 202
    page = await open_page(site, tab, "proposals")
    proposal = page.locator(".proposal", has_text="To be rewritten")
    await expect(proposal).to_contain_text("Publish another definition: customers under way finish as they began.")
    await proposal.get_by_text("What differs from the definition in force").click()
    await expect(proposal.locator(".difference > p")).to_contain_text("1 step added: “thanks”")


async def test_viewer_may_read_proposals_and_decide_none(site: Site, tab: Tab, editor: httpx.AsyncClient) -> None:
    await proposed(editor, "Seen by a viewer")
    page = await open_page(site, tab, "proposals", role="viewer")
    proposal = page.locator(".proposal", has_text="Seen by a viewer")
    await expect(proposal).to_be_visible()
    await expect(proposal.get_by_role("button")).to_have_count(0)
