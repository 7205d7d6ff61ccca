"""From the first committed batch to the last: what was done in between, by the broker's own clock.

The topics that are looked at carry the time at which the broker appended a record (LogAppendTime), so neither the start
of a process nor its recovery is in the span, nor anything the bench does.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import open_admin
from orchestrator.kafka.tail import Tail
from orchestrator.settings import Settings
from orchestrator.streams.stored import PARTITION_KEY, decode_partition_record
from tests.worker_process import WorkerProcess

PATIENCE_S = 240.0
POLL_S = 0.25


Steps = Sequence[tuple[int, int]]  # (milliseconds since 1970, events done by then), in order


class Span(NamedTuple):
    """``events`` were done after ``began_s`` (Unix time of the first commit) and up to ``ended_s``."""

    began_s: float
    ended_s: float
    events: int

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / (self.ended_s - self.began_s)


async def all_done(settings: Settings, topic: str, total: int, workers: Sequence[WorkerProcess]) -> None:
    """Waits until the group has committed ``total`` records of ``topic`` as done.

    Raises:
        Unavailable: a process ended, or it takes too long.
    """
    deadline = time.monotonic() + PATIENCE_S
    admin = await open_admin(settings)
    try:
        while True:
            done = await _committed(admin, settings.group, topic)
            if done >= total:
                return
            if time.monotonic() > deadline or any(worker.process.poll() is not None for worker in workers):
                logs = "\n".join(worker.log.read_text()[-3_000:] for worker in workers)
                raise Unavailable(f"working off {topic}: {done} of {total} records are done\n{logs}")
            await asyncio.sleep(POLL_S)
    finally:
        await admin.close()


async def _committed(admin: AIOKafkaAdminClient, group: str, topic: str) -> int:
    try:
        offsets = await admin.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:  # a new broker makes the topic of offsets when the first group asks
        return 0
    return sum(max(0, found.offset) for at, found in offsets.items() if at.topic == topic)


async def span_of_positions(settings: Settings) -> Span:
    """From the first of :func:`steps_of_positions` to the last."""
    return span_of(await steps_of_positions(settings))


async def steps_of_positions(settings: Settings) -> Steps:
    """From the positions of the partitions, which stand in the changelog with each batch."""
    catalog = Catalog(settings)
    reached = []
    async with await Tail.open(settings, "bench", [(catalog.changelog, catalog.customer_partitions)]) as tail:
        for record in await tail.read_to_end():
            if record.key == PARTITION_KEY:
                position = decode_partition_record(record.value).next_offsets.get(catalog.events, 0)
                reached.append((record.timestamp, record.partition, position))
    reached.sort()
    positions: Counter[int] = Counter()
    steps: list[tuple[int, int]] = []
    for timestamp, partition, position in reached:
        if position > positions[partition]:
            positions[partition] = position
            steps.append((timestamp, positions.total()))
    return steps


async def steps_of_records(settings: Settings, topic: str, events_per_record: int, changelog: str | None) -> Steps:
    """From the records of a topic of which each stands for so many events, all along.

    The last of these events are done when the last record of the changelog, if there is one, is there as well.
    """
    by_time = Counter(await _timestamps(settings, topic))
    steps, done = [], 0
    for timestamp, records in sorted(by_time.items()):
        done += records * events_per_record
        steps.append((timestamp, done))
    if changelog is not None and steps:
        steps[-1] = (max(steps[-1][0], *await _timestamps(settings, changelog)), done)
    return steps


async def _timestamps(settings: Settings, topic: str) -> list[int]:
    async with await Tail.open(settings, "bench", [(topic, Catalog(settings).customer_partitions)]) as tail:
        return [record.timestamp for record in await tail.read_to_end()]


def span_of(steps: Steps, warm_up: float = 0.0) -> Span:
    """From the step before which at least ``warm_up`` (0..1) of the events were done, to the last.

    Raises:
        Unavailable: there are too few steps.
    """
    most = steps[-1][1] if steps else 0
    counted = [step for step in steps if step[1] >= warm_up * most]
    if len(counted) < 2 or counted[-1][0] == counted[0][0]:
        raise Unavailable(f"measuring a span: {len(counted)} batches are too few; take more events")
    (began_ms, before), (ended_ms, after) = counted[0], counted[-1]
    return Span(began_ms / 1_000, ended_ms / 1_000, after - before)
