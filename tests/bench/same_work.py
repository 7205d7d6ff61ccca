"""The same work, one after the other in one run: our shell, the plain Faust idiom, and aiokafka without any state."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from tests.bench.backlog import Backlog, backlog
from tests.bench.counter import PER_COMMAND, assert_commands, assert_faust_counted, events
from tests.bench.faust_idiom import TABLE
from tests.bench.ground import PARTITIONS, Ground, installation
from tests.bench.measurement import Measurement, not_measured
from tests.bench.span import all_done, span_of_commands
from tests.bench.usage import watched
from tests.worker_process import COUNTING, WorkerProcess, assert_counted_once, produce

EVENTS = 240_000
# At its pace the whole backlog would take minutes; its rate does not depend on how much there is.
FAUST_EVENTS = 50_000
CUSTOMERS = 50_000

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
    for_faust = min(total, FAUST_EVENTS)
    customers = min(CUSTOMERS, total // 4)
    records = backlog(events(total, customers), PARTITIONS)
    fewer = records if for_faust == total else backlog(events(for_faust, customers), PARTITIONS)

    async def counted(settings: Settings) -> None:
        await assert_counted_once(settings, total, customers)

    async def faust_counted(settings: Settings) -> None:
        await assert_faust_counted(settings, TABLE, for_faust, customers)

    async def produced(settings: Settings) -> None:
        await assert_commands(settings, sum(len(each) // PER_COMMAND for each in records.values()))

    ours = await _run(ground, "worker", COUNTING, records, counted)
    raw = await _run(ground, "raw", ("-m", "tests.bench.raw_loop"), records, produced)
    faust = await _run(ground, "faust", ("-m", "tests.bench.faust_idiom"), fewer, faust_counted)
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


async def _run(
    ground: Ground,
    name: str,
    command: tuple[str, ...],
    records: Backlog,
    check: Callable[[Settings], Awaitable[None]],
) -> Result:
    total = sum(len(each) for each in records.values())
    async with installation(ground, name) as settings:
        ground.say(f"same work: {name}, {total:,} events")
        topic = Catalog(settings).events
        await produce(settings, topic, records)
        worker = WorkerProcess(settings, f"{name}-0", command)
        try:
            worker.start()
            async with watched(worker.process.pid) as (usage,):
                await all_done(settings, topic, total, [worker])
            await worker.stop()
        finally:
            worker.close()
        await check(settings)
        span = await span_of_commands(settings, PER_COMMAND)
        cpu_s = usage.between(span.began_s, span.ended_s)
        return Result(span.rate, 1e6 * cpu_s / span.events, usage.rss_bytes / 2**20)
