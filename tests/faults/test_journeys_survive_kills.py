"""Kills in mid-stream, of worker and sink: states, commands and PostgreSQL are those of the single-threaded reference.

The journey is the demo's win-back over real purchases; the engine, the stores and the kills are real.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest

from orchestrator.catalog import Catalog
from orchestrator.demo.publication import clock_ticks
from orchestrator.demo.scenario import DAY_MS, LONGEST_RUN_MS, WIN_BACK, WORKSPACE, events
from orchestrator.demo.tally import compared, from_activities, from_figures
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import Replay, replay
from orchestrator.journeys.state import decode_state
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import decode_command, encode_config, encode_event
from orchestrator.messages.command import SendCommand
from orchestrator.messages.config import ConfigRecord, JourneyStanding, JourneyVersion
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.ids import derived_id
from orchestrator.messages.key import parse_customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.store.journeys import Change, Journey, create_journey
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Pool, open_pool
from orchestrator.store.reports import totals
from orchestrator.store.tally import activity_count, activity_ids
from orchestrator.streams.crash import AFTER_COMMIT, AFTER_PRODUCE, EXIT_CODE, VARIABLE
from orchestrator.streams.stored import PARTITION_KEY
from tests.worker_process import WorkerProcess, produce, read_all

pytestmark = [pytest.mark.integration, pytest.mark.faults]

SEED = 20_261_125
CUSTOMERS = 250
KILLS = 5
JOURNEY_ID = derived_id("journey", "survives")
PATIENCE_S = 120.0
RECORDS: Sequence[ConfigRecord] = (
    JourneyVersion(workspace_id=WORKSPACE, journey_id=JOURNEY_ID, version=1, config=WIN_BACK),
    JourneyStanding(workspace_id=WORKSPACE, journey_id=JOURNEY_ID, version=1, status="ACTIVE"),
)


@dataclass
class House:
    """A worker and a sink with real stores, and what they are to be compared with."""

    settings: Settings
    pool: Pool
    worker: WorkerProcess
    sink: WorkerProcess
    history: list[EngagementEvent]
    reference: Replay

    @property
    def activities(self) -> list[Activity]:
        return [effect for effect in self.reference.effects if isinstance(effect, Activity)]

    @property
    def commands(self) -> dict[str, SendCommand]:
        return {effect.id: effect for effect in self.reference.effects if isinstance(effect, SendCommand)}


@pytest.fixture
async def house(settings: Settings, topics: Catalog) -> AsyncIterator[House]:
    settings = settings.model_copy(update={"time": "stream"})
    pool = await open_pool(settings)
    await migrate(pool)
    await publish_journey(settings, pool)
    history, until_ms = a_history()
    directory = Directory.empty()
    for record in RECORDS:
        directory = directory.with_record(record)
    batches = {"ORCHESTRATOR_BATCH_MAX_RECORDS": "40"}
    made = House(
        settings=settings,
        pool=pool,
        worker=WorkerProcess(settings, "worker-0", ("-m", "orchestrator", "worker"), **batches),
        sink=WorkerProcess(settings, "sink-0", ("-m", "orchestrator", "sink")),
        history=history,
        reference=replay(directory, history, until_ms),
    )
    yield made
    made.worker.close()
    made.sink.close()
    await pool.close()


def a_history() -> tuple[list[EngagementEvent], int]:
    """Some real customers, one event in twenty twice; and a time after everything that follows from it."""
    chance = random.Random(SEED)
    everything = events(0)
    chosen = set(list(dict.fromkeys(event.customer_id for event in everything))[:CUSTOMERS])
    history: list[EngagementEvent] = []
    for event in everything:
        if event.customer_id in chosen:
            history += [event] * (2 if chance.random() < 0.05 else 1)
    return history, history[-1].time_ms + LONGEST_RUN_MS


async def publish_journey(settings: Settings, pool: Pool) -> None:
    now = datetime.now(UTC)
    journey = Journey(
        UUID(JOURNEY_ID), WORKSPACE, "Survives", None, WIN_BACK, "ACTIVE", False, 1, created_at=now, updated_at=now
    )
    await create_journey(pool, Change(journey, RECORDS))
    async with closing(await open_producer(settings, "test")) as producer:
        for record in RECORDS:
            key, value, _ = encode_config(record)
            await producer.send_and_wait(Catalog(settings).configs, value, key)


async def feed(settings: Settings, history: Sequence[EngagementEvent]) -> None:
    catalog = Catalog(settings)
    by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
    for event in history:
        record = encode_event(event)
        by_partition[partition_of(record.key, catalog.customer_partitions)].append(record)
    await produce(settings, catalog.events, by_partition)


async def finish(settings: Settings, until_ms: int) -> None:
    """Lets time run on: the ticks close every wait."""
    catalog = Catalog(settings)
    async with closing(await open_producer(settings, "test")) as producer:
        for tick in clock_ticks(until_ms, catalog.customer_partitions):
            await producer.send_and_wait(catalog.events, tick.value, partition=tick.partition, headers=tick.headers)


async def assert_as_in_the_reference(house: House) -> None:
    await until_written(house)
    assert await house.worker.stop() == 0
    assert await house.sink.stop() == 0

    states = {
        parse_customer_key(record.key): record.value
        for record in await read_all(house.settings, Catalog(house.settings).changelog)
        if record.key != PARTITION_KEY
    }
    assert {customer: decode_state(raw or b"") for customer, raw in states.items()} == house.reference.states

    published = [
        decode_command(record.value)
        for channel in ("email", "push")
        for record in await read_all(house.settings, Catalog(house.settings).commands(channel))
    ]
    assert [id_ for id_, count in Counter(command.id for command in published).items() if count > 1] == []
    assert {command.id: command for command in published} == house.commands

    assert await activity_ids(house.pool, WORKSPACE) == {activity.id for activity in house.activities}
    figures = from_figures(await totals(house.pool, WORKSPACE, JOURNEY_ID))
    lines = compared(figures, from_activities(house.activities)[JOURNEY_ID])
    assert [line for line in lines if not line.agrees] == []


async def until_written(house: House) -> None:
    """Waits until PostgreSQL has as many activities as the reference made; they are compared afterwards."""
    deadline = time.monotonic() + PATIENCE_S
    while (written := await activity_count(house.pool, WORKSPACE)) < len(house.activities):
        if time.monotonic() > deadline:
            logs = house.worker.log.read_text()[-3_000:] + house.sink.log.read_text()[-3_000:]
            raise AssertionError(f"{written} of {len(house.activities)} activities are in PostgreSQL\n{logs}")
        await asyncio.sleep(0.2)


async def test_a_worker_killed_in_mid_stream_leaves_what_the_reference_leaves(house: House) -> None:
    chance = random.Random(SEED)
    house.worker.start()
    house.sink.start()
    share = len(house.history) // KILLS
    for kill in range(KILLS):
        await feed(house.settings, house.history[kill * share : (kill + 1) * share])
        await house.worker.takes_over(kill + 1)
        await asyncio.sleep(chance.random())  # not a wait for anything: the moment of death is left to chance
        house.worker.kill()
        if kill % 2:
            house.worker.wipe()
            house.sink.kill()
            house.sink.start()
        house.worker.start()
    await feed(house.settings, house.history[KILLS * share :])
    await finish(house.settings, house.history[-1].time_ms + LONGEST_RUN_MS)
    await assert_as_in_the_reference(house)


@pytest.mark.parametrize("point", [AFTER_PRODUCE, AFTER_COMMIT])
async def test_a_worker_that_dies_around_its_commit_leaves_what_the_reference_leaves(house: House, point: str) -> None:
    await feed(house.settings, house.history)
    await finish(house.settings, house.history[-1].time_ms + LONGEST_RUN_MS)
    house.sink.start()
    for count in (2, 7):
        house.worker.start(**{VARIABLE: f"{point}:{count}"})
        assert await house.worker.ended() == EXIT_CODE
    house.worker.start()
    await assert_as_in_the_reference(house)


def test_the_history_has_what_the_test_is_about() -> None:
    history, until_ms = a_history()
    assert len(history) > len({event.id for event in history}) > 1_000
    assert until_ms - history[-1].time_ms > 150 * DAY_MS
