"""The same work, one after the other in one run and again: our shell, and its peers in Python and in Java."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from tests.bench.backlog import Backlog, backlog
from tests.bench.command import PER_COMMAND
from tests.bench.contenders import OURS, PEERS, Contender, ours, peers
from tests.bench.counter import assert_commands, assert_counted, create_changelog, events
from tests.bench.ground import PARTITIONS, Ground, installation
from tests.bench.machine import yardstick_us
from tests.bench.measurement import Measurement
from tests.bench.span import Steps, all_done, span_of, steps_of_positions, steps_of_records
from tests.bench.usage import MACHINE, Usage, watched
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
    """What one run reached. Rates are events per second, after the warm-up and with it; CPU is µs per event, after it.

    ``others``: how many of the cores everything else on the machine kept busy. ``yardstick_us``: just before the run.
    """

    rate: float
    whole_rate: float
    cpu_us: float
    broker_us: float | None
    others: float
    rss_mib: float
    yardstick_us: float

    def __str__(self) -> str:
        broker = "" if self.broker_us is None else f" and {self.broker_us:.1f} of the broker's"
        return (
            f"{self.rate:,.0f} events/s ({self.whole_rate:,.0f} with the warm-up), {self.cpu_us:.1f} µs of CPU per "
            f"event{broker}, {self.rss_mib:,.0f} MiB; others kept {self.others:.2f} cores busy, yardstick before "
            f"{self.yardstick_us:.1f} µs"
        )


async def measure(ground: Ground) -> list[Measurement]:
    """All of them, and what ours is beside the others."""
    total = ground.backlog_size(EVENTS)
    customers = min(CUSTOMERS, total // 4)
    work = _work(total, customers)
    for_faust = _work(min(total, FAUST_ROUNDS * customers), customers)
    names = [name for name in PEERS if name in ground.peers or not ground.peers]
    contenders = [ours(), *peers(names, ground.say)]
    results: dict[str, list[Result]] = {contender.name: [] for contender in contenders}
    for _ in range(ground.size(TIMES, 1)):
        for contender in contenders:
            to_do = for_faust if contender.name == "faust" else work
            results[contender.name].append(await _run(ground, contender, to_do))
    best = {name: max(found, key=lambda result: result.rate) for name, found in results.items()}
    details: dict[str, float | str] = {
        f"{name}, run {n}": str(each) for name, found in results.items() for n, each in enumerate(found, start=1)
    }
    details["ratios"] = f"of the better of {len(results[OURS])} runs of each, in turn; events after the first half"
    details["events"] = f"{total:,} of {customers:,} customers; the Faust idiom the first {for_faust.total:,} of them"
    details["checked"] = "every count, and every command byte for byte; of loops without state, how many there are"
    return [
        _against(name, best[OURS], best[name], "…" if place else f"{WHAT}:", {} if place else details)
        for place, name in enumerate(names)
    ]


def _against(name: str, mine: Result, theirs: Result, what: str, details: dict[str, float | str]) -> Measurement:
    called, target = PEERS[name]
    note = (
        f"{mine.rate:,.0f} against {theirs.rate:,.0f} events/s; "
        f"{mine.cpu_us:.1f} against {theirs.cpu_us:.1f} µs of CPU per event"
    )
    return Measurement(f"{what} against {called}", "x", target, mine.rate / theirs.rate, note, details=details)


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
            async with watched(process.process.pid, MACHINE, *([ground.broker] if ground.broker else [])) as usages:
                await all_done(settings, topic, work.total, [process])
            await process.stop()
        finally:
            process.close()
        result = _result(await _steps(settings, contender, work), usages, yardstick)
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
        name = None
    else:
        name = changelog.name(settings)
        await assert_counted(settings, name, changelog.read, work.total, work.customers)
    return await steps_of_records(settings, Catalog(settings).commands("email"), PER_COMMAND, name)


def _result(steps: Steps, usages: Sequence[Usage], yardstick: float) -> Result:
    span = span_of(steps, WARM_UP)
    spent_s, machine_s, *broker_s = (each.between(span.began_s, span.ended_s) for each in usages)
    return Result(
        rate=span.rate,
        whole_rate=span_of(steps).rate,
        cpu_us=1e6 * spent_s / span.events,
        broker_us=1e6 * broker_s[0] / span.events if broker_s else None,
        others=max(0.0, machine_s - spent_s - sum(broker_s)) / (span.ended_s - span.began_s),
        rss_mib=usages[0].rss_bytes / 2**20,
        yardstick_us=yardstick,
    )
