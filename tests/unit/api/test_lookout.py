"""The newest events are looked at once for all who ask, of whichever workspace they are."""

import asyncio

import pytest
from msgspec.structs import replace

from orchestrator.api.lookout import FAILED_S, FRESH_S, Lookout
from orchestrator.errors import Unavailable
from orchestrator.kafka.newest import Newest
from orchestrator.kafka.tail import TailRecord
from orchestrator.messages.codec import encode_event
from tests.builders import MONDAY_NOON, an_event


def a_record(workspace_id: str, type_: str) -> TailRecord:
    encoded = encode_event(replace(an_event(type_, MONDAY_NOON, type_), workspace_id=workspace_id))
    return TailRecord("events", 0, 0, MONDAY_NOON, encoded.key, encoded.value, tuple(encoded.headers))


class Broker:
    """Stands for Kafka: counts how often it is asked, and answers when it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.now = 100.0
        self.fails = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.lookout = Lookout(self._read, lambda: self.now)

    async def _read(self) -> Newest:
        self.asked += 1
        await self.may_answer.wait()
        if self.fails:
            raise Unavailable("away")
        return Newest([a_record("acme", f"ours.{self.asked}"), a_record("globex", f"theirs.{self.asked}")], 0, True)

    async def types(self, workspace_id: str = "acme") -> list[str]:
        return [item.type for item in (await self.lookout.of(workspace_id)).items]


@pytest.fixture
async def broker() -> Broker:
    return Broker()


async def test_all_who_ask_at_once_wait_for_one_look_and_are_told_their_own(broker: Broker) -> None:
    broker.may_answer.clear()
    asking = [asyncio.create_task(broker.types(workspace)) for workspace in ("acme", "globex", "acme", "initech")]
    await asyncio.sleep(0)
    broker.may_answer.set()
    assert await asyncio.gather(*asking) == [["ours.1"], ["theirs.1"], ["ours.1"], []]
    assert broker.asked == 1


async def test_an_answer_is_good_for_half_a_minute(broker: Broker) -> None:
    assert await broker.types() == ["ours.1"]
    broker.now += FRESH_S - 0.1
    assert await broker.types("globex") == ["theirs.1"]
    broker.now += 0.2
    assert await broker.types() == ["ours.2"]


async def test_a_failure_is_told_again_for_a_moment_and_then_it_is_tried_anew(broker: Broker) -> None:
    broker.fails = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            await broker.types()
    assert broker.asked == 1
    broker.fails = False
    broker.now += FAILED_S
    assert await broker.types() == ["ours.2"]


async def test_one_who_leaves_does_not_take_the_look_from_the_others(broker: Broker) -> None:
    broker.may_answer.clear()
    leaving, staying = asyncio.create_task(broker.types()), asyncio.create_task(broker.types())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    broker.may_answer.set()
    assert await staying == ["ours.1"]
    assert broker.asked == 1


async def test_a_look_under_way_ends_with_the_process(broker: Broker) -> None:
    await broker.lookout.close()
    broker.may_answer.clear()
    asking = asyncio.create_task(broker.types())
    await asyncio.sleep(0)
    await broker.lookout.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
