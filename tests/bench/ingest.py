"""Events over HTTP: how many a second one API process takes and has acknowledged by Kafka."""

import asyncio
import json
import time

import httpx

from orchestrator.api.paths import EVENTS
from orchestrator.demo.scenario import WORKSPACE
from tests.bench.control import accepted, control_plane, database
from tests.bench.ground import Ground, installation
from tests.bench.measurement import Measurement, percentile

EVENTS_SENT = 200_000
BATCH = 500
CALLERS = 4
TARGET = 10_000  # events/s


async def measure(ground: Ground) -> list[Measurement]:
    """Batches of 500 from callers who send the next one when they have their answer."""
    count = ground.size(EVENTS_SENT, 20_000)
    async with (
        installation(ground, "ingest") as settings,
        database(settings) as pool,
        control_plane(settings, pool, WORKSPACE) as client,
    ):
        ground.say(f"ingest: {count:,} events over HTTP")
        bodies = [_body(first) for first in range(0, count, BATCH)]
        await _send(client, [_body(count)])  # it opens the producer
        shares = [bodies[number::CALLERS] for number in range(CALLERS)]
        began = time.perf_counter()
        spent_ms = [ms for each in await asyncio.gather(*(_send(client, share) for share in shares)) for ms in each]
        rate = count / (time.perf_counter() - began)
    details: dict[str, float | str] = {
        "events in a request": BATCH,
        "bytes in a request": len(bodies[0]),
        "callers": CALLERS,
        "answer: p50, ms": percentile(spent_ms, 0.5),
        "answer: p95, ms": percentile(spent_ms, 0.95),
    }
    note = (
        f"{CALLERS} callers, {BATCH} events in a request, each answered when Kafka has them; the callers run beside it"
    )
    return [Measurement("events over HTTP, one API process", "events/s", TARGET, rate, note, details=details)]


def _body(first: int) -> bytes:
    events = [
        {
            "id": f"order-{number}",
            "type": "order.placed",
            "customer_id": f"c{number % 20_000}",
            "source": "shop",
            "time": "2026-11-25T09:30:00.000Z",
            "data": {"amount": number % 100 + 0.5, "items": 3, "cart": {"id": f"cart-{number}"}},
        }
        for number in range(first, first + BATCH)
    ]
    return json.dumps({"events": events}).encode()


async def _send(client: httpx.AsyncClient, bodies: list[bytes]) -> list[float]:
    """Milliseconds of each answer."""
    spent_ms = []
    for body in bodies:
        began = time.perf_counter()
        answer = accepted(await client.post(EVENTS, content=body, headers={"Content-Type": "application/json"}))
        spent_ms.append((time.perf_counter() - began) * 1_000)
        if answer.json() != {"accepted": BATCH, "refused": []}:
            raise AssertionError(f"not all events were taken: {answer.text[:400]}")
    return spent_ms
