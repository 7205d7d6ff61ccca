"""Records on their way to Kafka, configs above all: written with the change they tell of, relayed in order, forgotten.

Appending takes a lock until its transaction ends, so ids are given out in the order of the commits, and whoever reads
the rows by id never overtakes one that is still being written. Configs and events each keep their order; configs go
first, so that a pause never waits behind a hundred thousand requests for entries. One session at a time has the lead
(a session lock): it reads, publishes, waits for Kafka and deletes. When it dies, PostgreSQL gives the lead to the next
that asks.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from orchestrator.errors import Unavailable
from orchestrator.messages.codec import encode_config, encode_event
from orchestrator.messages.config import ConfigRecord
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.trace import TraceContext
from orchestrator.settings import Settings
from orchestrator.store.faults import translated
from orchestrator.store.pool import Connection, connect
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant

_APPENDED = "journey_outbox"  # notified by the table's trigger
# Its payload is for releases up to 0.1, which believed it: the kind of record, and the highest id of it that has left.
_RELAYED = "journey_outbox_relayed"
_CONFIG, _EVENT = "config", "event"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One record of the config topic, or (``is_event``) of the engagement events.

    ``value`` None is a tombstone; ``created_at`` is when its transaction began.
    """

    id: int
    key: str
    value: bytes | None
    created_at: datetime
    is_event: bool = False
    headers: tuple[tuple[str, bytes], ...] = ()


async def append(connection: Connection, records: Sequence[ConfigRecord]) -> int:
    """Writes at least one record, in the caller's transaction; returns the id of the last.

    Call it as the last thing in the transaction: others who append wait until that ends.
    """
    sql = load_queries("outbox")
    encoded = [encode_config(record) for record in records]
    await connection.execute(sql["take_order"])
    rows = await connection.fetch(sql["append"], [one.key.decode() for one in encoded], [one.value for one in encoded])
    return max(int(row["id"]) for row in rows)


async def append_event(
    tenant: Tenant,
    event: EngagementEvent,
    also: Callable[[Connection], Awaitable[None]] | None = None,
    trace: TraceContext | None = None,
) -> int:
    """Writes an engagement event in a transaction, in which ``also`` is done too; returns its id in the outbox.

    ``trace``: where it belongs, which its record will say.
    """
    sql = load_queries("outbox")
    record = encode_event(event)
    with translated("writing an event to the outbox"):
        async with tenant.transaction() as connection:
            if also is not None:
                await also(connection)
            await connection.execute(sql["take_order"])
            headers = [*record.headers, *(trace.headers() if trace else ())]
            texts = [[name, header.decode()] for name, header in headers]
            return int(await connection.fetchval(sql["append_event"], record.key.decode(), record.value, texts))


class OutboxSession:
    """A database session that hears of new and of relayed records, and may have the lead."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._news = asyncio.Event()
        self._sql = load_queries("outbox")

    async def take_lead(self) -> bool:
        """Whether this session has the lead; once it has, it keeps it until it ends. Ask only while it has not."""
        with translated("asking for the outbox's lead"):
            return bool(await self._connection.fetchval(self._sql["take_lead"]))

    async def pending(self, limit: int) -> list[OutboxRow]:
        """The oldest records that wait, at most ``limit``: configs in order, then events in order."""
        with translated("reading the outbox"):
            rows = await self._connection.fetch(self._sql["pending"], limit)
        return [
            OutboxRow(
                row["id"],
                row["key"],
                row["value"],
                row["created_at"],
                row["topic"] is not None,
                tuple((name, text.encode()) for name, text in row["headers"]),
            )
            for row in rows
        ]

    async def count(self) -> int:
        """How many records wait."""
        with translated("counting the outbox"):
            return int(await self._connection.fetchval(self._sql["count_pending"]))

    async def oldest(self, *, is_event: bool) -> int | None:
        """The id of the oldest config (or event) that waits; None: none does."""
        with translated("reading what has left the outbox"):
            oldest: int | None = await self._connection.fetchval(
                self._sql["oldest_event" if is_event else "oldest_config"]
            )
        return oldest

    async def forget(self, rows: Sequence[OutboxRow]) -> None:
        """Deletes records that Kafka has acknowledged, and tells every session so."""
        last = {_EVENT if row.is_event else _CONFIG: row.id for row in rows}
        with translated("emptying the outbox"):
            async with self._connection.transaction():
                await self._connection.execute(self._sql["forget"], [row.id for row in rows])
                for kind, id_ in last.items():
                    await self._connection.execute(self._sql["announce"], kind, id_)

    async def news(self, timeout_s: float) -> None:
        """Returns when a record was appended or another session has relayed some, or after ``timeout_s``.

        Raises:
            Unavailable: the session has ended, and the lead with it.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            pass  # the poll that finds what a lost notification would have told
        self._news.clear()
        if self._connection.is_closed():
            raise Unavailable("waiting for the outbox: PostgreSQL has ended the session")

    def wake(self) -> None:
        """Makes ``news`` return."""
        self._news.set()


@asynccontextmanager
async def open_session(settings: Settings) -> AsyncIterator[OutboxSession]:
    """A session of its own, waited for while PostgreSQL is away.

    Notifications only wake it: any login of the database may send them, so what is true is read.
    """
    connection = await connect(settings, application="relay")
    session = OutboxSession(connection)
    own = connection.get_server_pid()
    try:
        with translated("listening to the outbox"):
            connection.add_termination_listener(lambda _: session.wake())
            await connection.add_listener(_APPENDED, lambda *_: session.wake())
            await connection.add_listener(_RELAYED, lambda _c, pid, *_: None if pid == own else session.wake())
        yield session
    finally:
        # Not close(): that would wait for a server that may be away; the lead must be free at once.
        connection.terminate()
