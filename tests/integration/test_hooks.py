"""Webhooks of other systems, from the signed request to the command: and whatever is not signed stays outside."""

import asyncio
import hmac
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from orchestrator.api.paths import HOOKS, ROOT
from orchestrator.api.received_hooks import Doorkeeper
from orchestrator.backtest.documents import read_document
from orchestrator.catalog import Catalog
from orchestrator.kafka.event_writer import EventWriter
from orchestrator.messages.codec import decode_engagement
from orchestrator.messages.event import EngagementEvent
from orchestrator.settings import Settings
from orchestrator.store.hooks import MAX_HOOKS, REFUSALS_KEPT
from orchestrator.store.seal import new_key
from orchestrator.telemetry.metrics import HOOK_REQUESTS
from tests.api_session import ApiSession, listening, serving
from tests.builders import a_standing, a_version
from tests.command_line import run_command
from tests.integration.test_worker_language import OFFER, comes_true, commands, journey, publish, steps
from tests.unit.intake.mappings import a_mapping, a_rule
from tests.worker_process import WorkerProcess, read_all, unconfigured

pytestmark = pytest.mark.integration

SHOPIFY: Any = read_document(Path("orchestrator/intake/presets/shopify.yaml"))
HANDBOOK = Path("docs/webhooks.md").read_text(encoding="utf-8")
SECRET = "shpss_what-Shopify-signs-with"
CHECKOUT = {
    "token": "ck-9",
    "updated_at": "2026-01-05T12:30:00+02:00",
    "total_price": "120.00",
    "currency": "EUR",
    "customer": {"id": 77},
}
PLAIN = {"id": "o-1", "customer": "c1", "total": "19.90"}


@pytest.fixture
def sealed(settings: Settings) -> Settings:
    return settings.model_copy(update={"sealing_keys": SecretStr(new_key())})


@pytest.fixture
async def api(sealed: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(sealed) as session:
        yield session


async def a_hook(
    client: httpx.AsyncClient, mapping: Any = SHOPIFY, secret: str = SECRET, **fields: Any
) -> dict[str, Any]:
    answer = await client.post(HOOKS, json={"mapping": mapping, "secret": secret, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def sent(
    api: ApiSession, address: str, payload: Any, secret: str = SECRET, topic: str = "checkouts/create", **more: Any
) -> httpx.Response:
    """What the API answers to a webhook as Shopify sends it."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signature = b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    headers = {"X-Shopify-Hmac-Sha256": signature, "X-Shopify-Topic": topic, "Content-Type": "application/json"}
    return await api.client_with({}).post(address, content=body, headers={**headers, **more})


async def sent_plainly(api: ApiSession, address: str, payload: Any, secret: str = SECRET) -> httpx.Response:
    """The same as a sender of our own."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return await api.client_with({}).post(
        address, content=body, headers={"X-Signature": hmac.digest(secret.encode(), body, "sha256").hex()}
    )


async def published(settings: Settings) -> list[EngagementEvent]:
    records = await read_all(settings, Catalog(settings).events)
    return [decode_engagement(each.key, each.value, list(each.headers.items()), 0) for each in records]


def told(answer: httpx.Response) -> tuple[int, Any]:
    """An answer without what differs from request to request."""
    document = answer.json()
    return answer.status_code, {name: document[name] for name in document if name not in ("request_id", "instance")}


async def test_a_signed_checkout_enters_a_journey_and_leads_to_one_command_however_often_it_is_sent(
    api: ApiSession, settings: Settings
) -> None:
    worker = WorkerProcess(settings, command=("-m", "orchestrator", "worker"))
    entry = {
        "kind": "event",
        "type": "cart.updated",
        "where": {"kind": "field", "name": "total", "op": "ge", "value": 100},
    }
    await publish(settings, a_version(journey(entry=entry, start="offer", steps=steps(offer=OFFER))), a_standing())
    hook = await a_hook(await api.client())
    assert hook["address"] == f"{HOOKS}/{hook['id']}/receive"

    async def is_sent() -> bool:
        return bool(await commands(settings))

    try:
        worker.start()
        for _ in range(3):
            answer = await sent(api, hook["address"], CHECKOUT)
            assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "left_out": 0})
        await comes_true(is_sent, worker)
        assert await worker.stop() == 0
    finally:
        worker.close()
    [event, *again] = await published(settings)
    assert (event.workspace_id, event.customer_id, event.type) == ("acme", "77", "cart.updated")
    assert event.data == {"cart_id": "ck-9", "total": 120.0, "currency": "EUR"}
    assert again == [event, event]
    assert [command.customer_id for command in await commands(settings)] == ["77"]


async def test_whatever_is_not_signed_for_a_hook_is_answered_in_one_and_the_same_way(
    api: ApiSession, settings: Settings
) -> None:
    ours, theirs = await api.client("acme"), await api.client("globex")
    hook = await a_hook(ours)
    other = await a_hook(theirs, secret="another secret of another workspace")
    off = await a_hook(ours, is_enabled=False)
    body = json.dumps(CHECKOUT).encode()
    right = b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
    tampered = json.dumps({**CHECKOUT, "total_price": "1.00"}).encode()
    nobody = api.client_with({})
    answers = [
        await nobody.post(hook["address"], content=body),
        await nobody.post(hook["address"], content=tampered, headers={"X-Shopify-Hmac-Sha256": right}),
        await nobody.post(hook["address"], content=body, headers={"X-Shopify-Hmac-Sha256": right.lower()}),
        await nobody.post(hook["address"], content=b"", headers={"X-Shopify-Hmac-Sha256": ""}),
        await sent(api, other["address"], CHECKOUT),  # signed for a hook of ours, sent to theirs
        await sent(api, hook["address"], CHECKOUT, secret="another secret of another workspace"),
        await sent(api, off["address"], CHECKOUT),
        await sent(api, f"{HOOKS}/{uuid4()}/receive", CHECKOUT),
        await sent(api, f"{HOOKS}/no-id-at-all/receive", CHECKOUT),
        await ours.post(hook["address"], json=CHECKOUT),  # the workspace's own admin has no signature either
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert all(told(answer) == told(answers[0]) for answer in answers)
    assert await published(settings) == []
    for method, url in (("GET", f"{HOOKS}/{hook['id']}"), ("DELETE", f"{HOOKS}/{hook['id']}")):
        assert (await theirs.request(method, url)).status_code == 404
    assert [item["id"] for item in (await theirs.get(HOOKS)).json()["items"]] == [other["id"]]
    assert (await ours.delete(f"{HOOKS}/{hook['id']}")).status_code == 204
    assert told(await sent(api, hook["address"], CHECKOUT)) == told(answers[0])


async def test_a_payload_that_is_of_no_use_is_told_where_a_person_sees_it_and_nothing_of_it_is_kept(
    api: ApiSession, settings: Settings
) -> None:
    client = await api.client()
    rule = a_rule(data={"amount": {"from": "/total", "as": "number"}}, when=[{"at": "/kind", "op": "ne", "value": "x"}])
    hook = await a_hook(client, a_mapping(rule, a_rule(for_each="/list", alone=True)))
    before = HOOK_REQUESTS.labels("refused")._value.get()
    wrong = await sent_plainly(api, hook["address"], {**PLAIN, "kind": "order", "total": "4111-1111"})
    assert wrong.status_code == 422
    [problem] = wrong.json()["errors"]
    assert (problem["path"], problem["rule"]) == ("/total", "not_a_number")
    assert "$.rules[0].data.amount" in problem["fix"]
    assert "4111" not in wrong.text
    assert (await sent_plainly(api, hook["address"], b"{")).status_code == 422
    none = await sent_plainly(api, hook["address"], {**PLAIN, "kind": "x"})
    assert (none.status_code, none.json()) == (200, {"accepted": 0, "left_out": 0})
    some = await sent_plainly(api, hook["address"], {"kind": "x", "list": [PLAIN, {"id": 2}]})
    assert (some.status_code, some.json()) == (202, {"accepted": 1, "left_out": 1})
    assert [event.id for event in await published(settings)] == ["o-1"]
    found = (await client.get(f"{HOOKS}/{hook['id']}")).json()
    assert [(each["reason"], each["place"], each["path"]) for each in found["refusals"]] == [
        ("missing", "/list/1/customer", "$.rules[1].customer"),
        ("malformed", "", ""),
        ("not_a_number", "/total", "$.rules[0].data.amount"),
    ]
    assert "4111" not in json.dumps(found)
    assert HOOK_REQUESTS.labels("refused")._value.get() == before + 2
    for _ in range(REFUSALS_KEPT):
        await sent_plainly(api, hook["address"], {"kind": "order"})
    refusals = (await client.get(f"{HOOKS}/{hook['id']}")).json()["refusals"]
    assert [each["reason"] for each in refusals] == ["missing"] * REFUSALS_KEPT
    too_large = await sent_plainly(api, hook["address"], b" " * (1 << 20) + b"{}")
    assert too_large.status_code == 413


async def test_a_hook_is_made_changed_and_deleted_and_its_secret_is_nowhere(api: ApiSession, sealed: Settings) -> None:
    admin, editor, viewer = await api.client(), await api.client(role="editor"), await api.client(role="viewer")
    hook = await a_hook(admin, a_mapping(), name="Our shop")
    path = f"{HOOKS}/{hook['id']}"
    assert (hook["name"], hook["signature"], hook["is_enabled"], hook["refusals"]) == ("Our shop", "hmac", True, [])
    assert (await editor.get(path)).json() == hook
    assert (await viewer.get(path)).status_code == (await viewer.get(HOOKS)).status_code == 403
    assert (await editor.patch(path, json={"is_enabled": False})).status_code == 403

    later = await admin.patch(path, json={"secret": "another secret", "old_secret_until": "2099-01-01T00:00:00Z"})
    assert later.json()["old_secret_until"] == "2099-01-01T00:00:00Z"
    for secret in (SECRET, "another secret"):
        assert (await sent_plainly(api, hook["address"], PLAIN, secret)).status_code == 202
    await admin.patch(path, json={"secret": "a third secret"})
    answers = {
        each: await sent_plainly(api, hook["address"], PLAIN, each)
        for each in (SECRET, "another secret", "a third secret")
    }
    assert [answer.status_code for answer in answers.values()] == [401, 401, 202]

    await admin.patch(path, json={"mapping": a_mapping(a_rule(type="order.seen")), "name": "Renamed"})
    await sent_plainly(api, hook["address"], {**PLAIN, "id": "o-2"}, "a third secret")
    assert [event.type for event in await published(sealed) if event.id == "o-2"] == ["order.seen"]

    for body, status in (
        ({}, 422),
        ({"old_secret_until": "2099-01-01T00:00:00Z"}, 422),
        ({"secret": "another secret", "old_secret_until": "2020-01-01T00:00:00Z"}, 400),
        ({"secret": "short"}, 422),
        ({"mapping": {"name": "x"}}, 422),
        ({"mapping": {**a_mapping(), "signature": {"kind": "standard_webhooks"}}}, 422),  # its secret is none for that
    ):
        assert (await admin.patch(path, json=body)).status_code == status, body

    # A mapping that this program cannot read, as another one may have written it, can still be turned off.
    table = '"033_omnichannel_journey_orchestrator_hooks"'
    kept = await api.pool.fetchval(f"select mapping from {table}")
    await api.pool.execute(f'update {table} set mapping = \'{{"signature": {{"kind": "of-tomorrow"}}}}\'')
    for is_enabled in (False, True):
        assert (await admin.patch(path, json={"is_enabled": is_enabled})).status_code == 200
    await api.pool.execute(f"update {table} set mapping = $1", kept)

    entries = (await admin.get(f"{ROOT}/audit", params={"subject_id": hook["id"]})).json()
    assert [entry["action"] for entry in entries["items"]] == ["hook_changed"] * 5 + ["hook_created"]
    assert entries["items"][2]["after"]["name"] == "Renamed"
    assert entries["items"][3]["after"] == {"secret": "replaced", "old_secret_until": None}
    rows = await api.pool.fetch('select * from "033_omnichannel_journey_orchestrator_hooks"')
    everything = (
        f"{[dict(row) for row in rows]} {entries} {(await admin.get(path)).text} {(await admin.get(HOOKS)).text}"
    )
    for secret in (SECRET, "another secret", "a third secret"):
        assert secret not in everything

    again = {"Idempotency-Key": "the-same-request"}
    made = [await admin.post(HOOKS, json={"mapping": a_mapping(), "secret": SECRET}, headers=again) for _ in range(2)]
    assert made[0].json()["id"] == made[1].json()["id"]
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404


async def test_a_mapping_is_tried_and_nothing_of_it_is_kept(api: ApiSession, settings: Settings) -> None:
    editor = await api.client(role="editor")
    body = {"mapping": SHOPIFY, "payload": CHECKOUT, "headers": {"X-Shopify-Topic": "checkouts/create"}}
    key = {"Idempotency-Key": "tried-once"}
    found = (await editor.post(f"{HOOKS}/check", json=body, headers=key)).json()
    assert found["is_right"]
    assert [(event["type"], event["customer_id"], event["time"]) for event in found["events"]] == [
        ("cart.updated", "77", "2026-01-05T10:30:00Z")
    ]
    assert {test["name"]: test["differences"] for test in found["tests"] if test["differences"]} == {}
    refused = await editor.post(f"{HOOKS}/check", json={**body, "payload": {**CHECKOUT, "total_price": "much"}})
    assert (refused.json()["refusal"]["place"], refused.json()["is_right"]) == ("/total_price", False)
    broken = (await editor.post(f"{HOOKS}/check", json={"mapping": {**SHOPIFY, "rules": [{}]}})).json()
    assert {problem["path"] for problem in broken["problems"]} >= {"$.rules[0].type", "$.rules[0].customer"}
    assert (await editor.get(HOOKS)).json() == {"items": []}
    assert await published(settings) == []
    assert await api.pool.fetchval('select count(*) from "033_omnichannel_journey_orchestrator_requests"') == 0


async def test_without_a_sealing_key_no_hook_is_made_and_the_refusal_says_how_to_make_one(
    settings: Settings, topics: Catalog, sealed: Settings
) -> None:
    async with serving(sealed) as api:
        hook = await a_hook(await api.client(), a_mapping())
    async with serving(settings) as api:
        admin = await api.client()
        answer = await admin.post(HOOKS, json={"mapping": a_mapping(), "secret": SECRET})
        assert answer.status_code == 409
        assert "ORCHESTRATOR_SEALING_KEYS" in answer.json()["detail"]
        assert "orchestrator config key" in answer.json()["detail"]
        # What was sealed with a key that is gone cannot be checked: the sender tries again until it is back.
        assert (await sent_plainly(api, hook["address"], PLAIN)).status_code == 503


async def test_senders_are_told_to_come_again_while_kafka_is_away_or_they_come_too_often(
    api: ApiSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.kafka.event_writer.WRITE_TIMEOUT_S", 1.0)
    hook = await a_hook(await api.client(), a_mapping())
    there = api.app.state.event_writer
    api.app.state.event_writer = EventWriter(settings.model_copy(update={"kafka": "127.0.0.1:9"}))
    away = await sent_plainly(api, hook["address"], PLAIN)
    assert (away.status_code, "Retry-After" in away.headers) == (503, True)
    api.app.state.event_writer = there
    assert (await sent_plainly(api, hook["address"], PLAIN)).status_code == 202
    api.app.state.doorkeeper = Doorkeeper(per_minute=2)
    wrong = await asyncio.gather(*(sent_plainly(api, hook["address"], PLAIN, "a wrong secret") for _ in range(5)))
    assert {answer.status_code for answer in wrong} == {401}  # who has no right to it does not use it up
    answers = [await sent_plainly(api, hook["address"], PLAIN) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[-1].headers["Retry-After"]


async def test_a_workspace_has_so_many_hooks_and_no_more(api: ApiSession) -> None:
    ours, theirs = await api.client(), await api.client("globex")
    for _ in range(MAX_HOOKS):
        await a_hook(ours, a_mapping())
    assert (await ours.post(HOOKS, json={"mapping": a_mapping(), "secret": SECRET})).status_code == 409
    await a_hook(theirs, a_mapping())


async def test_the_walk_through_of_the_handbook_goes_as_it_says(api: ApiSession, tmp_path: Path) -> None:
    [body] = re.findall(r"BODY='(.*?)'", HANDBOOK)
    (tmp_path / "secret.txt").write_text("0123456789abcdef0123456789abcdef\n")
    (tmp_path / "event.json").write_text(body)
    async with listening(api) as address:
        key = await api.key()

        async def typed(*words: str) -> str:
            environment = {**unconfigured(), "ORCHESTRATOR_API_URL": address, "ORCHESTRATOR_API_KEY": key}
            ended = await asyncio.to_thread(run_command, words, environment, tmp_path)
            assert ended.code == 0, (words, ended.out, ended.err)
            return ended.out

        async def sends(content: str) -> httpx.Response:
            signature = hmac.digest(b"0123456789abcdef0123456789abcdef", content.encode(), "sha256").hex()
            headers = {"X-Signature": f"sha256={signature}", "Content-Type": "application/json"}
            async with httpx.AsyncClient(base_url=address) as client:
                return await client.post(hook["address"], content=content.encode(), headers=headers)

        (tmp_path / "plain.yaml").write_text(await typed("hooks", "preset", "plain"))
        assert "FAILED" not in await typed("hooks", "test", "plain.yaml")
        assert "order.placed" in await typed("hooks", "check", "plain.yaml", "--payload", "event.json")
        hook = json.loads(await typed("hooks", "create", "plain.yaml", "--secret-file", "secret.txt", "--json"))
        assert hook["id"] in await typed("hooks", "list")
        assert (await sends(body)).status_code == 202
        assert "order.placed" in await typed("event-types")
        assert (await sends("{}")).status_code == 422
        assert "missing" in await typed("hooks", "show", hook["id"])
        await typed("hooks", "update", hook["id"], "--disable")
        assert (await sends(body)).status_code == 401
        await typed("hooks", "delete", hook["id"], "--yes")
        assert hook["id"] not in await typed("hooks", "list")
