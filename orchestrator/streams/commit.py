"""The protocol by which a decided batch of one partition takes effect, once.

1. Forward what belongs to other partitions; wait until the broker has it.
2. *Gate:* no command may come from a journey that the newest config forbids to send. Otherwise: back to deciding.
3. Wait until all of the last transaction is visible (``fate.py`` has looked since it was ended), then begin the next.
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
from collections.abc import Callable, Sequence
from enum import Enum, auto
from itertools import chain
from typing import Protocol, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition

from orchestrator.messages.cloudevents import Encoded
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
from orchestrator.streams.fate import Fate, Transaction
from orchestrator.streams.forwarding import Forward
from orchestrator.streams.owned import OwnedPartition
from orchestrator.streams.producers import acknowledged, fencing, submit
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
        fate: Fate,
        crash: Crash,
    ) -> None:
        self._plain = plain
        self._fate = fate
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
        began = time.perf_counter()
        now_ms = int(time.time() * 1_000)
        if outcome.forwards:
            await self._forward(outcome.forwards)  # 1
            self._crash.at(AFTER_FORWARD)
        if not may_go(outcome):  # 2
            return Committed.OVERTAKEN
        with fencing(owned.number):
            if owned.settling is not None:
                await owned.settling  # 3
                owned.settling = None
            started = time.perf_counter()
            await owned.producer.begin_transaction()
            self._crash.at(AFTER_BEGIN)
            written = await self._produce(owned, outcome, now_ms)  # 4
            self._crash.at(AFTER_PRODUCE)
            produced = time.perf_counter()
            if not may_go(outcome):  # 5
                await owned.producer.abort_transaction()
                self._look_after(owned, Transaction(written, is_committed=False))
                return Committed.OVERTAKEN
            await owned.producer.commit_transaction()  # 6
        self._crash.at(AFTER_COMMIT)
        committed = time.perf_counter()
        self._look_after(owned, Transaction(written, is_committed=True))
        owned.save(outcome, written[TopicPartition(self._changelog, owned.number)])  # 7
        self._crash.at(AFTER_STORE)
        for topic, next_offset in outcome.record.next_offsets.items():  # 8
            acknowledge(topic, owned.number, next_offset)
        self._crash.at(AFTER_ACKNOWLEDGE)
        BATCH_SECONDS.labels("settle").observe(started - began)
        BATCH_SECONDS.labels("produce").observe(produced - started)
        BATCH_SECONDS.labels("commit").observe(committed - produced)
        BATCH_SECONDS.labels("store").observe(time.perf_counter() - committed)
        return Committed.DONE

    def _look_after(self, owned: OwnedPartition[D, S], last: Transaction) -> None:
        """From now on, so that the next batch, which may be decided meanwhile, seldom has to wait for it."""
        owned.settling = asyncio.create_task(self._fate.settle(owned.number, owned.producer, last))

    async def _produce(
        self, owned: OwnedPartition[D, S], outcome: Outcome[S], now_ms: int
    ) -> dict[TopicPartition, int]:
        """Returns the offset of the last record in each partition written to; -1 where the broker did not tell it."""
        records = self._placed(owned.number, outcome)
        states = (Outgoing(key, raw, []) for key, raw in outcome.states)
        position = Outgoing(PARTITION_KEY, encode_partition_record(outcome.record), [])
        submitting = [
            submit(owned.producer, place.topic, place.partition, some, now_ms) for place, some in records.items()
        ]
        changelog = TopicPartition(self._changelog, owned.number)
        submitting.append(
            submit(owned.producer, changelog.topic, changelog.partition, chain(states, (position,)), now_ms)
        )
        submitted = await asyncio.gather(*submitting)
        return {place: await acknowledged(each) for place, each in zip([*records, changelog], submitted, strict=True)}

    def _placed(self, number: int, outcome: Outcome[S]) -> dict[TopicPartition, list[Encoded | Outgoing]]:
        """The outputs of an outcome by where they go."""
        placed: dict[TopicPartition, list[Encoded | Outgoing]] = {}
        for topic, records in outcome.outputs.items():
            count = self._partitions_of(topic)
            if count == self._partitions_of(self._changelog):  # same key, same count: same partition
                placed[TopicPartition(topic, number)] = records
                continue
            for record in records:
                place = TopicPartition(topic, partition_of(record.key or b"", count))
                placed.setdefault(place, []).append(record)
        for other, addressed in outcome.addressed.items():
            placed.setdefault(TopicPartition(self._own_topic, other), []).extend(addressed)
        return placed

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
