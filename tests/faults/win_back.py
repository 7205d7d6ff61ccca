"""Real journeys under fault: the demo's win-back over real purchases, with a worker and a sink that may be broken.

The engine, the stores and the faults are real. In stream time, so that the reference says exactly what must come out.
"""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from orchestrator.catalog import Catalog
from orchestrator.demo.publication import clock_ticks
from orchestrator.demo.scenario import LONGEST_RUN_MS, WIN_BACK, WORKSPACE, events
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import replay
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_config, encode_event
from orchestrator.messages.config import ConfigRecord, JourneyStanding, JourneyVersion
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.ids import derived_id
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.journeys import Change, Journey, create_journey
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Pool, open_pool
from orchestrator.store.tally import activity_count
from orchestrator.store.tenant import Tenant
from tests.faults.patience import comes_true
from tests.faults.verifier import Found, verify_journeys
from tests.worker_process import WorkerProcess, produce

JOURNEY_ID = derived_id("journey", "survives")
RECORDS: Sequence[ConfigRecord] = (
    JourneyVersion(workspace_id=WORKSPACE, journey_id=JOURNEY_ID, version=1, config=WIN_BACK),
    JourneyStanding(workspace_id=WORKSPACE, journey_id=JOURNEY_ID, version=1, status="ACTIVE"),
)


@dataclass
class House:
    """A worker and a sink with real stores, and the history they are to be fed. ``expected``: activities in the end."""

    settings: Settings
    pool: Pool
    worker: WorkerProcess
    sink: WorkerProcess
    history: list[EngagementEvent]
    until_ms: int
    expected: int

    async def feed(self, history: Sequence[EngagementEvent]) -> None:
        """Publishes a part of the history."""
        catalog = Catalog(self.settings)
        by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
        for event in history:
            record = encode_event(event)
            by_partition[partition_of(record.key, catalog.customer_partitions)].append(record)
        await produce(self.settings, catalog.events, by_partition)

    async def finish(self) -> None:
        """Lets time run on: the ticks close every wait."""
        catalog = Catalog(self.settings)
        async with closing(await open_producer(self.settings, "test")) as producer:
            for tick in clock_ticks(self.until_ms, catalog.customer_partitions):
                await producer.send_and_wait(catalog.events, tick.value, partition=tick.partition, headers=tick.headers)

    async def is_written(self) -> bool:
        """Whether PostgreSQL has as many activities as the reference made; they are compared afterwards."""
        return await activity_count(Tenant(self.pool, WORKSPACE)) >= self.expected

    async def verify(self, *others: WorkerProcess) -> Found:
        """Waits until all is written, stops everything in order, and checks the six invariants."""
        await comes_true(self.is_written, "all activities in PostgreSQL", self.worker, self.sink, *others)
        for process in (self.worker, self.sink, *others):
            assert await process.stop() == 0
        return await verify_journeys(
            self.settings,
            (self.worker, self.sink, *others),
            self.until_ms,
            self.pool,
            {JOURNEY_ID: WIN_BACK["guardrails"]},  # type: ignore[dict-item]
        )


def activities_of(history: Sequence[EngagementEvent], until_ms: int) -> int:
    """How many activities the reference makes of these events, which stand in the order of time."""
    directory = Directory.empty()
    for record in RECORDS:
        directory = directory.with_record(record)
    return sum(isinstance(effect, Activity) for effect in replay(directory, history, until_ms).effects)


@asynccontextmanager
async def a_house(settings: Settings, chance: random.Random, customers: int = 250) -> AsyncIterator[House]:
    """Nothing of it runs yet."""
    settings = settings.model_copy(update={"time": "stream"})
    pool = await open_pool(settings, patience_s=30)
    await migrate(pool)
    await publish_journey(settings, pool)
    history = a_history(chance, customers)
    until_ms = history[-1].time_ms + LONGEST_RUN_MS
    batches = {"ORCHESTRATOR_BATCH_MAX_RECORDS": "40"}
    house = House(
        settings=settings,
        pool=pool,
        worker=WorkerProcess(settings, "worker-0", ("-m", "orchestrator", "worker"), **batches),
        sink=WorkerProcess(settings, "sink-0", ("-m", "orchestrator", "sink")),
        history=history,
        until_ms=until_ms,
        expected=activities_of(history, until_ms),
    )
    try:
        yield house
    finally:
        house.worker.close()
        house.sink.close()
        await pool.close()


def a_history(chance: random.Random, customers: int) -> list[EngagementEvent]:
    """Some real customers in order of time, one event in twenty twice."""
    everything = events(0)
    chosen = set(chance.sample(list(dict.fromkeys(event.customer_id for event in everything)), customers))
    history: list[EngagementEvent] = []
    for event in everything:
        if event.customer_id in chosen:
            history += [event] * (2 if chance.random() < 0.05 else 1)
    return history


async def publish_journey(settings: Settings, pool: Pool) -> None:
    """The journey in PostgreSQL and on the config topic."""
    now = datetime.now(UTC)
    journey = Journey(
        UUID(JOURNEY_ID), WORKSPACE, "Survives", None, WIN_BACK, "ACTIVE", False, 1, created_at=now, updated_at=now
    )
    await create_journey(Tenant(pool, journey.workspace_id), Change(journey, RECORDS), COMMAND_LINE)
    async with closing(await open_producer(settings, "test")) as producer:
        for record in RECORDS:
            encoded = encode_config(record)
            await producer.send_and_wait(Catalog(settings).configs, encoded.value, encoded.key)
