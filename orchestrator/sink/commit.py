"""One batch of records into PostgreSQL, in one transaction.

1. Every record was decoded before (``sink/ahead.py``); what is not an activity came as a refusal.
2. Begin. Leave out what an erasure has deleted before (``sink/erasures.py``). Look the journeys up; an activity whose
   journey is not there, or is in another workspace, becomes a refusal.
3. Read the participants they concern. Insert the activities; PostgreSQL says which ids it has not seen before, and only
   these count from here on. Meanwhile fold them into figures (pure).
4. Write where runs stand, what became of experiments (with their figures) and of messages.
5. Write the participants. Read the figures of days and of quarters of an hour under lock, add, and write them.
6. Write the refusals.
7. Delete the rows of a customer who is to be erased, with a receipt. Such a record ends its batch, so that what comes
   after it is written after it.
8. Write the offsets.
9. Commit.

A stop before 9 leaves nothing behind and the batch is read again. After 9 the offsets say that it is done; and should
it be read again nevertheless (offsets set back, a topic restored), step 3 finds no new id, so nothing changes.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from orchestrator.errors import DecodeError
from orchestrator.messages.activity import Activity
from orchestrator.sink.decode import ActivityRecord, Decoded, is_uuid, raw_of, refusal
from orchestrator.sink.deliveries import deliveries
from orchestrator.sink.erasures import (
    ending_with_erasures,
    erasure_of,
    is_erasure,
    partition_and_offset,
    without_erased,
)
from orchestrator.sink.exposures import exposures
from orchestrator.sink.fold import Fold, customers_in_question, fold, merged
from orchestrator.sink.positions import positions
from orchestrator.store.faults import translated
from orchestrator.store.pool import Connection
from orchestrator.store.rows import Figures, Refusal
from orchestrator.store.writer import ActivityWriter

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch, in records. ``refused`` counts, by reason, those that were not refused before."""

    new: int
    duplicate: int
    refused: Counter[str]

    def __add__(self, other: "Written") -> "Written":
        return Written(self.new + other.new, self.duplicate + other.duplicate, self.refused + other.refused)


async def commit(connection: Connection, writer: ActivityWriter, topic: str, records: Sequence[Decoded]) -> Written:
    """Writes ``records`` of ``topic``, which are in order within each partition, and where to read on after them.

    A record with a value that PostgreSQL does not take is found by halving the batch, and refused alone.

    Raises:
        Unavailable: the database went away; whether the batch was committed shows in the offsets.
    """
    try:
        written = Written(0, 0, Counter())
        for part in ending_with_erasures(records):
            written += await _commit(connection, writer, topic, part)
        return written
    except DecodeError as error:
        if len(records) == 1:
            return await _commit(connection, writer, topic, [refusal(raw_of(records[0]), error.reason, str(error))])
        middle = len(records) // 2
        first = await commit(connection, writer, topic, records[:middle])
        return first + await commit(connection, writer, topic, records[middle:])


async def _commit(connection: Connection, writer: ActivityWriter, topic: str, decoded: Sequence[Decoded]) -> Written:
    with translated("writing activities"):
        async with connection.transaction():  # steps 2 and 9
            erasures = [erasure_of(each) for each in decoded if is_erasure(each)]
            records = await without_erased(writer, topic, [each for each in decoded if not is_erasure(each)])
            accepted, refusals = await _with_journeys(writer, records)
            new, change = await _insert_and_fold(writer, accepted)  # step 3
            await writer.save_positions(positions(new))  # step 4
            exposed = exposures(new)
            await writer.save_experiments(exposed.first, exposed.goals)
            await writer.save_deliveries(deliveries(new))
            await writer.save_participants(change.participants)  # step 5
            days = await writer.days(sorted(change.days))
            await writer.save_days(_sums(days, change.days))
            quarters = await writer.quarters(sorted(change.quarters))
            await writer.save_quarters(_sums(quarters, change.quarters))
            refused = await writer.save_refusals(refusals)  # step 6
            erased = [await writer.erase(topic, erasure) for erasure in erasures]  # step 7
            await writer.save_offsets(topic, _next_offsets(decoded))  # step 8
    count = len(new) + sum(erased)
    usable = len(decoded) - len(refusals)
    return Written(count, usable - count, Counter(refused))


def _sums(recorded: Mapping[_Key, Figures], added: Mapping[_Key, Figures]) -> dict[_Key, Figures]:
    """The new figures of each day, or quarter of an hour, that something is added to."""
    return {key: merged(recorded[key], figures) if key in recorded else figures for key, figures in added.items()}


async def _with_journeys(writer: ActivityWriter, decoded: Sequence[Decoded]) -> tuple[list[Activity], list[Refusal]]:
    """The activities whose journey is on record in their workspace; all others are refusals."""
    refusals = [each for each in decoded if isinstance(each, Refusal)]
    records = [each for each in decoded if isinstance(each, ActivityRecord)]
    journey_ids = {record.activity.journey_id for record in records}
    workspaces = await writer.workspaces(sorted(id_ for id_ in journey_ids if is_uuid(id_)))
    accepted: list[Activity] = []
    for record in records:
        activity = record.activity
        workspace = workspaces.get(activity.journey_id)
        if workspace == activity.workspace_id:
            accepted.append(activity)
        elif workspace is None:
            message = f"there is no journey {activity.journey_id} in this database"
            refusals.append(refusal(record.raw, "no_such_journey", message, activity))
        else:
            message = f"journey {activity.journey_id} does not belong to workspace {activity.workspace_id}"
            refusals.append(refusal(record.raw, "other_workspace", message, activity))
    return accepted, refusals


async def _insert_and_fold(writer: ActivityWriter, accepted: Sequence[Activity]) -> tuple[list[Activity], Fold]:
    """Inserts the activities; returns those that were not on record, in topic order, each once, and what they change.

    While PostgreSQL writes, they are folded as if none were on record. That is nearly always so, and if not, those
    that were not are folded by themselves. Nobody else writes participants (``ActivityWriter.try_lock``).
    """
    once = list({activity.id: activity for activity in reversed(accepted)}.values())[::-1]
    known = await writer.participants(customers_in_question(once))
    folding = asyncio.create_task(asyncio.to_thread(fold, once, known))
    try:
        new_ids = await writer.insert_activities(once)
    finally:
        await asyncio.wait([folding])  # it reads what is in hand here, and takes milliseconds
    if len(new_ids) == len(once):
        return once, folding.result()
    new = [activity for activity in once if activity.id in new_ids]
    return new, fold(new, known)


def _next_offsets(decoded: Iterable[Decoded]) -> dict[int, int]:
    # The last of each partition wins.
    return {partition: offset + 1 for partition, offset in map(partition_and_offset, decoded)}
