"""Events that come in while something is being broken."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.streams.producers import acknowledged, submit
from tests.faults.patience import PATIENCE_S
from tests.worker_process import an_event

ROUND = 50  # events at a time
PAUSE_S = 0.05


def of_many(number: int) -> str:
    """Forty customers in turn."""
    return f"c{number % 40}"


class Load:
    """``sent``: events e0 … that the broker has acknowledged."""

    def __init__(self) -> None:
        self.sent = 0
        self.more = asyncio.Event()  # set at every acknowledgement

    async def reaches(self, count: int) -> None:
        """Waits until so many have been acknowledged."""
        async with asyncio.timeout(PATIENCE_S):
            while self.sent < count:
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def load(settings: Settings, customer: Callable[[int], str] = of_many) -> AsyncIterator[Load]:
    """Produces events until the block ends, up to a thousand a second; after it, ``sent`` is final."""
    catalog = Catalog(settings)
    running, done = Load(), asyncio.Event()

    async def produce() -> None:
        async with closing(await open_producer(settings, "load")) as producer:
            while not done.is_set():
                by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
                for number in range(running.sent, running.sent + ROUND):
                    record = encode_event(an_event(number, customer(number)))
                    by_partition[partition_of(record.key, catalog.customer_partitions)].append(record)
                for partition, records in by_partition.items():
                    now_ms = int(time.time() * 1_000)
                    await acknowledged(await submit(producer, catalog.events, partition, records, now_ms))
                running.sent += ROUND
                running.more.set()
                await asyncio.sleep(PAUSE_S)

    producing = asyncio.create_task(produce())
    try:
        yield running
    finally:
        done.set()
        await producing
