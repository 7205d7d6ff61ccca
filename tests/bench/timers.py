"""A million customers wait in one worker: memory, take-over, lateness, timers a second, a kill, an outage, a pause."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.tail import Tail
from orchestrator.local.ports import free_ports
from orchestrator.messages.codec import encode_config
from orchestrator.messages.config import JourneyStanding, JourneyStatus
from orchestrator.settings import Settings
from tests.bench.ground import Ground, installation
from tests.bench.journey_run import WORKER
from tests.bench.measurement import Measurement, percentile
from tests.bench.published import JOURNEY_ID, publish
from tests.bench.recovery import said
from tests.bench.scrape import scrape
from tests.bench.usage import Usage, watched
from tests.bench.waiting import JOURNEY, WORKSPACE, number_of, write_states
from tests.worker_process import WorkerProcess, produce

CUSTOMERS = 1_000_000
FAR_MS = 30 * 86_400_000
PATIENCE_S = 300.0
POLL_S = 0.5
GIB = 2**30

REST_RATE = 100  # due per second
REST_S = 30
RATE = 5_500  # due per second: so that 5,000 a second are seen to be sustained, and not only offered
WARM_UP_S = 5  # at that rate, not counted: a new broker is slow until its code is compiled
SUSTAINED_S = 35
KILLED_S = 20
OUTAGE_TIMERS = 200_000
HELD_TIMERS = 40_000


@dataclass(frozen=True, slots=True)
class Phase:
    """``count`` customers from number ``first`` on, due ``rate`` a second (0: all at once) from ``begins_ms`` on."""

    first: int
    count: int
    rate: int
    begins_ms: int

    @property
    def numbers(self) -> range:
        """Its customers."""
        return range(self.first, self.first + self.count)

    @property
    def ends_ms(self) -> int:
        """When its last customer is due."""
        return self.due_ms(self.first + self.count)

    def due_ms(self, number: int) -> int:
        """When a customer is due."""
        return self.begins_ms + ((number - self.first) * 1_000 // self.rate if self.rate else 0)


@dataclass(slots=True)
class Fired:
    """The commands that came of waits that ended, by customer: when the broker appended each, in milliseconds."""

    tail: Tail
    at_ms: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    ids: set[bytes] = field(default_factory=set)

    async def read(self) -> None:
        """Takes in what has been committed meanwhile."""
        for record in await self.tail.read_to_end():
            self.at_ms[number_of(record.key)].append(record.timestamp)
            self.ids.add(dict(record.headers)["ce_id"])

    async def reach(self, phase: Phase, worker: WorkerProcess) -> None:
        """Waits until every customer of the phase has fired.

        Raises:
            Unavailable: one does not in time, or one has fired more than once.
        """
        deadline = time.monotonic() + max(0.0, phase.ends_ms / 1_000 - time.time()) + PATIENCE_S
        while missing := sum(number not in self.at_ms for number in phase.numbers):
            if time.monotonic() > deadline or worker.process.poll() is not None:
                log = worker.log.read_text()[-3_000:]
                raise Unavailable(f"waiting for timers: {missing:,} of {phase.count:,} have not fired\n{log}")
            await asyncio.sleep(POLL_S)
            await self.read()
        commands = sum(map(len, self.at_ms.values()))
        if commands != len(self.at_ms) or commands != len(self.ids):
            raise Unavailable(f"{commands:,} commands with {len(self.ids):,} ids for {len(self.at_ms):,} customers")

    def moments(self, phase: Phase) -> list[int]:
        """When the commands of a phase were appended, in order."""
        return sorted(self.at_ms[number][0] for number in phase.numbers)

    def lateness_s(self, phase: Phase, skip: int = 0) -> list[float]:
        """From the due moment of each customer but the first ``skip`` to its command."""
        return [(self.at_ms[number][0] - phase.due_ms(number)) / 1_000 for number in phase.numbers[skip:]]


async def measure(ground: Ground) -> list[Measurement]:
    """One installation, one worker, one phase after the other."""
    count = ground.size(CUSTOMERS, 20_000)
    (port,) = free_ports(1)
    async with installation(ground, "timers") as settings:
        catalog = Catalog(settings)
        worker = WorkerProcess(settings, "worker-0", WORKER, ORCHESTRATOR_METRICS_PORT=str(port))
        topic = catalog.commands("email")
        try:
            ground.say(f"timers: {count:,} customers")
            await publish(settings, JOURNEY, WORKSPACE)
            far_ms = int(time.time() * 1_000) + FAR_MS
            size = await write_states(settings, range(count), lambda number: far_ms + number)
            run = _Run(ground, settings, worker, port, count)
            details: dict[str, float | str] = {"customers": count, "bytes per state": size, **await run.take_overs()}
            async with await Tail.open(settings, "bench", [(topic, catalog.spec(topic).partitions)]) as tail:
                fired = Fired(tail)
                rest, sustained = await run.due_moments(fired)
                details |= {**rest.details, **sustained.details}
                details |= await run.outage(fired)
                details |= await run.pause(fired)
        finally:
            worker.close()
    rss_gib = max(usage.rss_bytes for usage in run.usages) / GIB
    note = "the most that was seen, in all phases"
    what = f"{count:,} customers waiting in one worker"
    return [
        Measurement(f"{what}: RSS", "GiB", 1.5, rss_gib, note, False, details),
        replace(rest, details={}),  # they are among those above
        replace(sustained, details={}),
    ]


class _Run:
    """The phases, on a worker that knows the customers already."""

    def __init__(self, ground: Ground, settings: Settings, worker: WorkerProcess, port: int, count: int) -> None:
        self.usages: list[Usage] = []
        self._ground = ground
        self._settings = settings
        self._worker = worker
        self._port = port
        self._count = count
        self._used = 0  # customers that phases have used up

    async def take_overs(self) -> dict[str, float | str]:
        """From an empty disk, and from the disk that this leaves."""
        found: dict[str, float | str] = {}
        for disk in ("empty", "warm"):
            self._ground.say(f"timers: take-over with the disk {disk}")
            async with self._started() as took:
                await asyncio.sleep(2 * POLL_S)
                found[f"take-over, disk {disk}: s to the first record"] = took["seconds"]
                found[f"take-over, disk {disk}: s until all timers are known"] = took["indexed"]
                found[f"take-over, disk {disk}: changelog records read"] = took["recovered"]
            found[f"take-over, disk {disk}: MiB"] = self.usages[-1].rss_bytes / 2**20
            await self._worker.stop()
        return found

    async def due_moments(self, fired: Fired) -> tuple[Measurement, Measurement]:
        """Few timers, then as many as a worker has to bear, then a kill in the middle of them."""
        size, say = self._ground.size, self._ground.say
        begins_ms = int((time.time() + size(150, 30)) * 1_000)
        rest = self._phase(REST_RATE * size(REST_S, 3), REST_RATE, begins_ms)
        rate = size(RATE, 500)
        warm_up = rate * size(WARM_UP_S, 1)
        sustained = self._phase(warm_up + rate * size(SUSTAINED_S, 3), rate, rest.ends_ms + 2_000)
        killed = self._phase(rate * size(KILLED_S, 4), rate, sustained.ends_ms + size(10_000, 3_000))
        for phase in (rest, sustained, killed):
            await write_states(self._settings, phase.numbers, phase.due_ms)
        async with self._started() as took:
            if time.time() * 1_000 > begins_ms:
                raise Unavailable(f"measuring timers: the worker was ready only after {took['indexed']:.0f} s")
            say(f"timers: {REST_RATE} due a second, then {rate:,}")
            await fired.reach(rest, self._worker)
            await fired.reach(sustained, self._worker)
            usage = self.usages[-1]
            await asyncio.sleep(max(0.0, (killed.begins_ms + killed.ends_ms) / 2_000 - time.time()))
            say("timers: kill -9 in the middle")
        self._worker.kill()
        await fired.read()
        at_kill = sum(number in fired.at_ms for number in killed.numbers)
        async with self._started():
            await fired.reach(killed, self._worker)
        await self._worker.stop()
        what = f"{self._count:,} customers waiting"
        at_rest, under_load = fired.lateness_s(rest), fired.lateness_s(sustained, warm_up)
        began_s, ended_s = sustained.due_ms(sustained.first + warm_up) / 1_000, fired.moments(sustained)[-1] / 1_000
        counted = sustained.count - warm_up
        details: dict[str, float | str] = {
            **_percentiles(f"lateness at {REST_RATE} due/s", at_rest),
            **_percentiles(f"lateness at {rate:,} due/s", under_load),
            f"CPU µs per timer at {rate:,} due/s": 1e6 * usage.between(began_s, ended_s) / counted,
        }
        after: dict[str, float | str] = {
            "kill -9: timers of the phase": killed.count,
            "kill -9: of these fired before, at least": at_kill,
            "kill -9: fired more than once, or never": 0,
            "kill -9: s from the last due moment until all had fired": _since(fired, killed, killed.ends_ms),
            **_percentiles("kill -9: lateness", fired.lateness_s(killed)),
        }
        note = f"offered {rate:,}/s; lateness p50 {percentile(under_load, 0.5):.2f} s, "
        note += f"p99 {percentile(under_load, 0.99):.2f} s"
        rest_note = f"{REST_RATE} due/s; until the broker has appended the command"
        return (
            Measurement(
                f"{what}: timers p99 lateness at rest", "s", 1, percentile(at_rest, 0.99), rest_note, False, details
            ),
            Measurement(
                f"{what}: timers due, sustained",
                "timers/s",
                5_000,
                counted / (ended_s - began_s),
                note,
                details=after,
            ),
        )

    async def outage(self, fired: Fired) -> dict[str, float | str]:
        """The worker was away while many fell due; they are worked off while other records come in."""
        phase = self._phase(self._ground.size(OUTAGE_TIMERS, 3_000), 0, int(time.time() * 1_000))
        await write_states(self._settings, phase.numbers, phase.due_ms)
        self._ground.say(f"timers: {phase.count:,} are overdue at the start")
        async with self._started() as took:
            await fired.reach(phase, self._worker)
            sent = await self._sent()
        await self._worker.stop()
        return {
            **_pace("outage", fired.moments(phase)),
            "outage: s until all timers are known": took["indexed"],
            "outage: timers sent for each that was due": sent / phase.count,
        }

    async def pause(self, fired: Fired) -> dict[str, float | str]:
        """A journey is paused while customers fall due in it, and resumed."""
        phase = self._phase(self._ground.size(HELD_TIMERS, 1_000), 0, int(time.time() * 1_000))
        await write_states(self._settings, phase.numbers, phase.due_ms)
        await self._tell("PAUSED")
        self._ground.say(f"timers: {phase.count:,} are held by a pause")
        async with self._started():
            await fired.read()
            if any(number in fired.at_ms for number in phase.numbers):
                raise Unavailable("measuring the release: a paused journey has sent")
            await self._tell("ACTIVE")
            await fired.reach(phase, self._worker)
        await self._worker.stop()
        return _pace("resume", fired.moments(phase))

    def _phase(self, count: int, rate: int, begins_ms: int) -> Phase:
        first, self._used = self._used, self._used + count
        if self._used > self._count:
            raise ValueError(f"the phases take {self._used:,} customers, there are {self._count:,}")
        return Phase(first, count, rate, begins_ms)

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[Mapping[str, float]]:
        """Starts the worker; how long it took until it worked and until it knew all timers, both in seconds."""
        lives = self._worker.said("partitions_taken_over")
        self._worker.start()
        async with watched(self._worker.process.pid) as (usage,):
            self.usages.append(usage)
            await self._until(lambda: self._worker.said("timers_indexed") > lives)
            took, indexed = said(self._worker, "partitions_taken_over"), said(self._worker, "timers_indexed")
            yield {**took, "indexed": indexed["seconds"]}

    async def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline or self._worker.process.poll() is not None:
                raise Unavailable(f"measuring timers: the worker is not ready\n{self._worker.log.read_text()[-3_000:]}")
            await asyncio.sleep(POLL_S)

    async def _sent(self) -> float:
        """Records of the timers topic that this life of the worker has read."""
        samples = await scrape(self._port, "topic")
        topic = Catalog(self._settings).timers
        return sum(
            n for (name, at), n in samples.items() if name == "orchestrator_records_consumed_total" and at == topic
        )

    async def _tell(self, status: JourneyStatus) -> None:
        standing = JourneyStanding(workspace_id=WORKSPACE, journey_id=JOURNEY_ID, version=1, status=status)
        await produce(self._settings, Catalog(self._settings).configs, {0: [encode_config(standing)]})


def _percentiles(what: str, values_s: list[float]) -> dict[str, float | str]:
    return {
        f"{what}, p50, s": percentile(values_s, 0.5),
        f"{what}, p99, s": percentile(values_s, 0.99),
        f"{what}, longest, s": max(values_s),
    }


def _pace(what: str, moments_ms: Sequence[int]) -> dict[str, float | str]:
    """How fast those who waited were let go: on the whole, and in the busiest second."""
    took_s = max(1, moments_ms[-1] - moments_ms[0]) / 1_000
    busiest = max(Counter(moment // 1_000 for moment in moments_ms).values())
    return {
        f"{what}: timers": len(moments_ms),
        f"{what}: timers/s": len(moments_ms) / took_s,
        f"{what}: in the busiest second": busiest,
    }


def _since(fired: Fired, phase: Phase, moment_ms: int) -> float:
    return (fired.moments(phase)[-1] - moment_ms) / 1_000
