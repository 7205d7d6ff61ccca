"""``python -m tests.upgrade.record``: makes the estate of this release, which later ones must be able to go on with.

Run it once at each release, commit the file it writes, and never change one that is there.
"""

import asyncio
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
from aiokafka.errors import GroupCoordinatorNotAvailableError

from orchestrator import __version__
from orchestrator.backtest.crowd import Crowd
from orchestrator.backtest.documents import read_document
from orchestrator.backtest.people import START_MS, WORKSPACE, Person, World
from orchestrator.catalog import Catalog
from orchestrator.definitions.parse import check_journey
from orchestrator.demo.publication import clock_ticks
from orchestrator.demo.scenario import DAY_MS
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import replay
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.kafka.topics import apply_topics
from orchestrator.local.stack import private_stack
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.config import ConfigRecord, JourneyVersion
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.store.migrate import shipped_migrations
from orchestrator.store.pool import open_pool
from orchestrator.store.tally import activity_count
from orchestrator.store.tenant import Tenant
from orchestrator.streams.wire import wire_of
from tests.api_session import BASE, relayed, serving, until
from tests.faults.patience import comes_true
from tests.faults.verifier import find
from tests.stack import JARS
from tests.upgrade.estate import Estate, read_committed, read_logs, read_tables, save
from tests.worker_process import WorkerProcess, committed_offsets, produce, read_all

PEOPLE = 50  # of each of the six sample journeys
DAYS, CUT_DAYS = 120, 35  # waits of many days are under way where it is cut
END_MS = START_MS + (DAYS + 60) * DAY_MS
TO_PAUSE = 4  # welcome
A_SEND = {"kind": "send", "channel": "email", "template": "hello", "category": "transactional", "next": "done"}
EXPERIMENT = {
    "name": "Which greeting",
    "entry": {"kind": "event", "type": "customer.signed_up"},
    "goal": {"event": "order.placed", "window": "P14D", "value": "amount"},
    "holdout": {"percent": 10},
    "start": "which",
    "steps": {
        "which": {
            "kind": "experiment",
            "arms": [{"name": "short", "next": "brief"}, {"name": "long", "next": "wordy"}],
            "horizon": "P60D",
        },
        "brief": A_SEND,
        "wordy": {**A_SEND, "template": "hello-long"},
        "done": {"kind": "exit"},
    },
}
CANNOT_BE_USED = (b"{}", b'{"id": "cut off')
SETTINGS = {"is_sending": True, "holdout_percent": 5.0, "guardrails": {}, "costs": {"email": 0.001, "sms": 0.05}}
SAMPLES = sorted(Path(str(files("orchestrator.demo").joinpath("journeys"))).glob("*.yaml"))


async def publish(settings: Settings) -> str:
    """The six sample journeys, an experiment and a paused journey, through the API; the key it was done with."""
    async with serving(settings) as session:
        key = await session.key(WORKSPACE, name="estate")
        async with session.client_with({"Authorization": f"Bearer {key}"}) as client:
            (await client.put("/api/v1/workspace", json=SETTINGS)).raise_for_status()
            for path in SAMPLES:
                await create(client, document_of(path))
            await create(client, EXPERIMENT)
            paused = await create(client, {**document_of(SAMPLES[TO_PAUSE]), "name": "Paused"})
            (await client.patch(f"{BASE}/{paused}", json={"status": "PAUSED"})).raise_for_status()
        await until(lambda: _is_relayed(settings))
    return key


def document_of(path: Path) -> dict[str, Any]:
    """A sample journey without limits over all customers.

    In stream time each partition has a clock of its own, so who comes first at such a limit differs from run to run.
    """
    document = read_document(path)
    for limit in ("budgets", "rates"):
        document.get("guardrails", {}).pop(limit, None)
    document["entry"].pop("capacity", None)
    return document


async def _is_relayed(settings: Settings) -> bool:
    """Of each journey a version and its standing; the settings, and the pause."""
    return len(await relayed(settings)) == 2 * (len(SAMPLES) + 2) + 2


async def create(client: httpx.AsyncClient, document: Mapping[str, object]) -> str:
    """Creates a journey; its id."""
    answer = await client.post(BASE, json={"config": document, "status": "ACTIVE"})
    answer.raise_for_status()
    return str(answer.json()["id"])


def lives(configs: Sequence[ConfigRecord]) -> list[EngagementEvent]:
    """What people do over the days, in order of time; some of it because of what they are sent."""
    directory = Directory.empty()
    ids: dict[str, str] = {}
    for record in configs:
        directory = directory.with_record(record)
        if isinstance(record, JourneyVersion):
            ids[str(record.config["name"])] = record.journey_id
    world = World(days=DAYS, seed=7)
    people = [
        Person(world, journey, number, prefix=path.stem, journey_id=ids[journey.name])
        for path in SAMPLES
        for journey in [check_journey(document_of(path))]
        for number in range(PEOPLE)
    ]
    story = Crowd(directory, people).live(END_MS)
    return [each.happened for each in story if isinstance(each.happened, EngagementEvent)]


async def feed(settings: Settings, events: Sequence[EngagementEvent]) -> None:
    """Publishes events where their keys belong, one in twenty twice, and what cannot be used."""
    by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
    catalog = Catalog(settings)
    for number, event in enumerate(events):
        record = encode_event(event)
        by_partition[partition_of(record.key, catalog.customer_partitions)] += [record] * (2 if number % 20 == 0 else 1)
    by_partition[0] += [Encoded(b"acme:nobody", value, []) for value in CANNOT_BE_USED]
    await produce(settings, catalog.events, by_partition)


async def at_rest(settings: Settings, *workers: WorkerProcess) -> None:
    """Waits until every input is read to its last record, twice in a row: a transaction's marker stands behind it."""
    catalog = Catalog(settings)
    before: dict[tuple[str, int], int] = {}

    async def is_quiet() -> bool:
        nonlocal before
        records = [(topic, await read_all(settings, topic)) for topic in wire_of(catalog).inputs]
        last = {(topic, read.partition): read.offset for topic, reads in records for read in reads}
        try:
            committed = await committed_offsets(settings)
        except GroupCoordinatorNotAvailableError:  # a broker that never had a group
            return False
        was, before = before, last
        return last == was and all(committed.get(place, 0) > offset for place, offset in last.items())

    await comes_true(is_quiet, "every input is read to its last record", *workers)


async def let_time_run_on(settings: Settings, until_ms: int) -> None:
    """Ticks, which end every wait up to then."""
    catalog = Catalog(settings)
    async with closing(await open_producer(settings, "estate")) as producer:
        for tick in clock_ticks(until_ms, catalog.customer_partitions):
            await producer.send_and_wait(catalog.events, tick.value, partition=tick.partition, headers=tick.headers)


async def reference(settings: Settings, until_ms: int) -> list[Activity]:
    """Every activity that the engine in one thread makes of what stands on the topics."""
    directory = Directory.empty()
    for record in await relayed(settings):
        directory = directory.with_record(record)
    signals = (await find(settings)).inputs.signals.values()
    return [effect for effect in replay(directory, signals, until_ms).effects if isinstance(effect, Activity)]


async def record(settings: Settings, estate: Estate) -> Estate:
    """Runs this release up to the cut, stops it in order, and reads what it has left."""
    await apply_topics(settings)
    estate.key = await publish(settings)
    events = lives(await relayed(settings))
    before = [event for event in events if event.time_ms < START_MS + CUT_DAYS * DAY_MS]
    worker = WorkerProcess(settings, "worker-0", ("-m", "orchestrator", "worker"), ORCHESTRATOR_BATCH_MAX_RECORDS="200")
    sink = WorkerProcess(settings, "sink-0", ("-m", "orchestrator", "sink"))
    pool = await open_pool(settings)
    try:
        worker.start()
        sink.start()
        await feed(settings, before)
        await at_rest(settings, worker)

        async def is_written() -> bool:
            published = len(await read_all(settings, Catalog(settings).activities))
            return await activity_count(Tenant(pool, WORKSPACE)) == published

        await comes_true(is_written, "all activities in PostgreSQL", worker, sink)
        for process in (worker, sink):
            assert await process.stop() == 0
    finally:
        worker.close()
        sink.close()
        await pool.close()
    estate.logs = await read_logs(settings)
    estate.committed = await read_committed(settings)
    estate.tables, estate.sequences = await read_tables(settings.postgres.get_secret_value())
    estate.later = events[len(before) :]
    estate.until_ms = END_MS
    return estate


def an_estate() -> Estate:
    """One of this release, still empty."""
    return Estate(
        release=__version__,
        workspace=WORKSPACE,
        group="estate",
        prefix="estate.",
        partitions=2,
        key="",
        migrations={each.name: each.digest.hex() for each in shipped_migrations()},
    )


def main() -> None:
    """Records, writes, and says what there is."""
    estate = an_estate()
    with tempfile.TemporaryDirectory() as folder, private_stack(JARS) as stack:
        asyncio.run(record(estate.settings(stack.kafka, stack.postgres, Path(folder)), estate))
    file = save(estate)
    counts = {log.topic: 0 for log in estate.logs}
    for log in estate.logs:
        counts[log.topic] += len(log.records)
    counts |= {table.name: table.rows.count(b"\n") for table in estate.tables}
    sys.stdout.write(f"{file}: {file.stat().st_size:,} bytes; {len(estate.later):,} events are left for later\n")
    sys.stdout.writelines(f"{count:7,} {name}\n" for name, count in counts.items())


if __name__ == "__main__":
    main()
