"""Publishes records and makes sure that the broker has them."""

import asyncio
from typing import Protocol

from orchestrator.messages.cloudevents import Encoded

IN_FLIGHT = 5_000  # records; then the broker's answers are waited for


class Producer(Protocol):
    """The part of a Kafka producer that is used here."""

    async def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> "asyncio.Future[object]":
        """Hands a record over; the future is done when the broker has it."""


class Sender:
    """Sends without waiting for each record; ``flush`` waits for all of them and tells of any that failed."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._sent: list[asyncio.Future[object]] = []

    async def send(self, topic: str, record: Encoded, partition: int | None = None) -> None:
        """Sends one record, to the partition of its key unless one is given."""
        await self.send_raw(topic, record.key, record.value, record.headers, partition)

    async def send_raw(
        self,
        topic: str,
        key: bytes | None,
        value: bytes,
        headers: list[tuple[str, bytes]],
        partition: int | None = None,
    ) -> None:
        """The same for a record that need not have a key."""
        self._sent.append(await self._producer.send(topic, value, key, partition, headers=headers))
        if len(self._sent) >= IN_FLIGHT:
            await self.flush()

    async def flush(self) -> None:
        """Waits until the broker has everything that was sent."""
        sent, self._sent = self._sent, []
        await asyncio.gather(*sent)
