"""The partitions of one process: taking them over, feeding them, letting them go. Knows nothing of Faust."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition
from rocksdict import Rdict

from orchestrator.errors import ProcessingHalted
from orchestrator.streams.commit import Acknowledge
from orchestrator.streams.fate import take_over
from orchestrator.streams.owned import CACHED_STATES, OwnedPartition
from orchestrator.streams.pipeline import Pipeline, Tools
from orchestrator.streams.producers import stop_producers
from orchestrator.streams.record import InputRecord
from orchestrator.streams.recovery import Changelog, recover
from orchestrator.streams.standby import Standby
from orchestrator.telemetry.metrics import PARTITIONS_OWNED, REBALANCES, RECOVERY_SECONDS

log = logging.getLogger(__name__)

D = TypeVar("D")
S = TypeVar("S")


class Worker(Generic[D, S]):
    """Owns partitions from one assignment of the group to the next.

    ``outputs``: every partition that it may write to. ``fail`` is told what must end the process.
    """

    def __init__(
        self,
        tools: Tools[D, S],
        changelog: Changelog,
        outputs: Collection[TopicPartition],
        fail: Callable[[Exception], None],
    ) -> None:
        self.room = asyncio.Event()  # set whenever a batch is finished
        self.is_called = asyncio.Event()  # the group has assigned for the first time, be it nothing
        self.is_settled = False  # what the group assigned is taken over, be it nothing
        self._tools = tools
        self._changelog = changelog
        self._outputs = outputs
        self._fail = fail
        self._standby = Standby(tools.settings, changelog, fail)
        self._producers: dict[int, AIOKafkaProducer] = {}
        self._pipelines: dict[int, Pipeline[D, S]] = {}
        self._taking: asyncio.Task[None] | None = None
        self._indexing: asyncio.Task[None] | None = None

    @property
    def owned(self) -> list[OwnedPartition[D, S]]:
        """The partitions that are ready."""
        return [pipeline.owned for pipeline in self._pipelines.values()]

    @property
    def waiting(self) -> int:
        """Records that were fed and are not in work yet."""
        return sum(pipeline.waiting for pipeline in self._pipelines.values())

    def unacknowledged(self, topic: str) -> dict[int, list[Sequence[InputRecord]]]:
        """By owned partition, the records of a topic that were fed and are not done, in their order."""
        return {number: pipeline.unacknowledged(topic) for number, pipeline in self._pipelines.items()}

    def oldest_batch_s(self) -> float | None:
        """Since when (monotonic clock) the batch that is longest in work has been; None: there is none."""
        started = [pipeline.started_s for pipeline in self._pipelines.values() if pipeline.started_s is not None]
        return min(started, default=None)

    async def take_over(self, stores: Mapping[int, Rdict], acknowledge: Acknowledge) -> bool:
        """Becomes the owner of these partitions and of no others: fences and recovers; who is due is found out later.

        False: it had to let go of them before it was through; the next assignment is on its way.

        Raises:
            ProcessingHalted: when the state cannot be had.
        """
        REBALANCES.inc()
        await self.let_go()
        self._taking = taking = asyncio.create_task(self._take_over(stores, acknowledge))
        self.is_called.set()
        await asyncio.wait([taking])
        if taking.cancelled():
            return False
        await taking
        return True

    async def _take_over(self, stores: Mapping[int, Rdict], acknowledge: Acknowledge) -> None:
        started = time.monotonic()
        tools = self._tools
        # First of all: from here on no former owner can change what is recovered.
        self._producers = await take_over(tools.settings, stores, self._outputs)
        recovered = await recover(tools.settings, self._changelog, stores, tools.crash)
        await tools.configs.is_complete.wait()
        cached = CACHED_STATES // max(1, len(stores))
        owned = [
            OwnedPartition(number, store, self._producers[number], tools.decider, tools.settings.time, cached)
            for number, store in stores.items()
        ]
        self._pipelines = {
            partition.number: Pipeline(tools, partition, acknowledge, self.room.set, self._fail) for partition in owned
        }
        self.is_settled = True
        PARTITIONS_OWNED.set(len(owned))
        took_s = time.monotonic() - started
        RECOVERY_SECONDS.observe(took_s)
        log.info(
            "Owns %d partitions; read %d changelog records; ready after %.1f s",
            len(owned),
            recovered,
            took_s,
            extra={
                "action": "partitions_taken_over",
                "partitions": sorted(self._pipelines),
                "recovered": recovered,
                "seconds": round(took_s, 3),
            },
        )
        self._indexing = asyncio.create_task(self._index_timers(owned, started))

    def check_positions(self, positions: Mapping[tuple[str, int], tuple[int | None, int]]) -> None:
        """Compares the group's committed offsets, and where reading goes on, with what the states say.

        ``positions``: both by topic and partition. What nothing was ever read of has to begin where reading begins.

        Raises:
            ProcessingHalted: records are committed as read whose effect is not in the states: the changelog was lost.
        """
        for (topic, number), (offset, start) in positions.items():
            pipeline = self._pipelines.get(number)
            if pipeline is None:
                continue
            pipeline.owned.expected.setdefault(topic, start)
            done = pipeline.owned.record.next_offsets.get(topic, 0)
            if offset and done < offset:
                raise ProcessingHalted(
                    f"taking over {topic}/{number}: offsets below {offset} are committed as processed, but the "
                    f"recovered state contains them only below {done}. Was the changelog {self._changelog.name} "
                    "deleted? Restore it, or set the group's offsets back to what the state contains"
                )

    def feed(self, topic: str, partition: int, records: Sequence[InputRecord]) -> None:
        """Hands consecutive records of an owned partition over; others are left out, their owner reads them."""
        pipeline = self._pipelines.get(partition)
        if pipeline is not None:
            pipeline.feed(topic, records)

    async def finish(self) -> None:
        """Lets the batches in work finish, and nothing else begin."""
        await asyncio.gather(*(pipeline.finish() for pipeline in self._pipelines.values()))

    def stand_by(self, stores: Mapping[int, Rdict]) -> None:
        """Keeps copies of partitions that others own up to date, until ``let_go``."""
        self._standby.follow(stores)

    async def let_go(self) -> None:
        """Drops every partition, after the batches in work, and every copy."""
        self.is_settled = False
        taking, self._taking = self._taking, None
        if taking is not None:  # it may be writing into stores that are closed next
            taking.cancel()
            await asyncio.wait([taking])
        await self._standby.let_go()
        await self.finish()
        if self._indexing is not None:
            self._indexing.cancel()
            await asyncio.wait([self._indexing])
            self._indexing = None  # and with it what it still refers to of the stores
        self._pipelines = {}
        PARTITIONS_OWNED.set(0)
        producers, self._producers = self._producers, {}
        await stop_producers(producers.values())

    async def _index_timers(self, owned: Sequence[OwnedPartition[D, S]], since_s: float) -> None:
        """Finds out who waits for which moment, between batches: of a million customers that takes a while."""
        configs = self._tools.configs
        try:
            for partition in owned:
                for _ in partition.index_timers(lambda: configs.view.directory):
                    await asyncio.sleep(0)
        except Exception as error:  # whatever it is: a wait that is not known never ends
            self._fail(error)
        took_s = time.monotonic() - since_s
        waiting = sum(len(partition.timers) for partition in owned)
        held = sum(partition.timers.held for partition in owned)
        log.info(
            "Knows all timers: %d customers wait, %d are held; found out %.1f s after the assignment",
            waiting,
            held,
            took_s,
            extra={"action": "timers_indexed", "seconds": round(took_s, 3), "waiting": waiting, "held": held},
        )
