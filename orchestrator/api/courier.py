"""Brings subscribers the figures of each day. The steward's office runs one beside its other work.

A message that cannot be delivered is tried again with growing pauses for a day; then it is told as failed, and the next
day's follows. Its id follows from the subscription and the day, so a receiver that gets it twice can tell.
"""

import asyncio
import logging
from datetime import UTC, date, datetime

from orchestrator.api.daily_message import message_of
from orchestrator.api.database import Database
from orchestrator.api.metrics import zone_of
from orchestrator.api.outgoing import Delivery, Outgoing
from orchestrator.api.subscription_times import after_attempt, day_told
from orchestrator.api.under_way import UnderWay
from orchestrator.errors import OrchestratorError, Unavailable
from orchestrator.messages.ids import derived_id
from orchestrator.messages.standard_webhook import secret_bytes, signed_headers
from orchestrator.store.seal import Seal
from orchestrator.store.subscriptions import Subscription, due_subscriptions, move_on
from orchestrator.store.tenant import Tenant
from orchestrator.telemetry.metrics import SUBSCRIPTION_MESSAGES

log = logging.getLogger(__name__)

POLL_S = 5.0
MOST_AT_ONCE = 8  # messages on their way
MOST_IN_A_ROUND = 100


class Courier:
    """``run`` it as a task; the API asks it for samples too."""

    def __init__(self, database: Database, outgoing: Outgoing, seal: Seal, standing: UnderWay) -> None:
        self._database = database
        self._outgoing = outgoing
        self._seal = seal
        self._standing = standing
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def run(self, poll_s: float = POLL_S) -> None:
        """Sends what is due until cancelled; goes through losses of PostgreSQL, and through what a person must mend."""
        while True:
            try:
                await self.go_round(datetime.now(UTC))
            except OrchestratorError as error:
                extra = {"action": "subscriptions_wait", "pause_s": poll_s}
                log.warning("Subscriptions wait: %s; trying again in %g s", error, poll_s, extra=extra)
            await asyncio.sleep(poll_s)

    async def go_round(self, now: datetime) -> int:
        """Tries to deliver every message that is due, each once; how many there were.

        Raises:
            Unavailable: the database does not answer.
        """
        due = await due_subscriptions(self._database.pool, now, MOST_IN_A_ROUND)
        # All are waited for, so that the next round finds none of them under way.
        ends = await asyncio.gather(*(self._serve(each, now) for each in due), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end
        return len(due)

    async def sample(self, subscription: Subscription, now: datetime) -> Delivery:
        """Sends the figures of yesterday now, marked as a sample, whatever is due.

        Raises:
            ConfigurationError: the secret cannot be read.
            Unavailable: the database does not answer.
        """
        day = day_told(now, zone_of(subscription.zone))
        message_id = derived_id("subscription sample", str(subscription.id), now.isoformat())
        return await self._send(subscription, day, message_id, now, is_sample=True)

    async def _serve(self, subscription: Subscription, now: datetime) -> None:
        zone = zone_of(subscription.zone)
        day = day_told(subscription.due_at, zone)
        message_id = derived_id("subscription", str(subscription.id), day.isoformat())
        async with self._turns:
            try:
                delivery = await self._send(subscription, day, message_id, now, is_sample=False)
                failure = "" if delivery.is_delivered else delivery.detail
            except Unavailable:
                raise
            except OrchestratorError as error:  # such as a secret that no key opens: a person can mend it
                failure = str(error)
        progress = after_attempt(subscription, zone, now, failure)
        if not await move_on(Tenant(self._database.pool, subscription.workspace_id), subscription, progress):
            return
        result = "delivered" if not failure else "failed" if progress.failed_day is None else "given_up"
        SUBSCRIPTION_MESSAGES.labels(result).inc()
        if failure:
            extra = {"action": f"subscription_{result}", "subscription_id": str(subscription.id), "day": str(day)}
            log.warning("A subscription's figures were not delivered: %s", failure, extra=extra)

    async def _send(
        self, subscription: Subscription, day: date, message_id: str, now: datetime, *, is_sample: bool
    ) -> Delivery:
        secret = self._seal.open(subscription.sealed)
        tenant = Tenant(self._database.pool, subscription.workspace_id)
        message = await message_of(tenant, self._standing, subscription, day, now, is_sample=is_sample)
        body = message.model_dump_json().encode()
        headers = signed_headers([secret_bytes(secret)], message_id, int(now.timestamp()), body)
        return await self._outgoing.post(subscription.url, headers, body)
