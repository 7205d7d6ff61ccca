"""The sink: a backlog of activities from Kafka into PostgreSQL."""

import asyncio
import time
from collections import defaultdict

from orchestrator.catalog import Catalog
from orchestrator.demo.scenario import WIN_BACK, WORKSPACE
from orchestrator.errors import Unavailable
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_activity
from orchestrator.messages.key import partition_of
from orchestrator.store.pool import Pool
from orchestrator.store.tally import activity_count
from orchestrator.store.tenant import Tenant
from tests.bench.activities import activities
from tests.bench.control import database
from tests.bench.ground import Ground, installation
from tests.bench.measurement import Measurement
from tests.bench.published import JOURNEY_ID, enter_in_database
from tests.bench.span import PATIENCE_S
from tests.bench.usage import watched
from tests.worker_process import WorkerProcess, produce

ACTIVITIES = 150_000
SINK = ("-m", "orchestrator", "sink")
POLL_S = 0.1
OFFSETS = 'select coalesce(sum(next_offset), 0) from "033_omnichannel_journey_orchestrator_sink_offsets"'


async def measure(ground: Ground) -> list[Measurement]:
    """Activities per second from the first committed batch to the last, by the offsets in the database."""
    count = ground.size(ACTIVITIES, 10_000)
    async with installation(ground, "sink") as settings, database(settings) as pool:
        ground.say(f"sink: {count:,} activities")
        catalog = Catalog(settings)
        partitions = catalog.spec(catalog.activities).partitions
        by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
        for activity in activities(count, JOURNEY_ID):
            record = encode_activity(activity)
            by_partition[partition_of(record.key, partitions)].append(record)
        await produce(settings, catalog.activities, by_partition)
        await enter_in_database(pool, WIN_BACK, WORKSPACE)
        sink = WorkerProcess(settings, "sink-0", SINK)
        try:
            sink.start()
            async with watched(sink.process.pid) as (usage,):
                steps = await _follow(pool, count, sink)
            await sink.stop()
        finally:
            sink.close()
        written = await activity_count(Tenant(pool, WORKSPACE))
    if written != count:
        raise Unavailable(f"measuring the sink: {written} of {count} activities are in the database")
    (began_s, before), (ended_s, after) = steps[0], steps[-1]
    cpu_us = 1e6 * usage.between(began_s, ended_s) / (after - before)
    rate = (after - before) / (ended_s - began_s)
    details = {"activities": count, "CPU µs per activity": cpu_us, "MiB": usage.rss_bytes / 2**20}
    note = f"one sink; {cpu_us:.0f} µs of its CPU per activity; rows, figures and offsets in one transaction"
    return [Measurement("sink", "activities/s", 10_000, rate, note, details=details)]


async def _follow(pool: Pool, count: int, sink: WorkerProcess) -> list[tuple[float, int]]:
    """(Unix time, activities written so far), from the first batch to the last."""
    steps: list[tuple[float, int]] = []
    deadline = time.monotonic() + PATIENCE_S
    done = 0
    while done < count:
        found = int(await pool.fetchval(OFFSETS))
        if found > done:
            done = found
            steps.append((time.time(), done))
        if time.monotonic() > deadline or sink.process.poll() is not None:
            raise Unavailable(f"waiting for the sink: {done} of {count} are written\n{sink.log.read_text()[-3_000:]}")
        await asyncio.sleep(POLL_S)
    if len(steps) < 2:
        raise Unavailable("measuring the sink: it wrote everything at once; take more activities")
    return steps
