"""A worker under a steady load for as long as one likes: does it keep its memory, its files and its promises?

Only on request: ``python -m tests.bench --only soak --minutes 30``. The customers are a fixed number, so what a worker
knows of them stops growing (64 ids of events, 16 times of each type) but for what was sent to them, of which it keeps
up to 256 records each for a year; that is why there are few sends.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from statistics import linear_regression

import psutil

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.journeys.state import decode_state
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.kafka.tail import Tail
from orchestrator.local.ports import free_ports
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import decode_activity, encode_event
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.streams.producers import acknowledged, submit
from orchestrator.streams.stored import PARTITION_KEY
from tests.bench.ground import Ground, installation
from tests.bench.journey_run import WORKER
from tests.bench.machine import yardstick_us
from tests.bench.measurement import Measurement
from tests.bench.published import publish
from tests.bench.scrape import scrape, total
from tests.bench.usage import watched
from tests.worker_process import WorkerProcess, an_event

SEED = 5
CUSTOMERS = 2_000
RATE = 500  # events per second
ROUND_S = 0.1
BUSY_S, QUIET_S = 100.0, 20.0
SAMPLE_S = 10.0
PATIENCE_S = 120.0
WARM_UP = 1 / 3  # of the samples: caches and the histories of the customers fill
LIMIT = 10.0  # MiB per hour
MIB = 2**20

WORKSPACE = "soak"
CART, ORDER, OPENED, VIEW = "cart.abandoned", "order.placed", "email.opened", "page.viewed"
TYPES = {VIEW: 90, CART: 2, OPENED: 3, ORDER: 5}  # per hundred events

JOURNEY: dict[str, object] = {
    "name": "Soak",
    "entry": {"kind": "event", "type": CART, "re_entry": {"kind": "always"}},
    "goal": {"event": ORDER, "window": "PT5M", "value": "amount", "exits": True},
    "start": "cool_down",
    "steps": {
        "cool_down": {"kind": "wait", "duration": "PT5S", "next": "worth"},
        "worth": {
            "kind": "branch",
            "paths": [{"when": {"kind": "field", "name": "amount", "op": "ge", "value": 50}, "next": "email"}],
            "otherwise": "later",
        },
        "later": {"kind": "wait", "duration": "PT10S", "next": "email"},
        "email": {
            "kind": "send",
            "channel": "email",
            "template": "your-cart",
            "variables": {"amount": {"kind": "entry", "name": "amount"}},
            "cost": 0.002,
            "next": "opened",
        },
        "opened": {"kind": "wait_for", "event": OPENED, "timeout": "PT20S", "next": "end", "on_timeout": "end"},
        "end": {"kind": "exit"},
    },
    "guardrails": {"caps": [{"limit": 100, "per": "PT1H"}], "consent": {"marketing": "opt_out"}},
}
ENDED = {"run_completed", "run_exited", "goal_reached"}


@dataclass(frozen=True, slots=True)
class Sample:
    """What a worker had ``at_s`` seconds after the load began. ``lag``: records that it has not committed."""

    at_s: float
    rss_mib: float
    files: int
    threads: int
    lag: float


async def measure(ground: Ground) -> list[Measurement]:
    """How fast the memory of one worker grows."""
    longest_s = ground.minutes * 60
    (port,) = free_ports(1)
    async with installation(ground, "soak") as settings:
        ground.say(f"soak: {ground.minutes:g} minutes, {RATE} events a second of {CUSTOMERS:,} customers, seed {SEED}")
        await publish(settings, JOURNEY, WORKSPACE)
        worker = WorkerProcess(settings, "worker-0", WORKER, ORCHESTRATOR_METRICS_PORT=str(port))
        try:
            worker.start()
            await worker.takes_over()
            async with watched(worker.process.pid) as (usage,):
                began_s = time.time()
                sending = asyncio.create_task(_send(settings, longest_s))
                samples = await _samples(worker, port, sending, ground)
                sent = await sending
                cpu_s = usage.between(began_s, time.time())
            activities = await _all_ended(settings, worker)
            await worker.stop()
        finally:
            worker.close()
        await _check(settings, sent, activities)
    return [_judged(samples, sent, cpu_s)]


async def _send(settings: Settings, longest_s: float) -> list[tuple[str, str, str]]:
    """Sends for so long, with quiet periods; returns (id, type, customer) of every event that the broker has."""
    catalog, chance = Catalog(settings), Random(SEED)
    types, weights = list(TYPES), list(TYPES.values())
    sent: list[tuple[str, str, str]] = []
    began_s = time.monotonic()
    async with closing(await open_producer(settings, "bench-soak")) as producer:
        for number in count():
            due_s = number * ROUND_S
            due_s += due_s // BUSY_S * QUIET_S
            if due_s >= longest_s:
                return sent
            await asyncio.sleep(max(0.0, began_s + due_s - time.monotonic()))
            by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
            for type_ in chance.choices(types, weights, k=int(RATE * ROUND_S)):
                customer, amount = f"c{chance.randrange(CUSTOMERS)}", chance.randrange(100)
                event = an_event(len(sent), customer, type=type_, workspace_id=WORKSPACE, data={"amount": amount})
                record = encode_event(event)
                by_partition[partition_of(record.key, catalog.customer_partitions)].append(record)
                sent.append((event.id, type_, customer))
            for partition, records in by_partition.items():
                await acknowledged(await submit(producer, catalog.events, partition, records, 0))
    raise AssertionError("unreachable: counting does not end")


async def _samples(
    worker: WorkerProcess, port: int, sending: "asyncio.Task[list[tuple[str, str, str]]]", ground: Ground
) -> list[Sample]:
    """Looks at the worker every ten seconds for as long as the load lasts.

    Raises:
        Unavailable: the worker has ended.
    """
    process = psutil.Process(worker.process.pid)
    samples: list[Sample] = []
    began_s = time.monotonic()
    while not sending.done():
        await asyncio.wait([sending], timeout=max(0.0, began_s + len(samples) * SAMPLE_S - time.monotonic()))
        if worker.process.poll() is not None:
            raise Unavailable(f"soaking: the worker has ended\n{worker.log.read_text()[-3_000:]}")
        samples.append(
            Sample(
                time.monotonic() - began_s,
                process.memory_info().rss / MIB,
                process.num_fds(),
                process.num_threads(),
                total(await scrape(port, "topic"), "orchestrator_lag_records"),
            )
        )
        if len(samples) % 30 == 1:
            ground.say(f"soak: {_shown(samples[-1:])}")
    return samples


async def _all_ended(settings: Settings, worker: WorkerProcess) -> list[Activity]:
    """Waits until nobody is under way any more, and returns what is on record.

    Raises:
        Unavailable: somebody stays under way.
    """
    catalog = Catalog(settings)
    found: list[Activity] = []
    topic = (catalog.activities, catalog.spec(catalog.activities).partitions)
    deadline = time.monotonic() + PATIENCE_S
    async with await Tail.open(settings, "bench", [topic]) as tail:
        while True:
            found += [decode_activity(record.value or b"") for record in await tail.read_to_end()]
            entered = {each.run_id for each in found if each.type == "journey_entered"}
            under_way = entered - {each.run_id for each in found if each.type in ENDED}
            if found and not under_way:
                return found
            if time.monotonic() > deadline or worker.process.poll() is not None:
                log = worker.log.read_text()[-3_000:]
                raise Unavailable(f"soaking: {len(under_way)} of {len(entered)} runs have not ended\n{log}")
            await asyncio.sleep(1.0)


async def _check(settings: Settings, sent: Sequence[tuple[str, str, str]], activities: Sequence[Activity]) -> None:
    """Every event is in its customer's state once, every cart was decided once, and every command is on record once.

    Raises:
        Unavailable: something was lost or doubled.
    """
    catalog = Catalog(settings)
    email = catalog.commands("email")
    heard: dict[bytes, int] = {}
    async with await Tail.open(settings, "bench", [(catalog.changelog, catalog.customer_partitions)]) as tail:
        while not await tail.is_at_end():  # bit by bit: after hours this is more than the memory holds
            for record in await tail.read():
                if record.key is not None and record.key != PARTITION_KEY and record.value is not None:
                    heard[record.key] = sum(each.count for each in decode_state(record.value).history.values())
    async with await Tail.open(settings, "bench", [(email, catalog.spec(email).partitions)]) as tail:
        commands = Counter(dict(record.headers)["ce_id"].decode() for record in await tail.read_to_end())
    decided = Counter(
        str(each.details["event_id"]) for each in activities if each.type in ("journey_entered", "entry_refused")
    )
    recorded = Counter(str(each.details["command_id"]) for each in activities if each.type == "send_requested")
    ids = Counter(each.id for each in activities)
    wrong = {
        "events that are in no state, or twice": len(sent) - sum(heard.values()),
        "customers without a state": len({customer for _, _, customer in sent}) - len(heard),
        "carts that were not decided just once": _apart(
            decided, Counter(id_ for id_, type_, _ in sent if type_ == CART)
        ),
        "commands that are not on record just once": _apart(commands, recorded),
        "activities that are there more than once": ids.total() - len(ids),
        "commands that are there more than once": commands.total() - len(commands),
    }
    if any(wrong.values()):
        raise Unavailable("soaking: " + "; ".join(f"{number} {what}" for what, number in wrong.items() if number))


def _apart(these: Counter[str], those: Counter[str]) -> int:
    return (these - those).total() + (those - these).total()


def _judged(samples: Sequence[Sample], sent: Sequence[tuple[str, str, str]], cpu_s: float) -> Measurement:
    """The slope of the memory after the warm-up, in MiB per hour."""
    counted = samples[int(len(samples) * WARM_UP) :]
    if len(counted) < 2:
        raise Unavailable(f"soaking: {len(samples)} samples are too few; take more minutes")
    slope = linear_regression([each.at_s / 3_600 for each in counted], [each.rss_mib for each in counted]).slope
    third = len(samples) // 3
    minutes: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        minutes[int(sample.at_s // 60)].append(sample)
    details: dict[str, float | str] = {
        "seed": SEED,
        "events": len(sent),
        "CPU µs per event, quiet periods and timers in it": 1e6 * cpu_s / len(sent),
        "MiB at most, in each third (write buffers fill and are emptied)": ", ".join(
            f"{max(each.rss_mib for each in samples[n * third : (n + 1) * third]):.1f}" for n in range(3)
        ),
        "files that are open, at most, in the warm-up and after it": ", ".join(
            str(max(each.files for each in part)) for part in (samples[: len(samples) - len(counted) + 1], counted)
        ),
        "checked": "every event is in its customer's state once, every cart decided once, every command on record once",
        "yardstick at the end, µs": yardstick_us(),
        **{f"minute {minute}": _shown(found) for minute, found in minutes.items()},
    }
    note = f"least squares over the last two thirds of {samples[-1].at_s / 60:.0f} minutes, a sample each 10 s"
    return Measurement("soak: growth of a worker's memory", "MiB/h", LIMIT, slope, note, False, details)


def _shown(samples: Sequence[Sample]) -> str:
    """The means of some samples; of the lag the most."""
    mean: Mapping[str, float] = {
        name: sum(getattr(each, name) for each in samples) / len(samples) for name in ("rss_mib", "files", "threads")
    }
    return (
        f"RSS {mean['rss_mib']:.1f} MiB, {mean['files']:.0f} files, {mean['threads']:.0f} threads, "
        f"lag {max(each.lag for each in samples):.0f} records"
    )
