"""The broker dies and is cut off while events are written for callers: what was acknowledged is there, in order."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.event_writer import EventWriter
from orchestrator.kafka.topics import apply_topics
from orchestrator.messages.codec import decode_engagement, encode_event
from orchestrator.messages.event import EngagementEvent
from orchestrator.settings import Settings, load_settings
from tests.conftest import PARTITIONS
from tests.faults.own_broker import OwnCluster
from tests.faults.patience import comes_true
from tests.worker_process import read_all

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance, pytest.mark.timeout(600)]

CALLERS = 6
EVENTS = 25  # in a request


@pytest.fixture
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnCluster]:
    made = OwnCluster(tmp_path_factory.mktemp("broker"))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@pytest.fixture
async def settings(cluster: OwnCluster) -> Settings:
    """For test code, which reaches the broker directly; topics are made."""
    made = load_settings(kafka=cluster.direct, replicas=1, partitions=PARTITIONS)
    await apply_topics(made)
    return made


class Callers:
    """Each sends the same request until it is answered, then the next one, as the API's callers are told to."""

    def __init__(self, writer: EventWriter) -> None:
        self.acknowledged: list[str] = []
        self.refused = 0
        self.stop = asyncio.Event()
        self._writer = writer

    async def go_on(self, caller: int) -> None:
        number = 0
        while not self.stop.is_set():
            events = [_event(caller, place) for place in range(number, number + EVENTS)]
            try:
                await self._writer.write([encode_event(event) for event in events])
            except Unavailable:
                self.refused += 1
                await asyncio.sleep(0.2)
                continue
            self.acknowledged += [event.id for event in events]
            number += EVENTS

    async def are_answered(self) -> None:
        """Returns when they have been answered, twice each on average, since now."""
        enough = len(self.acknowledged) + 2 * CALLERS * EVENTS

        async def have_come() -> bool:
            return len(self.acknowledged) >= enough

        await comes_true(have_come, "events are acknowledged")

    async def are_refused(self) -> None:
        """Returns when they have been told to come again."""
        enough = self.refused + CALLERS

        async def have_been() -> bool:
            return self.refused >= enough

        await comes_true(have_been, "callers are told that Kafka does not answer")


def _event(caller: int, number: int) -> EngagementEvent:
    return EngagementEvent(
        id=f"{caller}/{number}",
        source="shop",
        type="order.placed",
        time_ms=1_790_000_000_000,
        workspace_id="acme",
        customer_id=f"c{caller}",
    )


async def test_what_was_acknowledged_is_there_in_order_whatever_became_of_the_broker(
    cluster: OwnCluster, settings: Settings
) -> None:
    [node] = cluster.nodes
    writer = EventWriter(settings.model_copy(update={"kafka": cluster.proxied}))
    callers = Callers(writer)
    tasks = [asyncio.create_task(callers.go_on(caller)) for caller in range(CALLERS)]
    try:
        await callers.are_answered()
        node.send(signal.SIGKILL)
        await callers.are_refused()
        await cluster.restart(node)
        await callers.are_answered()
        node.proxy.unplug()
        await callers.are_refused()
        node.proxy.plug_in()
        await callers.are_answered()
        node.proxy.cut()
        await callers.are_answered()
        callers.stop.set()
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await writer.close()
    records = await read_all(settings, Catalog(settings).events)
    found = [decode_engagement(each.key, each.value, list(each.headers.items()), 0).id for each in records]
    assert set(callers.acknowledged) <= set(found)
    first_of_each = list(dict.fromkeys(found))
    for caller in range(CALLERS):
        of_one = [int(id_.partition("/")[2]) for id_ in first_of_each if id_.startswith(f"{caller}/")]
        assert of_one == sorted(of_one)
