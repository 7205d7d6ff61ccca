"""A limit over all customers, while demand moves from partition to partition and workers die, come and go.

It is never exceeded, and it is used wherever the customers are: what one partition does not need comes to another, and
no part of it is lost on the way, or with who had it.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from aiokafka import TopicPartition

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer, open_reader
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import decode_command, encode_config, encode_event
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.streams.crash import AFTER_FORWARD, DURING_RECOVERY, EXIT_CODE, POINTS, VARIABLE
from tests.builders import WORKSPACE, a_journey, a_standing, a_version, steps
from tests.faults.allowance import USABLE, Budget, check_books, check_customers, check_limit, noon_zone, shares
from tests.faults.conftest import MakeWorker
from tests.faults.other_clock import Clock
from tests.faults.patience import PATIENCE_S, at_rest, comes_true, logs_of
from tests.faults.seed import chance
from tests.faults.verifier import Found, check_i1, check_i2, find, verify_i6
from tests.worker_process import WorkerProcess, an_event, produce, read_all

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance, pytest.mark.timeout(600)]

PARTITIONS = 8
JOURNEYS = ("-m", "orchestrator", "worker")
BY_CLOCK = ("-m", "tests.faults.other_clock", "orchestrator", "worker")
STEPS = [point for point in POINTS if point not in (AFTER_FORWARD, DURING_RECOVERY)]
DAY_S = 86_400.0
BATCHES = {"ORCHESTRATOR_BATCH_MAX_RECORDS": "500"}
TINY_BATCHES = {"ORCHESTRATOR_BATCH_MAX_RECORDS": "10"}  # so that there are many moments to die at


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"partitions": PARTITIONS})


class Crowd:
    """Customers who each do once what lets them enter a journey with one message and one limit."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._catalog = Catalog(settings)
        self._names = self._new_names()
        self._spare: defaultdict[int, list[str]] = defaultdict(list)
        self.count = 0

    async def may_enter(self, cost: float, **budget: Any) -> None:
        """Publishes the journey."""
        offer = {"kind": "send", "channel": "email", "template": "offer", "cost": cost, "next": "done"}
        journey = a_journey(
            entry={"kind": "event", "type": "cart.added"},
            start="offer",
            steps=steps(offer=offer),
            guardrails={"consent": {"marketing": "opt_out"}, "budgets": [budget]},
        )
        async with closing(await open_producer(self._settings, "test")) as producer:
            for record in (a_version(journey), a_standing()):
                encoded = encode_config(record)
                await producer.send_and_wait(self._catalog.configs, encoded.value, encoded.key)

    async def comes(self, by_partition: list[int]) -> None:
        """So many new customers in each partition."""
        records: defaultdict[int, list[Encoded]] = defaultdict(list)
        for partition, count in enumerate(by_partition):
            for _ in range(count):
                records[partition].append(encode_event(an_event(self.count, self._name_in(partition))))
                self.count += 1
        await produce(self._settings, self._catalog.events, records)

    async def has_left(self, *workers: WorkerProcess) -> None:
        """Waits until all of them have come to an end, and nothing is on its way between partitions."""
        ended, deadline = 0, time.monotonic() + PATIENCE_S
        async with closing(await open_reader(self._settings, "test")) as reader:
            reader.assign([TopicPartition(self._catalog.activities, number) for number in range(PARTITIONS)])
            await reader.seek_to_beginning()
            while ended < self.count:
                for records in (await reader.getmany(timeout_ms=200)).values():
                    ended += sum(b"run_completed" in record.value for record in records)
                    deadline = time.monotonic() + PATIENCE_S
                if time.monotonic() > deadline:
                    raise AssertionError(f"{ended} of {self.count} runs have ended\n{logs_of(*workers)}")
        await at_rest(self._settings, *workers)

    def _name_in(self, partition: int) -> str:
        while not self._spare[partition]:
            name = next(self._names)
            self._spare[partition_of(customer_key(WORKSPACE, name), PARTITIONS)].append(name)
        return self._spare[partition].pop()

    @staticmethod
    def _new_names() -> Iterator[str]:
        number = 0
        while True:
            yield f"c{number}"
            number += 1


async def judge(settings: Settings, crowd: Crowd, budget: Budget, full_days: int, *workers: WorkerProcess) -> Found:
    """Stops the workers in order, and holds what they have left against everything that can be said of it."""
    await crowd.has_left(*workers)
    for worker in workers:
        assert await worker.stop() == 0
    found = await find(settings)
    check_i1(found, (f"e{number}" for number in range(crowd.count)), set())
    check_i2(found)
    check_limit(found, budget, full_days)
    check_books(found, budget)
    check_customers(found)
    await verify_i6(settings, found, workers)
    return found


async def test_a_days_limit_is_kept_and_used_up_though_demand_moves_and_workers_die_at_every_step(
    make_worker: MakeWorker, settings: Settings, topics: Catalog
) -> None:
    """Seven in ten customers are in one partition, in another one each time, so what the last one got ahead must come
    back. One worker dies after a step of the protocol left to chance, again and again, and loses its disk; a visitor
    comes meanwhile and is killed. Last all demand is in one partition, and the worker that was steady till then dies.
    """
    moments = chance("a day's limit")
    limit, lives = 2_000, 3
    budget = Budget(Decimal(limit), is_money=False, zone=noon_zone(int(time.time() * 1_000)))
    crowd = Crowd(settings)
    await crowd.may_enter(0.0, kind="messages", limit=limit, per="day", zone=budget.zone, when_spent="skip")
    unlucky, steady, visitor = (make_worker(f"worker-{number}", JOURNEYS) for number in (1, 2, 3))
    busy = moments.sample(range(PARTITIONS), lives + 1)
    steady.start()
    for life, point in enumerate(moments.sample(STEPS, lives)):
        taken = unlucky.said("partitions_taken_over")
        unlucky.start(**TINY_BATCHES, **{VARIABLE: f"{point}:{moments.randint(1, 2)}"})
        await unlucky.takes_over(taken + 1)
        if life == 1:
            visitor.start()  # partitions move while one dies
        await crowd.comes(shares(limit // lives, PARTITIONS, busy[life : life + 1]))
        assert await unlucky.ended() == EXIT_CODE
        if life % 2:
            unlucky.wipe()
    visitor.kill()
    visitor.wipe()
    taken = unlucky.said("partitions_taken_over")
    unlucky.start(**BATCHES)
    await unlucky.takes_over(taken + 1)
    await crowd.comes(shares(limit // 2, PARTITIONS, busy[-1:]))
    await asyncio.sleep(moments.random())  # not a wait for anything: the moment of death is left to chance
    steady.kill()
    steady.wipe()
    steady.start(**BATCHES)
    found = await judge(settings, crowd, budget, 1, unlucky, steady)
    assert len(found.commands) < crowd.count


async def test_a_days_budget_of_money_is_used_up_day_after_day_and_never_exceeded_whoever_dies(
    make_worker: MakeWorker, settings: Settings, topics: Catalog
) -> None:
    """Almost all customers are in two partitions. Who finds the budget spent waits for the next day; at midnight they
    all want to go at once, and then a worker is killed."""
    moments = chance("a day's budget")
    cost, limit = 0.07, Decimal(90)  # 1,285 messages, and a rest that no message fits into
    budget = Budget(limit, is_money=True, zone=noon_zone(int(time.time() * 1_000)))
    clock = Clock(settings.data_dir / "clock")
    crowd = Crowd(settings)
    await crowd.may_enter(cost, kind="money", limit=float(limit), per="day", zone=budget.zone)
    workers = [make_worker(f"worker-{number}", BY_CLOCK, **clock.environment, **BATCHES) for number in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        await worker.takes_over()
    await crowd.comes(shares(3_000, PARTITIONS, moments.sample(range(PARTITIONS), 2)))
    for day in range(2):
        await until_spent(settings, budget, day + 1, *workers)
        clock.is_wrong_by((day + 1) * DAY_S)
        await asyncio.sleep(moments.random() * 2)  # not a wait for anything: the moment of death is left to chance
        unlucky = moments.choice(workers)
        unlucky.kill()
        if day:
            unlucky.wipe()
        unlucky.start()
    await judge(settings, crowd, budget, 2, *workers)


async def until_spent(settings: Settings, budget: Budget, days: int, *workers: WorkerProcess) -> None:
    """Waits until nearly all that may be spent on the first days is spent."""

    async def is_spent() -> bool:
        sent = await read_all(settings, Catalog(settings).commands("email"))
        used = budget.used(decode_command(each.value) for each in sent)
        return len(used) >= days and min(used.values()) >= USABLE * budget.limit

    await comes_true(is_spent, f"the budget of day {days} is used", *workers)
