"""What is done about a transaction that was ended and stays open in a partition, against stand-ins for the broker."""

from collections.abc import Sequence

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from orchestrator.errors import ProcessingHalted
from orchestrator.kafka.transactions import TransactionState
from orchestrator.settings import Settings
from orchestrator.streams import fate
from orchestrator.streams.fate import UNKNOWN, Fate, Transaction

CHANGELOG = TopicPartition("changelog", 2)
COMMANDS = TopicPartition("commands", 2)
WRITTEN = {CHANGELOG: 42, COMMANDS: 7}


class Reader:
    """Answers with the next of ``answers``, and with the last one from then on."""

    def __init__(self, *answers: dict[TopicPartition, int] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[set[TopicPartition]] = []

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        self.asked.append(set(places))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {place: answer[place] for place in places}


class Manager:
    def __init__(self, steps: list[str]) -> None:
        self._steps = steps

    def maybe_add_partition_to_txn(self, place: TopicPartition) -> None:
        self._steps.append(f"{place.topic}/{place.partition}")


class Producer:
    """Notes the markers it is to write; writing one lets the reader go on to its last answer."""

    def __init__(self, reader: Reader | None = None, lost: int = 0) -> None:
        self._lost = lost
        self.steps: list[str] = []
        self._txn_manager = Manager(self.steps)
        self._reader = reader

    async def begin_transaction(self) -> None:
        self.steps.append("begin")

    async def commit_transaction(self) -> None:
        self.steps.append("commit")
        self._heal()

    async def abort_transaction(self) -> None:
        self.steps.append("abort")
        self._heal()

    async def stop(self) -> None:
        self.steps.append("stop")

    def _heal(self) -> None:
        self._lost -= 1
        if self._reader is not None and self._lost < 0:
            del self._reader.answers[:-1]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fate, "HANGING_S", 0.02)
    monkeypatch.setattr(fate, "MOST_MARKERS", 2)
    monkeypatch.setattr(fate, "LONGEST_PAUSE_S", 0.005)


async def settle(reader: Reader, producer: Producer, last: Transaction) -> None:
    settling = Fate(Settings())
    settling._reader = reader  # type: ignore[assignment]
    await settling.settle(2, producer, last)  # type: ignore[arg-type]


async def test_what_has_ended_everywhere_is_asked_about_once_and_needs_no_marker() -> None:
    reader, producer = Reader({CHANGELOG: 44, COMMANDS: 9}), Producer()
    await settle(reader, producer, Transaction(WRITTEN, is_committed=True))
    assert reader.asked == [{CHANGELOG, COMMANDS}]
    assert producer.steps == []


async def test_a_marker_under_way_is_waited_for_only_where_it_is_missing() -> None:
    reader = Reader({CHANGELOG: 44, COMMANDS: 7}, KafkaTimeoutError(), {CHANGELOG: 44, COMMANDS: 9})
    producer = Producer()
    await settle(reader, producer, Transaction(WRITTEN, is_committed=True))
    assert reader.asked == [{CHANGELOG, COMMANDS}, {COMMANDS}, {COMMANDS}]
    assert producer.steps == []


@pytest.mark.parametrize(("is_committed", "end"), [(True, "commit"), (False, "abort")])
async def test_what_stays_open_is_ended_as_it_was_ended(is_committed: bool, end: str) -> None:
    open_ = {CHANGELOG: 44, COMMANDS: 7}
    reader = Reader(*[open_] * 1_000, {CHANGELOG: 44, COMMANDS: 10})
    producer = Producer(reader)
    await settle(reader, producer, Transaction(WRITTEN, is_committed))
    assert producer.steps == ["begin", "commands/2", end]


async def test_where_the_offset_is_not_known_a_marker_makes_sure() -> None:
    reader, producer = Reader({CHANGELOG: 44}), Producer()
    await settle(reader, producer, Transaction({CHANGELOG: 42, COMMANDS: UNKNOWN}, is_committed=True))
    assert producer.steps == ["begin", "commands/2", "commit"]


async def test_a_marker_that_is_lost_too_is_written_again() -> None:
    open_ = {CHANGELOG: 44, COMMANDS: 7}
    reader = Reader(*[open_] * 1_000, {CHANGELOG: 44, COMMANDS: 10})
    producer = Producer(reader, lost=1)
    await settle(reader, producer, Transaction(WRITTEN, is_committed=True))
    assert producer.steps == ["begin", "commands/2", "commit"] * 2


async def test_what_no_marker_ends_stops_the_worker() -> None:
    reader, producer = Reader({CHANGELOG: 44, COMMANDS: 7}), Producer()
    with pytest.raises(ProcessingHalted, match="still open in commands/2"):
        await settle(reader, producer, Transaction(WRITTEN, is_committed=True))
    assert producer.steps == ["begin", "commands/2", "commit"] * 2


async def test_a_broker_that_does_not_answer_is_waited_for_and_given_its_time_afterwards() -> None:
    reader = Reader(*[KafkaTimeoutError()] * 20, {CHANGELOG: 44, COMMANDS: 7}, {CHANGELOG: 44, COMMANDS: 9})
    producer = Producer()
    await settle(reader, producer, Transaction(WRITTEN, is_committed=True))
    assert producer.steps == []


class House:
    """A coordinator and partitions, as ``take_over`` sees them: ``open_`` holds until a marker is written."""

    def __init__(self, state: str, open_: dict[TopicPartition, set[int]], heals: bool = True) -> None:
        self.state = TransactionState(state, 1_000)
        self.open = open_
        self.steps: list[str] = []
        self._heals = heals

    async def close(self) -> None:
        self.steps.append("close")

    async def transaction_state(self, admin: "House", id_: str) -> TransactionState:
        self.steps.append(f"ask {id_}")
        return self.state

    async def open_transactions(
        self, admin: "House", places: Sequence[TopicPartition]
    ) -> dict[TopicPartition, set[int]]:
        return self.open

    async def end_hanging(self, producer: Producer, places: Sequence[TopicPartition], *, commit: bool) -> None:
        self.steps.append(f"{'commit' if commit else 'abort'} {sorted(place.topic for place in places)}")
        if self._heals:
            self.open = {}

    async def open_admin(self, settings: Settings, role: str) -> "House":
        return self

    async def open_partition_producers(self, settings: Settings, numbers: Sequence[int]) -> dict[int, Producer]:
        self.steps.append("fence")
        return {number: Producer() for number in numbers}


async def take_over(house: House, monkeypatch: pytest.MonkeyPatch, number: int = 2) -> None:
    for name in ("transaction_state", "open_transactions", "end_hanging", "open_admin", "open_partition_producers"):
        monkeypatch.setattr(fate, name, getattr(house, name))
    monkeypatch.setattr(fate, "AIOKafkaAdminClient", House)
    monkeypatch.setattr("orchestrator.kafka.clients.AIOKafkaAdminClient", House)
    await fate.take_over(Settings(group="g"), [number], [CHANGELOG, COMMANDS])


async def test_the_coordinator_is_asked_before_fencing_changes_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House("CompleteCommit", {})
    await take_over(house, monkeypatch)
    assert house.steps == ["ask g-2", "fence", "close"]


@pytest.mark.parametrize(
    ("state", "end"),
    [("PrepareCommit", "commit"), ("CompleteCommit", "commit"), ("CompleteAbort", "abort"), ("Ongoing", "abort")],
)
async def test_what_a_former_owner_left_open_is_ended_as_the_coordinator_had_decided(
    monkeypatch: pytest.MonkeyPatch, state: str, end: str
) -> None:
    house = House(state, {COMMANDS: {1_000, 5}})
    await take_over(house, monkeypatch)
    assert house.steps == ["ask g-2", "fence", f"{end} ['commands']", "close"]


async def test_what_others_have_open_is_left_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House("CompleteCommit", {COMMANDS: {5}})
    await take_over(house, monkeypatch)
    assert house.steps == ["ask g-2", "fence", "close"]


async def test_what_cannot_be_ended_stops_the_take_over_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House("CompleteCommit", {COMMANDS: {1_000}}, heals=False)
    with pytest.raises(ProcessingHalted, match="hang in commands/2"):
        await take_over(house, monkeypatch)
