"""A member of a consumer group that is told which partitions come and go, and that reads only those it has room for."""

import logging
from collections.abc import Awaitable, Callable, Collection

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import open_group_consumer
from orchestrator.kafka.stopping import STOP_PATIENCE_S, stop_beside
from orchestrator.kafka.tail import TailRecord
from orchestrator.settings import Settings

log = logging.getLogger(__name__)

Partitions = Collection[int]
Told = Callable[[Partitions], Awaitable[None]]


class Member:
    """Reads committed records of one topic. Offsets are committed elsewhere, by a transaction (``outgoing.py``)."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    @classmethod
    async def join(cls, settings: Settings, role: str, group: str, topic: str, *, taken: Told, given: Told) -> "Member":
        """Joins the group. ``taken`` is awaited before others may get the partitions in it, ``given`` before reading.

        Both must come back well within the session timeout, and raise nothing.

        Raises:
            Unavailable: the cluster does not answer.
        """
        consumer = await open_group_consumer(settings, role, group, ())
        consumer.subscribe([topic], listener=_Listener(taken, given))
        return cls(consumer, topic)

    async def read(self, wait_ms: int, most: int) -> dict[int, list[TailRecord]]:
        """The next records by partition, in order; none when there are none for ``wait_ms``.

        Raises:
            Unavailable: the broker refuses.
        """
        try:
            batches = await self._consumer.getmany(timeout_ms=wait_ms, max_records=most)
        except KafkaError as error:
            raise Unavailable(f"reading {self._topic}: {error!r}") from error
        return {
            place.partition: [
                TailRecord(each.topic, each.partition, each.offset, each.timestamp, each.key, each.value, each.headers)
                for each in records
            ]
            for place, records in batches.items()
        }

    def read_only(self, numbers: Partitions) -> None:
        """From now on only these partitions are read, of those that are assigned."""
        assigned = self._consumer.assignment()
        wanted = {TopicPartition(self._topic, number) for number in numbers} & assigned
        paused = self._consumer.paused()
        if stop := (assigned - wanted) - paused:
            self._consumer.pause(*stop)
        if go_on := wanted & paused:
            self._consumer.resume(*go_on)

    async def leave(self) -> None:
        """Leaves the group, which gives the partitions to others at once, if the broker answers."""
        await stop_beside([self._consumer], STOP_PATIENCE_S)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped here
    def __init__(self, taken: Told, given: Told) -> None:
        self._taken = taken
        self._given = given

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """All that this member had: some of them may come back in the next moment."""
        await self._taken([place.partition for place in revoked])

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """All that this member has from now on."""
        await self._given([place.partition for place in assigned])
