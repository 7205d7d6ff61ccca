"""The sink's life: take the lock, find the place, read and write until told to stop; after a fault, begin again.

The offsets are in PostgreSQL, beside the rows they belong to, so that both are committed by one transaction; a Kafka
consumer group would add a second place that can disagree, and rebalances. So all partitions are assigned by hand, and
one sink works at a time: a PostgreSQL advisory lock, held by the *session that does the writing*, makes any other one a
warm standby. That is also the fence: a sink that was paused and replaced has lost its session, and with it the means
to write. One process is enough: it writes more than workers on the same machine decide (``make bench``).

To have everything read again, stop the sink, delete its rows of ``…_sink_offsets`` and start it: ids make it harmless.
"""

import asyncio
import logging
import time
from collections.abc import Iterator

from orchestrator.errors import Unavailable
from orchestrator.kafka.stopping import Stopped, unless_stopped
from orchestrator.settings import Settings
from orchestrator.sink.ahead import ReadAhead
from orchestrator.sink.commit import Written, commit
from orchestrator.sink.decode import Decoded
from orchestrator.sink.health import Vitals
from orchestrator.sink.source import ActivitySource
from orchestrator.store.faults import translated
from orchestrator.store.migrate import pending_on
from orchestrator.store.pool import Connection, connect
from orchestrator.store.writer import ActivityWriter
from orchestrator.telemetry.metrics import SINK_BATCH_SECONDS, SINK_LAST_COMMIT, SINK_ROWS, SINK_WRITING
from orchestrator.telemetry.spans import Attribute, Span, new_span
from orchestrator.telemetry.traces import Traces

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
STANDBY_PAUSE_S = 1.0  # between two tries for the lock: a waiting statement would hold back PostgreSQL's vacuum
LAG_EVERY_S = 1.0
# Where there is nothing to write, PostgreSQL is asked whether it is there: a session that died silently is a lost lock.
ASK_EVERY_S = 5.0
_ASK_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 5.0


async def drain(
    settings: Settings, topic: str, stop: asyncio.Event, vitals: Vitals, traces: Traces | None = None
) -> None:
    """Keeps PostgreSQL up to date with ``topic`` until ``stop`` is set; the batch in hand is finished first."""
    pause_s = FIRST_PAUSE_S
    while not stop.is_set():
        began = time.monotonic()
        try:
            await _session(settings, topic, stop, vitals, traces)
        except Stopped:
            return
        except Unavailable as error:
            if time.monotonic() - began > LONGEST_PAUSE_S:
                pause_s = FIRST_PAUSE_S  # it had worked for a while: a new trouble, not the old one
            vitals.connect()
            extra = {"action": "sink_interrupted", "pause_s": pause_s}
            log.warning("%s; beginning again in %.2g s", error, pause_s, extra=extra)
            await _wait(stop, pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


async def _session(settings: Settings, topic: str, stop: asyncio.Event, vitals: Vitals, traces: Traces | None) -> None:
    """One life of the database connection, from the lock to the first fault or the stop."""
    connection = await unless_stopped(connect(settings, application="sink"), stop)
    try:
        writer = ActivityWriter(connection, settings.sink_group)
        await unless_stopped(_become_the_writer(connection, writer, settings.sink_group, vitals), stop)
        with translated("reading the sink's offsets"):
            offsets = await writer.offsets(topic)
        source = await unless_stopped(ActivitySource.open(settings, topic, offsets), stop)
        ahead = ReadAhead(source)
        try:
            extra = {"action": "sink_started", "topic": topic, "offsets": offsets}
            log.info("Writing %s to PostgreSQL", topic, extra=extra)
            SINK_WRITING.set(1)
            await _copy(connection, writer, source, ahead, topic, stop, vitals, traces)
        finally:
            SINK_WRITING.set(0)
            await ahead.close()
            await source.close()
    finally:
        await _close(connection)


async def _become_the_writer(connection: Connection, writer: ActivityWriter, group: str, vitals: Vitals) -> None:
    """Waits until this session holds the lock and the tables are there."""
    if missing := await pending_on(connection):
        raise Unavailable(
            f"looking at the database's tables: {len(missing)} migrations are missing, the first is {missing[0]}; "
            "run orchestrator db migrate"
        )
    is_standby = False
    with translated("taking the sink's lock"):
        while not await writer.try_lock():
            vitals.stand_by()
            if not is_standby:
                is_standby = True
                log.info("Another sink writes for %s; standing by", group, extra={"action": "sink_standby"})
            await asyncio.sleep(STANDBY_PAUSE_S)
    vitals.connect()  # to Kafka


async def _copy(
    connection: Connection,
    writer: ActivityWriter,
    source: ActivitySource,
    ahead: ReadAhead,
    topic: str,
    stop: asyncio.Event,
    vitals: Vitals,
    traces: Traces | None,
) -> None:
    lag_due = ask_due = 0.0
    while not stop.is_set():
        records = await ahead.next()
        if records or time.monotonic() >= ask_due:
            if records:
                began_ns = time.time_ns()
                written = await _write(connection, writer, topic, records)
                if traces is not None:
                    traces.export(_span(topic, written, began_ns, traces.share))
            else:
                await _ask(connection)
            vitals.hear()
            ask_due = time.monotonic() + ASK_EVERY_S
        vitals.go_round(is_kafka_silent=source.is_silent)
        if connection.is_closed():
            raise Unavailable("writing activities: PostgreSQL closed the connection, and with it this sink's lock")
        if time.monotonic() >= lag_due:
            lag_due = time.monotonic() + LAG_EVERY_S
            source.report_silence(time.time() * 1_000)
            await source.report_lag(ahead.held())
            if source.has_grown():
                raise Unavailable(f"reading {topic}: it has more partitions now")


async def _ask(connection: Connection) -> None:
    with translated("asking PostgreSQL whether it is there"):
        await connection.fetchval("SELECT 1", timeout=_ASK_TIMEOUT_S)


async def _write(connection: Connection, writer: ActivityWriter, topic: str, records: list[Decoded]) -> Written:
    with SINK_BATCH_SECONDS.time():
        written = await commit(connection, writer, topic, records)
    SINK_ROWS.labels("written").inc(written.new)
    SINK_ROWS.labels("duplicate").inc(written.duplicate)
    SINK_ROWS.labels("refused").inc(written.refused.total())
    SINK_LAST_COMMIT.set_to_current_time()
    for reason, count in written.refused.items():
        log.warning(
            "Set %d records of %s aside (%s); they are kept in the table of refusals",
            count,
            topic,
            reason,
            extra={"action": "sink_records_refused", "reason": reason, "count": count},
        )
    return written


def _span(topic: str, written: Written, began_ns: int, share: float) -> Iterator[Span]:
    """The span of a batch that was committed, if it is among those that are followed."""
    context = new_span(None, share)
    if context.is_sampled:
        counts: dict[str, Attribute] = {
            "messaging.system": "kafka",
            "messaging.destination.name": topic,
            "orchestrator.activities.written": written.new,
            "orchestrator.activities.duplicate": written.duplicate,
            "orchestrator.activities.refused": written.refused.total(),
        }
        yield Span(f"process {topic}", "consumer", context, "", began_ns, time.time_ns(), counts)


async def _close(connection: Connection) -> None:
    try:
        with translated("closing the connection to PostgreSQL"):
            await connection.close(timeout=_CLOSE_TIMEOUT_S)
    except Unavailable as error:
        log.debug("%s", error)  # it was gone already; nothing of ours is open on it


async def _wait(stop: asyncio.Event, pause_s: float) -> None:
    try:
        async with asyncio.timeout(pause_s):
            await stop.wait()
    except TimeoutError:
        return
