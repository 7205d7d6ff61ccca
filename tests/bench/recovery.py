"""Recovery: a worker with a wiped disk reads its changelog."""

from collections import defaultdict
from itertools import cycle, islice

import msgspec

from orchestrator.catalog import Catalog
from orchestrator.demo.scenario import WIN_BACK, WORKSPACE
from orchestrator.errors import Unavailable
from orchestrator.journeys.replay import replay
from orchestrator.journeys.state import encode_state
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.streams.producers import acknowledged, submit
from orchestrator.streams.record import Outgoing
from tests.bench.backlog import purchases
from tests.bench.ground import PARTITIONS, Ground, installation
from tests.bench.journey_run import WORKER
from tests.bench.measurement import Measurement
from tests.bench.published import directory_of, publish
from tests.bench.usage import watched
from tests.worker_process import WorkerProcess, until

CUSTOMERS = 240_000
# Half of the history: then most customers wait in a run.
HALF = 6_000


async def measure(ground: Ground) -> list[Measurement]:
    """Records per second from assignment to readiness: fencing, reading, writing."""
    count = ground.size(CUSTOMERS, 10_000)
    async with installation(ground, "recovery", time="stream") as settings:
        ground.say(f"recovery: {count:,} customers")
        state_bytes = await _write_changelog(settings, count)
        await publish(settings, WIN_BACK, WORKSPACE)
        worker = WorkerProcess(settings, "worker-0", WORKER)
        try:
            worker.start()
            async with watched(worker.process.pid) as (usage,):
                await worker.takes_over()
                await until(lambda: worker.said("timers_indexed") > 0, worker)
            took, indexed = said(worker, "partitions_taken_over"), said(worker, "timers_indexed")
            await worker.stop()
        finally:
            worker.close()
    if took["recovered"] != count:
        raise Unavailable(f"measuring the recovery: {took['recovered']} records were read, {count} had been written")
    details = {
        "customers": count,
        "bytes per state": state_bytes,
        "s from assignment to readiness": took["seconds"],
        "s from assignment until all timers are known": indexed["seconds"],
        "customers that wait": indexed["waiting"],
        "MiB": usage.rss_bytes / 2**20,
    }
    note = "from assignment to readiness: fencing, reading; timers are indexed while it works"
    return [Measurement("recovery", "records/s", 20_000, count / took["seconds"], note, details=details)]


async def _write_changelog(settings: Settings, count: int) -> float:
    """States of customers in the middle of the demo, under as many keys as it takes; returns their mean size."""
    history = purchases(HALF)
    states = replay(directory_of(WIN_BACK, WORKSPACE), history, history[-1].time_ms).states.values()
    raws = list(islice(cycle([encode_state(state) for state in states]), count))
    by_partition: defaultdict[int, list[Outgoing]] = defaultdict(list)
    for number, raw in enumerate(raws):
        key = customer_key(WORKSPACE, f"customer-{number}")
        by_partition[partition_of(key, PARTITIONS)].append(Outgoing(key, raw, []))
    async with closing(await open_producer(settings, "bench")) as producer:
        for partition, records in by_partition.items():
            await acknowledged(await submit(producer, Catalog(settings).changelog, partition, records, 0))
    return sum(map(len, raws)) / count


def said(worker: WorkerProcess, action: str) -> dict[str, float]:
    """The numbers in the last line of this kind in the worker's log.

    Raises:
        Unavailable: there is none.
    """
    for line in reversed(worker.log.read_bytes().splitlines()):
        if not line.startswith(b"{"):
            continue
        found = msgspec.json.decode(line)
        if found.get("action") == action:
            return {name: value for name, value in found.items() if isinstance(value, (int, float))}
    raise Unavailable(f"measuring: {worker.log} says nothing of {action}")
