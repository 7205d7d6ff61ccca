"""The one who writes events for the API: acknowledged or refused in time, and back by itself when Kafka is."""

import asyncio

import pytest
from aiokafka.errors import KafkaError

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.event_writer import EventWriter
from orchestrator.kafka.tail import Tail
from orchestrator.local.ports import free_ports
from orchestrator.messages.codec import decode_engagement, encode_event
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from tests.conftest import PARTITIONS

pytestmark = pytest.mark.integration


def _event(number: int) -> EngagementEvent:
    return EngagementEvent(
        id=f"e{number}",
        source="/test",
        type="order.placed",
        time_ms=1_790_000_000_000 + number,
        workspace_id="acme",
        customer_id=f"c{number % 20}",
        data={"number": number},
    )


async def _events(settings: Settings, topics: Catalog) -> list[EngagementEvent]:
    async with await Tail.open(settings, "test", [(topics.events, PARTITIONS)]) as tail:
        records = await tail.read_to_end()
    for record in records:
        assert record.key is not None
        assert record.partition == partition_of(record.key, PARTITIONS)
    return [decode_engagement(each.key, each.value, each.headers, each.timestamp) for each in records]


async def test_writers_at_once_share_a_producer_and_keep_the_order_of_each_customer(
    settings: Settings, topics: Catalog
) -> None:
    writer = EventWriter(settings)
    try:
        parts = [[_event(part * 1_000 + number) for number in range(100)] for part in range(20)]
        await asyncio.gather(*(writer.write([encode_event(each) for each in part]) for part in parts))
    finally:
        await writer.close()
    found = await _events(settings, topics)
    assert sorted(each.time_ms for each in found) == sorted(each.time_ms for part in parts for each in part)
    for part in parts:
        for customer in {each.customer_id for each in part}:
            written = [each.id for each in part if each.customer_id == customer]
            assert [each.id for each in found if each.id in written] == written


async def test_kafka_that_is_away_is_told_in_time_and_found_when_it_is_back(
    settings: Settings, topics: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = free_ports(1)
    monkeypatch.setattr("orchestrator.kafka.event_writer.WRITE_TIMEOUT_S", 0.5)
    away = EventWriter(settings.model_copy(update={"kafka": f"127.0.0.1:{port}"}))
    for _ in range(2):
        with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{port}|within 0\.5 s"):
            await away.write([encode_event(_event(1))])
    monkeypatch.undo()
    away._settings = settings  # the same writer, and a broker at the address
    await away.write([encode_event(_event(2))])
    await away.close()
    assert [each.id for each in await _events(settings, topics)] == ["e2"]


async def test_a_broken_producer_is_replaced_by_the_next_write(settings: Settings, topics: Catalog) -> None:
    writer = EventWriter(settings)
    try:
        await writer.write([encode_event(_event(1))])
        broken = writer._producer
        assert broken is not None
        broken._message_accumulator.fail_all(KafkaError("a bug"))
        with pytest.raises(Unavailable, match="a bug"):
            await writer.write([encode_event(_event(2))])
        await writer.write([encode_event(_event(3))])
        assert writer._producer is not broken
    finally:
        await writer.close()
    # Of two partitions either may be read first.
    assert sorted(each.id for each in await _events(settings, topics)) == ["e1", "e3"]


async def test_what_waits_for_a_slow_kafka_is_bounded(
    settings: Settings, topics: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.kafka.event_writer.MOST_UNDER_WAY_BYTES", 200)
    writer = EventWriter(settings)
    record = encode_event(_event(1))
    try:
        tried = await asyncio.gather(*(writer.write([record] * 4) for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in tried] == [type(None), type(None), Unavailable]
        await writer.write([record] * 400)  # alone, however large
    finally:
        await writer.close()
