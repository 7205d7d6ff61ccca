"""Brings a partition's local store up to date from its changelog, before anything else touches the partition.

Faust's own recovery waits for a record at the last offset; a changelog that ends in a transaction marker never has one.
This one reads committed records with a reader of its own until its *position* reaches the end, and writes them in bulk.
The former owner has been fenced before (its open transaction is aborted), so the end does not move any more.

A customer who is erased is a tombstone on the changelog, and compaction takes tombstones away after a while. A store
that missed one, because its worker was off or had other partitions, would keep the customer for ever. So a store that
has not been brought up to date for long is emptied first, and filled from the beginning.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from rocksdict import Rdict, WriteBatch

from orchestrator.catalog import Catalog
from orchestrator.errors import ProcessingHalted
from orchestrator.kafka.clients import closing, open_reader
from orchestrator.settings import Settings
from orchestrator.streams.crash import DURING_RECOVERY, Crash
from orchestrator.streams.stored import OFFSET_KEY, decode_offset, encode_offset
from orchestrator.telemetry.metrics import RECOVERED_RECORDS, RECOVERY_LEFT

log = logging.getLogger(__name__)

# Short, both: a store that is up to date but for the marker of the last transaction gets no record to wake it, and a
# request for offsets stands in line behind the fetch before it. (With 500 and 250 ms a take-over took 0.8 s longer.)
POLL_MS = 50
FETCH_WAIT_MS = 20
MAX_RECORDS = 10_000
PROGRESS_S = 5.0  # between two lines about how far it is
STUCK_S = 60.0  # without any progress for this long the worker ends, and its restart tries again
# Kafka keeps a tombstone for delete.retention.ms, counted from its first compaction or later. Half of that leaves room
# for clocks that disagree.
TRUSTED_SHARE = 0.5
DELETE_RETENTION = "delete.retention.ms"
DEFAULT_DELETE_RETENTION_MS = 86_400_000  # Kafka's


class Changelog(NamedTuple):
    """The topic of the states. ``trusted_ms``: for how long after a store was up to date it has every tombstone."""

    name: str
    trusted_ms: int


def changelog_of(catalog: Catalog) -> Changelog:
    """The changelog as it is declared."""
    spec = catalog.spec(catalog.changelog)
    retention_ms = int(spec.config.get(DELETE_RETENTION, DEFAULT_DELETE_RETENTION_MS))
    return Changelog(spec.name, int(retention_ms * TRUSTED_SHARE))


async def recover(settings: Settings, changelog: Changelog, stores: Mapping[int, Rdict], crash: Crash) -> int:
    """Reads what each store has not seen yet of its partition of ``changelog``; returns how many records that was.

    Raises:
        ProcessingHalted: when a store is ahead of its changelog, or reading makes no progress.
    """
    if not stores:  # more workers than partitions
        return 0
    reader = await open_reader(settings, "recovery", fetch_wait_ms=FETCH_WAIT_MS)
    async with closing(reader):
        partitions = [TopicPartition(changelog.name, number) for number in sorted(stores)]
        reader.assign(partitions)
        ends = await reader.end_offsets(partitions)
        of_partitions = {partition: stores[partition.partition] for partition in partitions}
        await empty_outdated(reader, of_partitions, ends, changelog.trusted_ms)
        for partition in partitions:
            await _seek(reader, partition, stores[partition.partition], ends[partition])
        try:
            count = await _read(reader, ends, stores, crash)
        finally:
            RECOVERY_LEFT.set(0)
        for partition in partitions:
            # The end may lie behind the last record (transaction markers): noted, so that it is not read again.
            stores[partition.partition][OFFSET_KEY] = encode_offset(ends[partition] - 1)
        return count


async def empty_outdated(
    reader: AIOKafkaConsumer,
    stores: Mapping[TopicPartition, Rdict],
    ends: Mapping[TopicPartition, int],
    trusted_ms: int,
) -> None:
    """Empties each store, of a partition of a changelog, that has not seen it for so long that it may miss tombstones.

    To be called before a store goes on where it was, by whoever has it do so. ``ends``: of the changelog's partitions.
    """
    since_ms = int(time.time() * 1_000) - trusted_ms
    found = await reader.offsets_for_times(dict.fromkeys(stores, since_ms))
    for partition, store in stores.items():
        at = found.get(partition)  # None: nothing has been written since
        _empty_if_outdated(store, partition, ends[partition] if at is None else at.offset)


def _empty_if_outdated(store: Rdict, partition: TopicPartition, complete_from: int) -> None:
    applied = decode_offset(store.get(OFFSET_KEY))
    # One offset may be the marker of the last transaction; a record that is missing comes with a marker of its own.
    if applied is None or applied + 2 >= complete_from:
        return
    store.delete_range(b"\x00", b"\xff")  # no key begins with the last byte: it is not UTF-8
    log.info(
        "The local state of partition %d is from long ago; the states are read from the beginning of the changelog",
        partition.partition,
        extra={"action": "local_state_outdated", "partition": partition.partition, "applied": applied},
    )


async def _seek(reader: AIOKafkaConsumer, partition: TopicPartition, store: Rdict, end: int) -> None:
    applied = decode_offset(store.get(OFFSET_KEY))
    if applied is None:
        await reader.seek_to_beginning(partition)
    elif applied + 1 > end:
        raise ProcessingHalted(
            f"recovering {partition.topic}/{partition.partition}: the local store has applied offset {applied}, the "
            f"changelog ends at {end}. Was the topic deleted? Restore it, or delete the worker's data folder"
        )
    else:
        reader.seek(partition, applied + 1)


async def _read(
    reader: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], stores: Mapping[int, Rdict], crash: Crash
) -> int:
    count = 0
    started = said = moved = time.monotonic()
    positions = {partition: await reader.position(partition) for partition in ends}
    at_start = _left(ends, positions)
    RECOVERY_LEFT.set(at_start)
    while True:
        for partition, records in (await reader.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)).items():
            apply(stores[partition.partition], records)
            crash.at(DURING_RECOVERY)
            count += len(records)
            RECOVERED_RECORDS.inc(len(records))
        before, positions = positions, {partition: await reader.position(partition) for partition in ends}
        left = _left(ends, positions)
        RECOVERY_LEFT.set(left)
        if left == 0:
            return count
        now = time.monotonic()
        if positions != before:
            moved = now
        elif now - moved > STUCK_S:
            raise ProcessingHalted(f"recovering state: {left:,} offsets left, and no progress for {STUCK_S:.0f} s")
        if now - said > PROGRESS_S:
            said = now
            still_s = remaining_s(at_start - left, left, now - started)
            log.info(
                "Recovering state: %d records read in %.0f s, %d offsets left, ready in about %.0f s",
                count,
                now - started,
                left,
                still_s,
                extra={"action": "recovery_progress", "records": count, "left": left, "eta_s": round(still_s)},
            )


def remaining_s(done: int, left: int, took_s: float) -> float:
    """How long what is left takes at the pace of what is done (where nothing is yet: as if one were)."""
    return left * took_s / max(1, done)


def _left(ends: Mapping[TopicPartition, int], positions: Mapping[TopicPartition, int]) -> int:
    return sum(max(0, end - positions[partition]) for partition, end in ends.items())


def apply(store: Rdict, records: "Sequence[ConsumerRecord[bytes, bytes]]") -> None:
    """Writes changelog records (at least one, of one partition, in their order) and the offset of the last of them."""
    batch = WriteBatch(raw_mode=True)
    for record in records:
        if record.value is None:
            batch.delete(record.key)
        else:
            batch.put(record.key, record.value)
    batch.put(OFFSET_KEY, encode_offset(records[-1].offset))
    store.write(batch)
