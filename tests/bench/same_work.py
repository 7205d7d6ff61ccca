"""The same work, one after the other in one run: our shell, the plain Faust idiom, and aiokafka without any state."""

from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from tests.bench.backlog import Backlog, backlog
from tests.bench.counter import PER_COMMAND, assert_commands, assert_faust_counted, create_changelog, events
from tests.bench.faust_idiom import TABLE
from tests.bench.ground import PARTITIONS, Ground, installation
from tests.bench.measurement import Measurement, not_measured
from tests.bench.span import Span, all_done, span_of_positions, span_of_records
from tests.bench.usage import Usage, watched
from tests.worker_process import COUNTING, WorkerProcess, assert_counted_once, produce

EVENTS = 160_000
CUSTOMERS = 16_000
# Two events of each customer: at its pace the whole backlog would take minutes, and its rate does not depend on that.
FAUST_ROUNDS = 2

WHAT = "worker shell on a per-key counter with RocksDB + changelog, 1 command per 2 events"


@dataclass(frozen=True, slots=True)
class Result:
    """How fast one of them was, and the CPU time of its process."""

    rate: float
    cpu_us: float  # per event
    rss_mib: float


async def measure(ground: Ground) -> list[Measurement]:
    """All three, and what ours is beside the others."""
    total = ground.backlog_size(EVENTS)
    customers = min(CUSTOMERS, total // 4)
    for_faust = min(total, FAUST_ROUNDS * customers)
    records = backlog(events(total, customers), PARTITIONS)
    ours = await _worker(ground, records, total, customers)
    raw = await _raw(ground, records)
    faust = await _faust(ground, backlog(events(for_faust, customers), PARTITIONS), for_faust, customers)
    details = {
        "worker shell, events/s": ours.rate,
        "worker shell, CPU µs per event": ours.cpu_us,
        "worker shell, MiB": ours.rss_mib,
        "plain Faust idiom, events/s": faust.rate,
        "plain Faust idiom, CPU µs per event": faust.cpu_us,
        "raw aiokafka without state, events/s": raw.rate,
        "raw aiokafka without state, CPU µs per event": raw.cpu_us,
        "events": f"{total:,} of {customers:,} customers; the Faust idiom the first {for_faust:,} of them",
        "checked": "every customer's count and every command (of the raw loop: the commands)",
    }
    rates = f"{ours.rate:,.0f} against {faust.rate:,.0f} events/s"
    return [
        Measurement(f"{WHAT}: against the plain Faust idiom", "x", 10, ours.rate / faust.rate, rates, details=details),
        Measurement(
            "… against raw aiokafka without state", "x", None, ours.rate / raw.rate,
            f"raw: {raw.rate:,.0f} events/s; for comparison only",
        ),
        not_measured("… against Kafka Streams, exactly_once_v2, one thread", "x", 1, "no Java program in this version"),
        not_measured("… against Quix Streams", "x", 1.5, "not a dependency of this version"),
    ]  # fmt: skip


async def _worker(ground: Ground, records: Backlog, total: int, customers: int) -> Result:
    async with installation(ground, "worker") as settings:
        usage = await _run(ground, settings, COUNTING, records)
        await assert_counted_once(settings, total, customers)
        return _result(await span_of_positions(settings), usage)


async def _raw(ground: Ground, records: Backlog) -> Result:
    async with installation(ground, "raw") as settings:
        usage = await _run(ground, settings, ("-m", "tests.bench.raw_loop"), records)
        await assert_commands(settings, sum(len(each) // PER_COMMAND for each in records.values()))
        return _result(await span_of_records(settings, Catalog(settings).commands("email"), PER_COMMAND), usage)


async def _faust(ground: Ground, records: Backlog, total: int, customers: int) -> Result:
    async with installation(ground, "faust") as settings:
        changelog = f"{settings.group}-{TABLE}-changelog"
        await create_changelog(settings, changelog)
        usage = await _run(ground, settings, ("-m", "tests.bench.faust_idiom"), records)
        await assert_faust_counted(settings, changelog, total, customers)
        return _result(await span_of_records(settings, changelog, 1), usage)


async def _run(ground: Ground, settings: Settings, command: tuple[str, ...], records: Backlog) -> Usage:
    total = sum(len(each) for each in records.values())
    ground.say(f"same work: {command[-1]}, {total:,} events")
    topic = Catalog(settings).events
    await produce(settings, topic, records)
    worker = WorkerProcess(settings, "counter-0", command)
    try:
        worker.start()
        async with watched(worker.process.pid) as (usage,):
            await all_done(settings, topic, total, [worker])
        await worker.stop()
    finally:
        worker.close()
    return usage


def _result(span: Span, usage: Usage) -> Result:
    cpu_s = usage.between(span.began_s, span.ended_s)
    return Result(span.rate, 1e6 * cpu_s / span.events, usage.rss_bytes / 2**20)
