"""The newest records of a topic: no more than asked for, the committed ones, and none that never comes."""

import asyncio

import pytest

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import closing, open_producer, open_transactional_producer
from orchestrator.kafka.newest import Bounds, Newest, read_newest
from orchestrator.settings import Settings

pytestmark = pytest.mark.integration

AMPLE = Bounds(records=1_000, size_bytes=1 << 20, time_s=30.0)


async def newest(settings: Settings, topics: Catalog, bounds: Bounds = AMPLE) -> Newest:
    return await read_newest(settings, "test", topics.events, topics.customer_partitions, bounds)


async def fill(settings: Settings, topics: Catalog, records: int, partition: int = 0, size_bytes: int = 8) -> None:
    async with closing(await open_producer(settings, "test", linger_ms=5)) as producer:
        for number in range(records):
            await producer.send(topics.events, f"{number:0{size_bytes}}".encode(), b"k", partition)
        await producer.flush()


async def test_everything_is_read_where_there_is_no_more_than_may_be(settings: Settings, topics: Catalog) -> None:
    assert (await newest(settings, topics)) == Newest([], 0, True)
    await fill(settings, topics, 30)
    await fill(settings, topics, 12, partition=1)
    found = await newest(settings, topics)
    assert sorted((each.partition, each.offset) for each in found.records) == [
        *((0, number) for number in range(30)),
        *((1, number) for number in range(12)),
    ]
    assert found.is_all


async def test_of_a_long_partition_the_newest_are_read_and_of_a_short_one_all(
    settings: Settings, topics: Catalog
) -> None:
    await fill(settings, topics, 3_000)
    await fill(settings, topics, 5, partition=1)
    found = await newest(settings, topics, Bounds(records=400, size_bytes=1 << 20, time_s=30.0))
    assert sorted(each.offset for each in found.records if each.partition == 0) == list(range(2_600, 3_000))
    assert [each.offset for each in found.records if each.partition == 1] == list(range(5))
    assert not found.is_all


async def test_no_more_bytes_are_read_than_may_be_and_the_newest_records_first(
    settings: Settings, topics: Catalog
) -> None:
    await fill(settings, topics, 1_000, size_bytes=10_000)
    found = await newest(settings, topics, Bounds(records=1_000, size_bytes=500_000, time_s=30.0))
    assert {each.offset for each in found.records} == set(range(900, 1_000))
    assert found.size_bytes == 100 * 10_001
    assert not found.is_all


async def test_what_is_not_committed_is_not_seen_and_markers_of_transactions_end_nothing(
    settings: Settings, topics: Catalog
) -> None:
    async with closing(await open_transactional_producer(settings, "test", "newest-test")) as producer:
        for value in (b"one", b"two"):
            async with producer.transaction():
                await producer.send(topics.events, value, b"k", 0)
        await producer.begin_transaction()
        await producer.send_and_wait(topics.events, b"aborted", b"k", 0)
        await producer.abort_transaction()
        await producer.begin_transaction()
        await producer.send_and_wait(topics.events, b"open", b"k", 0)
        assert [record.value for record in (await newest(settings, topics)).records] == [b"one", b"two"]
        few = await newest(settings, topics, Bounds(records=4, size_bytes=1 << 20, time_s=30.0))
        assert [record.value for record in few.records] == [b"two"]
        await producer.abort_transaction()


async def test_a_cluster_that_is_not_there_or_says_nothing_is_told_and_not_waited_for(
    settings: Settings, topics: Catalog
) -> None:
    bounds = Bounds(records=10, size_bytes=1 << 20, time_s=0.5)
    with pytest.raises(Unavailable):
        await newest(settings.model_copy(update={"kafka": "127.0.0.1:9"}), topics, bounds)

    silent = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable, match=r"within 0\.5 s"):
            await newest(settings.model_copy(update={"kafka": f"127.0.0.1:{port}"}), topics, bounds)
        silent.set()
