"""A real worker, or several, with a real journey on a backlog: how fast, and where the time went."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_transactional_producer
from orchestrator.local.ports import free_ports
from orchestrator.settings import Settings
from orchestrator.streams.producers import acknowledged, submit
from tests.bench.backlog import Backlog
from tests.bench.published import publish
from tests.bench.scrape import scrape, total
from tests.bench.span import Span, all_done, span_of_positions
from tests.bench.usage import watched
from tests.worker_process import PATIENCE_S, WorkerProcess

STEPS = ("decide", "settle", "produce", "commit", "store")
WORKER = ("-m", "orchestrator", "worker")
TAKE_OVER_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class JourneyRun:
    """The span of the events, and what else is known of the run. ``cpu_us``: per event, all workers together."""

    span: Span
    cpu_us: float
    details: Mapping[str, float | str]


async def run_journey(
    settings: Settings, document: dict[str, object], workspace_id: str, records: Backlog, workers: int = 1
) -> JourneyRun:
    """Runs so many workers until all events are decided.

    The backlog lies in Kafka, in a transaction that is committed when all workers are ready: so all of it is there at
    once, for one worker as for two, and none of them gets a head start.
    """
    catalog = Catalog(settings)
    events = sum(len(each) for each in records.values())
    await publish(settings, document, workspace_id)
    ports = free_ports(workers)
    crew = [
        WorkerProcess(settings, f"worker-{number}", WORKER, ORCHESTRATOR_METRICS_PORT=str(port))
        for number, port in enumerate(ports)
    ]
    with ExitStack() as stack:
        for worker in crew:
            stack.callback(worker.close)
            worker.start()
        await share_partitions(ports, crew)
        async with closing(await open_transactional_producer(settings, "bench", settings.group)) as producer:
            await producer.begin_transaction()
            for partition, part in records.items():
                await acknowledged(await submit(producer, catalog.events, partition, part, 0))
            async with watched(*(worker.process.pid for worker in crew)) as usages:
                await producer.commit_transaction()
                await all_done(settings, catalog.events, events, crew)
                details = await _details(ports, events)
        for worker in crew:
            await worker.stop()
    span = await span_of_positions(settings)
    cpu_s = sum(usage.between(span.began_s, span.ended_s) for usage in usages)
    cpu_us = 1e6 * cpu_s / span.events
    rss_mib = max(usage.rss_bytes for usage in usages) / 2**20
    return JourneyRun(span, cpu_us, {"events": events, "CPU µs per event": cpu_us, **details, "MiB": rss_mib})


async def share_partitions(ports: list[int], crew: list[WorkerProcess]) -> None:
    """Waits until the partitions are shared out among all of them."""
    await asyncio.gather(*(worker.takes_over() for worker in crew))
    async with asyncio.timeout(PATIENCE_S):
        while True:
            owned = [total(await scrape(port, "topic"), "orchestrator_partitions_owned") for port in ports]
            if all(owned) and max(owned) - min(owned) <= 1:
                return
            await asyncio.sleep(TAKE_OVER_POLL_S)


async def _details(ports: list[int], events: int) -> dict[str, float | str]:
    by_step = [await scrape(port, "step") for port in ports]
    signals = sum(total(samples, "orchestrator_records_consumed_total") for samples in by_step)
    commands = sum(total(samples, "orchestrator_send_commands_total") for samples in by_step)
    activities = sum(total(samples, "orchestrator_activities_total") for samples in by_step)
    batches = sum(total(samples, "orchestrator_batch_records_count") for samples in by_step)
    found: dict[str, float | str] = {
        "timers per event": (signals - events) / events,
        "commands per event": commands / events,
        "activities per event": activities / events,
        "signals per batch": signals / batches,
    }
    for step in STEPS:
        seconds = sum(samples["orchestrator_batch_step_seconds_sum", step] for samples in by_step)
        # Partitions overlap: while one waits for the broker another one decides. So the sum may exceed the wall.
        found[f"{step}, µs per signal"] = 1e6 * seconds / signals
    return found
