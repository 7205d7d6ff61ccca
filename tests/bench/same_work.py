"""The same work, one after the other in one run and again: our shell, and its peers in Python and in Java."""

from collections import defaultdict
from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from tests.bench.backlog import Backlog, backlog
from tests.bench.command import PER_COMMAND
from tests.bench.contenders import (
    CONFLUENT,
    FAUST,
    OURS,
    QUIX_LEAST,
    QUIX_ONCE,
    RAW,
    STREAMS_LEAST,
    STREAMS_ONCE,
    Contender,
    contenders,
)
from tests.bench.counter import assert_commands, assert_counted, create_changelog, events
from tests.bench.ground import PARTITIONS, Ground, installation
from tests.bench.machine import yardstick_us
from tests.bench.measurement import Measurement
from tests.bench.span import Steps, all_done, span_of, steps_of_positions, steps_of_records
from tests.bench.usage import Usage, watched
from tests.worker_process import WorkerProcess, assert_counted_once, produce

EVENTS = 320_000
CUSTOMERS = 16_000
# Two events of each customer: at its pace the whole backlog would take minutes, and its rate does not depend on that.
FAUST_ROUNDS = 2
# The first half of the events warms up: a JVM compiles meanwhile.
WARM_UP = 0.5
TIMES = 2

WHAT = "worker shell on a per-key counter with RocksDB + changelog, 1 command per 2 events"


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do. ``records`` of ``total`` events, of ``customers`` in turn."""

    records: Backlog
    total: int
    customers: int


@dataclass(frozen=True, slots=True)
class Result:
    """Events per second after the warm-up and of the whole, CPU µs per event, most MiB; the yardstick before, in µs."""

    rate: float
    whole_rate: float
    cpu_us: float
    rss_mib: float
    yardstick_us: float

    def __str__(self) -> str:
        return (
            f"{self.rate:,.0f} events/s (with the warm-up {self.whole_rate:,.0f}), {self.cpu_us:.1f} µs of CPU per "
            f"event, {self.rss_mib:,.0f} MiB, yardstick before it {self.yardstick_us:.1f} µs"
        )


async def measure(ground: Ground) -> list[Measurement]:
    """All of them, and what ours is beside the others."""
    total = ground.backlog_size(EVENTS)
    customers = min(CUSTOMERS, total // 4)
    work = _work(total, customers)
    for_faust = _work(min(total, FAUST_ROUNDS * customers), customers)
    taking_part = contenders(ground.say)
    results: defaultdict[str, list[Result]] = defaultdict(list)
    for _ in range(ground.size(TIMES, 1)):
        for contender in taking_part:
            results[contender.name].append(
                await _run(ground, contender, for_faust if contender.name == FAUST else work)
            )
    best = {name: max(found, key=lambda result: result.rate) for name, found in results.items()}
    details = {
        **{f"{name}, run {n}": str(each) for name, found in results.items() for n, each in enumerate(found, start=1)},
        "ratios": f"of the better of {len(results[OURS])} runs of each, in turn; events after the first half of them",
        "events": f"{total:,} of {customers:,} customers; the Faust idiom the first {for_faust.total:,} of them",
        "checked": "every customer's count and every command, byte for byte; of loops without state: their number",
    }
    return [
        _against(FAUST, f"{WHAT}: against the {FAUST}", 10, best, details),
        _against(STREAMS_ONCE, f"… against {STREAMS_ONCE}, one thread", 1, best),
        _against(QUIX_LEAST, f"… against {QUIX_LEAST}", 1.5, best),
        *(
            _against(name, f"… against {name}", None, best)
            for name in (QUIX_ONCE, STREAMS_LEAST, RAW, CONFLUENT)
        ),
    ]  # fmt: skip


def _against(
    name: str, what: str, target: float | None, best: dict[str, Result], details: dict[str, str] | None = None
) -> Measurement:
    ours, theirs = best[OURS], best[name]
    note = (
        f"{ours.rate:,.0f} against {theirs.rate:,.0f} events/s; "
        f"{ours.cpu_us:.1f} against {theirs.cpu_us:.1f} µs of CPU per event"
    )
    return Measurement(what, "x", target, ours.rate / theirs.rate, note, details=details or {})


def _work(total: int, customers: int) -> Work:
    return Work(backlog(events(total, customers), PARTITIONS), total, customers)


async def _run(ground: Ground, contender: Contender, work: Work) -> Result:
    async with installation(ground, "same") as settings:
        if contender.changelog is not None:
            await create_changelog(settings, contender.changelog.name(settings))
        topic = Catalog(settings).events
        await produce(settings, topic, work.records)
        yardstick = yardstick_us()
        program, *arguments = contender.command(settings)
        process = WorkerProcess(settings, "counter-0", tuple(arguments), program)
        try:
            process.start()
            async with watched(process.process.pid) as (usage,):
                await all_done(settings, topic, work.total, [process])
            await process.stop()
        finally:
            process.close()
        result = _result(await _steps(settings, contender, work), usage, yardstick)
        ground.say(f"same work: {contender.name}: {result}")
        return result


async def _steps(settings: Settings, contender: Contender, work: Work) -> Steps:
    """What was done when; everything that was to be done is checked."""
    if contender.name == OURS:
        await assert_counted_once(settings, work.total, work.customers)
        return await steps_of_positions(settings)
    changelog = contender.changelog
    if changelog is None:
        await assert_commands(settings, sum(len(each) // PER_COMMAND for each in work.records.values()))
    else:
        await assert_counted(settings, changelog.name(settings), changelog.read, work.total, work.customers)
    name = None if changelog is None else changelog.name(settings)
    return await steps_of_records(settings, Catalog(settings).commands("email"), PER_COMMAND, name)


def _result(steps: Steps, usage: Usage, yardstick: float) -> Result:
    span = span_of(steps, WARM_UP)
    cpu_s = usage.between(span.began_s, span.ended_s)
    return Result(span.rate, span_of(steps).rate, 1e6 * cpu_s / span.events, usage.rss_bytes / 2**20, yardstick)
