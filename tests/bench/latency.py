"""From an event handed to the producer to its command visible to a reader of committed records."""

import asyncio

from orchestrator.errors import Unavailable
from orchestrator.local.ports import free_ports
from orchestrator.messages.key import parse_customer_key
from tests.bench.ground import Ground, installation
from tests.bench.journey_run import STEPS, WORKER
from tests.bench.load import AT_ONCE, WORKSPACE, Load, under_load
from tests.bench.measurement import Measurement, percentile
from tests.bench.published import publish
from tests.bench.scrape import scrape, total
from tests.bench.usage import watched
from tests.worker_process import WorkerProcess

RATE = 1_000  # events per second
SECONDS = 20
WARM_UP_S = 40  # at the same rate, not counted: a new broker takes a core for itself until its code is compiled
LATEST_S = 10.0  # after the last event
WHAT = "event → command latency at 1,000 events/s"


async def measure(ground: Ground) -> list[Measurement]:
    """The 50th and the 99th percentile, of the same events."""
    warm_up = RATE * ground.size(WARM_UP_S, 1)
    count = warm_up + RATE * ground.size(SECONDS, 3)
    async with installation(ground, "latency") as settings:
        ground.say(f"latency: {count:,} events at {RATE:,} a second")
        await publish(settings, AT_ONCE, WORKSPACE)
        load = Load(settings, count, RATE)
        (port,) = free_ports(1)
        worker = WorkerProcess(settings, "worker-0", WORKER, ORCHESTRATOR_METRICS_PORT=str(port))
        try:
            worker.start()
            await worker.takes_over()
            async with (
                watched(worker.process.pid) as (usage,),
                under_load(settings, load) as (sending, arrival),
                asyncio.timeout(load.longest_s * 2 + LATEST_S),
            ):
                await sending
                await arrival.reach(count)
                steps = await _steps(port)
            await worker.stop()
        finally:
            worker.close()
    if len(arrival.seen) != count:
        raise Unavailable(f"measuring the latency: {len(arrival.seen)} commands for {count} events")
    spent_ms, to_append_ms = [], []
    for key, appended_s, visible_s in arrival.seen:
        number = int(parse_customer_key(key)[1][1:])
        if number >= warm_up:
            spent_ms.append((visible_s - load.sent_s[number]) * 1_000)
            to_append_ms.append((appended_s - load.sent_s[number]) * 1_000)
    counted_s = load.sent_s[-1] - load.sent_s[warm_up]
    details = {
        "events": len(spent_ms),
        "events/s": len(spent_ms) / counted_s,
        "until the broker has appended the command, p50, ms": percentile(to_append_ms, 0.5),
        "p50, ms": percentile(spent_ms, 0.5),
        "p95, ms": percentile(spent_ms, 0.95),
        "p99, ms": percentile(spent_ms, 0.99),
        "longest, ms": max(spent_ms),
        **steps,
        "worker's CPU, share of a core": usage.between(load.sent_s[warm_up], load.sent_s[-1]) / counted_s,
    }
    note = "until a read_committed consumer has it; the bench's own delay is in it"
    return [
        Measurement(f"{WHAT}, p50", "ms", 25, percentile(spent_ms, 0.5), note, False, details),
        Measurement(f"{WHAT}, p99", "ms", 150, percentile(spent_ms, 0.99), "of the same events", False),
    ]


async def _steps(port: int) -> dict[str, float | str]:
    """What a batch consists of, warm-up included."""
    samples = await scrape(port, "step")
    batches = total(samples, "orchestrator_batch_records_count")
    found: dict[str, float | str] = {
        "records per batch": total(samples, "orchestrator_batch_records_sum") / batches,
    }
    for step in STEPS:
        found[f"{step}, ms per batch"] = 1e3 * samples["orchestrator_batch_step_seconds_sum", step] / batches
    return found
