"""Who may do what, who did what, and what happens once though it is asked for twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.journeys.erasure import receipt_of
from orchestrator.kafka.tail import Tail
from orchestrator.messages.codec import decode_engagement
from orchestrator.messages.config import WorkspaceSettings
from orchestrator.messages.event import CUSTOMER_ERASED
from orchestrator.settings import Settings
from orchestrator.store.requests import KEPT
from tests.api_session import BASE, ApiSession, relayed, serving
from tests.builders import a_journey

pytestmark = pytest.mark.integration

KEYS, AUDIT, PROPOSALS, WORKSPACE = (f"{ROOT}/{name}" for name in ("keys", "audit", "proposals", "workspace"))


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


async def audited(client: httpx.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    """Entries of the audit, oldest first, without those about keys."""
    items = (await client.get(AUDIT, params=filters)).json()["items"]
    return [item for item in reversed(items) if not item["action"].startswith("key_")]


async def test_a_key_is_made_used_and_revoked_over_http_and_its_secret_is_told_once(api: ApiSession) -> None:
    admin = await api.client()
    answer = await admin.post(KEYS, json={"name": "Mara", "role": "editor"}, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    mara = api.client_with({"Authorization": f"Bearer {made['secret']}"})
    assert (await mara.get(WORKSPACE)).json()["role"] == "editor"
    assert (await mara.get(KEYS)).status_code == 403
    listed = (await admin.get(KEYS)).json()["items"]
    assert [(item["name"], item["is_in_force"]) for item in listed] == [("Mara", True), ("test", True)]
    assert "secret" not in listed[0]
    # The answer with the secret is kept nowhere, so asking again makes another key.
    again = await admin.post(KEYS, json={"name": "Mara", "role": "editor"}, headers={"Idempotency-Key": "once"})
    assert again.json()["secret"] != made["secret"]

    assert (await admin.delete(f"{KEYS}/{made['id']}")).status_code == 204
    assert (await admin.delete(f"{KEYS}/{made['id']}")).status_code == 404
    api.app.state.access._known.clear()  # as time does
    assert (await mara.get(WORKSPACE)).status_code == 401
    actions = [(item["action"], item["after"].get("name")) for item in (await admin.get(AUDIT)).json()["items"]]
    assert actions[:3] == [("key_revoked", None), ("key_created", "Mara"), ("key_created", "Mara")]
    assert made["secret"] not in (await admin.get(AUDIT)).text


async def test_a_key_ends_by_itself(api: ApiSession) -> None:
    admin = await api.client()
    over = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert (await admin.post(KEYS, json={"name": "late", "expires_at": over})).status_code == 400
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    made = (await admin.post(KEYS, json={"name": "short", "expires_at": soon})).json()
    assert made["is_in_force"] is True
    await asyncio.sleep(1.1)
    short = api.client_with({"Authorization": f"Bearer {made['secret']}"})
    assert (await short.get(WORKSPACE)).status_code == 401
    assert [item["is_in_force"] for item in (await admin.get(KEYS)).json()["items"]] == [False, True]


async def test_every_change_is_on_record_with_its_author_and_what_it_changed(api: ApiSession) -> None:
    client = await api.client(role="admin")
    created = await client.post(BASE, json={"config": a_journey(), "campaign_id": "spring"})
    url = created.headers["location"]
    await client.patch(url, json={"name": "Hello"})
    await client.post(f"{url}/pause")
    await client.post(f"{url}/pause")  # nothing changes, so nothing is noted
    await client.patch(url, json={"config": a_journey(about="more")})
    await client.patch(WORKSPACE, json={"is_sending": False})
    items = await audited(client)
    assert [(item["action"], item["before"], item["after"]) for item in items[1:]] == [
        ("journey_changed", {"name": "Welcome"}, {"name": "Hello"}),
        ("journey_changed", {"status": "ACTIVE"}, {"status": "PAUSED"}),
        ("journey_changed", {"version": 1}, {"version": 2}),
        ("workspace_changed", {"is_sending": True}, {"is_sending": False}),
    ]
    assert items[0]["after"]["campaign_id"] == "spring"
    assert [item["journey_name"] for item in items] == ["Hello"] * 4 + [None]
    assert {item["author"] for item in items} == {"test"}
    assert items[0]["request_id"] == created.headers["x-request-id"]
    about = await audited(client, subject_id=created.json()["id"])
    assert [item["id"] for item in about] == [item["id"] for item in items[:4]]
    first = (await client.get(AUDIT, params={"limit": 2})).json()
    rest = (await client.get(AUDIT, params={"limit": 200, "cursor": first["next_cursor"]})).json()
    assert len(first["items"]) + len(rest["items"]) == len(items) + 1  # the key of this test
    assert rest["next_cursor"] is None


async def test_what_reaches_customers_anew_waits_for_a_second_person_and_stopping_never_does(api: ApiSession) -> None:
    admin, editor = await api.client(role="admin"), await api.client(role="editor")
    second, viewer = await api.client(role="approver"), await api.client(role="viewer")
    assert (await editor.patch(WORKSPACE, json={"needs_approval": False})).status_code == 403
    assert (await admin.patch(WORKSPACE, json={"needs_approval": True})).json()["needs_approval"] is True

    answer = await editor.post(BASE, json={"config": a_journey()})
    assert (answer.status_code, answer.json()["status"]) == (202, "DRAFT")
    url, proposal = f"{BASE}/{answer.json()['id']}", answer.json()["proposal_id"]
    told = [type(record).__name__ for record in await relayed(api.settings)]
    assert told == ["WorkspaceSettings"]  # the workers have not heard of the draft
    assert (await editor.post(f"{PROPOSALS}/{proposal}/approve", json={})).status_code == 403
    assert (await viewer.post(f"{PROPOSALS}/{proposal}/approve", json={})).status_code == 403
    (item,) = (await viewer.get(PROPOSALS, params={"status": "open"})).json()["items"]
    assert (item["author"], item["change"]["status"], item["is_stale"]) == ("test", "ACTIVE", False)

    approved = await second.post(f"{PROPOSALS}/{proposal}/approve", json={"reason": "fine"})
    assert (approved.status_code, approved.json()["status"]) == (200, "ACTIVE")
    assert (await second.post(f"{PROPOSALS}/{proposal}/approve", json={})).status_code == 409

    # Another definition waits; a pause does not, and makes what was proposed before it stale.
    patch = await editor.patch(url, json={"config": a_journey(about="more")})
    assert (patch.status_code, patch.json()["version"]) == (202, 1)
    both = await editor.patch(url, json={"config": a_journey(about="more"), "status": "PAUSED"})
    assert (both.status_code, "send the status by itself first" in both.json()["detail"]) == (409, True)
    assert (await editor.post(f"{url}/pause")).json()["status"] == "PAUSED"
    stale = (await viewer.get(f"{PROPOSALS}/{patch.json()['proposal_id']}")).json()
    assert stale["is_stale"] is True
    assert (await second.post(f"{PROPOSALS}/{stale['id']}/approve", json={})).status_code == 412
    assert (await editor.post(f"{url}/resume")).json()["status"] == "ACTIVE"
    turned_down = await editor.post(f"{PROPOSALS}/{stale['id']}/reject", json={"reason": "anew"})
    assert (turned_down.json()["status"], turned_down.json()["decided_by"]) == ("rejected", "test")
    assert (await editor.post(f"{url}/stop", json={"drain": True})).json()["status"] == "STOPPED"
    actions = [each["action"] for each in await audited(viewer, subject_id=url.rpartition("/")[2])]
    assert actions == [
        "journey_created",
        "change_proposed",
        "change_approved",
        "journey_changed",
        "change_proposed",
        "journey_changed",
        "journey_changed",
        "change_rejected",
        "journey_changed",
    ]


async def test_settings_that_are_loosened_wait_for_a_second_person_and_tightening_never_does(api: ApiSession) -> None:
    admin, editor = await api.client(role="admin"), await api.client(role="editor")
    second, viewer = await api.client(role="approver"), await api.client(role="viewer")
    cap = {"limit": 3, "per": "week"}
    await admin.patch(WORKSPACE, json={"guardrails": {"caps": [cap]}, "needs_approval": True})

    tightened = await admin.patch(WORKSPACE, json={"guardrails": {"caps": [{**cap, "limit": 2}]}})
    assert (tightened.status_code, tightened.json()["proposal_id"]) == (200, None)
    loosened = {"guardrails": {"caps": [{**cap, "limit": 5}]}}
    checked = [
        (await editor.post(f"{WORKSPACE}/check", json={"settings": each})).json()["waits"]
        for each in (loosened, {"guardrails": {"caps": [{**cap, "limit": 1}]}}, {"is_sending": True})
    ]
    assert checked == [True, False, False]
    assert (await editor.patch(WORKSPACE, json=loosened)).status_code == 403
    waiting = await admin.patch(WORKSPACE, json=loosened, headers={"Idempotency-Key": "once"})
    assert waiting.status_code == 202, waiting.text
    assert waiting.json()["guardrails"]["caps"][0]["limit"] == 2
    again = await admin.patch(WORKSPACE, json=loosened, headers={"Idempotency-Key": "once"})
    assert again.json()["proposal_id"] == waiting.json()["proposal_id"]
    (item,) = (await viewer.get(PROPOSALS, params={"status": "open"})).json()["items"]
    assert (item["id"], item["journey_id"], item["change"]) == (waiting.json()["proposal_id"], None, None)
    told = [item["settings"][f"{which}_in_words"][0]["sentence"] for which in ("before", "after")]
    assert [sentence.split(" messages")[0] for sentence in told] == ["At most 2", "At most 5"]
    proposal = f"{PROPOSALS}/{item['id']}"
    for each in (admin, editor, viewer):
        assert (await each.post(f"{proposal}/approve", json={})).status_code == 403

    approved = await second.post(f"{proposal}/approve", json={"reason": "fine"})
    assert approved.status_code == 200, approved.text
    assert approved.json()["guardrails"]["caps"][0]["limit"] == 5
    assert (await viewer.get(WORKSPACE)).headers["etag"] == approved.headers["etag"]
    assert (await second.post(f"{proposal}/approve", json={})).status_code == 409
    record = (await relayed(api.settings))[-1]
    assert isinstance(record, WorkspaceSettings)
    assert record.guardrails["caps"][0]["limit"] == 5

    # The second person is not dismissed by one alone, and what is proposed about settings of before is stale.
    dismissed = await admin.patch(WORKSPACE, json={"needs_approval": False})
    assert (dismissed.status_code, dismissed.json()["needs_approval"]) == (202, True)
    assert (await editor.patch(WORKSPACE, json={"is_sending": False})).json()["is_sending"] is False
    stale = f"{PROPOSALS}/{dismissed.json()['proposal_id']}"
    assert (await viewer.get(stale)).json()["is_stale"] is True
    assert (await second.post(f"{stale}/approve", json={})).status_code == 412
    assert (await admin.post(f"{stale}/reject", json={"reason": "anew"})).json()["status"] == "rejected"
    resumed = await admin.patch(WORKSPACE, json={"is_sending": True})
    assert (resumed.status_code, resumed.json()["is_sending"]) == (202, False)
    allowed = await second.post(f"{PROPOSALS}/{resumed.json()['proposal_id']}/approve", json={})
    assert allowed.json()["is_sending"] is True
    actions = [each["action"] for each in await audited(viewer, subject_id="workspace")]
    assert actions == [
        *["workspace_changed"] * 2,
        *["change_proposed", "change_approved", "workspace_changed"],
        *["change_proposed", "workspace_changed", "change_rejected"],
        *["change_proposed", "change_approved", "workspace_changed"],
    ]


async def test_sending_stops_at_once_whatever_is_asked_for_along_with_it(api: ApiSession) -> None:
    admin, second = await api.client(role="admin"), await api.client(role="approver")
    await admin.patch(WORKSPACE, json={"holdout_percent": 2, "needs_approval": True})
    answer = await admin.put(WORKSPACE, json={"is_sending": False, "needs_approval": True})
    assert (answer.status_code, answer.json()["is_sending"], answer.json()["holdout_percent"]) == (202, False, 2)
    record = (await relayed(api.settings))[-1]
    assert isinstance(record, WorkspaceSettings)
    assert (record.is_sending, record.holdout_percent) == (False, 2)
    approved = await second.post(f"{PROPOSALS}/{answer.json()['proposal_id']}/approve", json={})
    assert (approved.json()["is_sending"], approved.json()["holdout_percent"]) == (False, 0)


async def test_actions_have_the_names_people_use_and_refuse_what_they_are_not_for(api: ApiSession) -> None:
    client = await api.client(role="editor")
    url = (await client.post(BASE, json={"config": a_journey(), "status": "DRAFT"})).headers["location"]
    for action, status in (("resume", 409), ("publish", 200), ("publish", 200), ("pause", 200), ("publish", 409)):
        answer = await client.post(f"{url}/{action}")
        assert answer.status_code == status, (action, answer.text)
    etag = (await client.get(url)).headers["etag"]
    assert (await client.post(f"{url}/resume", headers={"If-Match": '"other"'})).status_code == 412
    assert (await client.post(f"{url}/resume", headers={"If-Match": etag})).json()["status"] == "ACTIVE"
    assert (await client.post(f"{url}/stop", json={})).json()["drain"] is False
    assert (await client.post(f"{url}/archive")).json()["status"] == "ARCHIVED"


async def test_a_request_that_comes_again_happens_once_and_is_answered_the_same(api: ApiSession) -> None:
    client, name = await api.client(), {"Idempotency-Key": str(uuid4())}
    body = {"config": a_journey()}
    first, second = [await client.post(BASE, json=body, headers=name) for _ in range(2)]
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["location"] == first.headers["location"]
    other = await client.post(BASE, json={**body, "name": "Other"}, headers=name)
    assert (other.status_code, other.json()["type"]) == (422, "urn:orchestrator:problem:idempotency-key-reused")
    # A key is one caller's: somebody else's request under the same is another.
    assert (await (await api.client()).post(BASE, json=body, headers=name)).json()["id"] != first.json()["id"]
    assert len((await client.get(BASE)).json()["items"]) == 2
    assert (await client.post(BASE, json=body, headers={"Idempotency-Key": "a b"})).status_code == 400


async def test_of_many_that_come_at_once_under_one_key_one_is_carried_out(api: ApiSession) -> None:
    client, name = await api.client(), {"Idempotency-Key": "many"}
    answers = await asyncio.gather(*(client.post(BASE, json={"config": a_journey()}, headers=name) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert len((await client.get(BASE)).json()["items"]) == 1


async def test_a_request_whose_process_died_is_made_anew_and_finds_what_it_had_created(api: ApiSession) -> None:
    client, name, body = await api.client(), {"Idempotency-Key": "died"}, {"config": a_journey()}
    first = await client.post(BASE, json=body, headers=name)
    requests = '"033_omnichannel_journey_orchestrator_requests"'
    await api.pool.execute(f"update {requests} set status = null, began_at = began_at - interval '30 seconds'")
    assert (await client.post(BASE, json=body, headers=name)).status_code == 409  # it may still be at work
    await api.pool.execute(f"update {requests} set began_at = began_at - interval '31 seconds'")
    again = await client.post(BASE, json=body, headers=name)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    await api.pool.execute(f"update {requests} set began_at = began_at - $1::interval", KEPT)
    refreshed = await client.post(BASE, json={**body, "name": "a day later"}, headers=name)
    assert refreshed.status_code != 422


async def test_a_refusal_is_not_kept(api: ApiSession) -> None:
    client, name = await api.client(), {"Idempotency-Key": "mended"}
    assert (await client.post(BASE, json={"config": {}}, headers=name)).status_code == 422
    assert (await client.post(BASE, json={"config": a_journey()}, headers=name)).status_code == 201


async def test_who_asks_too_often_is_told_when_to_go_on(settings: Settings, topics: Catalog) -> None:
    async with serving(settings.model_copy(update={"api_requests_per_minute": 3})) as api:
        client, other = await api.client(role="viewer"), await api.client(role="viewer")
        answers = [await client.get(WORKSPACE) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers.get("ratelimit-remaining") for answer in answers[:3]] == ["2", "1", "0"]
        assert 1 <= int(answers[3].headers["retry-after"]) <= 60
        assert answers[3].json()["type"] == "urn:orchestrator:problem:too-many-requests"
        assert (await other.get(WORKSPACE)).status_code == 200


async def test_an_erasure_asked_for_over_http_becomes_an_event_and_the_audit_names_nobody(api: ApiSession) -> None:
    admin, editor = await api.client(), await api.client(role="editor")
    body, name = {"customer_id": "anna@example.org"}, {"Idempotency-Key": "forget"}
    assert (await editor.post(f"{ROOT}/erasures", json=body)).status_code == 403
    first, second = [await admin.post(f"{ROOT}/erasures", json=body, headers=name) for _ in range(2)]
    assert (first.status_code, first.json()["published"]) == (202, True)
    assert first.json()["receipt"] == second.json()["receipt"]
    assert (await admin.get(f"{ROOT}/erasures/{first.json()['receipt']}")).status_code == 404  # not carried out yet
    (entry,) = await audited(admin, subject_id=first.json()["receipt"])
    assert entry["action"] == "erasure_requested"
    assert "anna" not in str(entry)
    catalog = Catalog(api.settings)
    async with await Tail.open(
        api.settings, "test", [(catalog.events, catalog.spec(catalog.events).partitions)]
    ) as tail:
        (record,) = await tail.read_to_end()
    event = decode_engagement(record.key, record.value, record.headers, record.timestamp)
    assert (event.type, event.workspace_id, event.customer_id) == (CUSTOMER_ERASED, "acme", body["customer_id"])
    assert receipt_of(event) == first.json()["receipt"]


async def test_a_definition_is_checked_without_being_kept(api: ApiSession) -> None:
    client = await api.client(role="editor")
    fine = (await client.post(f"{ROOT}/definitions/check", json={"config": a_journey()})).json()
    assert (fine["is_publishable"], fine["problems"]) == (True, [])
    broken = a_journey(start="nowhere", holdout={"percent": 120})
    found = (await client.post(f"{ROOT}/definitions/check", json={"config": broken})).json()
    assert found["is_publishable"] is False
    assert {"$.start", "$.holdout.percent"} <= {problem["path"] for problem in found["problems"]}
    assert all(problem["detail"] for problem in found["problems"])
    assert (await client.get(BASE)).json()["items"] == []


async def test_the_tests_of_a_definition_are_played_and_those_that_fail_are_warned_of(api: ApiSession) -> None:
    client = await api.client(role="editor")
    story = {"given": [{"event": "customer.signed_up"}], "sends": [{"template": "welcome"}, {"template": "reminder"}]}
    lost = {"given": [{"event": "customer.signed_up"}], "arms": {"nowhere": "a"}}
    tests = [{"name": "kept", **story}, {"name": "broken", **story, "sends": []}, {"name": "lost", **lost}]
    body = {"config": a_journey(tests=tests)}
    played = await client.post(f"{ROOT}/definitions/rehearse", json=body)
    assert played.status_code == 200, played.text
    kept, broken, _ = played.json()["tests"]
    assert [test["outcome"] for test in played.json()["tests"]] == ["passed", "failed", "not_played"]
    assert [(sent["template"], sent["after"]) for sent in kept["messages"]] == [
        ("welcome", "PT0S"),
        ("reminder", "P3D"),
    ]
    assert kept["messages"][1]["at"] == "2026-01-08T12:00:00Z"
    assert len(broken["differences"]) == 2
    checked = (await client.post(f"{ROOT}/definitions/check", json=body)).json()
    assert checked["is_publishable"] is True
    warned = {warning["path"]: (warning["rule"], warning["detail"]) for warning in checked["warnings"]}
    assert warned["$.tests[1]"][0] == "test_fails"
    assert "'broken' fails: message 1: expected nothing more" in warned["$.tests[1]"][1]
    assert warned["$.tests[2]"][0] == "test_not_played"
    assert "$.tests[0]" not in warned
    refused = await client.post(f"{ROOT}/definitions/rehearse", json={"config": a_journey(start="nowhere")})
    assert refused.status_code == 422
    assert "$.config.start" in [error["path"] for error in refused.json()["errors"]]
    # A test that fails keeps nothing from being published.
    assert (await client.post(BASE, json=body)).status_code == 201


async def test_schedules_and_segments_are_found_across_journeys(api: ApiSession) -> None:
    client = await api.client()
    lapsed = {"kind": "not", "of": {"kind": "happened", "event": "order.placed", "within": "P30D"}}
    entry = {"kind": "segment", "audience": lapsed, "recheck": {"kind": "cron", "expression": "0 9 * * *"}}
    vip = {"kind": "attribute", "name": "tier", "op": "eq", "value": "gold"}
    made = await client.post(BASE, json={"config": a_journey(entry=entry, segments={"vip": vip})})
    assert made.status_code == 201, made.text
    await client.post(BASE, json={"config": a_journey(segments={"drafted": vip}), "status": "DRAFT"})
    (schedule,) = (await client.get(f"{ROOT}/schedules")).json()["items"]
    assert (schedule["kind"], len(schedule["next"])) == ("recheck", 5)
    assert all(moment.endswith("T09:00:00Z") for moment in schedule["next"])
    segments = (await client.get(f"{ROOT}/segments")).json()["items"]
    assert [(item["name"], item["is_entry"]) for item in segments] == [("audience", True), ("vip", False)]


async def test_journeys_are_found_by_campaign_and_by_a_part_of_their_name(api: ApiSession) -> None:
    client = await api.client()
    for name, campaign in (("Win back 50% off", "spring"), ("Welcome", "spring"), ("win_back", "autumn")):
        await client.post(BASE, json={"config": a_journey(), "name": name, "campaign_id": campaign})

    async def names(**filters: str) -> set[str]:
        return {item["name"] for item in (await client.get(BASE, params=filters)).json()["items"]}

    assert await names(campaign_id="spring") == {"Win back 50% off", "Welcome"}
    assert await names(name="WIN") == {"Win back 50% off", "win_back"}
    assert await names(name="%") == {"Win back 50% off"}
    assert await names(name="win", campaign_id="autumn") == {"win_back"}
