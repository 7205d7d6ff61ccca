"""From sending the PATCH that pauses a journey to the last command that still appears, under load, through the API."""

import asyncio
import time

import httpx

from orchestrator.errors import Unavailable
from tests.bench.control import accepted, control_plane, database, publish_journey
from tests.bench.ground import Ground, installation
from tests.bench.journey_run import WORKER
from tests.bench.load import AT_ONCE, WORKSPACE, Arrival, Load, under_load
from tests.bench.measurement import Measurement, percentile
from tests.worker_process import WorkerProcess

RATE = 1_000  # events per second
PAUSES = 20
PAUSED_S = 1.0  # twice the target
FLOWING_S = 0.5  # a pause begins when commands have flowed again for so long
RESUME_S = 10.0
COMMAND_GAP_S = 0.2  # no longer than this before the PATCH, or there was nothing to stop


async def measure(ground: Ground) -> list[Measurement]:
    """As many pauses as it takes for a 99th percentile to be the longest of them."""
    pauses = ground.size(PAUSES, 4)
    async with installation(ground, "pause") as settings, database(settings) as pool:
        worker = WorkerProcess(settings, "worker-0", WORKER)
        try:
            worker.start()
            await worker.takes_over()
            async with control_plane(settings, pool, WORKSPACE) as client:
                journey = await publish_journey(client, AT_ONCE)
                load = Load(settings, int(RATE * (pauses + 2) * (PAUSED_S + FLOWING_S + 1.0)), RATE)
                ground.say(f"pause: {pauses} pauses at {RATE:,} events a second")
                async with under_load(settings, load) as (sending, arrival):
                    rounds = []
                    for _ in range(pauses):
                        rounds.append(await _pause(client, journey, arrival))
                        if sending.done():
                            raise Unavailable("measuring pauses: the load ended too early")
            await worker.stop()
        finally:
            worker.close()
    spent_ms = [spent * 1_000 for spent, _, _ in rounds]
    details = {
        "pauses": len(rounds),
        "p50, ms": percentile(spent_ms, 0.5),
        "p95, ms": percentile(spent_ms, 0.95),
        "p99, ms": percentile(spent_ms, 0.99),
        "PATCH answered, p50, ms": percentile([answered * 1_000 for _, answered, _ in rounds], 0.5),
        "commands after the PATCH, in all": sum(commands for _, _, commands in rounds),
        "commands in all": len(arrival.seen),
    }
    note = f"{len(rounds)} pauses; p50 {percentile(spent_ms, 0.5):.0f} ms; PATCH sent to last command visible"
    return [Measurement("pause → no further command, p99", "ms", 500, percentile(spent_ms, 0.99), note, False, details)]


async def _pause(client: httpx.AsyncClient, journey: str, arrival: Arrival) -> tuple[float, float, int]:
    """Seconds to the last command, seconds to the answer, and how many commands were appended after the PATCH."""
    await _flow(arrival)
    sent_s = time.time()
    if sent_s - arrival.seen[-1][2] > COMMAND_GAP_S:
        raise Unavailable("measuring pauses: no command came just before the pause")
    accepted(await client.patch(journey, json={"status": "PAUSED"}))
    answered_s = time.time() - sent_s
    await asyncio.sleep(PAUSED_S)
    later = [visible_s for _, appended_s, visible_s in arrival.seen if appended_s >= sent_s]
    if later and max(later) > sent_s + PAUSED_S:
        raise Unavailable(f"measuring pauses: commands still came {PAUSED_S} s after the PATCH")
    accepted(await client.patch(journey, json={"status": "ACTIVE"}))
    return max(later, default=sent_s) - sent_s, answered_s, len(later)


async def _flow(arrival: Arrival) -> None:
    """Waits until commands flow, and for a while more."""
    async with asyncio.timeout(RESUME_S):
        await arrival.reach(len(arrival.seen) + 1)
    await asyncio.sleep(FLOWING_S)
