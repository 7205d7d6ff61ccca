"""Works the records of one partition off, batch after batch, independently of the other partitions.

While one partition waits for the broker, another decides; and the longer a commit takes, the larger the next batch of
its partition is. Order holds where it matters: within the partition.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from orchestrator.errors import CircuitOpen, ProcessingHalted
from orchestrator.settings import Settings
from orchestrator.streams.batch import Outcome, PartitionBatch, decide
from orchestrator.streams.commit import Acknowledge, Commit, Committed
from orchestrator.streams.configs import Configs
from orchestrator.streams.crash import AFTER_DECIDE, Crash
from orchestrator.streams.decider import Decider
from orchestrator.streams.guard import Guard, jumps
from orchestrator.streams.owned import OwnedPartition
from orchestrator.streams.record import InputRecord
from orchestrator.streams.report import report
from orchestrator.streams.tracing import Moments, spans_of
from orchestrator.streams.wire import Wire
from orchestrator.telemetry.metrics import BATCH_RECORDS, BATCH_SECONDS, DECISIONS_REPEATED
from orchestrator.telemetry.traces import Traces

# A config that changes faster than a batch can be decided would starve it; more often than this is a fault.
MOST_DECISIONS = 100
# A batch is made up when its turn comes, so that it takes along what arrived while it waited. More transactions at a
# time only make each of them slower (8 partitions, two busy cores: 28 ms each without the limit, 15 ms with it).
BATCHES_AT_ONCE = 4

D = TypeVar("D")
S = TypeVar("S")


class Tools(Generic[D, S]):
    """What the pipelines of a worker share."""

    def __init__(
        self,
        settings: Settings,
        wire: Wire,
        decider: Decider[D, S],
        configs: Configs[D, S],
        commit: Commit,
        crash: Crash,
        traces: Traces | None = None,
    ) -> None:
        self.settings = settings
        self.wire = wire
        self.decider = decider
        self.configs = configs
        self.commit = commit
        self.crash = crash
        self.traces = traces
        self.guard = Guard(settings)
        self.turns = asyncio.Semaphore(BATCHES_AT_ONCE)


class Pipeline(Generic[D, S]):
    """The records of one owned partition that wait, and the batch in work. It lives from take-over to rebalance."""

    def __init__(
        self,
        tools: Tools[D, S],
        owned: OwnedPartition[D, S],
        acknowledge: Acknowledge,
        on_batch: Callable[[], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self.owned = owned
        self.waiting = 0  # records
        self.started_s: float | None = None  # of the batch in work
        self._tools = tools
        self._acknowledge = acknowledge
        self._on_batch = on_batch
        self._on_failure = on_failure
        self._chunks: deque[tuple[str, Sequence[InputRecord]]] = deque()
        self._in_work: Sequence[tuple[str, Sequence[InputRecord]]] = ()
        self._is_ending = False
        self._task: asyncio.Task[None] | None = None

    def feed(self, topic: str, records: Sequence[InputRecord]) -> None:
        """Adds consecutive records of a topic to what waits."""
        if self._is_ending:
            return
        self._chunks.append((topic, records))
        self.waiting += len(records)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def unacknowledged(self, topic: str) -> list[Sequence[InputRecord]]:
        """The records of a topic that are in work or wait, in their order."""
        return [records for each, records in (*self._in_work, *self._chunks) if each == topic]

    async def finish(self) -> None:
        """Forgets what waits (it was not acknowledged, so it is read again) and lets the batch in work finish."""
        self._is_ending = True
        self._chunks.clear()
        self.waiting = 0
        if self._task is not None:
            await self._task
        try:
            await self.owned.stop_settling()
        except Exception as error:  # as in a batch: the process ends
            self._on_failure(error)

    async def _run(self) -> None:
        """Works off what waits; ends when nothing does."""
        try:
            while self._chunks:
                async with self._tools.turns:
                    if self._chunks:  # they are gone when a rebalance began meanwhile
                        await self._work_off(self._next_batch())
        except Exception as error:  # whatever it is, nothing of this batch may be acknowledged: the process ends
            self._is_ending = True
            self._on_failure(error)

    async def _work_off(self, batch: PartitionBatch) -> None:
        self.started_s, self._in_work = time.monotonic(), batch.chunks
        await self._check(batch)
        await self._process(batch)
        self.started_s, self._in_work = None, ()
        BATCH_RECORDS.observe(batch.records)
        self._on_batch()

    def _next_batch(self) -> PartitionBatch:
        batch = PartitionBatch(self.owned.number)
        most = self._tools.settings.batch_max_records
        while self._chunks and batch.records + len(self._chunks[0][1]) <= max(most, len(self._chunks[0][1])):
            topic, records = self._chunks.popleft()
            batch.chunks.append((topic, records))
            batch.records += len(records)
        self.waiting -= batch.records
        return batch

    async def _check(self, batch: PartitionBatch) -> None:
        """Makes sure that no record is missing in front of, between or within the chunks."""
        expected = self.owned.expected
        for topic, records in batch.chunks:
            for wanted, got in jumps(expected.get(topic), records):
                await self._tools.guard.verify(topic, self.owned.number, wanted, got)
            expected[topic] = max(expected.get(topic, 0), records[-1].offset + 1)

    async def _process(self, batch: PartitionBatch) -> None:
        tools, owned = self._tools, self.owned
        trace_share = None if tools.traces is None else tools.traces.share
        for _ in range(MOST_DECISIONS):
            started = time.perf_counter()
            began_ns = time.time_ns()
            now_ms = began_ns // 1_000_000
            view = tools.configs.view
            outcome = decide(
                tools.decider,
                view.directory,
                tools.wire,
                tools.settings.time,
                now_ms,
                batch,
                owned.record,
                owned.load,
                owned.customers,
                trace_share,
            )
            decided_ns = time.time_ns()
            BATCH_SECONDS.labels("decide").observe(time.perf_counter() - started)
            tools.crash.at(AFTER_DECIDE)
            # Lets another partition decide before this one encodes its batches: the broker works while we do.
            await asyncio.sleep(0)
            if await tools.commit(owned, outcome, self._gate(view.revision), self._acknowledge) is Committed.DONE:
                if tools.configs.view.revision != view.revision:
                    # Nobody else would release whom a journey held by the old config and does not hold by the new.
                    for key in outcome.due:
                        owned.reconsider(key, tools.configs.view.directory)
                report(outcome, now_ms)
                if tools.traces is not None:
                    tools.traces.export(spans_of(outcome, tools.wire, Moments(began_ns, decided_ns, time.time_ns())))
                if reason := owned.breaker.account(outcome.records, outcome.failures):
                    raise CircuitOpen(
                        f"partition {owned.number}: {reason}; they are in {tools.wire.dead_letters}. See what they "
                        "have in common; the worker goes on behind them when it is started again"
                    )
                return
            DECISIONS_REPEATED.inc()
        raise ProcessingHalted(
            f"partition {owned.number}: a config changed {MOST_DECISIONS} times while one batch was decided"
        )

    def _gate(self, revision: int) -> Callable[[Outcome[S]], bool]:
        """Whether the commands of an outcome that was decided at ``revision`` may still leave."""
        configs, decider = self._tools.configs, self._tools.decider

        def may_go(outcome: Outcome[S]) -> bool:
            view = configs.view
            return view.revision == revision or all(
                decider.may_send(view.directory, workspace_id, journey_id)
                for workspace_id, journey_id in outcome.senders
            )

        return may_go
