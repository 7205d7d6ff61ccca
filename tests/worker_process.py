"""Worker processes under test, the records they are fed, and what their topics and states have to say afterwards."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from pathlib import Path
from typing import NamedTuple

from aiokafka import TopicPartition

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_admin, open_producer, open_reader
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.streams.producers import acknowledged, submit
from orchestrator.streams.stored import PARTITION_KEY
from tests.counting import Count, CountingDecider

ROOT = Path(__file__).parent.parent
PATIENCE_S = 90.0
SESSION_S = 6.0
COUNTING = ("-m", "tests.counting")


class Read(NamedTuple):
    """A record as it stands on a topic."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


def unconfigured() -> dict[str, str]:
    """The environment of this process without any setting of the orchestrator."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")}


class WorkerProcess:
    """A worker in a process of its own: a counting one, or what ``command`` (arguments of ``program``) starts."""

    def __init__(
        self,
        settings: Settings,
        slot: str = "worker-0",
        command: tuple[str, ...] = COUNTING,
        program: str = sys.executable,
        **environment: str,
    ) -> None:
        self.slot = slot
        self._command = (program, *command)
        self.folder = settings.data_dir / slot
        self.log = settings.data_dir / f"{slot}.log"
        self._environment = {
            **unconfigured(),
            "ORCHESTRATOR_KAFKA": settings.kafka,
            "ORCHESTRATOR_POSTGRES": settings.postgres.get_secret_value(),
            "ORCHESTRATOR_SINK_GROUP": settings.sink_group,
            "ORCHESTRATOR_GROUP": settings.group,
            "ORCHESTRATOR_TOPIC_PREFIX": settings.topic_prefix,
            "ORCHESTRATOR_REPLICAS": str(settings.replicas),
            "ORCHESTRATOR_PARTITIONS": str(settings.partitions),
            "ORCHESTRATOR_DATA_DIR": str(settings.data_dir),
            "ORCHESTRATOR_SLOT": slot,
            "ORCHESTRATOR_TIME": settings.time,
            "ORCHESTRATOR_SESSION_TIMEOUT_S": str(SESSION_S),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> "WorkerProcess":
        """Starts it; ``environment`` for this life only."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env={**self._environment, **environment},
                stdout=log,
                stderr=log,
            )
        return self

    def another(self) -> "WorkerProcess":
        """The next process of the same slot, not started; both write into the log of their slot."""
        twin = copy(self)
        twin._process = None
        return twin

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The running process."""
        if self._process is None:
            raise AssertionError("the worker was not started")
        return self._process

    def wipe(self) -> None:
        """Loses the disk."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL, and no sooner back than it is gone."""
        self.process.kill()
        self.process.wait()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self.process.send_signal(number)

    async def ended(self) -> int:
        """The exit code, once there is one."""
        return await asyncio.to_thread(self.process.wait, PATIENCE_S)

    async def stop(self) -> int:
        """Asks it to end in order and waits until it has."""
        self.send(signal.SIGTERM)
        return await self.ended()

    def said(self, action: str) -> int:
        """How often it logged this action, in all its lives."""
        return self.log.read_text().count(f'"action": "{action}"') if self.log.exists() else 0

    async def takes_over(self, times: int = 1) -> None:
        """Waits until it has taken partitions over so many times, in all its lives."""
        await until(lambda: self.said("partitions_taken_over") >= times, self)

    def close(self) -> None:
        """Makes sure nothing is left running."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self.kill()


async def until(condition: Callable[[], bool], *workers: WorkerProcess) -> None:
    """Waits for the condition; fails with the workers' logs when it does not come true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            logs = "\n".join(worker.log.read_text()[-4_000:] for worker in workers)
            raise AssertionError(f"not reached within {PATIENCE_S:.0f} s\n{logs}")
        await asyncio.sleep(0.05)


def an_event(number: int, customer: str, **changes: object) -> EngagementEvent:
    """Event ``number`` of a customer."""
    fields: dict[str, object] = {
        "id": f"e{number}",
        "source": "/shop",
        "type": "cart.added",
        "time_ms": int(time.time() * 1_000),
        "workspace_id": "acme",
        "customer_id": customer,
        "data": {"value": 12.5},
    }
    return EngagementEvent(**{**fields, **changes})  # type: ignore[arg-type]


async def produce(settings: Settings, topic: str, by_partition: Mapping[int, Iterable[Encoded]]) -> None:
    """Writes records to exactly these partitions."""
    async with closing(await open_producer(settings, "test")) as producer:
        for partition, records in by_partition.items():
            await acknowledged(await submit(producer, topic, partition, records, int(time.time() * 1_000)))


async def produce_events(settings: Settings, count: int, customers: int, first: int = 0) -> None:
    """Events ``first`` to ``first + count - 1``, spread over the customers c0, c1, …, in the right partitions."""
    by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
    catalog = Catalog(settings)
    for number in range(first, first + count):
        record = encode_event(an_event(number, f"c{number % customers}"))
        by_partition[partition_of(record.key, catalog.customer_partitions)].append(record)
    await produce(settings, catalog.events, by_partition)


async def read_all(settings: Settings, topic: str, *, committed_only: bool = True) -> list[Read]:
    """Everything on the topic, each partition in order."""
    found: list[Read] = []
    async with closing(await open_reader(settings, "test", committed_only=committed_only)) as reader:
        partitions = [TopicPartition(topic, number) for number in range(Catalog(settings).spec(topic).partitions)]
        reader.assign(partitions)
        ends = await reader.end_offsets(partitions)
        await reader.seek_to_beginning(*partitions)
        while any([await reader.position(at) < ends[at] for at in partitions]):
            for records in (await reader.getmany(timeout_ms=200)).values():
                found += [Read(r.partition, r.offset, r.timestamp, r.key, r.value, dict(r.headers)) for r in records]
    return found


async def counts(settings: Settings) -> dict[str, Count]:
    """The state of every customer, as the changelog has it."""
    decider = CountingDecider()
    states: dict[str, Count] = {}
    for record in await read_all(settings, Catalog(settings).changelog):
        if record.key is not None and record.key != PARTITION_KEY and record.value is not None:
            states[record.key.decode().partition(":")[2]] = decider.decode_state(record.value)
    return states


async def counted(settings: Settings, total: int, *workers: WorkerProcess) -> dict[str, Count]:
    """Waits until so many events are counted in all, and returns the states."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        states = await counts(settings)
        if sum(state.events for state in states.values()) >= total:
            return states
        if time.monotonic() > deadline or any(worker.process.poll() is not None for worker in workers):
            logs = "\n".join(worker.log.read_text()[-4_000:] for worker in workers)
            raise AssertionError(f"{sum(s.events for s in states.values())} of {total} events were counted\n{logs}")
        await asyncio.sleep(0.2)


async def fired(settings: Settings, total: int, *workers: WorkerProcess) -> dict[str, Count]:
    """Waits until so many waits have ended in all, and returns the states."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        states = await counts(settings)
        if sum(state.fired for state in states.values()) >= total:
            return states
        if time.monotonic() > deadline:
            logs = "\n".join(worker.log.read_text()[-4_000:] for worker in workers)
            raise AssertionError(f"{sum(s.fired for s in states.values())} of {total} waits have ended\n{logs}")
        await asyncio.sleep(0.2)


async def committed_offsets(settings: Settings) -> dict[tuple[str, int], int]:
    """What the group has committed."""
    admin = await open_admin(settings)
    try:
        offsets = await admin.list_consumer_group_offsets(settings.group)
    finally:
        await admin.close()
    return {(at.topic, at.partition): found.offset for at, found in offsets.items()}


async def assert_counted_once(settings: Settings, total: int, customers: int) -> None:
    """Every event counted exactly once; one command for every second one; no id with two contents."""
    states = await counts(settings)
    expected = {f"c{i}": total // customers + (i < total % customers) for i in range(customers)}
    assert {name: state.events for name, state in states.items()} == expected
    contents: defaultdict[bytes, set[bytes | None]] = defaultdict(set)
    commands = await read_all(settings, Catalog(settings).commands("email"))
    for command in commands:
        contents[command.headers["ce_id"]].add(command.value)
    assert len(contents) == sum(count // 2 for count in expected.values())
    assert all(len(values) == 1 for values in contents.values())
    assert len(commands) == len(contents)
