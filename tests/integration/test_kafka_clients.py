"""The Kafka clients: patient with a broker that is not there, fenced when another has taken over."""

import logging

import pytest
from aiokafka.errors import ProducerFenced
from aiokafka.structs import TopicPartition

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.clients import (
    closing,
    open_group_consumer,
    open_producer,
    open_reader,
    open_transactional_producer,
)
from orchestrator.local.ports import free_ports
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings, load_settings
from tests.conftest import PARTITIONS

pytestmark = pytest.mark.integration


async def test_a_missing_broker_is_told_in_one_line_an_attempt_and_then_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (port,) = free_ports(1)
    settings = load_settings(kafka=f"127.0.0.1:{port}")
    with pytest.raises(Unavailable, match=rf"connecting to Kafka at 127\.0\.0\.1:{port} \(test\).*ORCHESTRATOR_KAFKA"):
        await open_producer(settings, "test", patience_s=0.5)
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert lines
    assert {getattr(record, "action", None) for record in lines} == {"kafka_unavailable"}
    assert all(record.exc_info is None for record in lines)


async def test_records_go_to_the_partition_of_their_customer(settings: Settings, topics: Catalog) -> None:
    keys = [customer_key("w", f"customer-{number}") for number in range(50)]
    async with closing(await open_producer(settings, "test")) as producer:
        for key in keys:
            written = await producer.send_and_wait(topics.events, b"{}", key=key)
            assert written.partition == partition_of(key, PARTITIONS)


async def test_a_new_owners_producer_fences_the_old_one(settings: Settings, topics: Catalog) -> None:
    old = await open_transactional_producer(settings, "test", "partition-0")
    async with closing(old):
        await old.begin_transaction()
        await (await old.send(topics.activities, b"stale", partition=0))
        new = await open_transactional_producer(settings, "test", "partition-0")
        async with closing(new):
            async with new.transaction():
                await (await new.send(topics.activities, b"fresh", partition=0))
            with pytest.raises(ProducerFenced):
                await old.commit_transaction()
    async with closing(await open_reader(settings, "test")) as reader:
        reader.assign([TopicPartition(topics.activities, 0)])
        assert (await reader.getone()).value == b"fresh"


async def test_a_reader_of_everything_sees_what_was_not_committed(settings: Settings, topics: Catalog) -> None:
    async with closing(await open_transactional_producer(settings, "test", "aborts")) as producer:
        await producer.begin_transaction()
        await (await producer.send(topics.activities, b"aborted", partition=0))
        await producer.abort_transaction()
    async with closing(await open_reader(settings, "test", committed_only=False)) as reader:
        reader.assign([TopicPartition(topics.activities, 0)])
        assert (await reader.getone()).value == b"aborted"


async def test_a_group_member_commits_only_when_told(settings: Settings, topics: Catalog) -> None:
    async with closing(await open_producer(settings, "test")) as producer:
        await producer.send_and_wait(topics.events, b"1", partition=0)
        await producer.send_and_wait(topics.events, b"2", partition=0)
    group = f"{settings.group}-members"
    async with closing(await open_group_consumer(settings, "test", group, (topics.events,))) as first:
        assert (await first.getone()).value == b"1"
    async with closing(await open_group_consumer(settings, "test", group, (topics.events,))) as second:
        record = await second.getone()
        assert record.value == b"1"
        await second.commit({TopicPartition(topics.events, 0): record.offset + 1})
    async with closing(await open_group_consumer(settings, "test", group, (topics.events,))) as third:
        assert (await third.getone()).value == b"2"
