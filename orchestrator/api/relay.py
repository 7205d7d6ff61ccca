"""Carries records from the outbox to Kafka, at least once: configs in order, requests for entries in order after them.

Every API process runs one; the one with the lead works, the others wait for it. A loss of either side ends the session
and the lead with it: whoever asks next, perhaps this process again, goes on with the oldest record that waits.
Order of one round: read the oldest records → Kafka commits them → PostgreSQL forgets them and tells every process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from orchestrator.errors import Fenced, Unavailable
from orchestrator.kafka.config_writer import ControlRecord
from orchestrator.messages.trace import read_trace
from orchestrator.settings import Settings
from orchestrator.store.outbox import OutboxRow, OutboxSession, open_session
from orchestrator.telemetry.metrics import OUTBOX_PENDING, OUTBOX_RELAY_SECONDS
from orchestrator.telemetry.spans import Span, new_span
from orchestrator.telemetry.traces import Traces

log = logging.getLogger(__name__)

ROUND_RECORDS = 50
POLL_S = 5.0  # finds what a lost notification would have told
LEAD_POLL_S = 1.0  # so long after the leader's death another one takes over
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
_CONFIGS, _EVENTS = False, True


class Writer(Protocol):
    """Where records go: see :class:`orchestrator.kafka.config_writer.ConfigWriter`."""

    async def write(self, records: Sequence[ControlRecord]) -> None:
        """Returns when all are written, in order; raises ``Unavailable`` or ``Fenced``."""

    async def stop(self) -> None:
        """Lets go of the connection."""


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """Whether changes reach Kafka now, and if not, why."""

    is_ok: bool
    detail: str


def _spans(rows: Sequence[OutboxRow], now: datetime) -> Iterator[Span]:
    """The spans of the rows that say where they belong, from the change's transaction to Kafka."""
    for row in rows:
        parent = read_trace(row.headers)
        if parent is not None and parent.is_sampled:
            began_ns, ended_ns = (round(each.timestamp() * 1_000_000_000) for each in (row.created_at, now))
            yield Span("relay", "producer", new_span(parent, 0), parent.span_id, began_ns, ended_ns, {})


class Relay:
    """``run`` it as a task; ask ``handed_over`` about one's own records."""

    def __init__(
        self,
        settings: Settings,
        open_writer: Callable[[Settings], Awaitable[Writer]],
        traces: Traces | None = None,
    ) -> None:
        self._settings = settings
        self._traces = traces
        self._open_writer = open_writer
        self._relayed_to = {_CONFIGS: 0, _EVENTS: 0}
        self._waiting: dict[asyncio.Future[bool], tuple[bool, int]] = {}
        self._wake: Callable[[], None] | None = None
        self.status = RelayStatus(False, "the relay has not started yet")

    async def run(self) -> None:
        """Relays until cancelled; goes through losses of PostgreSQL and Kafka with growing pauses."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with open_session(self._settings) as session:
                    self._wake = session.wake
                    while not await self._takes_lead(session):
                        pause_s = FIRST_PAUSE_S
                    await self._lead(session)
            except (Unavailable, Fenced) as error:
                if self.status.is_ok:
                    pause_s = FIRST_PAUSE_S
                self._stand(False, str(error))
                extra = {"action": "relay_interrupted", "pause_s": pause_s}
                log.warning("Config changes wait: %s; trying again in %.2g s", error, pause_s, extra=extra)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def handed_over(self, outbox_id: int, timeout_s: float, *, is_event: bool = False) -> bool:
        """Whether Kafka has every config (or event) up to ``outbox_id``.

        Waits for it, but not while it is known to be away.
        """
        if outbox_id <= self._relayed_to[is_event]:
            return True
        if not self.status.is_ok:
            return False
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[told] = (is_event, outbox_id)
        if self._wake is not None:
            self._wake()  # whoever leads may have been quicker than we are
        try:
            async with asyncio.timeout(timeout_s):
                return await told
        except TimeoutError:
            return False
        finally:
            del self._waiting[told]

    async def _takes_lead(self, session: OutboxSession) -> bool:
        if await session.take_lead():
            return True
        OUTBOX_PENDING.set(await session.count())  # the leader may hang
        self._stand(True, "another process relays")
        await session.news(LEAD_POLL_S)
        await self._look(session)
        return False

    async def _look(self, session: OutboxSession) -> None:
        """Learns what others have relayed of what is waited for here: it is in the outbox no more."""
        wanted: dict[bool, int] = {}
        for is_event, outbox_id in self._waiting.values():
            wanted[is_event] = max(outbox_id, wanted.get(is_event, 0))
        for is_event, highest in wanted.items():
            oldest = await session.oldest(is_event=is_event)
            self._reached(is_event, highest if oldest is None else min(highest, oldest - 1))

    async def _lead(self, session: OutboxSession) -> None:
        await self._look(session)
        OUTBOX_PENDING.set(await session.count())
        writer = await self._open_writer(self._settings)
        try:
            while True:
                while rows := await session.pending(ROUND_RECORDS):
                    OUTBOX_PENDING.set(len(rows) if len(rows) < ROUND_RECORDS else await session.count())
                    # One kind at a time: trouble with the topic of the events is none of the configs'.
                    configs = [row for row in rows if not row.is_event]
                    await self._relay(configs or rows, session, writer)
                OUTBOX_PENDING.set(0)
                self._stand(True, "this process relays")
                await session.news(POLL_S)
        finally:
            await writer.stop()

    async def _relay(self, rows: Sequence[OutboxRow], session: OutboxSession, writer: Writer) -> None:
        # Step 1. Kafka has them.
        await writer.write([ControlRecord(row.key.encode(), row.value, row.is_event, row.headers) for row in rows])
        # Step 2. The outbox forgets them. Lost between the two, they are written again, in the same order.
        await session.forget(rows)
        for row in rows:
            self._reached(row.is_event, row.id)
        now = datetime.now(UTC)
        for row in rows:
            OUTBOX_RELAY_SECONDS.observe(max(0.0, (now - row.created_at).total_seconds()))
        if self._traces is not None:
            self._traces.export(_spans(rows, now))

    def _reached(self, is_event: bool, outbox_id: int) -> None:
        self._relayed_to[is_event] = max(self._relayed_to[is_event], outbox_id)
        for told, (of_events, wanted) in self._waiting.items():
            if wanted <= self._relayed_to[of_events] and not told.done():
                told.set_result(True)

    def _stand(self, is_ok: bool, detail: str) -> None:
        if is_ok and not self.status.is_ok:
            log.info("Config changes reach Kafka: %s", detail, extra={"action": "relay_ready"})
        self.status = RelayStatus(is_ok, detail)
        if not is_ok:
            for told in self._waiting:
                if not told.done():
                    told.set_result(False)
