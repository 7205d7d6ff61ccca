"""Waiting for what must come, with the logs of those who did not get there."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_admin, open_reader
from orchestrator.settings import Settings
from tests.conftest import PARTITIONS
from tests.worker_process import WorkerProcess, committed_offsets, read_all

PATIENCE_S = 120.0


async def comes_true(condition: Callable[[], Awaitable[bool]], what: str, *workers: WorkerProcess) -> None:
    """Waits for the condition; fails with what did not happen and the workers' logs."""
    deadline = time.monotonic() + PATIENCE_S
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not reached within {PATIENCE_S:.0f} s: {what}\n{logs_of(*workers)}")
        await asyncio.sleep(0.2)


async def caught_up(settings: Settings, *workers: WorkerProcess) -> None:
    """Waits until the group has committed all events and reports; fails at once when a worker has died."""
    await _committed(settings, workers, is_moving=False)


async def keeps_up(settings: Settings, *workers: WorkerProcess) -> None:
    """The same of what is there now, while more comes in."""
    await _committed(settings, workers, is_moving=True)


async def at_rest(settings: Settings, *workers: WorkerProcess) -> None:
    """As ``caught_up``, and nothing of the workers' own topic is left to be read either: no wait that has ended, and
    nothing that one partition tells another.
    """
    await caught_up(settings, *workers)
    own = Catalog(settings).timers

    async def is_read() -> bool:
        # By the last record: what stands behind it is the marker of its transaction, which nobody commits.
        last = {read.partition: read.offset for read in await read_all(settings, own)}
        committed = await committed_offsets(settings)
        return all(committed.get((own, partition), 0) > offset for partition, offset in last.items())

    await comes_true(is_read, "the workers' own topic is read to its end", *workers)


async def _committed(settings: Settings, workers: Sequence[WorkerProcess], is_moving: bool) -> None:
    catalog = Catalog(settings)
    partitions = [
        TopicPartition(topic, number)
        for topic in (catalog.events, catalog.deliveries)
        for number in range(catalog.customer_partitions)
    ]
    deadline = time.monotonic() + PATIENCE_S
    async with closing(await open_reader(settings, "test")) as reader, closing(await open_admin(settings)) as admin:
        ends = await reader.end_offsets(partitions)
        while True:
            try:
                committed = await admin.list_consumer_group_offsets(settings.group)
            except GroupCoordinatorNotAvailableError:  # a broker that never had a group
                committed = {}
            at = {place: committed[place].offset if place in committed else 0 for place in partitions}
            behind = {place: (at[place], end) for place, end in ends.items() if at[place] < end}
            if not behind:
                return
            dead = [f"{each.slot}: {each.process.poll()}" for each in workers if each.process.poll() is not None]
            if dead or time.monotonic() > deadline:
                raise AssertionError(f"behind: {behind}; ended: {dead}\n{logs_of(*workers)}")
            await asyncio.sleep(0.2)
            if not is_moving:
                ends = await reader.end_offsets(partitions)


async def copied(*workers: WorkerProcess) -> bool:
    """Whether the last assignment gave every worker a share, so that each has the others' partitions as copies."""
    shares = []
    for worker in workers:
        lines = [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]
        owned = [line["partitions"] for line in lines if line.get("action") == "partitions_taken_over"]
        shares.append(set(owned[-1]) if owned else set())
    return all(shares) and set().union(*shares) == set(range(PARTITIONS))


def logs_of(*workers: WorkerProcess) -> str:
    """The end of each worker's log."""
    return "\n".join(f"── {each.slot}\n{each.log.read_text()[-4_000:]}" for each in workers if each.log.exists())
