"""A steady load: so many events a second, each of a customer of its own, who enters a journey that sends at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer, open_reader
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from tests.worker_process import an_event

WORKSPACE = "acme"
EVENT = "cart.added"
FETCH_WAIT_MS = 20

# The first step is a send, so the command follows from the event at once.
AT_ONCE: dict[str, object] = {
    "name": "At once",
    "entry": {"kind": "event", "type": EVENT},
    "start": "offer",
    "steps": {
        "offer": {"kind": "send", "channel": "email", "template": "offer", "cost": 0.002, "next": "end"},
        "end": {"kind": "exit"},
    },
    "guardrails": {"caps": [{"limit": 1, "per": "day"}], "consent": {"marketing": "opt_out"}},
}


class Load:
    """Events of customers ``c0``, ``c1``, … at ``rate`` a second. ``sent_s``: when each was handed to the producer.

    ``places``: the partition of each.
    """

    def __init__(self, settings: Settings, count: int, rate: int) -> None:
        catalog = Catalog(settings)
        self.sent_s: list[float] = []
        self._topic, self._rate = catalog.events, rate
        self._records = [encode_event(an_event(number, f"c{number}")) for number in range(count)]
        self.places = [partition_of(record.key, catalog.customer_partitions) for record in self._records]

    @property
    def longest_s(self) -> float:
        """How long it takes at its rate."""
        return len(self._records) / self._rate

    async def run(self, producer: AIOKafkaProducer) -> None:
        """Sends all of it at its pace; each waiting turn of the loop makes up for what it was late."""
        waiting: set[asyncio.Future[object]] = set()
        began_s = time.monotonic()
        for number, record in enumerate(self._records):
            ahead_s = began_s + number / self._rate - time.monotonic()
            if ahead_s > 0:
                await asyncio.sleep(ahead_s)
            self.sent_s.append(time.time())
            future = await _send(producer, self._topic, self.places[number], record)
            waiting.add(future)
            future.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)


class Arrival:
    """When each customer's command became visible to a reader of committed records, and when the broker appended it."""

    def __init__(self, reader: AIOKafkaConsumer) -> None:
        self._reader = reader
        self.seen: list[tuple[bytes, float, float]] = []  # (key, appended, visible), Unix time in seconds
        self._more = asyncio.Event()

    async def follow(self) -> None:
        """Reads until cancelled."""
        while True:
            fetched = await self._reader.getmany(timeout_ms=FETCH_WAIT_MS)
            now_s = time.time()
            for records in fetched.values():
                self.seen += [(record.key, record.timestamp / 1_000, now_s) for record in records]
            self._more.set()

    async def reach(self, count: int) -> None:
        """Waits until so many have been seen."""
        while len(self.seen) < count:
            self._more.clear()
            await self._more.wait()


@asynccontextmanager
async def under_load(settings: Settings, load: Load) -> AsyncIterator[tuple[asyncio.Task[None], Arrival]]:
    """The load runs (the task ends with it) and arrivals are noted while the block lasts."""
    catalog = Catalog(settings)
    topic = catalog.commands("email")
    async with (
        closing(await open_producer(settings, "bench-load")) as producer,
        closing(await open_reader(settings, "bench-commands", fetch_wait_ms=FETCH_WAIT_MS)) as reader,
    ):
        places = [TopicPartition(topic, number) for number in range(catalog.spec(topic).partitions)]
        reader.assign(places)
        await reader.seek_to_end(*places)
        arrival = Arrival(reader)
        tasks = [asyncio.create_task(load.run(producer)), asyncio.create_task(arrival.follow())]
        try:
            yield tasks[0], arrival
        finally:
            await _end(tasks)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, record: Encoded) -> "asyncio.Future[object]":
    future: asyncio.Future[object] = await producer.send(
        topic, record.value, record.key, partition, headers=record.headers
    )
    return future
