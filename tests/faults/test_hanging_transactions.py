"""A transaction whose commit was confirmed and whose marker is missing: found, and ended as it was decided.

Kafka leaves such a one behind when it is killed at a bad moment, which cannot be arranged. What can: a broker that does
not verify transactions, and a producer that does not tell the coordinator of one partition it writes to.
"""

from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_admin, open_reader
from orchestrator.kafka.topics import apply_topics
from orchestrator.kafka.transactions import open_transactions, transaction_state
from orchestrator.settings import Settings, load_settings
from orchestrator.streams import fate
from orchestrator.streams.fate import Fate, Transaction, take_over
from orchestrator.streams.producers import open_partition_producers, transactional_id
from tests.faults.own_broker import OwnCluster

pytestmark = [pytest.mark.integration, pytest.mark.faults]

NUMBER = 1


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnCluster]:
    made = OwnCluster(tmp_path_factory.mktemp("broker"), more="transaction.partition.verification.enable=false")
    try:
        made.start_nodes()
        yield made
    finally:
        made.stop_nodes()


@pytest.fixture
async def settings(cluster: OwnCluster, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(fate, "HANGING_S", 1.0)
    name = f"hanging-{abs(hash(request.node.name)) % 100_000}"
    made = load_settings(kafka=cluster.direct, replicas=1, partitions=2, group=name, topic_prefix=f"{name}.")
    await apply_topics(made)
    return made


class Hanging:
    """A committed transaction of partition ``NUMBER`` that hangs in the activities and has ended in the changelog."""

    def __init__(self, settings: Settings) -> None:
        catalog = Catalog(settings)
        self.settings = settings
        self.changelog = TopicPartition(catalog.changelog, NUMBER)
        self.activities = TopicPartition(catalog.activities, NUMBER)
        self.outputs = [TopicPartition(*place) for place in catalog.written_by("streams")]
        self.transaction = Transaction({}, is_committed=True)

    async def made_by(self, producer: AIOKafkaProducer) -> "Hanging":
        manager = producer._txn_manager
        add = manager.maybe_add_partition_to_txn
        manager.maybe_add_partition_to_txn = lambda place: None if place == self.activities else add(place)
        await producer.begin_transaction()
        sent = [
            await producer.send(place.topic, b"value", b"key", place.partition)
            for place in (self.changelog, self.activities)
        ]
        written = {place: (await future).offset for place, future in zip(self.places, sent, strict=True)}
        await producer.commit_transaction()
        manager.maybe_add_partition_to_txn = add
        self.transaction = Transaction(written, is_committed=True)
        assert await self.visible() == [self.changelog]
        return self

    @property
    def places(self) -> list[TopicPartition]:
        return [self.changelog, self.activities]

    async def visible(self) -> list[TopicPartition]:
        """Where the record can be read."""
        async with closing(await open_reader(self.settings, "test")) as reader:
            reader.assign(self.places)
            await reader.seek_to_beginning(*self.places)
            ends = await reader.end_offsets(self.places)
            return [
                place for place in self.places if ends[place] > 0 and (await reader.getone(place)).value == b"value"
            ]


async def test_a_confirmed_transaction_that_hangs_is_visible_before_the_next_begins(settings: Settings) -> None:
    producer = (await open_partition_producers(settings, [NUMBER]))[NUMBER]
    async with closing(producer):
        hanging = await Hanging(settings).made_by(producer)
        looking = Fate(settings)
        try:
            await looking.settle(NUMBER, producer, hanging.transaction)
        finally:
            await looking.close()
        assert await hanging.visible() == hanging.places
        await producer.begin_transaction()  # it goes on as if nothing had been
        await producer.send(hanging.activities.topic, b"next", b"key", NUMBER)
        await producer.commit_transaction()


async def test_who_takes_over_shows_what_was_confirmed_to_the_former_owner(settings: Settings) -> None:
    former = (await open_partition_producers(settings, [NUMBER]))[NUMBER]
    async with closing(former):
        hanging = await Hanging(settings).made_by(former)
        producers = await take_over(settings, [NUMBER], hanging.outputs)
        async with closing(producers[NUMBER]):
            assert await hanging.visible() == hanging.places


async def test_who_takes_over_drops_what_was_not_confirmed_to_the_former_owner(settings: Settings) -> None:
    former = (await open_partition_producers(settings, [NUMBER]))[NUMBER]
    async with closing(former):
        hanging = Hanging(settings)
        manager = former._txn_manager
        add = manager.maybe_add_partition_to_txn
        manager.maybe_add_partition_to_txn = lambda place: None if place == hanging.activities else add(place)
        await former.begin_transaction()
        for place in hanging.places:
            await former.send_and_wait(place.topic, b"value", b"key", place.partition)
        async with closing(await open_admin(settings)) as admin:
            state = await transaction_state(admin, transactional_id(settings, NUMBER))
            assert state is not None
            assert (state.state, state.is_confirmed) == ("Ongoing", False)
            assert await open_transactions(admin, hanging.outputs) == {
                place: {state.producer_id} for place in hanging.places
            }
            producers = await take_over(settings, [NUMBER], hanging.outputs)
            async with closing(producers[NUMBER]):
                assert await open_transactions(admin, hanging.outputs) == {}
            async with closing(await open_reader(settings, "test")) as reader:
                reader.assign(hanging.places)
                await reader.seek_to_beginning(*hanging.places)
                assert await reader.getmany(timeout_ms=500) == {}


async def test_a_transactional_id_that_was_never_used_has_no_state(settings: Settings) -> None:
    # A broker that has never had a transaction has no coordinator yet either.
    producers = await open_partition_producers(settings, [NUMBER])
    async with closing(producers[NUMBER]), closing(await open_admin(settings)) as admin:
        assert await transaction_state(admin, "nobody") is None
