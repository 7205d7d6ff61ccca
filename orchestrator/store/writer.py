"""The sink's statements: whole sets of rows, each repeatable without effect. The caller holds the transaction."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import count

import msgspec

from orchestrator.messages.activity import Activity
from orchestrator.messages.key import customer_key
from orchestrator.store.pool import Connection
from orchestrator.store.queries import load_queries
from orchestrator.store.rows import (
    CustomerKey,
    DayKey,
    Erased,
    Erasure,
    Exposure,
    Figures,
    MinuteKey,
    Participant,
    Position,
    QuarterKey,
    Refusal,
    activity_row,
)

# Sums of money stay decimal on their way through JSON: figures must add up to the cent, in any order.
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")
_DECODER: msgspec.json.Decoder[dict[str, int | Decimal | Figures]] = msgspec.json.Decoder(float_hook=Decimal)


class ActivityWriter:
    """Writes for one sink group through one connection."""

    def __init__(self, connection: Connection, group: str) -> None:
        self._connection = connection
        self._group = group
        self._sql = load_queries("writer")

    async def try_lock(self) -> bool:
        """Whether this session is now the only one that writes for the group; it stays so until the session ends."""
        return bool(await self._connection.fetchval(self._sql["try_lock"], f"sink:{self._group}"))

    async def offsets(self, topic: str) -> dict[int, int]:
        """The next offset to read, by partition; a partition never read is absent."""
        rows = await self._connection.fetch(self._sql["offsets"], self._group, topic)
        return {row["partition"]: row["next_offset"] for row in rows}

    async def save_offsets(self, topic: str, offsets: Mapping[int, int]) -> None:
        """Sets the next offset to read of the partitions named."""
        await self._connection.execute(
            self._sql["save_offsets"], self._group, topic, list(offsets), list(offsets.values())
        )

    async def workspaces(self, journey_ids: Iterable[str]) -> dict[str, str]:
        """The workspace of each journey that exists; none of them can be deleted before the transaction ends."""
        rows = await self._connection.fetch(self._sql["journeys"], list(journey_ids))
        return {row["id"]: row["workspace_id"] for row in rows}

    async def insert_activities(self, activities: Sequence[Activity]) -> set[str]:
        """Writes the activities; returns the ids that were not on record before."""
        if not activities:
            return set()
        await self._connection.execute(self._sql["make_incoming"])
        await self._connection.copy_records_to_table(
            "incoming", schema_name="pg_temp", records=map(_incoming, count(), activities)
        )
        rows = await self._connection.fetch(self._sql["insert_activities"])
        return {row["id"] for row in rows}

    async def participants(self, keys: Sequence[CustomerKey]) -> dict[CustomerKey, Participant]:
        """What is on record of these customers; one without a record is absent."""
        if not keys:
            return {}
        journeys, customers = [key[0] for key in keys], [key[1] for key in keys]
        rows = await self._connection.fetch(self._sql["participants"], journeys, customers)
        return {
            (row["config_id"], row["customer_id"]): Participant(
                arm=row["arm"],
                first_entered_ms=row["first_entered_ms"],
                entries=row["entries"],
                conversions=row["conversions"],
                value=row["value"],
                past=row["past"],
                was_active=row["was_active"],
            )
            for row in rows
        }

    async def save_participants(self, participants: Mapping[CustomerKey, Participant]) -> None:
        """Replaces what is on record of these customers."""
        if not participants:
            return
        values = participants.values()
        await self._connection.execute(
            self._sql["save_participants"],
            [key[0] for key in participants],
            [key[1] for key in participants],
            [participant.arm for participant in values],
            [participant.first_entered_ms for participant in values],
            [participant.entries for participant in values],
            [participant.conversions for participant in values],
            [participant.value for participant in values],
            [participant.past for participant in values],
            [participant.was_active for participant in values],
        )

    async def days(self, keys: Sequence[DayKey]) -> dict[DayKey, Figures]:
        """The figures on record of these days, locked until the transaction ends; a day without figures is absent."""
        if not keys:
            return {}
        rows = await self._connection.fetch(self._sql["days"], [key[0] for key in keys], [key[1] for key in keys])
        return {(row["config_id"], row["date"]): _DECODER.decode(row["metrics"]) for row in rows}

    async def save_days(self, days: Mapping[DayKey, Figures]) -> None:
        """Replaces the figures of these days."""
        if not days:
            return
        figures = [_ENCODER.encode(day).decode() for day in days.values()]
        await self._connection.execute(
            self._sql["save_days"], [key[0] for key in days], [key[1] for key in days], figures
        )

    async def quarters(self, keys: Sequence[QuarterKey]) -> dict[QuarterKey, Figures]:
        """The figures on record of these quarters of an hour, as ``days`` has them of days."""
        if not keys:
            return {}
        rows = await self._connection.fetch(self._sql["quarters"], [key[0] for key in keys], [key[1] for key in keys])
        return {(row["config_id"], row["number"]): _DECODER.decode(row["metrics"]) for row in rows}

    async def save_quarters(self, quarters: Mapping[QuarterKey, Figures]) -> None:
        """Replaces the figures of these quarters of an hour."""
        if not quarters:
            return
        await self._connection.execute(
            self._sql["save_quarters"],
            [key[0] for key in quarters],
            [key[1] for key in quarters],
            [_ENCODER.encode(quarter).decode() for quarter in quarters.values()],
        )

    async def save_positions(self, positions: Mapping[str, Position]) -> None:
        """Replaces where these runs stand, by run id; an ended run stays ended, and a later move stands."""
        if not positions:
            return
        values = positions.values()
        await self._connection.execute(
            self._sql["save_positions"],
            list(positions),
            [position.journey_id for position in values],
            [position.workspace_id for position in values],
            [position.customer_id for position in values],
            [position.version for position in values],
            [position.step for position in values],
            [position.arm for position in values],
            [position.status for position in values],
            [position.reason for position in values],
            [position.entered_ms for position in values],
            [position.moved_ms for position in values],
            [position.arrived_ms for position in values],
        )

    async def save_experiments(self, exposures: Sequence[Exposure], conversions: Mapping[str, int]) -> None:
        """Keeps the first arm of each customer and experiment; ``conversions``: when a run reached the goal, by run id.

        Of the exposures on record, those of such a run become conversions; ``exposures`` come with their own. Both are
        counted by the quarter of an hour, by what is really written.
        """
        if conversions:
            await self._connection.execute(self._sql["save_conversions"], list(conversions), list(conversions.values()))
        if exposures:
            await self._connection.execute(
                self._sql["save_exposures"],
                [exposure.journey_id for exposure in exposures],
                [exposure.step for exposure in exposures],
                [exposure.customer_id for exposure in exposures],
                [exposure.arm for exposure in exposures],
                [exposure.run_id for exposure in exposures],
                [exposure.exposed_ms for exposure in exposures],
                [exposure.converted_ms for exposure in exposures],
            )

    async def save_deliveries(self, counts: Mapping[MinuteKey, int]) -> None:
        """Adds to the messages by journey, minute and outcome."""
        if not counts:
            return
        await self._connection.execute(
            self._sql["save_deliveries"],
            [key[0] for key in counts],
            [key[1] for key in counts],
            [key[2] for key in counts],
            list(counts.values()),
        )

    async def last_erasures(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset of the last erasure in each of the partitions; one without any is absent."""
        rows = await self._connection.fetch(self._sql["last_erasures"], topic, list(partitions))
        return {row["partition"]: row["last_offset"] for row in rows}

    async def erasures_of(self, topic: str, digests: Iterable[bytes]) -> dict[bytes, list[Erased]]:
        """The erasures of customers by the digest of their key; one who was never erased is absent."""
        found: dict[bytes, list[Erased]] = {}
        for row in await self._connection.fetch(self._sql["erasures_of"], topic, list(digests)):
            erased = Erased(row["partition"], row["offset"], row["decided_ms"])
            found.setdefault(row["customer_sha256"], []).append(erased)
        return found

    async def erase(self, topic: str, erasure: Erasure) -> bool:
        """Deletes every row of the customer and keeps the receipt; False when that was done before."""
        is_new = await self._connection.fetchval(
            self._sql["save_receipt"],
            erasure.receipt,
            erasure.workspace_id,
            erasure.customer_sha256,
            erasure.requested_ms,
            erasure.decided_ms,
            topic,
            erasure.partition,
            erasure.offset,
        )
        if is_new is None:
            return False
        workspace_id = erasure.workspace_id
        rows = await self._connection.fetch(self._sql["names_of_customer"], workspace_id, erasure.customer_id)
        names = [row["customer_id"] for row in rows]
        counts = {
            table: await self._count(self._sql[f"erase_{table}"], workspace_id, names)
            for table in ("runs", "activities", "participants", "exposures")
        }
        keys = [customer_key(workspace_id, name) for name in names]
        counts["refusals"] = await self._count(self._sql["erase_refusals"], keys)
        await self._connection.execute(self._sql["count_erased"], erasure.receipt, counts)
        return True

    async def _count(self, statement: str, *arguments: object) -> int:
        status = await self._connection.execute(statement, *arguments)
        return int(status.rpartition(" ")[2])  # "DELETE 7"

    async def save_refusals(self, refusals: Sequence[Refusal]) -> list[str]:
        """Keeps records that could not be used; returns the reasons of those that were not on record before."""
        if not refusals:
            return []
        rows = await self._connection.fetch(
            self._sql["save_refusals"],
            [refusal.id for refusal in refusals],
            [refusal.topic for refusal in refusals],
            [refusal.partition for refusal in refusals],
            [refusal.offset for refusal in refusals],
            [refusal.reason for refusal in refusals],
            [_storable(refusal.message) for refusal in refusals],
            [refusal.key for refusal in refusals],
            [refusal.value for refusal in refusals],
            [_storable(refusal.workspace_id) for refusal in refusals],
            [_storable(refusal.journey_id) for refusal in refusals],
        )
        return [row["reason"] for row in rows]


def _incoming(place: int, activity: Activity) -> tuple[object, ...]:
    """An activity as a row of the temporary table ``incoming``."""
    return (place, *activity_row(activity, activity.at_ms))


def _storable(text: str | None) -> str | None:
    """``text`` as PostgreSQL takes it: without zero bytes and of bounded length. The record's bytes are kept whole."""
    return None if text is None else text.replace("\x00", "�")[:1_000]
