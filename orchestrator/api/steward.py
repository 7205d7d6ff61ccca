"""Looks after running journeys: shares out experiments by what they have shown, and pauses a journey whose brake trips.

In between it lets go of what is too old to be kept (``api/retention.py``), and beside it a courier brings subscribers
the figures of each day (``api/courier.py``), which nothing here waits for.

Every API process runs one; the one that holds the office (a session lock in PostgreSQL) acts, the others wait for it.
What it decides goes the way of every change: into the tables and the outbox in one transaction, and so to the workers.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from pydantic import TypeAdapter

from orchestrator.api.allotment import allot, maturity, pause_between_looks
from orchestrator.api.change import braked
from orchestrator.api.courier import Courier
from orchestrator.api.database import Database
from orchestrator.api.retention import PAUSE_S, Retention
from orchestrator.definitions.duration import parse_duration
from orchestrator.definitions.guardrail import MAX_BRAKE_WINDOW, Brake
from orchestrator.definitions.step import Experiment
from orchestrator.errors import NotFound, Unavailable
from orchestrator.experiments.bandit import Allocation
from orchestrator.experiments.rates import Count
from orchestrator.guardrails.brakes import tripped, window_start
from orchestrator.messages.config import ExperimentShares
from orchestrator.settings import Settings
from orchestrator.store.audit import STEWARD
from orchestrator.store.journeys import Change, Journey, change_journey
from orchestrator.store.pool import connect
from orchestrator.store.retention import RetentionSession
from orchestrator.store.steward import Decided, StewardSession, Watched
from orchestrator.store.tenant import Tenant
from orchestrator.telemetry.metrics import BRAKES

log = logging.getLogger(__name__)

OFFICE_POLL_S = 1.0  # so long after the steward's death another one takes over
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
_KEPT = MAX_BRAKE_WINDOW + timedelta(days=1)
_TIDIES_EVERY = timedelta(hours=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

_BRAKES: TypeAdapter[list[Brake]] = TypeAdapter(list[Brake])


class Steward:
    """``run`` it as a task, once the database is open."""

    def __init__(self, settings: Settings, database: Database, courier: Courier | None = None) -> None:
        self._settings = settings
        self._database = database
        self._courier = courier
        self._look_at: dict[tuple[UUID, str], datetime] = {}
        self._tidy_at = _LONG_AGO

    async def run(self) -> None:
        """Looks after the journeys until cancelled; goes through losses of PostgreSQL with growing pauses."""
        pause_s = FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            try:
                connection = await connect(self._settings, application="steward")
                try:
                    retention = Retention(RetentionSession(connection), self._settings.activity_retention_days)
                    await self._serve(StewardSession(connection), retention)
                finally:
                    connection.terminate()  # not close(): the office must be free at once
            except Unavailable as error:
                if time.monotonic() - began > LONGEST_PAUSE_S:
                    pause_s = FIRST_PAUSE_S  # it had worked for a while: a new trouble, not the old one
                extra = {"action": "steward_interrupted", "pause_s": pause_s}
                log.warning("Experiments and brakes wait: %s; trying again in %.2g s", error, pause_s, extra=extra)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _serve(self, session: StewardSession, retention: Retention) -> None:
        # A session lock can only be asked for: nothing tells when it is free.
        while not await session.take_office():  # noqa: ASYNC110
            await asyncio.sleep(OFFICE_POLL_S)
        beside = [] if self._courier is None else [asyncio.create_task(self._courier.run(), name="courier")]
        try:
            await self._hold_office(session, retention, beside)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _hold_office(
        self, session: StewardSession, retention: Retention, beside: Sequence[asyncio.Task[None]]
    ) -> None:
        while True:
            for task in beside:
                if task.done():
                    task.result()  # it ends by an error alone, which is ours then
            await self.look_after(session, datetime.now(UTC))
            look_at = time.monotonic() + self._settings.steward_interval_s
            # A statement and a pause in turn: there is nothing to be told when the next may come.
            while await retention.step(datetime.now(UTC)) and time.monotonic() + PAUSE_S < look_at:  # noqa: ASYNC110
                await asyncio.sleep(PAUSE_S)
            await asyncio.sleep(max(0.0, look_at - time.monotonic()))

    async def look_after(self, session: StewardSession, now: datetime) -> None:
        """One round over all journeys."""
        for journey in await session.watched():
            try:
                await self._brake(session, journey, now)
                await self._share_out(session, journey, now)
            except ValueError:
                # Written by a newer program, which may be rolling out beside this one.
                extra = {"action": "steward_cannot_read", "journey_id": str(journey.journey_id)}
                log.exception("A journey's experiments or brakes cannot be read", extra=extra)
        if now >= self._tidy_at:
            await session.forget_deliveries(now - _KEPT)
            self._tidy_at = now + _TIDIES_EVERY

    async def _brake(self, session: StewardSession, journey: Watched, now: datetime) -> None:
        brakes = _BRAKES.validate_json(msgspec.json.encode(journey.brakes))
        counts = [
            await session.count_deliveries(journey.journey_id, window_start(brake, journey.resumed_at, now))
            for brake in brakes
        ]
        reason = tripped(zip(brakes, counts, strict=True))
        if not reason:
            return

        def decide(before: Journey) -> Change:
            return braked(before, reason, now)

        try:
            tenant = Tenant(self._database.pool, journey.workspace_id)
            await change_journey(tenant, journey.journey_id, decide, STEWARD)
        except NotFound:  # it was there a moment ago; a person has removed it from the database
            return
        BRAKES.inc()
        extra = {"action": "journey_braked", "journey_id": str(journey.journey_id), "reason": reason}
        log.warning("A journey has been paused by its %s", reason, extra=extra)

    async def _share_out(self, session: StewardSession, journey: Watched, now: datetime) -> None:
        if not journey.experiments or journey.goal_window is None:
            return
        goal_window = parse_duration(journey.goal_window)
        decided = await session.shares(journey.journey_id)
        for step, document in journey.experiments.items():
            if self._look_at.get((journey.journey_id, step), _LONG_AGO) > now:
                continue
            experiment = Experiment.model_validate_json(msgspec.json.encode(document))
            self._look_at[journey.journey_id, step] = now + pause_between_looks(experiment)
            age = maturity(experiment, goal_window)
            counts = await session.count_arms(journey.journey_id, step, now - age, age)
            before = decided.get(step)
            is_over = now >= journey.activated_at + experiment.horizon
            # In a thread: with many arms it takes long enough for requests to notice.
            allocation = await asyncio.to_thread(allot, experiment, counts, before, is_horizon_over=is_over)
            if allocation is not None:
                await session.save_shares(_record(journey, step, allocation, counts, before, now))


def _record(
    journey: Watched,
    step: str,
    allocation: Allocation,
    counts: dict[str, Count],
    before: Decided | None,
    now: datetime,
) -> ExperimentShares:
    arms = {
        name: {"customers": count.customers, "converted": count.converted, "best": allocation.best[name]}
        for name in allocation.shares
        if (count := counts.get(name, Count(0, 0)))
    }
    return ExperimentShares(
        workspace_id=journey.workspace_id,
        journey_id=str(journey.journey_id),
        step=step,
        epoch=1 if before is None else before.epoch + 1,
        shares=allocation.shares,
        is_final=allocation.is_final,
        decided_at_ms=int(now.timestamp() * 1_000),
        evidence={"reason": allocation.reason, "arms": arms},
    )
