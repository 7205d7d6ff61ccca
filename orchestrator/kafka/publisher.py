"""Writes records that belong to no transaction, and comes back when the brokers have them."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import open_producer
from orchestrator.kafka.outgoing import Outgoing, send_all
from orchestrator.kafka.stopping import STOP_PATIENCE_S, stop_beside
from orchestrator.settings import Settings


class Publisher:
    """An idempotent producer, by records that say where they go."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    @classmethod
    async def open(cls, settings: Settings, role: str) -> "Publisher":
        """Connects.

        Raises:
            Unavailable: the cluster does not answer.
        """
        return cls(await open_producer(settings, role))

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Writes these, in order within each partition.

        Raises:
            Unavailable: the broker did not take one of them; others may be there.
        """
        try:
            await send_all(self._producer, records)
        except KafkaError as error:
            raise Unavailable(f"publishing {len(records)} record(s): {error!r}") from error

    async def close(self) -> None:
        """Sends what is buffered, if the broker answers, and disconnects."""
        await stop_beside([self._producer], STOP_PATIENCE_S)
