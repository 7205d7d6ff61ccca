"""A process that is told to end does so in order, whatever it is at: exit code 0, and nothing is done twice."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.kafka.topics import apply_topics
from orchestrator.local.kafka import start_kafka
from orchestrator.local.ports import free_ports
from orchestrator.messages.activity import Activity
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.key import customer_key
from orchestrator.settings import Settings
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool
from orchestrator.streams.app import EXIT_HALTED
from orchestrator.streams.stored import PARTITION_KEY, PartitionRecord, decode_partition_record
from tests.adapter_process import a_command, an_adapter, answered, command, times_written
from tests.faults.load import load
from tests.faults.patience import caught_up
from tests.faults.seed import chance
from tests.faults.verifier import verify_counting
from tests.faults.win_back import a_house
from tests.probing import Watched
from tests.sink_story import a_story, add_journeys, metrics, metrics_of
from tests.stack import JARS
from tests.worker_process import (
    COUNTING,
    WorkerProcess,
    assert_counted_once,
    committed_offsets,
    counted,
    counts,
    produce,
    produce_events,
    read_all,
    until,
)

pytestmark = [pytest.mark.integration, pytest.mark.faults]

SINK = ("-m", "orchestrator", "sink")
CUSTOMERS = 40
STOPS = 4
DUPLICATES = {"name": "orchestrator_records_consumed_total", "result": "duplicate"}


@pytest.fixture
async def worker(settings: Settings, topics: Catalog) -> AsyncIterator[Watched]:
    watched = watch(settings, COUNTING)
    yield watched
    watched.process.close()


def watch(settings: Settings, command: tuple[str, ...], slot: str = "worker-0") -> Watched:
    [port] = free_ports(1)
    environment = {"ORCHESTRATOR_METRICS_PORT": str(port), "ORCHESTRATOR_BATCH_MAX_RECORDS": "100"}
    return Watched(WorkerProcess(settings, slot, command, **environment), port)


async def positions(settings: Settings) -> dict[int, PartitionRecord]:
    """How far each partition has come, by its changelog."""
    return {
        record.partition: decode_partition_record(record.value)
        for record in await read_all(settings, Catalog(settings).changelog)
        if record.key == PARTITION_KEY
    }


async def test_a_worker_stopped_under_load_has_committed_all_it_did_and_does_none_of_it_again(
    worker: Watched, settings: Settings, topics: Catalog
) -> None:
    async with load(settings) as running:
        for _ in range(3):
            worker.process.start()
            await worker.shows(lambda count: count > 500, "orchestrator_records_consumed_total", result="applied")
            assert await worker.metric(**DUPLICATES) in (None, 0.0)
            assert await worker.process.stop() == 0
            committed = await committed_offsets(settings)
            for partition, record in (await positions(settings)).items():
                assert committed[topics.events, partition] == record.next_offsets[topics.events]
    worker.process.start()
    await caught_up(settings, worker.process)
    await worker.shows(lambda lag: lag == 0, "orchestrator_lag_records")
    assert await worker.metric(**DUPLICATES) in (None, 0.0)
    assert await worker.process.stop() == 0
    assert worker.process.said("worker_stopped") == 4
    assert worker.process.said("worker_ended") == 0
    await verify_counting(settings, [worker.process], running.sent)


async def test_the_next_process_of_a_slot_waits_for_its_turn_and_goes_on_where_the_one_before_has_ended(
    worker: Watched, settings: Settings, topics: Catalog
) -> None:
    with ExitStack() as stack:

        async def prepared(now: Watched, times: int) -> Watched:
            after = now.another()
            stack.callback(after.process.close)
            after.process.start()
            await until(lambda: after.process.said("slot_awaited") == times, after.process)
            return after

        async with load(settings) as running:
            worker.process.start()
            for turn in (1, 2):
                await worker.shows(lambda count: count > 300, "orchestrator_records_consumed_total", result="applied")
                assert await worker.metric(**DUPLICATES) in (None, 0.0)
                after = await prepared(worker, turn)
                assert worker.process.said("partitions_taken_over") == turn
                if turn == 1:
                    assert await worker.process.stop() == 0
                else:
                    worker.process.kill()
                await after.process.takes_over(turn + 1)
                worker = after
            await worker.becomes_ready()
        await caught_up(settings, worker.process)
        unused = await prepared(worker, 3)
        assert await unused.process.stop() == 0  # its turn never came
        assert await worker.process.stop() == 0
        assert worker.process.said("worker_ended") == 0
        await verify_counting(settings, [worker.process], running.sent)


async def test_a_worker_and_a_sink_stopped_at_any_moment_leave_what_the_reference_leaves(
    settings: Settings, topics: Catalog
) -> None:
    moments = chance("stops in mid-stream")
    async with a_house(settings, chance("history")) as house:
        share = len(house.history) // STOPS
        for stop in range(STOPS):
            house.worker.start()
            house.sink.start()
            await house.worker.takes_over(stop + 1)
            feeding = asyncio.create_task(house.feed(house.history[stop * share : (stop + 1) * share]))
            await asyncio.sleep(moments.random())  # not a wait for anything: the moment is left to chance
            for process in (house.worker, house.sink):
                assert await process.stop() == 0
            await feeding
        house.worker.start()
        house.sink.start()
        await house.feed(house.history[STOPS * share :])
        await house.finish()
        await house.verify()


@pytest.mark.endurance
async def test_a_worker_stopped_while_it_recovers_gives_the_recovery_up_and_the_next_one_makes_it(
    worker: Watched, settings: Settings, topics: Catalog
) -> None:
    await produce_events(settings, 1_000, CUSTOMERS)
    worker.process.start()
    before = await counted(settings, 1_000, worker.process)
    assert await worker.process.stop() == 0
    # Tombstones of customers that never were: they take time to read, and change nothing.
    nobody = [Encoded(b"acme:nobody-%d" % (number % 1_000), None, []) for number in range(100_000)]  # type: ignore[arg-type]
    for _ in range(3):
        await produce(settings, topics.changelog, dict.fromkeys(range(topics.customer_partitions), nobody))
    worker.process.wipe()

    worker.process.start()
    await worker.shows(lambda partitions: partitions > 0, "orchestrator_customer_partitions")
    status, document = await worker.probe("/readyz")
    assert (status, document["checks"]["partitions"]["ok"]) == (503, False)
    assert (await worker.probe("/livez"))[0] == 200
    await worker.shows(lambda left: left > 0, "orchestrator_recovery_left_records")
    assert await worker.process.stop() == 0
    assert worker.process.said("partitions_taken_over") == 1  # in its first life
    assert worker.process.said("worker_stopped") == 2

    worker.process.start()
    await worker.becomes_ready()
    assert await worker.metric("orchestrator_recovery_left_records") == 0
    assert await counts(settings) == before
    assert await worker.process.stop() == 0


async def test_a_worker_stopped_at_any_moment_of_its_start_ends_in_order(worker: Watched) -> None:
    for life in range(8):
        worker.process.start()
        await until(lambda: worker.process.said("worker_starting") == life + 1, worker.process)  # noqa: B023  at once
        await asyncio.sleep(0.15 * life)  # not a wait for anything: another moment of its start
        assert await worker.process.stop() == 0, worker.process.log.read_text()
    assert worker.process.said("worker_stopped") == 8
    assert worker.process.said("worker_ended") == 0
    assert "Warning" not in worker.process.log.read_text()


@pytest.mark.endurance
async def test_a_worker_and_an_adapter_stopped_while_kafka_is_away_say_how_they_ended_and_lose_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "kafka"
    broker = await asyncio.to_thread(start_kafka, folder, JARS, None, lambda _: None)
    own = settings.model_copy(update={"kafka": broker.bootstrap})
    worker = watch(own, COUNTING)
    # Topics of its own: the worker here counts whatever comes in, reports too.
    adapters = own.model_copy(update={"topic_prefix": f"{own.topic_prefix}adapter."})
    out = {"adapter_file_dir": str(tmp_path / "out"), "adapter_rate_per_s": "20"}
    adapter = an_adapter(adapters, "file", "--channel", "push", **out)
    try:
        await apply_topics(own)
        await apply_topics(adapters)
        await command(adapters, [a_command(number) for number in range(200)])
        adapter.start()
        await answered(adapters, 20)
        await produce_events(own, 1_000, CUSTOMERS)
        worker.process.start()
        await counted(own, 1_000, worker.process)
        ports = (broker.port, broker.controller_port)
        await asyncio.to_thread(broker.process.stop, signal.SIGKILL)
        # It may have had nothing left to commit, or not know what became of it; then it says so by its exit code.
        assert await worker.process.stop() in (0, EXIT_HALTED)
        assert await adapter.stop() in (0, Unavailable.exit_code)
        said = [json.loads(line) for line in worker.process.log.read_text().splitlines()]  # whatever happens, JSON
        # Libraries whose connections hang may still have a word after it.
        assert [line["action"] for line in said if "action" in line][-1] in ("worker_stopped", "worker_ended")
        broker = await asyncio.to_thread(start_kafka, folder, JARS, ports, lambda _: None)
        worker.process.start()
        adapter.start()
        await produce_events(own, 1_000, CUSTOMERS, first=1_000)
        await counted(own, 2_000, worker.process)
        assert await worker.process.stop() == 0
        await assert_counted_once(own, 2_000, CUSTOMERS)
        await answered(adapters, 200)
        assert await adapter.stop() == 0
        assert times_written(tmp_path / "out") == {f"command-{number}": 1 for number in range(200)}
    finally:
        worker.process.close()
        adapter.close()
        await asyncio.to_thread(broker.process.stop)


async def test_a_sink_stopped_under_load_goes_on_behind_what_it_wrote(settings: Settings, topics: Catalog) -> None:
    story = a_story(3_000)
    sink = watch(settings, SINK, "sink-0")
    pool = await open_pool(settings)
    try:
        await migrate(pool)
        await add_journeys(pool)
        async with closing(await open_producer(settings, "test")) as producer:

            async def publish(activities: Sequence[Activity]) -> None:
                for each in activities:
                    key = customer_key(each.workspace_id, each.customer_id)
                    await producer.send_and_wait(topics.activities, msgspec.json.encode(each), key=key)

            for life in range(3):
                publishing = asyncio.create_task(publish(story[life * 1_000 : (life + 1) * 1_000]))
                sink.process.start()
                await sink.shows(lambda count: count > 0, "orchestrator_sink_rows_total", result="written")
                assert await sink.metric("orchestrator_sink_rows_total", result="duplicate") in (None, 0.0)
                assert await sink.process.stop() == 0
                await publishing
        sink.process.start()
        await sink.becomes_ready()
        await sink.shows(lambda lag: lag == 0, "orchestrator_sink_lag_records")
        assert await sink.metric("orchestrator_sink_rows_total", result="duplicate") in (None, 0.0)
        assert await sink.process.stop() == 0
        assert await metrics(pool) == metrics_of(story)
    finally:
        sink.process.close()
        await pool.close()
