"""What journeys may say, carried out by a real worker on a real broker: over topics, partitions, kills and versions."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.catalog import Catalog
from orchestrator.journeys.state import CustomerState, decode_state
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import decode_activity, decode_command, encode_config, encode_delivery, encode_event
from orchestrator.messages.command import SendCommand
from orchestrator.messages.config import ConfigRecord, Migration
from orchestrator.messages.event import CUSTOMER_ERASED, CUSTOMER_MERGED
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.streams.crash import AFTER_COMMIT, AFTER_PRODUCE, EXIT_CODE, VARIABLE
from orchestrator.streams.stored import PARTITION_KEY
from tests.builders import JOURNEY, WORKSPACE, a_journey, a_report, a_standing, a_version, steps
from tests.worker_process import PATIENCE_S, WorkerProcess, an_event, produce, read_all

pytestmark = pytest.mark.integration

OPEN = {"consent": {"marketing": "opt_out"}}
OFFER = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}


@pytest.fixture
async def worker(settings: Settings, topics: Catalog) -> AsyncIterator[WorkerProcess]:
    worker = WorkerProcess(settings, command=("-m", "orchestrator", "worker"))
    yield worker
    worker.close()


async def publish(settings: Settings, *records: ConfigRecord) -> None:
    async with closing(await open_producer(settings, "test")) as producer:
        for record in records:
            encoded = encode_config(record)
            await producer.send_and_wait(Catalog(settings).configs, encoded.value, encoded.key)


async def tell(settings: Settings, *records: Encoded, topic: str = "") -> None:
    catalog = Catalog(settings)
    by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
    for record in records:
        by_partition[partition_of(record.key, catalog.customer_partitions)].append(record)
    await produce(settings, topic or catalog.events, by_partition)


def did(number: int, customer: str, type_: str = "cart.added", **data: Any) -> Encoded:
    return encode_event(an_event(number, customer, type=type_, data=data))


async def commands(settings: Settings, channel: str = "email") -> list[SendCommand]:
    found = await read_all(settings, Catalog(settings).commands(channel))
    return [decode_command(record.value) for record in found]


async def activities(settings: Settings, type_: str) -> list[Activity]:
    found = [decode_activity(record.value) for record in await read_all(settings, Catalog(settings).activities)]
    return [activity for activity in found if activity.type == type_]


async def states(settings: Settings) -> dict[str, CustomerState | None]:
    """The newest record of each customer on the changelog; None: a tombstone."""
    newest: dict[str, CustomerState | None] = {}
    for record in await read_all(settings, Catalog(settings).changelog):
        if record.key is not None and record.key != PARTITION_KEY:
            name = record.key.decode().partition(":")[2]
            newest[name] = None if record.value is None else decode_state(record.value)
    return newest


async def comes_true(condition: Callable[[], Awaitable[bool]], worker: WorkerProcess) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not await condition():
        if time.monotonic() > deadline or worker.process.poll() is not None:
            raise AssertionError(f"not reached\n{worker.log.read_text()[-4_000:]}")
        await asyncio.sleep(0.25)  # to look costs what the worker needs to get there


def apart(settings: Settings) -> tuple[str, str]:
    """Two customers in different partitions."""
    count = Catalog(settings).customer_partitions
    names = [f"c{number}" for number in range(50)]
    first = names[0]
    there = partition_of(customer_key(WORKSPACE, first), count)
    return first, next(name for name in names if partition_of(customer_key(WORKSPACE, name), count) != there)


def journey(**changes: Any) -> dict[str, Any]:
    return a_journey(**{"entry": {"kind": "event", "type": "cart.added"}, "guardrails": OPEN, **changes})


async def test_an_emitted_event_starts_another_journey(settings: Settings, worker: WorkerProcess) -> None:
    emit = {"kind": "emit", "event": "loyal", "next": "done"}
    first = journey(start="tell", steps=steps(tell=emit))
    second = journey(entry={"kind": "event", "type": "loyal"}, start="offer", steps=steps(offer=OFFER))
    await publish(
        settings,
        a_version(first),
        a_standing(),
        a_version(second, journey_id="second"),
        a_standing(journey_id="second"),
    )
    worker.start()
    await tell(settings, did(1, "anna"))

    async def is_sent() -> bool:
        return [command.journey_id for command in await commands(settings)] == ["second"]

    await comes_true(is_sent, worker)
    assert await worker.stop() == 0


async def test_a_schedule_looks_at_every_customer_once_whatever_dies_meanwhile(
    settings: Settings, worker: WorkerProcess
) -> None:
    names = [f"c{number}" for number in range(3_000)]
    worker.start()
    await tell(settings, *(did(number, name, "viewed") for number, name in enumerate(names)))

    async def are_known() -> bool:
        return len(await states(settings)) == len(names)

    await comes_true(are_known, worker)
    assert await worker.stop() == 0
    schedule = {"kind": "dates", "at": ["2026-01-01T09:00"]}
    scheduled = journey(
        entry={"kind": "schedule", "schedule": schedule, "re_entry": {"kind": "always"}},
        start="offer",
        steps=steps(offer=OFFER),
    )
    await publish(settings, a_version(scheduled), a_standing())
    for point, times in ((AFTER_PRODUCE, 2), (AFTER_COMMIT, 3), (AFTER_COMMIT, 5)):
        worker.start(**{VARIABLE: f"{point}:{times}", "ORCHESTRATOR_BATCH_MAX_RECORDS": "200"})
        assert await worker.ended() == EXIT_CODE
    worker.start()

    async def all_entered() -> bool:
        return len(await commands(settings)) >= len(names)

    await comes_true(all_entered, worker)
    assert await worker.stop() == 0
    sent = Counter(command.customer_id for command in await commands(settings))
    assert sent == Counter(names)


async def test_a_visitor_who_signs_in_takes_everything_along_to_another_partition(
    settings: Settings, worker: WorkerProcess
) -> None:
    anonymous, known = apart(settings)
    pause = {"kind": "wait", "duration": "PT2S", "next": "offer"}
    await publish(settings, a_version(journey(start="pause", steps=steps(pause=pause, offer=OFFER))), a_standing())
    worker.start()
    await tell(
        settings,
        did(1, anonymous, "customer.updated", attributes={"city": "Rome"}),
        did(2, anonymous),
        did(3, anonymous, CUSTOMER_MERGED, into=known),
        did(4, anonymous, "viewed"),
        did(5, known, "viewed"),
    )

    async def is_sent() -> bool:
        return bool(await commands(settings))

    await comes_true(is_sent, worker)
    assert await worker.stop() == 0
    assert [command.customer_id for command in await commands(settings)] == [known]
    at_the_end = await states(settings)
    before, after = at_the_end[anonymous], at_the_end[known]
    assert before is not None
    assert after is not None
    assert (before.merged_into, before.attributes) == (known, {})
    assert after.history["viewed"].count == 2
    assert after.attributes["city"].value == "Rome"
    assert len(await activities(settings, "run_adopted")) == 1


async def test_an_erased_customer_is_gone_from_the_changelog_and_from_what_is_recovered(
    settings: Settings, worker: WorkerProcess
) -> None:
    worker.start()
    await tell(settings, did(1, "anna", "viewed"), did(2, "bert", "viewed"), did(3, "anna", CUSTOMER_ERASED))

    async def is_gone() -> bool:
        newest = await states(settings)
        return "anna" in newest and newest["anna"] is None and newest.get("bert") is not None

    await comes_true(is_gone, worker)
    worker.kill()
    worker.wipe()
    worker.start()
    await tell(settings, did(4, "anna", "viewed"))

    async def is_new() -> bool:
        anna = (await states(settings))["anna"]
        return anna is not None and anna.history["viewed"].count == 1

    await comes_true(is_new, worker)
    assert await worker.stop() == 0
    (erased,) = await activities(settings, "customer_erased")
    assert erased.details["receipt"]


async def test_customers_under_way_go_over_to_a_new_version_at_once(settings: Settings, worker: WorkerProcess) -> None:
    def waiting(duration: str, template: str) -> dict[str, Any]:
        pause = {"kind": "wait", "duration": duration, "next": "offer"}
        return journey(start="pause", steps=steps(pause=pause, offer={**OFFER, "template": template}))

    await publish(settings, a_version(waiting("P10D", "old")), a_standing())
    worker.start()
    names = [f"c{number}" for number in range(200)]
    await tell(settings, *(did(number, name) for number, name in enumerate(names)))

    async def all_wait() -> bool:
        return len(await activities(settings, "wait_started")) == len(names)

    await comes_true(all_wait, worker)
    standing = replace(
        a_standing(version=2),
        migrations=(Migration(version=2, policy="follow"),),
        changed_at_ms=int(time.time() * 1_000),
    )
    await publish(settings, a_version(waiting("PT1S", "new"), version=2), standing)

    async def all_sent() -> bool:
        return len(await commands(settings)) == len(names)

    await comes_true(all_sent, worker)
    assert {(command.template, command.version) for command in await commands(settings)} == {("new", 2)}
    assert await worker.stop() == 0


async def test_customers_under_way_leave_at_once_when_a_journey_is_stopped(
    settings: Settings, worker: WorkerProcess
) -> None:
    pause = {"kind": "wait", "duration": "P10D", "next": "offer"}
    await publish(settings, a_version(journey(start="pause", steps=steps(pause=pause, offer=OFFER))), a_standing())
    worker.start()
    await tell(settings, *(did(number, f"c{number}") for number in range(50)))

    async def all_wait() -> bool:
        return len(await activities(settings, "wait_started")) == 50

    await comes_true(all_wait, worker)
    await publish(settings, a_standing("STOPPED"))

    async def all_left() -> bool:
        return len(await activities(settings, "run_exited")) == 50

    await comes_true(all_left, worker)
    assert await worker.stop() == 0
    assert await commands(settings) == []


async def test_a_bounce_is_answered_over_another_channel(settings: Settings, worker: WorkerProcess) -> None:
    fallback = {"to": [{"channel": "sms", "template": "short"}], "when": ["bounced"], "within": "P1D"}
    send = {**OFFER, "fallback": fallback}
    await publish(settings, a_version(journey(start="offer", steps=steps(offer=send))), a_standing())
    worker.start()
    await tell(settings, did(1, "anna"))

    async def is_sent() -> bool:
        return bool(await commands(settings))

    await comes_true(is_sent, worker)
    report = a_report((await commands(settings))[0], "bounced", int(time.time() * 1_000))
    await tell(settings, encode_delivery(report), topic=Catalog(settings).deliveries)

    async def is_said_again() -> bool:
        return [command.template for command in await commands(settings, "sms")] == ["short"]

    await comes_true(is_said_again, worker)
    assert await worker.stop() == 0
    assert (await commands(settings, "sms"))[0].journey_id == JOURNEY


async def test_a_budget_over_all_customers_is_never_exceeded_whatever_dies_meanwhile(
    settings: Settings, worker: WorkerProcess
) -> None:
    guardrails = {
        **OPEN,
        "budgets": [{"kind": "messages", "limit": 101, "per": "total"}],
        "rates": [{"limit": 40, "per": "second"}],
    }
    entry = {"kind": "event", "type": "cart.added", "capacity": {"limit": 150}}
    limited = journey(entry=entry, start="offer", steps=steps(offer=OFFER), guardrails=guardrails)
    await publish(settings, a_version(limited), a_standing())
    await tell(settings, *(did(number, f"c{number}") for number in range(400)))
    for point, times in ((AFTER_PRODUCE, 1), (AFTER_COMMIT, 2), (AFTER_PRODUCE, 3)):
        worker.start(**{VARIABLE: f"{point}:{times}", "ORCHESTRATOR_BATCH_MAX_RECORDS": "20"})
        assert await worker.ended() == EXIT_CODE
    worker.wipe()
    worker.start()

    async def all_ended() -> bool:
        return len(await activities(settings, "run_completed")) == 150

    await comes_true(all_ended, worker)
    assert await worker.stop() == 0
    assert len(await activities(settings, "journey_entered")) == 150
    refused = Counter(activity.details["rule"] for activity in await activities(settings, "entry_refused"))
    assert refused == {"capacity": 250}
    sent = await commands(settings)
    assert len(sent) == 101
    by_second = Counter(command.decided_at_ms // 1_000 for command in sent)
    assert max(by_second.values()) <= 40


async def test_a_budget_is_used_to_the_last_message_though_all_its_customers_are_in_one_partition(
    settings: Settings, worker: WorkerProcess
) -> None:
    """The partitions ask one another for what they have left, and that survives the worker's deaths."""
    guardrails = {**OPEN, "budgets": [{"kind": "messages", "limit": 50, "per": "day", "when_spent": "skip"}]}
    await publish(settings, a_version(journey(start="offer", steps=steps(offer=OFFER), guardrails=guardrails)))
    await publish(settings, a_standing())
    count = Catalog(settings).customer_partitions
    names = (f"c{number}" for number in range(10_000))
    crowd = [name for name in names if partition_of(customer_key(WORKSPACE, name), count) == 1][:80]
    await tell(settings, *(did(number, name) for number, name in enumerate(crowd)))
    for point, times in ((AFTER_COMMIT, 3), (AFTER_PRODUCE, 2)):
        worker.start(**{VARIABLE: f"{point}:{times}", "ORCHESTRATOR_BATCH_MAX_RECORDS": "10"})
        assert await worker.ended() == EXIT_CODE
    worker.start()

    async def all_ended() -> bool:
        return len(await activities(settings, "run_completed")) == len(crowd)

    await comes_true(all_ended, worker)
    assert await worker.stop() == 0
    assert count > 1
    assert len(await commands(settings)) == 50
    assert {a.details["rule"] for a in await activities(settings, "send_suppressed")} == {"budget"}


async def test_events_that_journeys_emit_by_the_thousand_are_neither_lost_nor_doubled(
    settings: Settings, worker: WorkerProcess
) -> None:
    """Each batch that emits leaves a marker among the events, which has to be looked into."""
    emit = {"kind": "emit", "event": "loyal", "next": "done"}
    second = journey(entry={"kind": "event", "type": "loyal"}, start="offer", steps=steps(offer=OFFER))
    await publish(
        settings,
        a_version(journey(start="tell", steps=steps(tell=emit))),
        a_standing(),
        a_version(second, journey_id="second"),
        a_standing(journey_id="second"),
    )
    names = [f"c{number}" for number in range(2_000)]
    await tell(settings, *(did(number, name) for number, name in enumerate(names)))
    worker.start(ORCHESTRATOR_BATCH_MAX_RECORDS="10")

    async def all_sent() -> bool:
        return len(await commands(settings)) >= len(names)

    await comes_true(all_sent, worker)
    assert await worker.stop() == 0
    assert Counter(command.customer_id for command in await commands(settings)) == Counter(names)
