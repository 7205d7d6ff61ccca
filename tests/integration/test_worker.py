"""What a worker does with what comes in, on a real broker. The engine is a counter: see ``tests/counting.py``."""

from collections.abc import AsyncIterator

import pytest

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer, open_transactional_producer
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.streams.forwarding import FORWARDED_FROM
from tests.counting import POISON
from tests.worker_process import (
    WorkerProcess,
    an_event,
    assert_counted_once,
    committed_offsets,
    counted,
    counts,
    fired,
    produce,
    produce_events,
    read_all,
)

pytestmark = pytest.mark.integration


@pytest.fixture
async def worker(settings: Settings, topics: Catalog) -> AsyncIterator[WorkerProcess]:
    worker = WorkerProcess(settings)
    yield worker
    worker.close()


async def test_every_event_counts_once_and_a_stop_commits_everything(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    await produce_events(settings, 3_000, customers=50)
    worker.start()
    await counted(settings, 3_000, worker)
    assert await worker.stop() == 0
    await assert_counted_once(settings, 3_000, 50)
    events = await read_all(settings, topics.events)
    ends = {(topics.events, p): max(r.offset + 1 for r in events if r.partition == p) for p in range(4)}
    committed = await committed_offsets(settings)
    assert {at: committed[at] for at in ends} == ends


async def test_a_restart_goes_on_where_it_stopped_with_and_without_its_disk(
    worker: WorkerProcess, settings: Settings
) -> None:
    await produce_events(settings, 500, customers=20)
    worker.start()
    await counted(settings, 500, worker)
    assert await worker.stop() == 0
    for start in (500, 1_000):
        worker.wipe() if start == 1_000 else None
        await produce_events(settings, 500, customers=20, first=start)
        worker.start()
        await counted(settings, start + 500, worker)
        assert await worker.stop() == 0
    await assert_counted_once(settings, 1_500, 20)


async def test_a_record_in_the_wrong_partition_is_forwarded_and_counted_in_the_right_one(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    record = encode_event(an_event(1, "lost"))
    right = partition_of(record.key, topics.customer_partitions)
    wrong = (right + 1) % topics.customer_partitions
    await produce(settings, topics.events, {wrong: [record]})
    worker.start()
    await counted(settings, 1, worker)
    (forwarded,) = [r for r in await read_all(settings, topics.events) if r.partition == right]
    assert forwarded.headers[FORWARDED_FROM] == f"{topics.events}/{wrong}/0".encode()
    assert (forwarded.key, forwarded.value) == (record.key, record.value)
    assert await worker.stop() == 0


async def test_what_cannot_be_used_is_set_aside_byte_for_byte_and_the_rest_goes_on(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    good = encode_event(an_event(1, "good"))
    here = partition_of(good.key, topics.customer_partitions)
    astray = next(f"c{i}" for i in range(99) if partition_of(customer_key("acme", f"c{i}"), 4) != here)
    lost = encode_event(an_event(2, astray))
    poison = next(f"{POISON}-{i}" for i in range(99) if partition_of(customer_key("acme", f"{POISON}-{i}"), 4) == here)
    bad = {
        "malformed": Encoded(good.key, b"\xff not json", []),
        "oversized": Encoded(good.key, b" " * 1_048_577, good.headers),
        "wrong_key": Encoded(b"no-colon", good.value, good.headers),
        "wrong_partition": Encoded(lost.key, lost.value, [*lost.headers, (FORWARDED_FROM, b"elsewhere/0/0")]),
        "engine_error": encode_event(an_event(3, poison)),
    }
    # The topic takes no more than 1 MiB a batch, the oversized record included.
    fitting = {reason: record for reason, record in bad.items() if reason != "oversized"}
    await produce(settings, topics.events, {here: [*fitting.values(), good]})
    worker.start()
    await counted(settings, 1, worker)
    assert await worker.stop() == 0
    letters = await read_all(settings, topics.dead_letters)
    found = {letter.headers["orchestrator-dead-letter-reason"].decode(): letter for letter in letters}
    assert found.keys() == fitting.keys()
    for offset, (reason, record) in enumerate(fitting.items()):
        assert (found[reason].key, found[reason].value) == (record.key, record.value)
        assert found[reason].headers["orchestrator-dead-letter-offset"] == str(offset).encode()
    stages = {reason: letter.headers["orchestrator-dead-letter-stage"] for reason, letter in found.items()}
    assert stages == {**dict.fromkeys(fitting, b"decode"), "engine_error": b"decide"}
    assert set(await counts(settings)) == {"good"}


async def test_holes_that_transactions_leave_in_the_input_are_passed_and_aborted_events_do_not_count(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    producer = await open_transactional_producer(settings, "campaigns", f"{settings.group}-campaigns")
    async with closing(producer):
        for number in range(30):
            record = encode_event(an_event(number, "c0"))
            await producer.begin_transaction()
            await producer.send_and_wait(topics.events, record.value, record.key, headers=record.headers)
            await (producer.abort_transaction() if number % 3 == 2 else producer.commit_transaction())
    worker.start()
    states = await counted(settings, 20, worker)
    await produce_events(settings, 10, customers=1, first=30)
    states = await counted(settings, 30, worker)
    assert states["c0"].events == 30
    assert await worker.stop() == 0
    assert worker.said("worker_ended") == 0


async def test_a_poison_burst_stops_the_worker_only_for_as_long_as_it_lasts(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    poison = [encode_event(an_event(number, POISON)) for number in range(450)]
    partition = partition_of(poison[0].key, topics.customer_partitions)
    neighbour = next(f"c{i}" for i in range(99) if partition_of(customer_key("acme", f"c{i}"), 4) == partition)
    good = encode_event(an_event(1_000, neighbour))
    await produce(settings, topics.events, {partition: [*poison, good]})
    exits = []
    for _ in range(4):
        worker.start(ORCHESTRATOR_BATCH_MAX_RECORDS="200")
        try:
            await counted(settings, 1, worker)
        except AssertionError:
            exits.append(await worker.ended())
            continue
        break
    assert await worker.stop() == 0
    assert exits == [70, 70]  # 200 of them in each life; the rest is too few to stop for
    assert len(await read_all(settings, topics.dead_letters)) == 450
    assert (await counts(settings))[neighbour].events == 1


async def test_missing_topics_are_named_and_the_exit_code_says_configuration(settings: Settings) -> None:
    worker = WorkerProcess(settings).start()
    try:
        assert await worker.ended() == 2
    finally:
        worker.close()
    said = worker.log.read_text()
    assert f"{settings.topic_prefix}engagement.events.v1 is missing" in said
    assert "orchestrator topics apply" in said
    assert "Traceback" not in said


async def test_waits_come_due_also_across_a_restart_without_a_disk(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    await produce_events(settings, 40, customers=40)
    worker.start(COUNTING_DELAY_MS="6000")
    await counted(settings, 40, worker)
    worker.kill()
    worker.wipe()
    worker.start(COUNTING_DELAY_MS="6000")
    states = await fired(settings, 40, worker)
    assert await worker.stop() == 0
    assert {(state.events, state.fired, state.due_ms) for state in states.values()} == {(1, 1, -1)}
    activities = await read_all(settings, topics.activities)
    assert len(activities) == len({activity.headers["ce_id"] for activity in activities}) == 40


async def test_nothing_is_sent_while_paused_and_what_was_held_follows_at_the_resume(
    worker: WorkerProcess, settings: Settings, topics: Catalog
) -> None:
    async with closing(await open_producer(settings, "test")) as producer:
        await producer.send_and_wait(topics.configs, b"PAUSED", b"count")
        await produce_events(settings, 40, customers=10)
        worker.start(COUNTING_DELAY_MS="100")
        await counted(settings, 40, worker)
        assert await read_all(settings, topics.commands("email")) == []
        assert {state.fired for state in (await counts(settings)).values()} == {0}
        await producer.send_and_wait(topics.configs, b"ACTIVE", b"count")
        states = await fired(settings, 10, worker)
    assert {state.fired for state in states.values()} == {1}
    assert await worker.stop() == 0
