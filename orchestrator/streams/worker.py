"""Takes partitions over, works through batches, lets partitions go. Knows nothing of Faust: see ``faust_app.py``."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from aiokafka import AIOKafkaProducer
from rocksdict import Rdict

from orchestrator.errors import CircuitOpen, ProcessingHalted
from orchestrator.settings import Settings
from orchestrator.streams.batch import Outcome, PartitionBatch, decide
from orchestrator.streams.commit import Acknowledge, Commit, Committed
from orchestrator.streams.configs import Configs
from orchestrator.streams.crash import AFTER_DECIDE, Crash
from orchestrator.streams.decider import Decider
from orchestrator.streams.guard import jumps, verify_jump
from orchestrator.streams.owned import OwnedPartition
from orchestrator.streams.producers import open_partition_producers, stop_producers
from orchestrator.streams.record import InputRecord
from orchestrator.streams.recovery import recover
from orchestrator.streams.report import report
from orchestrator.streams.wire import Wire
from orchestrator.telemetry.metrics import (
    BATCH_RECORDS,
    BATCH_SECONDS,
    DECISIONS_REPEATED,
    PARTITIONS_OWNED,
    RECOVERY_SECONDS,
)

log = logging.getLogger(__name__)

# A config that changes faster than a batch can be decided would starve it; more often than this is a fault.
MOST_DECISIONS = 100

D = TypeVar("D")
S = TypeVar("S")


class Chunk(NamedTuple):
    """Consecutive records of one topic's partition, as they were fetched."""

    topic: str
    partition: int
    records: Sequence[InputRecord]


class Worker(Generic[D, S]):
    """The partitions of one process and what is done with their records."""

    def __init__(
        self,
        settings: Settings,
        wire: Wire,
        changelog: str,
        decider: Decider[D, S],
        configs: Configs[D, S],
        commit: Commit,
        crash: Crash,
    ) -> None:
        self.owned: dict[int, OwnedPartition[D, S]] = {}
        self.batches = 0  # finished; a watchdog looks whether it moves
        self.records = 0
        self._settings = settings
        self._wire = wire
        self._changelog = changelog
        self._decider = decider
        self._configs = configs
        self._commit = commit
        self._crash = crash
        self._producers: dict[int, AIOKafkaProducer] = {}

    async def take_over(self, stores: Mapping[int, Rdict]) -> None:
        """Becomes the owner of these partitions and of no others: fences, recovers, and finds out who is due.

        Raises:
            ProcessingHalted: when the state cannot be had.
        """
        started = time.monotonic()
        await self.let_go()
        # First of all: from here on no former owner can change what is recovered.
        self._producers = await open_partition_producers(self._settings, stores)
        recovered = await recover(self._settings, self._changelog, stores, self._crash)
        await self._configs.is_complete.wait()
        owned = {
            number: OwnedPartition(number, store, self._producers[number], self._decider)
            for number, store in stores.items()
        }
        for partition in owned.values():
            for _ in partition.index_timers(self._configs.view.directory):
                await asyncio.sleep(0)
        self.owned = owned
        PARTITIONS_OWNED.set(len(owned))
        took_s = time.monotonic() - started
        RECOVERY_SECONDS.observe(took_s)
        log.info(
            "Owns %d partitions; read %d changelog records; %d customers wait; ready after %.1f s",
            len(owned),
            recovered,
            sum(len(partition.timers) for partition in owned.values()),
            took_s,
            extra={
                "action": "partitions_taken_over",
                "partitions": sorted(owned),
                "recovered": recovered,
                "seconds": round(took_s, 3),
            },
        )

    async def let_go(self) -> None:
        """Drops every partition. Must not run while a batch does."""
        self.owned = {}
        PARTITIONS_OWNED.set(0)
        producers, self._producers = self._producers, {}
        await stop_producers(producers.values())

    def check_positions(self, committed: Mapping[tuple[str, int], int | None]) -> None:
        """Compares the group's committed offsets with what the states say, before reading goes on from the former.

        Raises:
            ProcessingHalted: records are committed as read whose effect is not in the states: the changelog was lost.
        """
        for (topic, number), offset in committed.items():
            partition = self.owned.get(number)
            if partition is None or not offset:
                continue
            done = partition.record.next_offsets.get(topic)
            if (done or 0) < offset:
                raise ProcessingHalted(
                    f"taking over {topic}/{number}: offsets below {offset} are committed as processed, but the "
                    f"recovered state contains them only below {done or 0}. Was the changelog {self._changelog} "
                    "deleted? Restore it, or set the group's offsets back to what the state contains"
                )

    async def process(self, chunks: Sequence[Chunk], acknowledge: Acknowledge) -> None:
        """Works one batch off; when this returns, it has happened and is acknowledged.

        Raises:
            ProcessingHalted: nothing that was not committed is acknowledged; the process has to end.
        """
        await self._check(chunks)
        batches: dict[int, PartitionBatch] = {}
        for chunk in chunks:
            batch = batches.get(chunk.partition)
            if batch is None:
                batch = batches[chunk.partition] = PartitionBatch(chunk.partition)
            batch.chunks.append((chunk.topic, chunk.records))
            batch.records += len(chunk.records)
        running: list[asyncio.Task[None]] = []
        for batch in batches.values():
            owned = self.owned[batch.partition]
            running.append(asyncio.create_task(self._process_partition(owned, batch, acknowledge)))
            # Lets this one decide and send before the next one decides: the broker works while we do.
            await asyncio.sleep(0)
        await asyncio.gather(*running)
        self.batches += 1
        self.records += sum(batch.records for batch in batches.values())
        BATCH_RECORDS.observe(sum(batch.records for batch in batches.values()))

    async def _process_partition(
        self, owned: OwnedPartition[D, S], batch: PartitionBatch, acknowledge: Acknowledge
    ) -> None:
        for _ in range(MOST_DECISIONS):
            started = time.perf_counter()
            view = self._configs.view
            now_ms = int(time.time() * 1_000)
            outcome = decide(
                self._decider, view.directory, self._wire, self._settings.time, now_ms, batch, owned.record, owned.load
            )
            BATCH_SECONDS.labels("decide").observe(time.perf_counter() - started)
            self._crash.at(AFTER_DECIDE)
            if await self._commit(owned, outcome, self._gate(view.revision), acknowledge) is Committed.DONE:
                report(outcome, now_ms)
                if reason := owned.breaker.account(outcome.records, outcome.failures):
                    raise CircuitOpen(
                        f"partition {owned.number}: {reason}; they are in {self._wire.dead_letters}. See what they "
                        "have in common; the worker goes on behind them when it is started again"
                    )
                return
            DECISIONS_REPEATED.inc()
        raise ProcessingHalted(
            f"partition {owned.number}: a config changed {MOST_DECISIONS} times while one batch was decided"
        )

    def _gate(self, revision: int) -> Callable[[Outcome[S]], bool]:
        """Whether the commands of an outcome that was decided at ``revision`` may still leave."""

        def may_go(outcome: Outcome[S]) -> bool:
            view = self._configs.view
            return view.revision == revision or all(
                self._decider.may_send(view.directory, workspace_id, journey_id)
                for workspace_id, journey_id in outcome.senders
            )

        return may_go

    async def _check(self, chunks: Sequence[Chunk]) -> None:
        """Makes sure that no record is missing in front of, between or within the chunks."""
        for topic, number, records in chunks:
            expected = self.owned[number].expected
            for wanted, got in jumps(expected.get(topic), records):
                await verify_jump(self._settings, topic, number, wanted, got)
            expected[topic] = max(expected.get(topic, 0), records[-1].offset + 1)
