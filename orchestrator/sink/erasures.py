"""Customers who are to be forgotten, and what must not come back when the topic is read again.

An erasure is a record like any other, in the partition of its customer. What stood before it there is gone; read again,
such a record is recognised by the digest of its key and left out. In ordinary operation nothing is looked up: a record
behind the last erasure of its partition cannot be one of those.
"""

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from orchestrator.messages.key import customer_key
from orchestrator.sink.decode import ActivityRecord, Decoded
from orchestrator.store.rows import Erased, Erasure, Refusal, digest_of
from orchestrator.store.writer import ActivityWriter


def is_erasure(record: Decoded) -> TypeGuard[ActivityRecord]:
    """Whether the record asks that a customer be forgotten."""
    return isinstance(record, ActivityRecord) and record.activity.type == "customer_erased"


def erasure_of(record: ActivityRecord) -> Erasure:
    """The erasure that the record asks for."""
    activity = record.activity
    requested_ms = activity.details.get("requested_at_ms")
    return Erasure(
        receipt=str(activity.details["receipt"]),
        workspace_id=activity.workspace_id,
        customer_id=activity.customer_id,
        requested_ms=requested_ms if isinstance(requested_ms, int) else activity.at_ms,
        decided_ms=activity.at_ms,
        partition=record.raw.partition,
        offset=record.raw.offset,
    )


def ending_with_erasures(decoded: Sequence[Decoded]) -> Iterator[Sequence[Decoded]]:
    """The records in parts, each ending with an erasure or the last record."""
    start = 0
    for place, each in enumerate(decoded, 1):
        if is_erasure(each) or place == len(decoded):
            yield decoded[start:place]
            start = place


async def without_erased(writer: ActivityWriter, topic: str, decoded: Sequence[Decoded]) -> list[Decoded]:
    """The records but for those of customers who were erased later on: see the head of this file."""
    last = await writer.last_erasures(topic, {partition_and_offset(each)[0] for each in decoded})
    suspects = [each for each in decoded if _stands_before(each, last)]
    if not suspects:
        return list(decoded)
    erased = await writer.erasures_of(topic, {_digest(each) for each in suspects})
    gone = {id(each) for each in suspects if any(_is_gone(each, by) for by in erased.get(_digest(each), ()))}
    return [each for each in decoded if id(each) not in gone]


def partition_and_offset(record: Decoded) -> tuple[int, int]:
    """Where the record stands."""
    place = record if isinstance(record, Refusal) else record.raw
    return place.partition, place.offset


def _stands_before(record: Decoded, last: dict[int, int]) -> bool:
    partition, offset = partition_and_offset(record)
    return offset < last.get(partition, 0)


def _is_gone(record: Decoded, by: Erased) -> bool:
    partition, offset = partition_and_offset(record)
    # A topic made anew begins at offset 0 again: its records are later than what they seem to stand before.
    is_earlier = isinstance(record, Refusal) or record.activity.at_ms <= by.decided_ms
    return is_earlier and partition == by.partition and offset < by.offset


def _digest(record: Decoded) -> bytes:
    if isinstance(record, Refusal):
        return digest_of(record.key)
    return digest_of(customer_key(record.activity.workspace_id, record.activity.customer_id))
