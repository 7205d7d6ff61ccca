"""The protocol by which a decided batch of one partition takes effect, once.

1. Forward what belongs to other partitions; wait until the broker has it.
2. *Gate:* no command may come from a journey that the newest config forbids to send. Otherwise: back to deciding.
3. Begin the partition's transaction.
4. Produce commands, activities, dead letters, the new states and the partition record; wait until the broker has them.
5. *Gate*, once more, at the last moment. Otherwise: abort, back to deciding.
6. Commit the transaction: from here on the batch has happened. A former owner of the partition is refused here or at 4.
7. Write states, partition record and changelog offset to the local store, in one write batch.
8. Acknowledge the input; Faust commits the offsets later.

A death before 6 leaves nothing but forwarded records: the broker aborts the transaction, the next owner reads the same
input and decides it again, with the same ids. Between 6 and 7 the changelog has what the local store lacks: recovery
brings it. After 6 the input may be delivered again: ``PartitionRecord.next_offsets`` went with the states, so what is
below it is skipped. Nothing is ever acknowledged that has not happened.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto
from itertools import chain
from typing import Protocol, TypeVar

from aiokafka import AIOKafkaProducer

from orchestrator.messages.key import partition_of
from orchestrator.streams.batch import Outcome
from orchestrator.streams.crash import (
    AFTER_ACKNOWLEDGE,
    AFTER_BEGIN,
    AFTER_COMMIT,
    AFTER_FORWARD,
    AFTER_PRODUCE,
    AFTER_STORE,
    Crash,
)
from orchestrator.streams.forwarding import Forward
from orchestrator.streams.owned import OwnedPartition
from orchestrator.streams.producers import Submitted, acknowledged, fencing, submit
from orchestrator.streams.record import Outgoing
from orchestrator.streams.stored import PARTITION_KEY, encode_partition_record
from orchestrator.telemetry.metrics import BATCH_SECONDS

D = TypeVar("D")
S = TypeVar("S")


class Committed(Enum):
    """What became of an attempt to commit."""

    DONE = auto()
    OVERTAKEN = auto()  # a config changed: nothing has happened, the batch has to be decided again


class Acknowledge(Protocol):
    """Tells the consumer that everything of a topic's partition below ``next_offset`` is done."""

    def __call__(self, topic: str, partition: int, next_offset: int) -> None:
        """Takes note of it."""


class Commit:
    """Carries outcomes out, for all partitions of a worker."""

    def __init__(
        self,
        plain: AIOKafkaProducer,
        changelog: str,
        own_topic: str,
        partitions_of: Callable[[str], int],
        crash: Crash,
    ) -> None:
        self._plain = plain
        self._changelog = changelog
        self._own_topic = own_topic
        self._partitions_of = partitions_of
        self._crash = crash

    async def __call__(
        self,
        owned: OwnedPartition[D, S],
        outcome: Outcome[S],
        may_go: Callable[[Outcome[S]], bool],
        acknowledge: Acknowledge,
    ) -> Committed:
        """Runs the protocol. ``may_go`` is the gate.

        Raises:
            Fenced: another worker owns the partition now.
            KafkaError: the broker refused something; nothing has been acknowledged.
        """
        started = time.perf_counter()
        now_ms = int(time.time() * 1_000)
        if outcome.forwards:
            await self._forward(outcome.forwards)  # 1
            self._crash.at(AFTER_FORWARD)
        if not may_go(outcome):  # 2
            return Committed.OVERTAKEN
        with fencing(owned.number):
            await owned.producer.begin_transaction()  # 3
            self._crash.at(AFTER_BEGIN)
            offset = await self._produce(owned, outcome, now_ms)  # 4
            self._crash.at(AFTER_PRODUCE)
            produced = time.perf_counter()
            if not may_go(outcome):  # 5
                await owned.producer.abort_transaction()
                return Committed.OVERTAKEN
            await owned.producer.commit_transaction()  # 6
        self._crash.at(AFTER_COMMIT)
        committed = time.perf_counter()
        owned.save(outcome, offset)  # 7
        self._crash.at(AFTER_STORE)
        for topic, next_offset in outcome.record.next_offsets.items():  # 8
            acknowledge(topic, owned.number, next_offset)
        self._crash.at(AFTER_ACKNOWLEDGE)
        BATCH_SECONDS.labels("produce").observe(produced - started)
        BATCH_SECONDS.labels("commit").observe(committed - produced)
        BATCH_SECONDS.labels("store").observe(time.perf_counter() - committed)
        return Committed.DONE

    async def _produce(self, owned: OwnedPartition[D, S], outcome: Outcome[S], now_ms: int) -> int:
        """Returns the offset of the last record on the changelog."""
        submitting: list[Awaitable[list[Submitted]]] = []
        for topic, records in outcome.outputs.items():
            count = self._partitions_of(topic)
            if count == self._partitions_of(self._changelog):  # same key, same count: same partition
                submitting.append(submit(owned.producer, topic, owned.number, records, now_ms))
                continue
            by_partition: dict[int, list[object]] = {}
            for record in records:
                by_partition.setdefault(partition_of(record.key or b"", count), []).append(record)
            submitting += [
                submit(owned.producer, topic, number, part, now_ms)  # type: ignore[arg-type]
                for number, part in by_partition.items()
            ]
        submitting += [
            submit(owned.producer, self._own_topic, number, records, now_ms)
            for number, records in outcome.addressed.items()
        ]
        states = (Outgoing(key, raw, []) for key, raw in outcome.states)
        position = Outgoing(PARTITION_KEY, encode_partition_record(outcome.record), [])
        changelog = submit(owned.producer, self._changelog, owned.number, chain(states, (position,)), now_ms)
        *others, last = await asyncio.gather(*submitting, changelog)
        for submitted in others:
            await acknowledged(submitted)
        return await acknowledged(last)

    async def _forward(self, forwards: Sequence[Forward]) -> None:
        sent = [
            await self._plain.send(
                forward.topic,
                key=forward.key,
                value=forward.value,
                partition=forward.partition,
                headers=forward.headers,
                timestamp_ms=forward.timestamp_ms,
            )
            for forward in forwards
        ]
        await asyncio.gather(*sent)
