"""Subscribers are sent the figures of each day, signed; what fails is tried again, told, and holds nobody up."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jsonschema
import pytest
from pydantic import SecretStr

from orchestrator.api.courier import Courier
from orchestrator.api.paths import BASE as JOURNEYS
from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from orchestrator.store.seal import new_key
from tests.api_session import ApiSession, serving, until
from tests.builders import a_journey
from tests.integration.test_api_steward import an_activity, sends, with_brake
from tests.sink_story import sunk

pytestmark = pytest.mark.integration

SUBSCRIPTIONS = f"{ROOT}/subscriptions"
TABLE = '"033_omnichannel_journey_orchestrator_subscriptions"'
SCHEMA = json.loads(Path("schemas/daily-figures.v1.schema.json").read_text("utf-8"))


@dataclass
class Receiver:
    """A system that takes messages; ``status`` is what it answers. What is sent to …/slow waits until ``let_go``."""

    url: str = ""
    status: int = 204
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: set[asyncio.Task[None]] = field(default_factory=set)

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answers.add(asyncio.create_task(self._answer(reader, writer)))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        if "/slow " in head.splitlines()[0]:
            await self.let_go.wait()
        self.came.append((headers, body))
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()
        await writer.wait_closed()

    def message(self, place: int, secret: str) -> dict[str, Any]:
        """The message, once its signature has been found right by what a receiver would do."""
        headers, body = self.came[place]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert len(key) == 32
        assert headers["webhook-signature"].lower() == f"v1,{expected}".lower()
        message: dict[str, Any] = json.loads(body)
        jsonschema.validate(message, SCHEMA)
        return message


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    async with server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/figures"
        yield receiver
        receiver.let_go.set()
        await asyncio.gather(*receiver.answers, return_exceptions=True)  # who asked may have gone


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def api(settings: Settings, topics: Catalog, receiver: Receiver) -> AsyncIterator[ApiSession]:
    host = receiver.url.split("/")[2]
    more = {
        "outgoing_hosts": f"{host}+private+http, hooks.example.com",
        "sealing_keys": SecretStr(new_key()),
        "steward_interval_s": 0.1,
    }
    async with serving(settings.model_copy(update=more)) as session:
        yield session


def courier_of(api: ApiSession) -> Courier:
    courier: Courier = api.app.state.courier
    return courier


async def made_due(api: ApiSession, subscription_id: str, due_at: datetime) -> None:
    await api.pool.execute(
        f"update {TABLE} set due_at = $2, next_attempt_at = $2, attempts = 0 where id = $1",
        UUID(subscription_id),
        due_at,
    )


async def test_the_figures_of_the_day_before_are_sent_signed_and_are_the_overviews(
    api: ApiSession, receiver: Receiver
) -> None:
    client = await api.client()
    journey = (await client.post(JOURNEYS, json={"name": "Welcome", "config": a_journey()})).json()
    other = (await client.post(JOURNEYS, json={"name": "Other", "config": a_journey()})).json()
    now = datetime.now(UTC)
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    story = [
        an_activity(journey_id, kind, number, noon, "", **details)
        for journey_id, customers in ((journey["id"], 6), (other["id"], 2))
        for number in range(customers)
        for kind, details in (
            ("journey_entered", {}),
            ("send_requested", {"channel": "email", "cost": 0.01}),
            *([("goal_reached", {"value": 12.5})] if number < 2 else []),
        )
    ]
    await sunk(api.settings, story)
    made = await client.post(SUBSCRIPTIONS, json={"url": receiver.url, "at": "00:00", "journeys": [journey["id"]]})
    assert made.status_code == 201, made.text
    subscription = made.json()
    secret = subscription.pop("secret")
    assert secret.startswith("whsec_")
    (listed,) = (await client.get(SUBSCRIPTIONS)).json()["items"]
    assert listed == subscription
    assert secret not in str(await api.pool.fetch(f"select * from {TABLE}"))

    sample = await client.post(f"{SUBSCRIPTIONS}/{subscription['id']}/test")
    assert sample.json() == {"is_delivered": True, "status": 204, "detail": "127.0.0.1 has answered 204"}
    assert receiver.message(0, secret)["data"]["is_sample"] is True

    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    await made_due(api, subscription["id"], midnight)
    await until(lambda: len(receiver.came) >= 2)  # by the steward, without being asked
    day = midnight.date() - timedelta(days=1)
    data = receiver.message(1, secret)["data"]
    assert receiver.came[1][0]["webhook-id"] == derived_id("subscription", subscription["id"], day.isoformat())
    assert (data["day"], data["zone"], data["is_sample"]) == (day.isoformat(), "UTC", False)
    span = {"from": day.isoformat(), "to": day.isoformat()}
    overview = (await client.get(f"{ROOT}/overview", params=span)).json()
    expected = {item["journey"]["id"]: item for item in overview["items"]}
    (told,) = data["journeys"]
    assert told["journey_id"] == journey["id"]
    assert told["figures"] == expected[journey["id"]]["figures"] == data["totals"]
    assert (told["figures"]["entered"], told["figures"]["revenue"]) == (6, 25.0)
    assert told["result"]["verdict"] == expected[journey["id"]]["verdict"]
    comparison = (await client.get(f"{JOURNEYS}/{journey['id']}/metrics")).json()["comparison"]
    assert told["result"]["with_messages_converted"] == comparison["treatment"]["conversions"] == 2

    async def is_on_record() -> bool:
        (item,) = (await client.get(SUBSCRIPTIONS)).json()["items"]
        return bool(item["last_day"] == day.isoformat() and item["last_sent_at"] and item["last_error"] is None)

    await until(is_on_record)
    assert (await client.delete(f"{SUBSCRIPTIONS}/{subscription['id']}")).status_code == 204
    assert (await client.get(SUBSCRIPTIONS)).json()["items"] == []
    audit = (await client.get(f"{ROOT}/audit", params={"subject_id": subscription["id"]})).json()["items"]
    assert [item["action"] for item in audit] == ["subscription_deleted", "subscription_created"]
    assert "/figures" not in json.dumps(audit)
    assert secret not in json.dumps(audit)


async def test_what_cannot_be_delivered_is_tried_again_then_told_and_the_next_day_follows(
    api: ApiSession, receiver: Receiver
) -> None:
    receiver.status = 500
    client = await api.client()
    subscription = (await client.post(SUBSCRIPTIONS, json={"url": receiver.url})).json()
    due = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    await made_due(api, subscription["id"], due)
    await until(lambda: len(receiver.came) >= 1)

    async def item() -> dict[str, Any]:
        (found,) = (await client.get(SUBSCRIPTIONS)).json()["items"]
        return dict(found)

    async def has_failed_once() -> bool:
        return bool((await item())["attempts"] == 1)

    await until(has_failed_once)
    found = await item()
    assert found["last_error"] == "127.0.0.1 has answered 500"
    assert datetime.fromisoformat(found["next_at"]) > datetime.now(UTC)
    assert await courier_of(api).go_round(datetime.now(UTC)) == 0  # not before its time
    receiver.status = 200
    assert await courier_of(api).go_round(datetime.now(UTC) + timedelta(minutes=2)) == 1
    assert receiver.came[0][0]["webhook-id"] == receiver.came[1][0]["webhook-id"]
    found = await item()
    assert (found["attempts"], found["last_error"], found["failed_day"]) == (0, None, None)

    receiver.status = 302
    tomorrow = due + timedelta(days=1)  # when the steward, which looks at the clock, finds nothing to do
    await api.pool.execute(f"update {TABLE} set due_at = $1, next_attempt_at = $2, attempts = 28", due, tomorrow)
    await courier_of(api).go_round(tomorrow)
    found = await item()
    assert "redirection" in found["last_error"]
    assert found["failed_day"] == (due.date() - timedelta(days=1)).isoformat()
    assert datetime.fromisoformat(found["next_at"]) > due


async def test_a_slow_receiver_keeps_neither_the_others_nor_the_steward_waiting(
    api: ApiSession, receiver: Receiver
) -> None:
    client = await api.client()
    slow = (await client.post(SUBSCRIPTIONS, json={"url": receiver.url.replace("/figures", "/slow")})).json()
    other = (await client.post(SUBSCRIPTIONS, json={"url": receiver.url})).json()
    due = datetime.now(UTC) - timedelta(minutes=1)
    await made_due(api, slow["id"], due)
    await made_due(api, other["id"], due + timedelta(seconds=1))
    journey = (await client.post(JOURNEYS, json={"config": with_brake()})).json()
    soon = datetime.now(UTC) + timedelta(minutes=2)  # behind the first whole minute after the start
    await sunk(api.settings, sends(journey["id"], soon, 20, 2))

    async def is_paused() -> bool:
        return bool((await client.get(f"{JOURNEYS}/{journey['id']}")).json()["status"] == "PAUSED")

    await until(is_paused)
    await until(lambda: len(receiver.came) == 1)
    assert json.loads(receiver.came[0][1])["data"]["subscription_id"] == other["id"]  # the slow one still thinks


async def test_what_the_installation_does_not_allow_is_refused_with_what_to_do(
    settings: Settings, topics: Catalog, api: ApiSession, receiver: Receiver
) -> None:
    client = await api.client()
    for body, status, said in (
        (
            {"url": "https://evil.example/"},
            400,
            "evil.example:443 is not among the hosts in ORCHESTRATOR_OUTGOING_HOSTS",
        ),
        ({"url": "http://hooks.example.com/"}, 400, "must begin with https://"),
        ({"url": "http://169.254.169.254/"}, 400, "not among"),
        ({"url": receiver.url, "journeys": [str(uuid4())]}, 400, "this workspace has no journey"),
        ({"url": receiver.url, "at": "7:00"}, 422, ""),
        ({"url": receiver.url, "zone": "Mars/Base"}, 422, ""),
        ({"url": receiver.url, "journeys": []}, 422, ""),
        ({}, 422, ""),
    ):
        answer = await client.post(SUBSCRIPTIONS, json=body)
        assert (answer.status_code, said in answer.text) == (status, True), answer.text
    for _ in range(20):
        assert (await client.post(SUBSCRIPTIONS, json={"url": receiver.url})).status_code == 201
    full = await client.post(SUBSCRIPTIONS, json={"url": receiver.url})
    assert (full.status_code, "all it may have" in full.text) == (409, True)
    # A secret that no key opens: the sample is refused, and what is due is told as failed.
    some = (await client.get(SUBSCRIPTIONS)).json()["items"][0]
    await api.pool.execute(f"update {TABLE} set secret = 'x' where id = $1", UUID(some["id"]))
    sample = await client.post(f"{SUBSCRIPTIONS}/{some['id']}/test")
    assert (sample.status_code, "ORCHESTRATOR_SEALING_KEYS" in sample.text) == (409, True)
    await made_due(api, some["id"], datetime.now(UTC) - timedelta(seconds=1))
    await courier_of(api).go_round(datetime.now(UTC))
    assert "ORCHESTRATOR_SEALING_KEYS" in (await client.get(SUBSCRIPTIONS)).json()["items"][0]["last_error"]
    async with serving(settings.model_copy(update={"outgoing_hosts": "127.0.0.1:1+private+http"})) as keyless:
        answer = await (await keyless.client()).post(SUBSCRIPTIONS, json={"url": "http://127.0.0.1:1/"})
        assert (answer.status_code, "ORCHESTRATOR_SEALING_KEYS is not set" in answer.text) == (409, True)
