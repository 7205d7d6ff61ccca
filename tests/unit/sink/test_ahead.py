"""The batch after the one being written is read meanwhile; nothing of it counts as done before it is handed over."""

import asyncio

import pytest

from orchestrator.errors import Unavailable
from orchestrator.sink.ahead import ReadAhead
from orchestrator.sink.decode import RawRecord, raw_of
from orchestrator.sink.source import ActivitySource


def record(partition: int, offset: int) -> RawRecord:
    return RawRecord("activities", partition, offset, b"acme:ann", b"not an activity")


class ReadySource(ActivitySource):
    """Batches that lie ready; after them it is as quiet, or as broken, as it is told to be."""

    def __init__(self, *batches: list[RawRecord], fault: Unavailable | None = None) -> None:
        self.batches = list(batches)
        self.fault = fault

    async def read(self) -> list[RawRecord]:
        if self.batches:
            return self.batches.pop(0)
        if self.fault:
            raise self.fault
        await asyncio.Event().wait()
        return []


async def test_batches_come_in_their_order_and_the_next_is_read_meanwhile() -> None:
    first, second = [record(0, 4), record(1, 7), record(1, 8)], [record(0, 5)]
    source = ReadySource(first, second)
    ahead = ReadAhead(source)
    assert [raw_of(each) for each in await ahead.next()] == first
    await asyncio.sleep(0)
    assert source.batches == []
    assert ahead.held() == {0: 5}
    assert [raw_of(each) for each in await ahead.next()] == second
    await ahead.close()


async def test_what_is_held_begins_at_the_first_record_of_each_partition() -> None:
    ahead = ReadAhead(ReadySource([record(2, 4), record(1, 7), record(1, 8), record(2, 6)]))
    assert ahead.held() == {}
    await asyncio.sleep(0)
    assert ahead.held() == {1: 7, 2: 4}
    await ahead.close()


async def test_a_fault_in_reading_ahead_comes_after_what_was_read_before_it() -> None:
    ahead = ReadAhead(ReadySource([record(0, 1)], fault=Unavailable("the broker refuses")))
    assert len(await ahead.next()) == 1
    await asyncio.sleep(0)
    assert ahead.held() == {}
    with pytest.raises(Unavailable, match="the broker refuses"):
        await ahead.next()
    await ahead.close()
