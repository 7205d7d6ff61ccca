"""What a person waits for at the dashboard: the API's answers over a loaded database."""

import asyncio
import time

import httpx

from orchestrator.catalog import Catalog
from orchestrator.demo.scenario import WIN_BACK, WORKSPACE
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import encode_activity
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.sink.commit import commit
from orchestrator.sink.decode import RawRecord, decode
from orchestrator.store.pool import Pool
from orchestrator.store.writer import ActivityWriter
from tests.bench.activities import activities
from tests.bench.control import accepted, control_plane, database, publish_journey
from tests.bench.ground import Ground, installation
from tests.bench.measurement import Measurement, percentile

ACTIVITIES = 60_000
BATCH = 5_000
REQUESTS = 100  # of each kind
AT_ONCE = 4
TARGET_MS = 200


async def measure(ground: Ground) -> list[Measurement]:
    """The slower of the two questions that a journey's page asks, one caller at a time; and four callers."""
    count, requests = ground.size(ACTIVITIES, 5_000), ground.size(REQUESTS, 20)
    async with (
        installation(ground, "api") as settings,
        database(settings) as pool,
        control_plane(settings, pool, WORKSPACE) as client,
    ):
        ground.say(f"API: {count:,} activities in the database")
        journey = await publish_journey(client, WIN_BACK)
        customer = await _fill(settings, pool, activities(count, journey.rpartition("/")[2]))
        questions = {
            "metrics": f"{journey}/metrics?from=1997-03-01&to=1997-03-30",
            "activities": f"{journey}/activities",
            "activities of a customer": f"{journey}/activities?customer_id={customer}",
        }
        details: dict[str, float | str] = {"activities in the database": count}
        worst_ms = 0.0
        for name, path in questions.items():
            spent_ms = await _ask(client, path, requests)
            crowd = await asyncio.gather(*(_ask(client, path, requests // AT_ONCE) for _ in range(AT_ONCE)))
            details[f"{name}: p50, ms"] = percentile(spent_ms, 0.5)
            details[f"{name}: p95, ms"] = percentile(spent_ms, 0.95)
            details[f"{name}: p95 of {AT_ONCE} callers, ms"] = percentile([ms for each in crowd for ms in each], 0.95)
            worst_ms = max(worst_ms, percentile(spent_ms, 0.95))
    note = f"the slowest of {', '.join(questions)}; {count:,} activities of one journey"
    return [
        Measurement("API p95 on a modest database", "ms", TARGET_MS, worst_ms, note, False, details),
    ]


async def _fill(settings: Settings, pool: Pool, recorded: list[Activity]) -> str:
    """Writes the activities as the sink does; returns one of their customers."""
    topic = Catalog(settings).activities
    ends = [0] * Catalog(settings).spec(topic).partitions
    records = []
    for activity in recorded:
        encoded = encode_activity(activity)
        partition = partition_of(encoded.key, len(ends))
        records.append(decode(RawRecord(topic, partition, ends[partition], encoded.key, encoded.value)))
        ends[partition] += 1
    async with pool.acquire() as connection:
        writer = ActivityWriter(connection, settings.sink_group)
        for start in range(0, len(records), BATCH):
            await commit(connection, writer, topic, records[start : start + BATCH])
    await pool.execute("analyze")
    return str(recorded[len(recorded) // 2].customer_id)


async def _ask(client: httpx.AsyncClient, path: str, times: int) -> list[float]:
    """Milliseconds of each answer."""
    spent_ms = []
    for _ in range(times):
        began = time.perf_counter()
        accepted(await client.get(path))
        spent_ms.append((time.perf_counter() - began) * 1_000)
    return spent_ms
