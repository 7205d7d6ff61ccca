"""The adapter's life: join the group, work partitions off as they come, leave in order."""

import asyncio
import logging
from collections.abc import Collection

from orchestrator.adapters.health import Vitals
from orchestrator.adapters.partition import Partition
from orchestrator.adapters.post import Post
from orchestrator.errors import OrchestratorError
from orchestrator.kafka.member import Member
from orchestrator.kafka.stopping import Stopped, unless_stopped
from orchestrator.telemetry.metrics import ADAPTER_IN_HAND, ADAPTER_KNOWN, ADAPTER_PARTITIONS, ADAPTER_WAITING

log = logging.getLogger(__name__)

READ_WAIT_MS = 100
READ_MOST = 2_000
# A rebalance waits for it, and the session must outlive it (ORCHESTRATOR_SESSION_TIMEOUT_S is 6 s at least).
REVOKE_PATIENCE_S = 4.0
STOP_PATIENCE_S = 25.0  # a supervisor gives 30 s


class Loop:
    """All partitions of one process."""

    def __init__(self, post: Post, vitals: Vitals) -> None:
        self._post = post
        self._vitals = vitals
        self._partitions: dict[int, Partition] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._is_leaving = False

    async def run(self, stop: asyncio.Event) -> None:
        """Works until ``stop`` is set.

        Raises:
            Fenced: another process owns one of the partitions now.
            Unavailable: Kafka has refused, or was away for too long; the ledger says where to go on.
        """
        post = self._post
        joining = Member.join(
            post.settings,
            f"adapter-{post.channel}",
            post.group,
            post.topic,
            taken=self._rest,
            given=self._given,
        )
        try:
            member = await unless_stopped(joining, stop)
        except Stopped:
            return
        try:
            while not stop.is_set():
                self._raise_failure()
                member.read_only([number for number, each in self._partitions.items() if each.has_room])
                for number, records in (await member.read(READ_WAIT_MS, READ_MOST)).items():
                    if number in self._partitions:
                        self._partitions[number].give(records)
                self._show()
        finally:
            self._is_leaving = True
            await asyncio.gather(*(each.rest(STOP_PATIENCE_S) for each in self._partitions.values()))
            await self._close(list(self._partitions))
            await asyncio.gather(*self._closing, return_exceptions=True)
            await member.leave()

    async def _rest(self, numbers: Collection[int]) -> None:
        """Before a rebalance: what is at work is ended, so that nobody finds it in doubt."""
        resting = [self._partitions[number] for number in numbers if number in self._partitions]
        await asyncio.gather(*(each.rest(REVOKE_PATIENCE_S) for each in resting))

    async def _given(self, numbers: Collection[int]) -> None:
        """After it. What this process had before and has again goes on as it was: if anybody else had it meanwhile, the
        first thing that is written for it is refused.
        """
        if self._is_leaving:
            return  # others will get them as soon as this one has left
        lost = [number for number in self._partitions if number not in numbers]
        closing = asyncio.create_task(self._close(lost))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        await closing
        for number in sorted(numbers):
            if number in self._partitions:
                self._partitions[number].go_on()
            else:
                self._partitions[number] = Partition(self._post, number)
        self._vitals.assigned(len(self._partitions))

    async def _close(self, numbers: Collection[int]) -> None:
        closed = [self._partitions.pop(number) for number in numbers]
        await asyncio.gather(*(each.close() for each in closed))

    def _raise_failure(self) -> None:
        for each in self._partitions.values():
            if (failure := each.failure) is not None:
                if not isinstance(failure, OrchestratorError):
                    log.critical("Partition %d ended", each.number, exc_info=failure, extra={"action": "adapter_ended"})
                raise failure

    def _show(self) -> None:
        channel, partitions = self._post.channel, self._partitions.values()
        self._vitals.taken_over(sum(each.is_ready for each in partitions))
        ADAPTER_PARTITIONS.labels(channel).set(len(self._partitions))
        ADAPTER_IN_HAND.labels(channel).set(sum(len(each.desk) for each in partitions))
        ADAPTER_WAITING.labels(channel).set(sum(each.desk.waiting for each in partitions))
        ADAPTER_KNOWN.labels(channel).set(sum(len(each.desk.memory) for each in partitions))
