"""Sends the timers that have come due, and releases what a paused journey held once it runs again.

A timer goes through ``journeys.timers.v1``, to the partition of its customer, and comes back as a record like any
other: so every change of state has a topic, a partition and an offset. It carries no decision; a lost one is sent
again, a repeated one finds nothing to do.
"""

import asyncio
import logging
import time
from typing import Generic, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from orchestrator.messages.codec import encode_timer
from orchestrator.messages.key import parse_customer_key
from orchestrator.messages.timer import TimerDue
from orchestrator.settings import Settings
from orchestrator.streams.configs import Configs
from orchestrator.streams.decider import Decider
from orchestrator.streams.owned import OwnedPartition
from orchestrator.streams.producers import acknowledged, submit
from orchestrator.streams.timers import Entry
from orchestrator.streams.worker import Worker
from orchestrator.telemetry.metrics import TIMERS_HELD, TIMERS_PENDING

log = logging.getLogger(__name__)

TICK_S = 0.05
# Per partition and tick: 8 partitions send up to 40,000/s, far above the 5,000/s a worker is built for, and one tick
# stays a matter of milliseconds.
MOST_PER_TICK = 250
# Per partition and tick: 500/s. A journey that was paused for a day must not send the whole day's messages at once;
# 100,000 customers on 8 partitions are looked at again within half a minute.
RELEASED_PER_TICK = 25

D = TypeVar("D")
S = TypeVar("S")


class Ticker(Generic[D, S]):
    """Looks at every owned partition 20 times a second."""

    def __init__(
        self,
        settings: Settings,
        worker: Worker[D, S],
        configs: Configs[D, S],
        decider: Decider[D, S],
        producer: AIOKafkaProducer,
        topic: str,
    ) -> None:
        self._is_stream_time = settings.time == "stream"
        self._worker = worker
        self._configs = configs
        self._decider = decider
        self._producer = producer
        self._topic = topic
        self._revision = configs.view.revision

    async def run(self) -> None:
        """Ticks until cancelled."""
        while True:
            started = time.monotonic()
            await self._tick(started)
            await asyncio.sleep(max(0.0, started + TICK_S - time.monotonic()))

    async def _tick(self, monotonic_s: float) -> None:
        view = self._configs.view
        owned = self._worker.owned
        if view.revision != self._revision:
            self._revision = view.revision
            for partition in owned:
                self._release(partition, view.directory)
        now_ms = int(time.time() * 1_000)
        sending = []
        for partition in owned:
            for key in partition.timers.take_released(RELEASED_PER_TICK):
                partition.reconsider(key, view.directory)
            moment_ms = partition.record.clock_ms if self._is_stream_time else now_ms
            if due := partition.timers.take_due(moment_ms, monotonic_s, MOST_PER_TICK):
                sending.append(self._send(partition.number, due, now_ms))
        TIMERS_PENDING.set(sum(len(partition.timers) for partition in owned))
        TIMERS_HELD.set(sum(partition.timers.held for partition in owned))
        await asyncio.gather(*sending)

    def _release(self, partition: OwnedPartition[D, S], directory: D) -> None:
        """Lets go of the customers of every journey that does not hold them any more, asking about one of each."""
        for held, key in list(partition.timers.holders()):
            workspace_id, journey_id = held
            state = partition.load(key)
            if state is None or journey_id not in self._decider.held_journeys(directory, workspace_id, state):
                partition.timers.release(held)

    async def _send(self, partition: int, due: list[Entry], now_ms: int) -> None:
        timers = []
        for due_ms, key in due:
            workspace_id, customer_id = parse_customer_key(key)
            timers.append(encode_timer(TimerDue(workspace_id=workspace_id, customer_id=customer_id, due_ms=due_ms)))
        try:
            await acknowledged(await submit(self._producer, self._topic, partition, timers, now_ms))
        except KafkaError as error:
            log.warning(
                "%d timers of partition %d could not be sent and will be tried again: %r",
                len(timers),
                partition,
                error,
                extra={"action": "timers_not_sent", "partition": partition, "count": len(timers)},
            )
