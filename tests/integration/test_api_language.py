"""Versions, entries by request, workspace settings and explanations over HTTP, on a real PostgreSQL and Kafka."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiokafka.structs import ConsumerRecord, TopicPartition

from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_reader
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import decode_engagement
from orchestrator.messages.config import JourneyStanding, Migration, WorkspaceSettings
from orchestrator.messages.event import ENTRY_REQUESTED, EngagementEvent
from orchestrator.messages.ids import derived_id
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.messages.trace import TraceContext, read_trace
from orchestrator.settings import Settings
from orchestrator.store.pool import Connection
from tests.api_session import BASE, ApiSession, relayed, serving, until
from tests.builders import DAY, MONDAY_NOON, Customer, a_directory, a_journey
from tests.sink_story import sunk

pytestmark = pytest.mark.integration


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


async def created(client: httpx.AsyncClient, **changes: Any) -> str:
    answer = await client.post(BASE, json={"config": a_journey(**changes)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def renamed(old: str, new: str) -> dict[str, Any]:
    journey = a_journey()
    text = {
        name: ({**step, "next": new} if step.get("next") == old else step) for name, step in journey["steps"].items()
    }
    return {**journey, "steps": {new if name == old else name: step for name, step in text.items()}}


async def has_entered(api: ApiSession, journey_id: str, days: int = 0) -> None:
    """One customer enters the welcome journey, and the sink has written it."""
    customer = Customer(a_directory(None, **{journey_id: a_journey()}))
    customer.does("customer.signed_up", MONDAY_NOON)
    if days:
        customer.waits_until(MONDAY_NOON + days * DAY)
    story = [activity for activity in customer.activities if activity.journey_id == journey_id]
    await sunk(api.settings, story)


async def test_a_new_version_says_what_becomes_of_customers_and_the_workers_are_told(api: ApiSession) -> None:
    client = await api.client()
    journey_id = await created(client)
    url = f"{BASE}/{journey_id}"
    await has_entered(api, journey_id)
    body = {"config": renamed("pause", "breather"), "in_flight": {"policy": "map", "steps": {"pause": "breather"}}}
    seen = await client.post(f"{url}/versions/preview", json=body)
    assert seen.status_code == 200, seen.text
    assert (seen.json()["version"], seen.json()["go_on"], seen.json()["leave"]) == (2, 1, 0)
    assert [(group["step"], group["to_step"]) for group in seen.json()["groups"]] == [("pause", "breather")]
    assert (await client.get(url)).json()["version"] == 1
    following = await client.post(f"{url}/versions/preview", json={**body, "in_flight": {"policy": "follow"}})
    assert (following.json()["go_on"], following.json()["leave"]) == (0, 1)

    changed = await client.patch(url, json=body)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    paused = await client.patch(url, json={"status": "PAUSED"})
    assert paused.status_code == 200
    standings = [record for record in await relayed(api.settings) if isinstance(record, JourneyStanding)]
    mapping = Migration(version=2, policy="map", steps={"pause": "breather"})
    assert [standing.migrations for standing in standings] == [(), (mapping,), (mapping,)]

    versions = (await client.get(f"{url}/versions")).json()["items"]
    assert [(version["version"], version["policy"]) for version in versions] == [(2, "map"), (1, "pin")]
    first = (await client.get(f"{url}/versions/1")).json()
    assert "pause" in first["config"]["steps"]
    assert (await client.get(f"{url}/versions/3")).status_code == 404


async def test_of_two_versions_published_at_once_each_takes_its_customers_over(api: ApiSession) -> None:
    client = await api.client()
    url = f"{BASE}/{await created(client)}"
    async with api.pool.acquire() as other, other.transaction():
        await other.execute('select from "033_omnichannel_journey_orchestrator_configs" for no key update')
        changes = [
            asyncio.create_task(
                client.patch(url, json={"config": a_journey(about=about), "in_flight": {"policy": "follow"}})
            )
            for about in ("one", "two")
        ]
        # Both have begun before either has changed anything.
        await until(lambda: _waiting(other, 2))
    assert sorted([(await change).json()["version"] for change in changes]) == [2, 3]
    standings = [record for record in await relayed(api.settings) if isinstance(record, JourneyStanding)]
    assert [(each.version, each.policy) for each in standings[-1].migrations] == [(2, "follow"), (3, "follow")]


async def _waiting(connection: Connection, count: int) -> bool:
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    return bool(await connection.fetchval(waiting) == count)


@pytest.mark.parametrize(
    ("in_flight", "status"),
    [
        ({"policy": "map"}, 422),
        ({"policy": "pin", "steps": {"pause": "pause"}}, 422),
        ({"policy": "drain"}, 422),
        ({"policy": "follow", "until": "2030-01-01T00:00:00Z"}, 422),
        ({"policy": "sideways"}, 422),
        ({"policy": "map", "steps": {"pause": "nowhere"}}, 422),
        ({"policy": "map", "steps": {"nowhere": "pause"}}, 422),
        ({"policy": "drain", "until": "2030-01-01T00:00:00Z"}, 200),
    ],
)
async def test_a_way_that_leads_nowhere_is_refused(api: ApiSession, in_flight: dict[str, Any], status: int) -> None:
    client = await api.client()
    url = f"{BASE}/{await created(client)}"
    answer = await client.patch(url, json={"config": a_journey(about="more"), "in_flight": in_flight})
    assert answer.status_code == status, answer.text
    assert (await client.get(url)).json()["version"] == (2 if status == 200 else 1)


async def test_each_step_that_does_not_exist_is_told_by_its_path(api: ApiSession) -> None:
    client = await api.client()
    url = f"{BASE}/{await created(client)}"
    # A customer may still be on version 1, whose step "pause" the second version has not.
    await client.patch(url, json={"config": renamed("pause", "breather")})
    steps = {"nowhere": "hello", "pause": "gone", "breather": "hello"}
    body = {"config": a_journey(about="more"), "in_flight": {"policy": "map", "steps": steps}}
    for answer in (await client.patch(url, json=body), await client.post(f"{url}/versions/preview", json=body)):
        assert answer.status_code == 422
        assert [(error["path"], error["rule"]) for error in answer.json()["errors"]] == [
            ("$.in_flight.steps.pause", "unknown_step"),
            ("$.in_flight.steps.nowhere", "unknown_step"),
        ]
    assert (await client.get(url)).json()["version"] == 2


async def test_in_flight_without_a_config_is_refused(api: ApiSession) -> None:
    client = await api.client()
    url = f"{BASE}/{await created(client)}"
    assert (await client.patch(url, json={"in_flight": {"policy": "pin"}})).status_code == 422


async def requested(settings: Settings, customer_id: str) -> list[EngagementEvent]:
    return [
        decode_engagement(r.key, r.value, r.headers, r.timestamp) for r in await relayed_events(settings, customer_id)
    ]


async def relayed_events(settings: Settings, customer_id: str) -> list["ConsumerRecord[bytes, bytes]"]:
    catalog = Catalog(settings)
    number = partition_of(customer_key("acme", customer_id), catalog.customer_partitions)
    at = TopicPartition(catalog.events, number)
    found: list[ConsumerRecord[bytes, bytes]] = []
    async with closing(await open_reader(settings, "test", fetch_wait_ms=20)) as reader:
        reader.assign([at])
        end = (await reader.end_offsets([at]))[at]
        await reader.seek_to_beginning(at)
        while await reader.position(at) < end:
            for records in (await reader.getmany(at, timeout_ms=100)).values():
                found += records
    assert end == len(found)  # no markers of transactions between them: workers would look into every hole
    return found


async def test_a_system_may_ask_for_an_entry_and_asking_again_is_the_same_request(api: ApiSession) -> None:
    client = await api.client()
    journey_id = await created(client, entry={"kind": "api", "key": "cart_id"})
    body = {"customer_id": "anna:1", "fields": {"cart_id": "c-9"}, "id": "order-7"}
    sent = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", is_sampled=True)
    headers = {name: value.decode() for name, value in sent.headers()}
    first = await client.post(f"{BASE}/{journey_id}/entries", json=body, headers=headers)
    second = await client.post(f"{BASE}/{journey_id}/entries", json=body)
    assert (first.status_code, first.json()["published"]) == (202, True)
    assert first.json()["event_id"] == second.json()["event_id"]
    events = await requested(api.settings, "anna:1")
    assert {(event.type, event.id) for event in events} == {(ENTRY_REQUESTED, f"{journey_id}/order-7")}
    assert events[0].data == {"journey_id": journey_id, "fields": {"cart_id": "c-9"}}
    traces = [read_trace(record.headers) for record in await relayed_events(api.settings, "anna:1")]
    assert traces == [sent, None]  # the caller's trace goes on, whether or not requests are traced here
    other = await client.post(f"{BASE}/{journey_id}/entries", json={"customer_id": "bert"})
    assert other.json()["event_id"] != first.json()["event_id"]


async def test_an_entry_is_refused_where_nobody_can_enter_so(api: ApiSession) -> None:
    client = await api.client()
    by_event = await created(client)
    assert (await client.post(f"{BASE}/{by_event}/entries", json={"customer_id": "a"})).status_code == 400
    by_api = await created(client, entry={"kind": "api"})
    assert (await client.post(f"{BASE}/{by_api}/entries", json={"customer_id": "a\x1fb"})).status_code == 400
    assert (await client.post(f"{BASE}/{by_api}/entries", json={"customer_id": ""})).status_code == 422
    huge = {"customer_id": "a", "fields": {"note": "x" * 70_000}}
    assert (await client.post(f"{BASE}/{by_api}/entries", json=huge)).status_code == 413
    await client.patch(f"{BASE}/{by_api}", json={"status": "PAUSED"})
    refused = await client.post(f"{BASE}/{by_api}/entries", json={"customer_id": "a"})
    assert (refused.status_code, refused.json()["allowed"]) == (409, ["ACTIVE", "STOPPED"])
    stranger = await api.client("globex")
    assert (await stranger.post(f"{BASE}/{by_api}/entries", json={"customer_id": "a"})).status_code == 404


async def test_what_holds_for_a_workspace_is_set_piece_by_piece(api: ApiSession) -> None:
    client, editor = await api.client(), await api.client(role="editor")
    url = f"{ROOT}/workspace"
    guardrails = {"caps": [{"limit": 3, "per": "day"}]}
    assert (await client.patch(url, json={"holdout_percent": 2.5})).status_code == 200
    assert (await client.patch(url, json={"guardrails": guardrails})).status_code == 200
    answer = await client.patch(url, json={"costs": {"sms": 0.07}, "is_sending": True})
    assert (answer.json()["holdout_percent"], answer.json()["costs"]) == (2.5, {"sms": 0.07})
    newest = [record for record in await relayed(api.settings) if isinstance(record, WorkspaceSettings)][-1]
    assert (newest.holdout_percent, newest.costs, newest.guardrails["caps"][0]["limit"]) == (2.5, {"sms": 0.07}, 3)  # type: ignore[index]
    wrong = await client.patch(url, json={"guardrails": {"caps": [{"limit": 0, "per": "day"}]}})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "$.guardrails.caps[0].limit")
    assert (await client.patch(url, json={})).status_code == 422
    assert (await editor.patch(url, json={"holdout_percent": 0})).status_code == 403


async def test_what_holds_for_a_workspace_is_set_as_a_whole_by_who_has_read_it(api: ApiSession) -> None:
    client, editor = await api.client(), await api.client(role="editor")
    url = f"{ROOT}/workspace"
    unread = (await client.get(url)).headers["ETag"]
    settings = {"is_sending": True, "holdout_percent": 10, "guardrails": {"minimum_gap": "PT1H"}, "costs": {"sms": 0.1}}
    first = await client.put(url, json=settings, headers={"If-Match": unread})
    assert (first.status_code, first.headers["ETag"] != unread) == (200, True), first.text
    late = await client.put(url, json=settings, headers={"If-Match": unread})
    assert late.status_code == 412
    assert (await client.patch(url, json={"is_sending": False}, headers={"If-Match": unread})).status_code == 412
    again = await client.get(url)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (again.json()["guardrails"]["minimum_gap"], again.json()["costs"]) == ("PT1H", {"sms": 0.1})
    bare = await client.put(url, json={"is_sending": False}, headers={"If-Match": again.headers["ETag"]})
    assert (bare.json()["is_sending"], bare.json()["holdout_percent"], bare.json()["guardrails"]) == (False, 0.0, {})
    newest = [record for record in await relayed(api.settings) if isinstance(record, WorkspaceSettings)][-1]
    assert (newest.is_sending, newest.guardrails, newest.costs) == (False, {}, {})
    assert (await client.put(url, json={})).status_code == 422
    assert (await editor.put(url, json=settings)).status_code == 403
    # Where it stood before.
    assert (await client.get(f"{BASE}/workspace")).json()["is_sending"] is False
    assert (await editor.patch(f"{BASE}/workspace", json={"is_sending": False})).status_code == 200


async def test_a_customer_is_explained_in_the_order_of_the_decisions(api: ApiSession) -> None:
    client = await api.client()
    journey_id = await created(client)
    await has_entered(api, journey_id, days=3)
    answer = await client.get(f"{BASE}/{journey_id}/customers/c1/explain")
    assert answer.status_code == 200, answer.text
    (run,) = answer.json()["runs"]
    assert [decision["type"] for decision in run["decisions"]] == [
        "journey_entered",
        "send_requested",
        "wait_started",
        "step_passed",
        "send_requested",
        "run_completed",
    ]
    assert answer.json()["summary"].startswith("Has entered once.")
    assert [(step["step"], step["kind"]) for step in run["path"]] == [
        ("hello", "send"),
        ("pause", "wait"),
        ("remind", "send"),
        ("done", "exit"),
    ]
    assert UUID(run["run_id"])
    missing = await client.get(f"{BASE}/{journey_id}/customers/nobody/explain")
    assert missing.status_code == 404
    assert (await client.get(f"{BASE}/{journey_id}/customers/a/b/explain")).status_code == 404


async def test_an_erasure_has_a_receipt_that_names_nobody(api: ApiSession) -> None:
    client = await api.client()
    journey_id = await created(client)
    await has_entered(api, journey_id)
    receipt = derived_id("erasure", "c1")
    erased = Activity(
        id=derived_id("activity", receipt),
        workspace_id="acme",
        customer_id="c1",
        journey_id="",
        version=0,
        run_id="",
        type="customer_erased",
        at_ms=MONDAY_NOON + DAY,
        details={"receipt": receipt, "requested_at_ms": MONDAY_NOON},
    )
    assert (await client.get(f"{ROOT}/erasures/{receipt}")).status_code == 404
    await sunk(api.settings, [erased])
    answer = await client.get(f"{ROOT}/erasures/{receipt}")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "receipt": receipt,
        "customer_sha256": sha256(b"acme:c1").hexdigest(),
        "requested_at": "2026-01-05T12:00:00Z",
        "erased_at": answer.json()["erased_at"],
        "rows": {"activities": 3, "runs": 1, "participants": 1, "exposures": 0, "refusals": 0},
    }
    assert (await client.get(f"{BASE}/{journey_id}/customers/c1/explain")).status_code == 404
    assert (await client.get(f"{BASE}/{journey_id}/metrics")).json()["totals"]["sends"] == 1
    stranger = await api.client("globex")
    assert (await stranger.get(f"{ROOT}/erasures/{receipt}")).status_code == 404
    assert (await client.get(f"{ROOT}/erasures/c1")).status_code == 404
