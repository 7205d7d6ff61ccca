"""Faust's Kafka consumer, changed where it stands in the way of batches. Overrides private parts of Faust 0.15.3.

What is changed and why (measured; tests/contract/test_faust_internals.py fails when a new Faust changes these parts):

- Records reach the agent in the chunks in which they were fetched: Faust's own way, a task and an event object per
  record, costs 90 µs a record; this costs 1.
- What is done is told by position (``acknowledge``), not by record: Faust's bookkeeping takes every gap in the offsets
  for a record that is still being worked on, and may commit past one that is.
- At a rebalance the batch in work is waited for and its offsets are committed *before* the bookkeeping is dropped.
- Reading goes on, after a rebalance, from positions that nothing moves any more: a fetch of before is waited for, and a
  partition of which nothing is committed begins at its first record. Faust's way lost what such a fetch had taken.
- It pauses after each fetch, or it would fetch a hundred times a second, a few records of some partitions each.
- It reads committed records only, so that an upstream transaction that was aborted moves no customer.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple, Protocol

import aiokafka
from aiokafka.consumer.fetcher import FetchResult
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from faust.types.transports import TPorTopicSet
from mode.types import ServiceT

from orchestrator.streams.record import InputRecord

# Under Faust's own name, so that its routine messages are as quiet as the rest of Faust's.
FAUST_LOG = logging.getLogger("faust.batches")
FETCH_TIMEOUT_S = 1.0
# Faust asks the broker to wait 1.5 s for records; a rebalance waits for that answer.
FETCH_WAIT_MS = 250
# A fetch that waits is answered by the first record, so a steady stream would be fetched record by record, and a fetch
# costs the broker and us more than a record does. So the next one takes along what came meanwhile.
FETCH_PAUSE_S = 0.005
# Fetching pauses while this many times the largest batch waits.
BUFFERED_BATCHES = 4


class Fetched(NamedTuple):
    """Records of one partition in their order, and the generation of the group in which they were fetched."""

    tp: TP
    generation: int
    records: Sequence[InputRecord]


def _as_it_is(_place: aiokafka.TopicPartition, record: InputRecord) -> InputRecord:
    return record


class BatchConsumerThread(AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust is untyped here
    """Faust's consumer thread, reading committed records.

    aiokafka copies each record it has parsed into a ``ConsumerRecord``, which costs as much as parsing it. Here they
    are handed on as they are parsed, which has all that is read of them.
    """

    logger = FAUST_LOG

    def _create_worker_consumer(self, transport: Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    def on_crash(self, msg: str, *fmt: object, **kwargs: object) -> None:
        """Nothing: mode would print it to standard error, beside the log. ``threading.excepthook`` tells it."""

    async def stop_fetching(self, tps: Iterable[TP]) -> None:
        """Keeps the client from fetching these partitions at all: Faust only leaves what it fetched unread."""
        await self.call_thread(self._pause, tuple(tps))

    async def start_fetching(self, tps: Iterable[TP]) -> None:
        """Ends ``stop_fetching``, for those that are still assigned."""
        await self.call_thread(self._resume, tuple(tps))

    def known_positions(self, tps: Iterable[TP]) -> dict[TP, tuple[int, int]]:
        """Where reading goes on and where the partition ends, as the client knows it: nobody is asked or waited for.

        The client's thread keeps these numbers; they are only looked at.
        """
        subscription = None if self._consumer is None else self._consumer._subscription.subscription
        assignment = None if subscription is None else subscription.assignment
        known: dict[TP, tuple[int, int]] = {}
        if assignment is None:
            return known
        for tp in tps:
            state = assignment.state_value(aiokafka.TopicPartition(tp.topic, tp.partition))
            if state is not None and state._position is not None and state.lso is not None:
                known[tp] = state._position, state.lso
        return known

    async def _fetch_records(
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: Set[TP],
        timeout: float | None = None,  # noqa: ASYNC109  it is Faust's
        max_records: int | None = None,
    ) -> "Mapping[TP, Sequence[InputRecord]]":
        for fetched in consumer._fetcher._records.values():
            if isinstance(fetched, FetchResult) and fetched._partition_records is not None:
                fetched._partition_records._consumer_record = _as_it_is
        found: Mapping[TP, Sequence[InputRecord]] = await super()._fetch_records(
            consumer, active_partitions, timeout, max_records
        )
        return found

    async def seek_to_first(self, tps: Iterable[TP]) -> None:
        """Sets these partitions to their first records."""
        places = [aiokafka.TopicPartition(tp.topic, tp.partition) for tp in tps]
        await self.call_thread(self._ensure_consumer().seek_to_beginning, *places)

    async def _pause(self, tps: tuple[TP, ...]) -> None:
        self._ensure_consumer().pause(*self._still_assigned(tps))

    async def _resume(self, tps: tuple[TP, ...]) -> None:
        self._ensure_consumer().resume(*self._still_assigned(tps))

    def _still_assigned(self, tps: Iterable[TP]) -> set[aiokafka.TopicPartition]:
        assigned: frozenset[aiokafka.TopicPartition] = self._ensure_consumer().assignment()
        return {aiokafka.TopicPartition(tp.topic, tp.partition) for tp in tps} & assigned


class Work(Protocol):
    """What is done with the records: see ``worker.Worker``."""

    room: asyncio.Event

    @property
    def waiting(self) -> int:
        """Records that are not in work yet."""

    async def finish(self) -> None:
        """Lets the batches in work finish, and nothing else begin."""


class BatchConsumer(Consumer):  # type: ignore[misc]
    """Hands chunks of records to the one agent there is, and commits what was acknowledged."""

    logger = FAUST_LOG
    _thread: BatchConsumerThread

    def __init__(self, work: Work, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  what Faust passes is its affair
        super().__init__(*args, **kwargs)
        self._work = work
        self._processed: dict[TP, int] = {}
        self._fetching = asyncio.Lock()
        self.starts: dict[TP, int] = {}  # where reading went on after the last rebalance

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def acknowledge(self, topic: str, partition: int, next_offset: int) -> None:
        """Everything below ``next_offset`` has happened; it is committed with the next commit."""
        self._processed[TP(topic, partition)] = next_offset

    def committed(self) -> dict[TP, int | None]:
        """The group's committed offsets, as they were when the partitions were last taken over."""
        return dict(self._committed_offset)

    async def stop_fetching(self, tps: Iterable[TP]) -> None:
        """See :meth:`BatchConsumerThread.stop_fetching`."""
        await self._thread.stop_fetching(tps)

    def known_positions(self, tps: Iterable[TP]) -> dict[TP, tuple[int, int]]:
        """See :meth:`BatchConsumerThread.known_positions`."""
        return self._thread.known_positions(tps)

    async def go_on(self, inputs: Set[TP], on_positions: Callable[[], None]) -> None:
        """Has reading go on behind what is committed, or at the first record; ``on_positions`` may still object.

        Nothing is taken from a partition between the setting of its position and the start of the flow.
        """
        async with self._fetching:  # what a fetch of before brings now is dropped, and read again
            if inputs:  # or there are more workers than partitions, and the client objects
                await self.perform_seek()
            if new := [tp for tp in inputs if not self._committed_offset.get(tp)]:
                await self._thread.seek_to_first(new)
            self.starts = {tp: await self.position(tp) for tp in inputs}
            on_positions()
            await self._thread.start_fetching(inputs)
            self.app.flow_control.resume()
            self.resume_flow()
            self.resume_partitions(inputs)

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        """Runs as long as the fetcher does, like the method it replaces."""
        most_waiting = BUFFERED_BATCHES * self.app.conf.broker_max_poll_records
        try:
            while not (self.should_stop or fetcher.should_stop):
                while self._work.waiting > most_waiting and self.flow_active:
                    self._work.room.clear()
                    await self.wait_first(self._work.room.wait(), self.suspend_flow.wait())
                if not self.flow_active:
                    await self.wait(self.can_resume_flow)
                async with self._fetching:
                    if self.flow_active:
                        records, active = await self._wait_next_records(FETCH_TIMEOUT_S)
                        if records and self.flow_active:
                            self._hand_over(records, active)
                await asyncio.sleep(FETCH_PAUSE_S)
        except (*self.consumer_stopped_errors, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    def _hand_over(self, by_partition: Mapping[TP, Sequence[InputRecord]], active: set[TP] | None) -> None:
        generation = self.app.consumer_generation_id
        for tp, records in by_partition.items():
            if records and (active is None or tp in active):
                for channel in self.app.topics._tp_index[tp]:
                    channel.queue.force_put_nowait(Fetched(tp, generation, records))

    async def wait_empty(self) -> None:
        """Waits for the batches in work and commits: called when partitions are revoked and when the worker stops."""
        await self._work.finish()
        await self.commit()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Faust's order, but for one thing: what was acknowledged is forgotten after it is committed, not before."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._processed.pop(tp, None)
            self._committed_offset.pop(tp, None)

    def _filter_tps_with_pending_acks(self, topics: TPorTopicSet | None = None) -> Iterable[TP]:
        return [tp for tp in self._processed if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        return self._processed.get(tp)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: Faust would look at records it did not see pass. The watchdog looks at batches instead."""
