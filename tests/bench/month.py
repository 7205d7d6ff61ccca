"""The API over a month of a large installation: 30 days, 100 journeys, 10 million activities."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

import httpx

from orchestrator.api.paths import BASE, ROOT
from orchestrator.demo.load import Loaded, LoadOptions, load
from orchestrator.settings import Settings
from orchestrator.store.pool import Pool
from tests.bench.control import accepted, control_plane, database
from tests.bench.ground import Ground, installation
from tests.bench.measurement import Measurement, percentile
from tests.bench.page import measure_pages

WORKSPACE = "bench"
JOURNEYS = 100
DAYS = 30
ACTIVITIES = 10_000_000
REQUESTS = 200  # of each kind, over all journeys in turn
PAGES = 20  # of each kind, likewise
AT_ONCE = 4
TARGET_MS = 200
TARGET = "dashboard, 30 days, 100 journeys, 10 million activities: API p95"


async def measure(ground: Ground) -> list[Measurement]:
    """The slowest of what the dashboard asks, each time of another journey: one caller, and four; and its pages."""
    count = ground.activities or ground.size(ACTIVITIES, 50_000)
    requests = ground.size(REQUESTS, 20)
    async with installation(ground, "month") as settings:
        began = time.monotonic()
        loaded = await _load(ground, settings, count)
        seconds = time.monotonic() - began
        async with database(settings) as pool, control_plane(settings, pool, WORKSPACE) as client:
            details: dict[str, float | str] = {
                "activities": loaded.activities,
                "loaded in, s": seconds,
                **await _sizes(pool),
            }
            ground.say(f"API over a month: {loaded.activities:,} activities of {len(loaded.journey_ids)} journeys")
            worst_ms, worst = 0.0, ""
            for name, paths in (await _questions(client, pool, loaded)).items():
                spent_ms = await _ask(client, paths, requests)
                crowd = await asyncio.gather(
                    *(_ask(client, paths[start:] + paths[:start], requests // AT_ONCE) for start in range(AT_ONCE))
                )
                details[f"{name}: p50, ms"] = percentile(spent_ms, 0.5)
                details[f"{name}: p95, ms"] = p95 = percentile(spent_ms, 0.95)
                details[f"{name}: p95 of {AT_ONCE} callers, ms"] = percentile(
                    [ms for each in crowd for ms in each], 0.95
                )
                if p95 > worst_ms:
                    worst_ms, worst = p95, name
            details |= await _exports(client, loaded)
            ground.say("API over a month: the dashboard's pages in a browser")
            address, key = str(client.base_url).rstrip("/"), client.headers["Authorization"].removeprefix("Bearer ")
            pages = await measure_pages(address, key, [str(id_) for id_ in loaded.journey_ids], ground.size(PAGES, 3))
    note = f"the slowest: {worst}; {loaded.activities:,} activities in PostgreSQL"
    return [Measurement(TARGET, "ms", TARGET_MS, worst_ms, note, False, details), *pages]


async def _load(ground: Ground, settings: Settings, count: int) -> Loaded:
    options = LoadOptions(JOURNEYS, DAYS, count, WORKSPACE, 1, datetime.now(UTC))
    told_at = 0

    def told(what: str, there: int) -> None:
        nonlocal told_at
        if there == 0 or there >= told_at + count // 10 or what != "copying":
            told_at = there
            ground.say(f"API over a month: {what}, {there:,} activities")

    return await load(settings, options, told)


async def _questions(client: httpx.AsyncClient, pool: Pool, loaded: Loaded) -> Mapping[str, list[str]]:
    """What the dashboard asks, by name, of each journey; questions that this version does not answer are left out."""
    journeys = [f"{BASE}/{journey_id}" for journey_id in loaded.journey_ids]
    customers = [
        await pool.fetchval(
            'select customer_id from "033_omnichannel_journey_orchestrator_activities" where config_id = $1 '
            "and activity_type = 'send_requested' order by created_at desc limit 1",
            journey_id,
        )
        for journey_id in loaded.journey_ids
    ]
    of_customers = list(zip(journeys, customers, strict=True))
    questions = {
        "overview, 50 journeys a page": [f"{ROOT}/overview"],
        "overview, 100 journeys a page": [f"{ROOT}/overview?limit=100"],
        "overview, by revenue": [f"{ROOT}/overview?limit=100&sort=revenue"],
        "overview, days of another zone": [
            f"{ROOT}/overview?limit=100&zone={zone}" for zone in ("America/New_York", "Asia/Kathmandu")
        ],
        # Both ends of the period lie within the figures, so that quarters of an hour are read at both.
        "overview, a week of another zone": [f"{ROOT}/overview?limit=100&zone=America/New_York&{_week()}"],
        "overview, by campaign and name": [
            f"{ROOT}/overview?limit=100&campaign_id=campaign-{number}&name=e" for number in range(10)
        ],
        "metrics": [f"{journey}/metrics" for journey in journeys],
        "metrics, days of another zone": [f"{journey}/metrics?zone=America/New_York" for journey in journeys],
        "positions": [f"{journey}/positions" for journey in journeys],
        "guardrails": [f"{journey}/guardrails" for journey in journeys],
        "experiments": [f"{journey}/experiments" for journey in journeys],
        "activities": [f"{journey}/activities" for journey in journeys],
        "activities of a type": [f"{journey}/activities?type=goal_reached" for journey in journeys],
        "activities of a customer": [f"{journey}/activities?customer_id={each}" for journey, each in of_customers],
        "explain": [f"{journey}/customers/{each}/explain" for journey, each in of_customers],
    }
    answered = {name: (await client.get(paths[0])).status_code for name, paths in questions.items()}
    return {name: paths for name, paths in questions.items() if answered[name] not in (400, 404)}


def _week() -> str:
    """Days from the middle of the month, as a query."""
    last = datetime.now(UTC).date() - timedelta(days=DAYS // 2)
    return f"from={last - timedelta(days=6)}&to={last}"


async def _ask(client: httpx.AsyncClient, paths: Sequence[str], times: int) -> list[float]:
    """Milliseconds of each answer."""
    spent_ms = []
    for path in islice(cycle(paths), times):
        began = time.perf_counter()
        accepted(await client.get(path))
        spent_ms.append((time.perf_counter() - began) * 1_000)
    return spent_ms


async def _exports(client: httpx.AsyncClient, loaded: Loaded) -> dict[str, float | str]:
    """How long reports take, and how fast activities are streamed."""
    journey = f"{BASE}/{loaded.journey_ids[0]}"
    details: dict[str, float | str] = {}
    for form in ("csv", "xlsx", "html"):
        details[f"report as {form}: p95, ms"] = percentile(
            await _ask(client, [f"{journey}/export?format={form}"], 10), 0.95
        )
    for form in ("csv", "jsonl"):
        began, lines = time.perf_counter(), 0
        async for chunk in _stream(client, f"{journey}/activities/export?format={form}"):
            lines += chunk.count(b"\n")
        details[f"activities as {form}: lines/s"] = lines / (time.perf_counter() - began)
        details[f"activities as {form}: lines"] = lines
    return details


async def _stream(client: httpx.AsyncClient, path: str) -> AsyncIterator[bytes]:
    async with client.stream("GET", path) as answer:
        async for chunk in answer.aiter_bytes():
            yield chunk


async def _sizes(pool: Pool) -> dict[str, float | str]:
    """What is in the database beside the activities."""
    counts = {
        table: await pool.fetchval(f'select count(*) from "033_omnichannel_journey_orchestrator_{table}"')
        for table in ("runs", "participants", "metrics", "quarters")
    }
    under_way = await pool.fetchval(
        "select count(*) from \"033_omnichannel_journey_orchestrator_runs\" where status = 'under_way'"
    )
    size = await pool.fetchval("select pg_database_size(current_database())")
    return {**counts, "runs under way": under_way, "database, GiB": size / 2**30}
