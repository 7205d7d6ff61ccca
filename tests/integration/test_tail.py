"""Reading topics from their beginning to what is their end now, and how far a group is behind."""

import pytest
from aiokafka import TopicPartition

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import (
    closing,
    open_admin,
    open_group_consumer,
    open_producer,
    open_transactional_producer,
)
from orchestrator.kafka.lag import group_lag
from orchestrator.kafka.tail import Tail
from orchestrator.settings import Settings

pytestmark = pytest.mark.integration


async def test_everything_is_read_in_the_order_of_each_partition_and_then_no_more(
    settings: Settings, topics: Catalog
) -> None:
    async with closing(await open_producer(settings, "test")) as producer:
        for number in range(40):
            await producer.send_and_wait(topics.events, f"{number}".encode(), b"k", number % 4, headers=[("h", b"1")])
    async with await Tail.open(settings, "test", [(topics.events, topics.customer_partitions)]) as tail:
        assert not await tail.is_at_end()
        records = await tail.read_to_end()

        assert sorted(int(record.value or b"") for record in records) == list(range(40))
        for partition in range(4):
            offsets = [record.offset for record in records if record.partition == partition]
            assert offsets == list(range(10))
        assert {(record.key, record.headers) for record in records} == {(b"k", (("h", b"1"),))}
        assert await tail.is_at_end()
        assert await tail.read() == []


async def test_the_marker_of_a_transaction_and_what_was_aborted_are_passed(settings: Settings, topics: Catalog) -> None:
    async with closing(await open_transactional_producer(settings, "test", "tail-test")) as producer:
        async with producer.transaction():
            await producer.send(topics.events, b"kept", b"k", 0)
        await producer.begin_transaction()
        await producer.send_and_wait(topics.events, b"aborted", b"k", 0)
        await producer.abort_transaction()
    async with await Tail.open(settings, "test", [(topics.events, topics.customer_partitions)]) as tail:
        assert [record.value for record in await tail.read_to_end()] == [b"kept"]
        assert await tail.is_at_end()


async def test_lag_is_what_a_group_has_not_acknowledged(settings: Settings, topics: Catalog) -> None:
    async with closing(await open_producer(settings, "test")) as producer:
        for number in range(10):
            await producer.send_and_wait(topics.events, b"{}", b"k", number % 2)
    async with (
        await Tail.open(settings, "test", [(topics.events, topics.customer_partitions)]) as tail,
        closing(await open_admin(settings)) as admin,
    ):
        ends = await tail.end_offsets()
        assert await group_lag(admin, settings.group, ends) == 10

        async with closing(await open_group_consumer(settings, "test", settings.group, (topics.events,))) as consumer:
            await consumer.getone()
            await consumer.commit({TopicPartition(topics.events, 0): 3, TopicPartition(topics.events, 1): 5})
        assert await group_lag(admin, settings.group, ends) == 2
