"""Journeys over HTTP, on a real PostgreSQL and a real Kafka."""

from collections.abc import AsyncIterator

import httpx
import pytest

from orchestrator.catalog import Catalog
from orchestrator.messages.config import JourneyStanding, JourneyVersion, WorkspaceSettings
from orchestrator.settings import Settings
from tests.api_session import BASE, ApiSession, relayed, serving
from tests.builders import a_journey

pytestmark = pytest.mark.integration


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


async def created(client: httpx.AsyncClient, **changes: object) -> dict[str, object]:
    answer = await client.post(BASE, json={"config": a_journey(), **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_journey_is_created_changed_and_stopped_and_the_workers_are_told_in_order(api: ApiSession) -> None:
    client = await api.client()
    answer = await client.post(BASE, json={"config": a_journey(), "campaign_id": "spring"})
    assert answer.status_code == 201
    journey = answer.json()
    assert answer.headers["location"] == f"{BASE}/{journey['id']}"
    assert (journey["name"], journey["status"], journey["version"]) == ("Welcome", "ACTIVE", 1)
    assert journey["published"] is True
    assert journey["allowed_statuses"] == ["PAUSED", "STOPPED"]
    assert journey["created_at"].endswith("Z")

    url = answer.headers["location"]
    read = await client.get(url)
    assert read.json() == journey
    assert read.headers["etag"] == answer.headers["etag"]

    paused = await client.patch(url, json={"status": "PAUSED"})
    assert (paused.status_code, paused.json()["status"]) == (200, "PAUSED")
    assert paused.headers["orchestrator-published"] == "true"
    both = await client.patch(url, json={"status": "ACTIVE", "config": a_journey(about="now with more words")})
    assert (both.json()["status"], both.json()["version"]) == ("ACTIVE", 2)

    deleted = await client.delete(url)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).json()["status"] == "STOPPED"
    assert (await client.patch(url, json={"status": "ARCHIVED"})).json()["allowed_statuses"] == []

    listed = [item["id"] for item in (await client.get(BASE)).json()["items"]]
    archived = [item["id"] for item in (await client.get(BASE, params={"status": "ARCHIVED"})).json()["items"]]
    assert (listed, archived) == ([], [journey["id"]])
    records = await relayed(api.settings)
    told = [(record.version, getattr(record, "status", "definition")) for record in records]
    assert told == [
        (1, "definition"),
        (1, "ACTIVE"),
        (1, "PAUSED"),
        (2, "definition"),
        (2, "ACTIVE"),
        (2, "STOPPED"),
        (2, "ARCHIVED"),
    ]
    assert all(record.journey_id == journey["id"] for record in records)
    assert {type(record) for record in records} == {JourneyVersion, JourneyStanding}


async def test_workers_hear_of_a_draft_only_when_it_is_activated(api: ApiSession) -> None:
    client = await api.client()
    draft = await created(client, status="DRAFT", name="Not yet")
    assert (draft["name"], draft["published"]) == ("Not yet", True)
    await client.patch(f"{BASE}/{draft['id']}", json={"config": a_journey(about="second thoughts")})
    assert await relayed(api.settings) == []
    await client.patch(f"{BASE}/{draft['id']}", json={"status": "ACTIVE"})
    version, standing = await relayed(api.settings)
    assert isinstance(version, JourneyVersion)
    assert isinstance(standing, JourneyStanding)
    assert (version.version, standing.version, standing.status) == (2, 2, "ACTIVE")
    assert version.config["about"] == "second thoughts"


async def test_setting_what_already_holds_changes_nothing(api: ApiSession) -> None:
    client = await api.client()
    journey = await created(client)
    same = await client.patch(
        f"{BASE}/{journey['id']}", json={"config": a_journey(), "status": "ACTIVE", "name": "Welcome"}
    )
    assert same.json() == journey
    assert len(await relayed(api.settings)) == 2


async def test_status_that_cannot_be_reached_is_a_conflict_that_names_the_ones_that_can(api: ApiSession) -> None:
    client = await api.client()
    journey = await created(client)
    answer = await client.patch(f"{BASE}/{journey['id']}", json={"status": "ARCHIVED"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["allowed"] == ["PAUSED", "STOPPED"]


async def test_change_of_what_somebody_else_has_changed_meanwhile_is_refused(api: ApiSession) -> None:
    client = await api.client()
    url = f"{BASE}/{(await created(client))['id']}"
    stale = (await client.get(url)).headers["etag"]
    fresh = (await client.patch(url, json={"name": "Mine"}, headers={"If-Match": stale})).headers["etag"]
    refused = await client.patch(url, json={"name": "Yours"}, headers={"If-Match": stale})
    assert (refused.status_code, refused.json()["type"]) == (412, "urn:orchestrator:problem:precondition-failed")
    assert (await client.delete(url, headers={"If-Match": stale})).status_code == 412
    assert (await client.get(url)).json()["name"] == "Mine"
    assert (await client.delete(url, headers={"If-Match": fresh})).status_code == 204


async def test_list_pages_through_every_journey_of_the_workspace_once(api: ApiSession) -> None:
    client = await api.client()
    ids = [(await created(client, name=f"Journey {number}"))["id"] for number in range(5)]
    await client.patch(f"{BASE}/{ids[0]}", json={"status": "PAUSED"})
    await created(await api.client("globex"))

    seen, cursor = [], None
    while True:
        page = (await client.get(BASE, params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        assert all("config" not in item for item in page["items"])
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    paused = (await client.get(BASE, params={"status": "PAUSED"})).json()
    assert [item["id"] for item in paused["items"]] == [ids[0]]
    assert (await client.get(BASE, params={"cursor": "nonsense"})).status_code == 422
    assert (await client.get(BASE, params={"limit": 0})).status_code == 422


async def test_kill_switch_reaches_the_workers(api: ApiSession) -> None:
    client = await api.client()
    before = (await client.get(f"{BASE}/workspace")).json()
    assert [said["path"] for said in before.pop("in_words")] == [
        "$.holdout_percent",
        "$.guardrails",
        "$.needs_approval",
    ]
    assert before == {
        "workspace_id": "acme",
        "is_sending": True,
        "holdout_percent": 0.0,
        "guardrails": {},
        "costs": {},
        "needs_approval": False,
        "role": "admin",
        "updated_at": None,
        "published": True,
        "proposal_id": None,
    }
    off = await client.patch(f"{BASE}/workspace", json={"is_sending": False})
    assert (off.json()["is_sending"], off.json()["published"]) == (False, True)
    assert (await client.get(f"{BASE}/workspace")).json() == off.json()
    (record,) = await relayed(api.settings)
    assert isinstance(record, WorkspaceSettings)
    assert (record.workspace_id, record.is_sending) == ("acme", False)


async def test_viewer_reads_editor_changes_and_only_an_admin_lets_a_workspace_send_again(api: ApiSession) -> None:
    admin, editor, viewer = [await api.client(role=role) for role in ("admin", "editor", "viewer")]  # type: ignore[arg-type]
    url = f"{BASE}/{(await created(editor))['id']}"
    assert (await viewer.get(url)).status_code == 200
    for refused in (
        await viewer.post(BASE, json={"config": a_journey()}),
        await viewer.patch(url, json={"status": "PAUSED"}),
        await viewer.delete(url),
        await viewer.patch(f"{BASE}/workspace", json={"is_sending": False}),
        await editor.patch(f"{BASE}/workspace", json={"is_sending": True}),
    ):
        assert refused.status_code == 403
        assert "insufficient_scope" in refused.headers["www-authenticate"]
    assert (await editor.patch(f"{BASE}/workspace", json={"is_sending": False})).status_code == 200
    assert (await admin.patch(f"{BASE}/workspace", json={"is_sending": True})).status_code == 200
