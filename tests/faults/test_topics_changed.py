"""Partitions added to a topic: refused in clear words, at the start and under a running worker; none decided wrong."""

import time
from collections import defaultdict

import pytest
from aiokafka.admin import NewPartitions

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_admin, open_producer
from orchestrator.messages.codec import encode_event
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.streams.producers import acknowledged, submit
from orchestrator.streams.stored import PARTITION_KEY
from tests.counting import CountingDecider
from tests.faults.conftest import MakeWorker
from tests.faults.patience import caught_up
from tests.worker_process import an_event, produce_events, read_all

pytestmark = [pytest.mark.integration, pytest.mark.faults]

EXIT_CONFIGURATION = 2


async def add_a_partition(settings: Settings, topic: str) -> None:
    count = Catalog(settings).customer_partitions
    async with closing(await open_admin(settings)) as admin:
        await admin.create_partitions({topic: NewPartitions(total_count=count + 1)})


async def produce_as_others_would(settings: Settings, topic: str, first: int, count: int, partitions: int) -> None:
    """Events that are spread over all partitions there are now, as any producer does that looks at the topic."""
    by_partition: defaultdict[int, list[object]] = defaultdict(list)
    for number in range(first, first + count):
        record = encode_event(an_event(number, f"c{number % 40}"))
        by_partition[partition_of(record.key, partitions)].append(record)
    async with closing(await open_producer(settings, "test")) as producer:
        for partition, records in by_partition.items():
            await acknowledged(await submit(producer, topic, partition, records, int(time.time() * 1_000)))  # type: ignore[arg-type]


async def test_a_worker_does_not_start_on_a_topic_with_another_partition_count(
    make_worker: MakeWorker, settings: Settings, topics: Catalog
) -> None:
    await add_a_partition(settings, topics.events)
    worker = make_worker().start()
    assert await worker.ended() == EXIT_CONFIGURATION
    said = worker.log.read_text()
    assert f"{topics.events} has 5 partitions, declared are 4" in said
    assert "cannot be changed once customers are spread over it" in said
    assert "Traceback" not in said


@pytest.mark.endurance
async def test_a_running_worker_notices_added_partitions_and_until_then_counts_nobody_in_a_wrong_place(
    make_worker: MakeWorker, settings: Settings, topics: Catalog
) -> None:
    worker = make_worker()
    worker.start()
    await produce_events(settings, 200, customers=40)
    await caught_up(settings, worker)
    await add_a_partition(settings, topics.events)
    await produce_as_others_would(settings, topics.events, 200, 400, partitions=5)
    assert await worker.ended() == EXIT_CONFIGURATION
    assert f"{topics.events} has 5 partitions, declared are 4" in worker.log.read_text()
    sent, counted = [15] * 40, [0] * 40  # at most
    decider = CountingDecider()
    for record in await read_all(settings, topics.changelog):
        if record.key is None or record.key == PARTITION_KEY:
            continue
        assert partition_of(record.key, 4) == record.partition
        counted[int(record.key.decode().rpartition("c")[2])] = decider.decode_state(record.value or b"").events
    assert all(5 <= count <= most for count, most in zip(counted, sent, strict=True))
