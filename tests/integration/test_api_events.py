"""Events over HTTP: in Kafka when answered, refused one by one, and decided on once however often they come."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from orchestrator.api.paths import EVENTS, ROOT, SIGN_IN
from orchestrator.catalog import Catalog
from orchestrator.kafka.event_writer import EventWriter
from orchestrator.messages.codec import decode_engagement
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.store.keys import Role
from tests.api_session import ApiSession, serving
from tests.builders import a_standing, a_version
from tests.conftest import PARTITIONS
from tests.integration.test_worker_language import OFFER, comes_true, commands, journey, publish, steps
from tests.worker_process import WorkerProcess, read_all

pytestmark = pytest.mark.integration

EVENT = {"id": "o-1", "type": "order.placed", "customer_id": "c1", "source": "shop", "data": {"amount": 12.5}}
CLOUD = {
    "specversion": "1.0",
    "id": "o-2",
    "type": "order.placed",
    "source": "shop",
    "customerid": "Ana Müller",
    "data": {"amount": 3},
}


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


async def published(settings: Settings) -> list[EngagementEvent]:
    """What stands on the topic, each event in the partition of its customer."""
    records = await read_all(settings, Catalog(settings).events)
    assert all(record.partition == partition_of(record.key or b"", PARTITIONS) for record in records)
    return [decode_engagement(each.key, each.value, list(each.headers.items()), 0) for each in records]


async def test_every_form_is_published_for_the_workspace_of_the_key(api: ApiSession, settings: Settings) -> None:
    shop = await api.client(role="publisher")
    answers = [
        await shop.post(EVENTS, json={"events": [EVENT]}),
        await shop.post(EVENTS, json=CLOUD, headers={"Content-Type": "application/cloudevents+json"}),
        await shop.post(
            EVENTS, json=[{**CLOUD, "id": "o-3"}], headers={"Content-Type": "application/cloudevents-batch+json"}
        ),
        await shop.post(
            EVENTS,
            json={"amount": 3},
            headers={
                "ce-specversion": "1.0",
                "ce-id": "o-4",
                "ce-source": "shop",
                "ce-type": "order.placed",
                "ce-customerid": "Ana%20M%C3%BCller",
            },
        ),
        await shop.post(EVENTS, json={"events": []}),
    ]
    assert [(each.status_code, each.json()["accepted"]) for each in answers] == [(202, 1)] * 4 + [(202, 0)]
    found = {event.id: event for event in await published(settings)}
    assert {event.workspace_id for event in found.values()} == {"acme"}
    assert [(id_, found[id_].customer_id, found[id_].data) for id_ in sorted(found)] == [
        ("o-1", "c1", {"amount": 12.5}),
        *((id_, "Ana Müller", {"amount": 3}) for id_ in ("o-2", "o-3", "o-4")),
    ]


async def test_the_trace_of_a_request_is_that_of_its_events(api: ApiSession, settings: Settings) -> None:
    place = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    shop = await api.client(role="publisher")
    both = {"events": [EVENT, {**EVENT, "id": "o-2"}]}
    assert (await shop.post(EVENTS, json=both, headers={"traceparent": place})).status_code == 202
    records = await read_all(settings, Catalog(settings).events)
    assert [record.headers.get("traceparent") for record in records] == [place.encode()] * 2


async def test_each_event_is_refused_by_itself_and_the_others_are_published(
    api: ApiSession, settings: Settings
) -> None:
    shop = await api.client(role="publisher")
    theirs = {**EVENT, "id": "o-2", "workspace_id": "globex"}
    some = await shop.post(EVENTS, json={"events": [theirs, EVENT, {**EVENT, "type": "orchestrator.x"}]})
    assert some.status_code == 207
    assert some.json()["accepted"] == 1
    assert [(each["index"], each["id"], each["code"], each["path"]) for each in some.json()["refused"]] == [
        (0, "o-2", "wrong_workspace", "$.events[0].workspace_id"),
        (2, "o-1", "reserved", "$.events[2].type"),
    ]
    none = await shop.post(EVENTS, json={"events": [theirs]})
    assert (none.status_code, none.headers["Content-Type"]) == (422, "application/problem+json")
    assert [each["code"] for each in none.json()["refused"]] == ["wrong_workspace"]
    assert "globex" in none.json()["refused"][0]["detail"]  # what the caller said; never what there is
    assert [event.id for event in await published(settings)] == ["o-1"]
    large = await shop.post(EVENTS, content=b" " * (1 << 20) + b"{}", headers={"Content-Type": "application/json"})
    assert large.status_code == 413
    assert (await shop.get(EVENTS)).status_code in (403, 405)


async def test_a_publisher_publishes_and_does_nothing_else(api: ApiSession, settings: Settings) -> None:
    shop, refused = await api.client(role="publisher"), 0
    for path, item in api.app.openapi()["paths"].items():
        for method, operation in item.items():
            if operation["security"] == []:  # what needs no key
                continue
            if not path.startswith(ROOT) or path.startswith(SIGN_IN) or path == EVENTS:
                continue
            url = path.replace("{id}", "00000000-0000-0000-0000-000000000000").replace("{version}", "1")
            answer = await shop.request(method, url, json=None if method == "get" else {})
            assert answer.status_code == 403, (method, path, answer.text)
            assert "publisher" in answer.json()["detail"]
            refused += 1
    assert refused > 30
    roles: tuple[Role, ...] = ("publisher", "viewer", "editor", "approver", "admin")
    answers = {role: await (await api.client(role=role)).post(EVENTS, json={"events": [EVENT]}) for role in roles}
    assert {role: answer.status_code for role, answer in answers.items()} == {
        **dict.fromkeys(roles, 202),
        "viewer": 403,
    }
    assert (await api.client_with({}).post(EVENTS, json={"events": [EVENT]})).status_code == 401


async def test_without_kafka_the_same_request_may_come_again_and_everything_else_goes_on(
    api: ApiSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.kafka.event_writer.WRITE_TIMEOUT_S", 1.0)
    there, client = api.app.state.event_writer, await api.client()
    api.app.state.event_writer = EventWriter(settings.model_copy(update={"kafka": "127.0.0.1:9"}))
    body = {"events": [EVENT, {**EVENT, "time": "soon"}]}
    answer = await client.post(EVENTS, json=body)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "send the same request again" in answer.json()["detail"]
    assert (await client.get(f"{ROOT}/workspace")).status_code == 200
    api.app.state.event_writer = there
    assert (await client.post(EVENTS, json=body)).status_code == 207
    assert [event.id for event in await published(settings)] == ["o-1"]


async def test_a_batch_that_is_sent_twice_is_decided_on_once(api: ApiSession, settings: Settings) -> None:
    worker = WorkerProcess(settings, command=("-m", "orchestrator", "worker"))
    await publish(settings, a_version(journey(start="offer", steps=steps(offer=OFFER))), a_standing())
    shop = await api.client(role="publisher")
    batch = [
        {"id": f"cart-{number}", "type": "cart.added", "customer_id": f"c{number}", "source": "shop"}
        for number in range(300)
    ]
    last_of_each = _in_each_partition()

    async def all_is_decided() -> bool:
        return {command.customer_id for command in await commands(settings)} >= set(last_of_each)

    try:
        worker.start()
        for _ in range(2):
            assert (await shop.post(EVENTS, json={"events": batch})).json()["accepted"] == len(batch)
        end: list[dict[str, Any]] = [{**batch[0], "id": name, "customer_id": name} for name in last_of_each]
        assert (await shop.post(EVENTS, json={"events": end})).status_code == 202
        await comes_true(all_is_decided, worker)
        assert await worker.stop() == 0
    finally:
        worker.close()
    assert len(await published(settings)) == 2 * len(batch) + len(end)
    sent = Counter(command.customer_id for command in await commands(settings))
    assert sent == Counter([*(str(event["customer_id"]) for event in batch), *last_of_each])


def _in_each_partition() -> list[str]:
    names = [f"last-{number}" for number in range(100)]
    by_partition = {partition_of(customer_key("acme", name), PARTITIONS): name for name in names}
    return [by_partition[number] for number in range(PARTITIONS)]
