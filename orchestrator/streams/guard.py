"""Nothing may be missing between two records that were read one after the other from a partition.

The client below could lose records (Faust's own recovery did, see docs/decisions.md), so every jump in the offsets is
looked into: an upstream transaction or compaction leaves numbers without records behind, retention may have deleted
what was not read in time. If a record *is* there that was not read, the worker stops.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from itertools import pairwise

from aiokafka import AIOKafkaConsumer, TopicPartition

from orchestrator.errors import OffsetGap
from orchestrator.kafka.clients import open_reader
from orchestrator.settings import Settings
from orchestrator.streams.record import InputRecord

log = logging.getLogger(__name__)

POLL_MS = 500
PATIENCE_S = 30.0


def jumps(expected: int | None, records: Sequence[InputRecord]) -> list[tuple[int, int]]:
    """Where the offsets jump, as (expected, got) pairs; ``expected`` None: the first record may stand anywhere."""
    first, last = records[0].offset, records[-1].offset
    found: list[tuple[int, int]] = []
    if expected is not None and first > expected:
        found.append((expected, first))
    if last - first + 1 != len(records):
        offsets = [record.offset for record in records]
        found += [(one + 1, next_) for one, next_ in pairwise(offsets) if next_ > one + 1]
    return found


class Guard:
    """Looks into jumps, for all partitions of a worker, with one reader that is opened when there is the first.

    Journeys that emit events, and walks, leave a marker in a topic after every batch: so a jump must cost little.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader: AIOKafkaConsumer | None = None
        self._one_at_a_time = asyncio.Lock()

    async def verify(self, topic: str, partition: int, expected: int, got: int) -> None:
        """Reads [expected, got) again and comes back when there is really nothing.

        Raises:
            OffsetGap: when a record is there, or it could not be found out.
        """
        async with self._one_at_a_time:
            if self._reader is None:
                self._reader = await open_reader(self._settings, "guard")
            await _verify(self._reader, TopicPartition(topic, partition), expected, got)

    async def close(self) -> None:
        """Lets go of the reader."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.stop()


async def _verify(reader: AIOKafkaConsumer, where: TopicPartition, expected: int, got: int) -> None:
    if reader.assignment() != {where}:
        reader.assign([where])
    earliest = (await reader.beginning_offsets([where]))[where]
    if earliest > expected:
        log.error(
            "%s/%d: offsets %d to %d were deleted by retention before they were read; they are lost",
            where.topic,
            where.partition,
            expected,
            min(earliest, got) - 1,
            extra={"action": "input_expired", "topic": where.topic, "partition": where.partition},
        )
    if earliest >= got:
        return
    reader.seek(where, max(expected, earliest))
    found = await _first_offset(reader, where, got)
    if found is not None and found < got:
        raise OffsetGap(
            f"reading {where.topic}/{where.partition}: offset {expected} was expected and {got} came, but there is a "
            f"record at {found}; the worker stops without acknowledging, and its restart reads on from {expected}"
        )
    log.debug("%s/%d: there are no records at offsets %d to %d", where.topic, where.partition, expected, got - 1)


async def _first_offset(reader: AIOKafkaConsumer, where: TopicPartition, got: int) -> int | None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        records = (await reader.getmany(timeout_ms=POLL_MS, max_records=1)).get(where, [])
        if records:
            return int(records[0].offset)
        if await reader.position(where) >= got:
            return None
    raise OffsetGap(
        f"reading {where.topic}/{where.partition} again up to offset {got}: no answer within {PATIENCE_S:.0f} s"
    )
