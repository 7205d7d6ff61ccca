"""Sends the timers that have come due, and the walks of schedules; releases what a paused journey held once it runs
again, and looks at every customer anew when a config has changed when they are due.

A timer goes through ``journeys.timers.v1``, to the partition of its customer, and comes back as a record like any
other: so every change of state has a topic, a partition and an offset. It carries no decision; a lost one is sent
again, a repeated one finds nothing to do.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterator
from typing import Generic, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_timer, encode_walk
from orchestrator.messages.key import parse_customer_key
from orchestrator.messages.timer import TimerDue
from orchestrator.messages.walk import WalkDue
from orchestrator.streams.configs import Configs
from orchestrator.streams.decider import Decider
from orchestrator.streams.owned import OwnedPartition
from orchestrator.streams.producers import acknowledged, submit
from orchestrator.streams.timers import RETRY_S, Entry
from orchestrator.streams.worker import Worker
from orchestrator.telemetry.metrics import TIMERS_HELD, TIMERS_PENDING

log = logging.getLogger(__name__)

TICK_S = 0.05
# Per partition and tick, so that one tick stays a matter of milliseconds. The pace is not made here: no more timers are
# on their way than are worked off soon (``timers.MOST_IN_FLIGHT``).
MOST_PER_TICK = 250
# Per partition and tick: 500/s. A journey that was paused for a day must not send the whole day's messages at once;
# 100,000 customers on 8 partitions are looked at again within half a minute.
RELEASED_PER_TICK = 25
# Schedules are kept to the minute.
TICKS_BETWEEN_WALKS = 20
# Customers looked at anew take up at most this part of the worker's time.
RECONSIDERING_SHARE = 0.1

D = TypeVar("D")
S = TypeVar("S")


class Ticker(Generic[D, S]):
    """Looks at every owned partition 20 times a second."""

    def __init__(
        self,
        worker: Worker[D, S],
        configs: Configs[D, S],
        decider: Decider[D, S],
        producer: AIOKafkaProducer,
        topic: str,
    ) -> None:
        self._worker = worker
        self._configs = configs
        self._decider = decider
        self._producer = producer
        self._topic = topic
        self._revision = configs.view.revision
        self._directory = configs.view.directory
        self._reconsidering: dict[int, Iterator[int]] = {}
        self._ticks = 0

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
            if self._decider.moves_customers(self._directory, view.directory):
                # From the beginning, also when one was under way: what it has done may be out of date.
                self._reconsidering = {each.number: each.reconsider_all(view.directory) for each in owned}
            self._revision, self._directory = view.revision, view.directory
            for partition in owned:
                self._release(partition, view.directory)
        self._reconsider(monotonic_s)
        sending = []
        for partition in owned:
            for key in partition.timers.take_released(RELEASED_PER_TICK):
                partition.reconsider(key, view.directory)
            moment_ms = partition.moment_ms()
            if due := partition.timers.take_due(moment_ms, monotonic_s, MOST_PER_TICK):
                sending.append(self._send(partition.number, due))
            if self._ticks % TICKS_BETWEEN_WALKS == 0:
                sending += self._walks(partition, view.directory, moment_ms, monotonic_s)
        self._ticks += 1
        TIMERS_PENDING.set(sum(len(partition.timers) for partition in owned))
        TIMERS_HELD.set(sum(partition.timers.held for partition in owned))
        await asyncio.gather(*sending)

    def _reconsider(self, monotonic_s: float) -> None:
        """Goes on looking at customers anew, for a part of a tick; partitions that are no longer owned are left."""
        until_s = monotonic_s + TICK_S * RECONSIDERING_SHARE
        owned = {partition.number for partition in self._worker.owned}
        while self._reconsidering and time.monotonic() < until_s:
            number, customers = next(iter(self._reconsidering.items()))
            if number not in owned or next(customers, None) is None:
                del self._reconsidering[number]

    def _walks(
        self, partition: OwnedPartition[D, S], directory: D, moment_ms: int, monotonic_s: float
    ) -> list[Coroutine[None, None, None]]:
        """What sends the walks that are due in a partition and were not sent just now."""
        sending = []
        for occasion in self._decider.due_occasions(directory, partition.record.occasions, moment_ms):
            sent_ms, sent_s = partition.walks_sent.get(occasion.journey_id, (-1, 0.0))
            if sent_ms == occasion.at_ms and monotonic_s < sent_s + RETRY_S:
                continue
            partition.walks_sent[occasion.journey_id] = (occasion.at_ms, monotonic_s)
            walk = WalkDue(workspace_id=occasion.workspace_id, journey_id=occasion.journey_id, at_ms=occasion.at_ms)
            sending.append(self._publish(partition.number, [encode_walk(walk)], "walk"))
        return sending

    def _release(self, partition: OwnedPartition[D, S], directory: D) -> None:
        """Lets go of the customers of every journey that does not hold them any more, asking about one of each."""
        for held, key in list(partition.timers.holders()):
            workspace_id, journey_id = held
            state = partition.load(key)
            if (
                state is None
                or journey_id not in self._decider.outlook(directory, workspace_id, state, partition.moment_ms())[1]
            ):
                partition.timers.release(held)

    async def _send(self, partition: int, due: list[Entry]) -> None:
        timers = []
        for due_ms, key in due:
            workspace_id, customer_id = parse_customer_key(key)
            timers.append(encode_timer(TimerDue(workspace_id=workspace_id, customer_id=customer_id, due_ms=due_ms)))
        await self._publish(partition, timers, "timer")

    async def _publish(self, partition: int, records: list[Encoded], what: str) -> None:
        try:
            now_ms = int(time.time() * 1_000)
            await acknowledged(await submit(self._producer, self._topic, partition, records, now_ms))
        except KafkaError as error:
            log.warning(
                "%d %ss of partition %d could not be sent and will be tried again: %r",
                len(records),
                what,
                partition,
                error,
                extra={"action": f"{what}s_not_sent", "partition": partition, "count": len(records)},
            )
