"""Config records on their way to Kafka: in order, at least once, whoever dies on the way."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from signal import SIGKILL

import httpx
import pytest
from msgspec.structs import replace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from orchestrator.api.relay import Relay
from orchestrator.catalog import Catalog
from orchestrator.errors import Fenced, Unavailable
from orchestrator.kafka.config_writer import ControlRecord, open_config_writer
from orchestrator.kafka.topics import apply_topics
from orchestrator.local.stack import private_stack, up
from orchestrator.local.state import read_state
from orchestrator.messages.codec import encode_config, encode_event
from orchestrator.messages.config import ConfigRecord, JourneyStanding, WorkspaceSettings, config_key
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.trace import TraceContext
from orchestrator.settings import Settings, load_settings
from orchestrator.store.migrate import migrate
from orchestrator.store.outbox import append, append_event, open_session
from orchestrator.store.pool import Pool, open_pool
from orchestrator.store.tenant import Tenant
from orchestrator.telemetry.traces import Traces
from tests.api_session import BASE, relayed, serving, until
from tests.builders import a_journey
from tests.stack import JARS

pytestmark = pytest.mark.integration
OUTBOX = '"033_omnichannel_journey_orchestrator_outbox"'


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    pool = await open_pool(settings, patience_s=30)
    await migrate(pool)
    yield pool
    await pool.close()


def a_record(number: int) -> JourneyStanding:
    return JourneyStanding(workspace_id="acme", journey_id="j", version=number, status="ACTIVE")


def encoded(*records: ConfigRecord) -> list[ControlRecord]:
    return [ControlRecord(config_key(record).encode(), encode_config(record).value) for record in records]


async def write(pool: Pool, *records: ConfigRecord, pause_s: float = 0.0) -> int:
    """Appends in one transaction that stays open for a while."""
    async with pool.acquire() as connection, connection.transaction():
        last = await append(connection, records)
        await asyncio.sleep(pause_s)
        return last


async def waiting(pool: Pool) -> int:
    return int(await pool.fetchval(f"select count(*) from {OUTBOX}"))


class Topic:
    """Stands for Kafka: keeps what is written; fails as often as it is told to, before or after it has kept it."""

    def __init__(self) -> None:
        self.values: list[bytes | None] = []
        self.fails_before = self.fails_after = 0
        self.stopped = 0
        self.may_write = asyncio.Event()
        self.may_write.set()

    async def write(self, records: Sequence[ControlRecord]) -> None:
        await self.may_write.wait()
        if self.fails_before:
            self.fails_before -= 1
            raise Unavailable("Kafka is away")
        self.values += [record.value for record in records]
        if self.fails_after:
            self.fails_after -= 1
            raise Unavailable("Kafka has gone before it could answer")

    async def stop(self) -> None:
        self.stopped += 1

    async def open(self, _: Settings) -> "Topic":
        return self


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(relay.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def assert_in_order_and_complete(values: Sequence[bytes | None], count: int) -> None:
    """Records 0 to ``count`` - 1; what a relay wrote and could not delete is written again, before anything newer."""
    versions = [record.value for record in encoded(*map(a_record, range(count)))]
    latest = -1
    for value in values:  # it may go back, but only to go on from there without a hole
        assert versions.index(value) <= latest + 1
        latest = versions.index(value)
    assert latest == count - 1


async def test_ids_follow_the_order_of_the_commits(pool: Pool, settings: Settings) -> None:
    slow = asyncio.create_task(write(pool, a_record(1), a_record(2), pause_s=0.2))
    async with open_session(settings) as session:
        await until(lambda: has_a_lock(pool))
        quick = asyncio.create_task(write(pool, a_record(3)))
        rows, expected = [], [record.value for record in encoded(a_record(1), a_record(2), a_record(3))]
        while len(rows) < 3:
            await session.news(5)
            rows = await session.pending(10)
            # Whenever one looks, nothing is there whose predecessor is still being written.
            assert [row.value for row in rows] == expected[: len(rows)]
    assert await slow < await quick


async def has_a_lock(pool: Pool) -> bool:
    return bool(await pool.fetchval("select exists (select from pg_locks where locktype = 'advisory')"))


async def test_two_relays_at_once_keep_the_order_and_lose_nothing(pool: Pool, settings: Settings) -> None:
    topic = Topic()
    first, second = Relay(settings, topic.open), Relay(settings, topic.open)
    async with running(first), running(second):
        await until(lambda: first.status.is_ok and second.status.is_ok)
        assert sorted(relay.status.detail for relay in (first, second)) == [
            "another process relays",
            "this process relays",
        ]
        for number in range(60):
            last = await write(pool, a_record(number))
        # Also the process that does not relay hears how far the other has come.
        assert await first.handed_over(last, 10)
        assert await second.handed_over(last, 10)
    assert topic.values == [record.value for record in encoded(*map(a_record, range(60)))]
    assert await waiting(pool) == 0


async def test_only_what_has_left_the_outbox_counts_as_handed_over_whatever_anybody_notifies(
    pool: Pool, settings: Settings
) -> None:
    """Any login may notify, one that reads reports among them; a pause must not seem to hold because of it."""
    topic = Topic()
    topic.may_write.clear()
    first, second = Relay(settings, topic.open), Relay(settings, topic.open)
    async with running(first), running(second):
        await until(lambda: first.status.is_ok and second.status.is_ok)
        last = await write(pool, a_record(1))
        for forged in ("config:9223372036854775807", "config:x", ""):
            await pool.execute("select pg_notify('journey_outbox_relayed', $1)", forged)
        assert not any(await asyncio.gather(first.handed_over(last, 0.5), second.handed_over(last, 0.5)))
        topic.may_write.set()
        assert all(await asyncio.gather(first.handed_over(last, 10), second.handed_over(last, 10)))


async def test_when_the_leader_dies_the_other_goes_on_in_order(pool: Pool, settings: Settings) -> None:
    topic = Topic()
    first, second = Relay(settings, topic.open), Relay(settings, topic.open)
    async with running(second):
        async with running(first):
            await until(lambda: first.status.is_ok and second.status.is_ok)
            await write(pool, *map(a_record, range(5)))
        await write(pool, *map(a_record, range(5, 10)))
        await until(lambda: second.status.detail == "this process relays")
        await until(lambda: has_drained(pool))
    assert_in_order_and_complete(topic.values, 10)


async def test_a_config_does_not_wait_behind_events(pool: Pool, settings: Settings) -> None:
    event = EngagementEvent(
        id="e", source="test", type="orchestrator.entry.requested", time_ms=1, workspace_id="acme", customer_id="anna"
    )
    events = [replace(event, id=str(number)) for number in range(120)]
    for each in events:
        last_event = await append_event(Tenant(pool, each.workspace_id), each)
    last_config = await write(pool, a_record(1), a_record(2))
    topic = Topic()
    relay = Relay(settings, topic.open)
    async with running(relay):
        await until(lambda: relay.status.is_ok)
        assert await relay.handed_over(last_config, 10)
        assert await relay.handed_over(last_event, 10, is_event=True)
    assert topic.values == [
        *(record.value for record in encoded(a_record(1), a_record(2))),
        *(encode_event(each).value for each in events),
    ]


async def test_the_way_of_an_event_to_kafka_is_a_span_of_its_trace(pool: Pool, settings: Settings) -> None:
    event = EngagementEvent(
        id="e", source="test", type="orchestrator.entry.requested", time_ms=1, workspace_id="acme", customer_id="anna"
    )
    sent = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", is_sampled=True)
    exporter, topic = InMemorySpanExporter(), Topic()
    traces = Traces(exporter, Resource({}), share=0.0)
    await write(pool, a_record(1))  # a change of a config is in no trace
    last = await append_event(Tenant(pool, "acme"), event, trace=sent)
    relay = Relay(settings, topic.open, traces)
    async with running(relay):
        await until(lambda: relay.status.is_ok)
        assert await relay.handed_over(last, 10, is_event=True)
    traces.close()
    [span] = exporter.get_finished_spans()
    assert span.parent is not None
    assert (span.name, f"{span.parent.span_id:016x}") == ("relay", sent.span_id)
    assert f"{span.parent.trace_id:032x}" == sent.trace_id


async def test_what_kafka_may_have_is_written_again_before_anything_newer(pool: Pool, settings: Settings) -> None:
    topic = Topic()
    topic.fails_before, topic.fails_after = 1, 1
    await write(pool, a_record(1), a_record(2))
    relay = Relay(settings, topic.open)
    async with running(relay):
        last = await write(pool, a_record(3))
        await until(lambda: relay.status.is_ok)
        assert await relay.handed_over(last, 10)
    numbers = [a_record(number) for number in (1, 2, 3)]
    assert topic.values[-3:] == [record.value for record in encoded(*numbers)]
    assert topic.values[:2] == topic.values[-3:-1]
    assert topic.stopped == 3  # a writer that failed is not used again


async def test_lost_sessions_delay_records_and_lose_none(pool: Pool, settings: Settings) -> None:
    topic, chance = Topic(), random.Random(1)
    relay = Relay(settings, topic.open)
    async with running(relay):
        for number in range(40):
            await write(pool, a_record(number))
            if chance.random() < 0.1:
                await pool.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where application_name = 'orchestrator-relay' and datname = current_database()"
                )
        await until(lambda: has_drained(pool))
    assert_in_order_and_complete(topic.values, 40)


async def has_drained(pool: Pool) -> bool:
    return await waiting(pool) == 0


async def test_waiting_for_kafka_ends_when_it_is_known_to_be_away(pool: Pool, settings: Settings) -> None:
    topic = Topic()
    relay = Relay(settings, topic.open)
    assert not await relay.handed_over(1, 30)  # not started: nothing to wait for
    async with running(relay):
        await until(lambda: relay.status.is_ok)
        topic.fails_before = 1_000
        last = await write(pool, a_record(1))
        assert not await relay.handed_over(last, 30)
        assert "Kafka is away" in relay.status.detail
        topic.fails_before = 0
        await until(lambda: relay.status.is_ok)
        assert await relay.handed_over(last, 30)


async def test_writer_that_was_replaced_can_not_write_any_more(settings: Settings, topics: Catalog) -> None:
    frozen = await open_config_writer(settings)
    await frozen.write(encoded(a_record(1)))
    successor = await open_config_writer(settings)
    await successor.write(encoded(a_record(2)))
    with pytest.raises(Fenced):
        await frozen.write(encoded(a_record(1)))
    await successor.write(encoded(WorkspaceSettings(workspace_id="acme")))
    await frozen.stop()
    await successor.stop()
    assert await relayed(settings) == [a_record(1), a_record(2), WorkspaceSettings(workspace_id="acme")]


async def test_topic_that_does_not_exist_is_told_and_waited_for(pool: Pool, settings: Settings) -> None:
    writer = await open_config_writer(settings)
    with pytest.raises(Unavailable, match=Catalog(settings).configs):
        await writer.write(encoded(a_record(1)))
    await writer.stop()


async def test_api_answers_while_kafka_is_away_and_goes_on_after_both_servers_restart(tmp_path: Path) -> None:
    with private_stack(JARS) as stack:
        settings = load_settings(
            kafka=stack.kafka, postgres=stack.postgres, data_dir=tmp_path, replicas=1, partitions=1
        )
        await apply_topics(settings)
        async with serving(settings) as api:
            client = await api.client()
            journey = (await client.post(BASE, json={"config": a_journey()})).json()
            assert journey["published"] is True
            url = f"{BASE}/{journey['id']}"

            await asyncio.to_thread(kill, stack.data_dir, "kafka")
            paused = await client.patch(url, json={"status": "PAUSED"})
            assert (paused.status_code, paused.json()["published"]) == (200, False)
            assert (await client.get(url)).json()["published"] is False
            again = await client.patch(url, json={"status": "PAUSED"})  # nothing to change, and nothing is heard of yet
            assert (again.status_code, again.json()["published"]) == (200, False)
            await until(lambda: not api.app.state.services.relay.status.is_ok)
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["relay"]["ok"]) == (503, False)
            assert ready.json()["checks"]["postgres"]["ok"] is True

            await asyncio.to_thread(kill, stack.data_dir, "postgres")  # and with it the relay's session
            answer = await client.get(url)
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:orchestrator:problem:unavailable")

            await asyncio.to_thread(up, stack.data_dir, jars=JARS, durable=False)

            async def is_published() -> bool:
                answer: httpx.Response = await client.get(url)
                return answer.status_code == 200 and answer.json()["published"] is True

            await until(is_published)
            assert (await client.patch(url, json={"status": "ACTIVE"})).json()["published"] is True
            assert (await client.get("/readyz")).status_code == 200
        statuses = [record.status for record in await relayed(settings) if isinstance(record, JourneyStanding)]
        # What came before the broker's restart may have been compacted away since: the topic keeps the latest of a key.
        assert statuses[-2:] == ["PAUSED", "ACTIVE"]


def kill(folder: Path, server: str) -> None:
    """Ends a server of the stack without warning, the database with all its sessions."""
    state = read_state(folder)
    if server == "kafka" and state.kafka:
        state.kafka.process.stop(SIGKILL)
    elif state.postgres:
        state.postgres.stop()
