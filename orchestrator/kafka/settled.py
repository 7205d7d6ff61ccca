"""Reads one partition up to where it ends now, with everything that was committed before: also by other writers.

The end that readers of committed records are told lies before the oldest transaction that is open, whoever's it is, and
may hide what was committed behind it. So the true end is asked for, and the reading goes on until it is passed.
"""

import asyncio
import time
from collections.abc import AsyncIterator

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import closing, open_reader
from orchestrator.kafka.tail import MAX_RECORDS, TailRecord
from orchestrator.settings import Settings

READ_WAIT_MS = 250
# Longer than a transaction may stay open (transaction.timeout.ms of aiokafka: 60 s).
STUCK_S = 90.0


async def read_settled(settings: Settings, role: str, topic: str, partition: int) -> AsyncIterator[list[TailRecord]]:
    """All committed records of the partition that stood in it when this was called, in their order, in parts.

    Raises:
        Unavailable: the broker does not answer, or a transaction stays open for longer than any may.
    """
    place = TopicPartition(topic, partition)
    try:
        async with closing(await open_reader(settings, f"{role}-end", committed_only=False)) as uncommitted:
            end = (await uncommitted.end_offsets([place]))[place]
        async with closing(await open_reader(settings, role)) as reader:
            reader.assign([place])
            await reader.seek_to_beginning(place)
            position, moved_s = -1, time.monotonic()
            while position < end:
                batches = await reader.getmany(place, timeout_ms=READ_WAIT_MS, max_records=MAX_RECORDS)
                if records := batches.get(place):
                    yield [
                        TailRecord(topic, partition, each.offset, each.timestamp, each.key, each.value, each.headers)
                        for each in records
                    ]
                before, position = position, await reader.position(place)
                if position > before:
                    moved_s = time.monotonic()
                elif time.monotonic() - moved_s > STUCK_S:
                    raise Unavailable(
                        f"reading {topic}/{partition}: nothing but open transactions from {position} to {end} for "
                        f"{STUCK_S:.0f} s; look at `kafka-transactions.sh find-hanging`"
                    )
                await asyncio.sleep(0)
    except KafkaError as error:
        raise Unavailable(f"reading {topic}/{partition}: {error!r}") from error
