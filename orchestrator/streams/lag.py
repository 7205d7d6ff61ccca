"""How far a worker is behind on what it owns, in records and in seconds; told every few seconds, at no cost per record.

No broker is asked: the end of a partition is what came with the last fetch. A worker that cannot fetch does not see the
end move, but then it has other ways to say so.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from orchestrator.streams.record import InputRecord
from orchestrator.telemetry.metrics import LAG_RECORDS, LAG_SECONDS

EVERY_S = 2.0

Place = tuple[str, int]  # topic and partition
Positions = Mapping[Place, tuple[int, int]]  # where reading goes on, and where the partition ends


class Lag(NamedTuple):
    """Records that are not committed, and the age of the oldest of those that were read."""

    records: int
    seconds: float


class Owner(Protocol):
    """Who works the records off: see ``worker.Worker``."""

    def unacknowledged(self, topic: str) -> dict[int, list[Sequence[InputRecord]]]:
        """By owned partition, the records of a topic that were fed and are not done, in their order."""


def lag_of(chunks: Sequence[Sequence[InputRecord]], unread: int, now_ms: int) -> Lag:
    """The lag of a partition of which ``chunks`` were read and are not done, and ``unread`` offsets were not read."""
    # Offsets that were read are records: what transactions leave behind in a topic was passed when it was read.
    records = sum(map(len, chunks)) + max(0, unread)
    age_ms = max(0, now_ms - chunks[0][0].timestamp) if chunks else 0
    return Lag(records, age_ms / 1_000)


class LagReport:
    """Publishes the lag of every owned partition of ``topics``, and no longer of those that another worker owns."""

    def __init__(
        self, topics: Sequence[str], owner: Owner, known_positions: Callable[[Iterable[Place]], Positions]
    ) -> None:
        self._topics = topics
        self._owner = owner
        self._known_positions = known_positions
        self._shown: set[Place] = set()

    async def run(self) -> None:
        """Publishes until cancelled."""
        while True:
            self.publish(int(time.time() * 1_000))
            await asyncio.sleep(EVERY_S)

    def publish(self, now_ms: int) -> None:
        """Publishes what is so now."""
        owned = {
            (topic, partition): chunks
            for topic in self._topics
            for partition, chunks in self._owner.unacknowledged(topic).items()
        }
        positions = self._known_positions(owned) if owned else {}
        for place, chunks in owned.items():
            position, end = positions.get(place, (0, 0))
            lag = lag_of(chunks, end - position, now_ms)
            topic, partition = place[0], str(place[1])
            LAG_RECORDS.labels(topic, partition).set(lag.records)
            LAG_SECONDS.labels(topic, partition).set(lag.seconds)
        for topic, number in self._shown - owned.keys():
            LAG_RECORDS.remove(topic, str(number))
            LAG_SECONDS.remove(topic, str(number))
        self._shown = set(owned)
