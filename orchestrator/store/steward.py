"""What the steward reads and writes, through the session that holds its office."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from orchestrator.experiments.rates import Count
from orchestrator.messages.config import ExperimentShares
from orchestrator.store.faults import translated
from orchestrator.store.outbox import append
from orchestrator.store.pool import Connection
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class Watched:
    """An active journey with something to look after, as parts of its definition: experiment steps by id, and brakes.

    ``activated_at`` is when it first started, ``resumed_at`` when it last did (UTC).
    """

    journey_id: UUID
    workspace_id: str
    experiments: Mapping[str, object]
    brakes: list[object]
    goal_window: str | None
    activated_at: datetime
    resumed_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What was last decided of an experiment step; see :class:`orchestrator.messages.config.ExperimentShares`."""

    epoch: int
    shares: dict[str, float]
    is_final: bool
    evidence: dict[str, object] = field(default_factory=dict)
    decided_at: datetime | None = None


class StewardSession:
    """One database session; while it holds the office, nobody else decides."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sql = load_queries("steward")

    async def take_office(self) -> bool:
        """Whether this session is the steward; once it is, it stays so until it ends. Ask only while it is not."""
        with translated("asking for the steward's office"):
            return bool(await self._connection.fetchval(self._sql["take_office"]))

    async def watched(self) -> list[Watched]:
        """Every active journey of every workspace that has experiments or brakes."""
        with translated("reading which journeys to look after"):
            rows = await self._connection.fetch(self._sql["watched"])
        return [
            Watched(
                journey_id=row["id"],
                workspace_id=row["workspace_id"],
                experiments=row["experiments"],
                brakes=row["brakes"],
                goal_window=row["goal_window"],
                activated_at=row["activated_at"],
                resumed_at=row["resumed_at"],
            )
            for row in rows
        ]

    async def count_arms(
        self, journey_id: UUID, step: str, exposed_until: datetime, within: timedelta
    ) -> dict[str, Count]:
        """By arm: customers who were given it up to ``exposed_until``, and those who then converted ``within``."""
        with translated("counting an experiment's arms"):
            rows = await self._connection.fetch(
                self._sql["count_arms"], journey_id, step, exposed_until, within.total_seconds()
            )
        return {row["arm"]: Count(row["customers"], row["converted"]) for row in rows}

    async def count_deliveries(self, journey_id: UUID, since: datetime) -> dict[str, int]:
        """The journey's messages since ``since``, a whole minute: asked for, and by bad outcome."""
        with translated("counting a journey's deliveries"):
            rows = await self._connection.fetch(self._sql["count_deliveries"], journey_id, since)
        return {row["outcome"]: row["messages"] for row in rows}

    async def shares(self, journey_id: UUID) -> dict[str, Decided]:
        """What was last decided of the journey's experiments, by step."""
        with translated("reading an experiment's shares"):
            return _decided(await self._connection.fetch(self._sql["find_shares"], journey_id))

    async def save_shares(self, decision: ExperimentShares) -> bool:
        """Keeps the decision, and the record that tells the workers; False: another one has been made meanwhile."""
        with translated("writing an experiment's shares"):
            async with self._connection.transaction():
                epoch = await self._connection.fetchval(
                    self._sql["save_shares"],
                    decision.journey_id,
                    decision.step,
                    decision.epoch,
                    decision.shares,
                    decision.is_final,
                    decision.evidence,
                    decision.decided_at_ms,
                )
                if epoch is not None:
                    await append(self._connection, [decision])
        return epoch is not None

    async def forget_deliveries(self, before: datetime) -> None:
        """Removes counts from before a time."""
        with translated("removing old counts of deliveries"):
            await self._connection.execute(self._sql["forget_deliveries"], before)


async def find_shares(tenant: Tenant, journey_id: UUID) -> dict[str, Decided]:
    """What was last decided of a journey's experiments, by step."""
    with translated("reading an experiment's shares"):
        return _decided(await tenant.fetch(load_queries("steward")["find_shares"], journey_id))


def _decided(rows: "list[asyncpg.Record]") -> dict[str, Decided]:
    return {
        row["step"]: Decided(row["epoch"], row["shares"], row["is_final"], row["evidence"], row["decided_at"])
        for row in rows
    }
