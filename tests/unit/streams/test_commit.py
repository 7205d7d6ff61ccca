"""The protocol, step by step, against a producer that only notes what it is asked."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from orchestrator.errors import Fenced, ProcessingHalted
from orchestrator.messages.cloudevents import Encoded
from orchestrator.streams.batch import Outcome
from orchestrator.streams.commit import Commit, Committed
from orchestrator.streams.crash import Crash
from orchestrator.streams.fate import Transaction
from orchestrator.streams.forwarding import Forward
from orchestrator.streams.stored import PARTITION_KEY, PartitionRecord
from tests.counting import Count

CHANGELOG = "changelog"


class Metadata:
    def __init__(self, offset: int) -> None:
        self.offset = offset


class Batch:
    def __init__(self, most: int) -> None:
        self.keys: list[bytes | None] = []
        self._most = most

    def append(self, *, timestamp: int, key: bytes | None, value: bytes | None, headers: object) -> object:
        if len(self.keys) == self._most:
            return None
        self.keys.append(key)
        return object()

    def record_count(self) -> int:
        return len(self.keys)

    def close(self) -> None:
        pass


class Producer:
    """Notes what happens in ``steps``; fails at the step named ``fails_at``."""

    def __init__(self, steps: list[str], fails_at: str = "", error: Exception | None = None, most: int = 100) -> None:
        self.steps = steps
        self._fails_at = fails_at
        self._error = error or ProducerFenced()
        self._most = most
        self._next: dict[str, int] = {}

    def _note(self, step: str) -> None:
        self.steps.append(step)
        if step == self._fails_at:
            raise self._error

    async def begin_transaction(self) -> None:
        self._note("begin")

    async def commit_transaction(self) -> None:
        self._note("commit")

    async def abort_transaction(self) -> None:
        self._note("abort")

    def create_batch(self) -> Batch:
        return Batch(self._most)

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> "asyncio.Future[Metadata]":
        self._note(f"{topic}/{partition}:{batch.record_count()}")
        base = self._next.setdefault(topic, 40)
        self._next[topic] += batch.record_count()
        future: asyncio.Future[Metadata] = asyncio.get_running_loop().create_future()
        future.set_result(Metadata(base))
        return future

    async def send(self, topic: str, **record: Any) -> "asyncio.Future[None]":
        self._note(f"forward {topic}/{record['partition']}")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_result(None)
        return future


class Owned:
    """A partition whose store notes what it is asked to keep."""

    number = 2

    def __init__(self, producer: Producer) -> None:
        self.producer = producer
        self.saved_at: int | None = None
        self.settling: asyncio.Task[None] | None = None

    def save(self, outcome: Outcome[Count], changelog_offset: int) -> None:
        self.producer.steps.append("save")
        self.saved_at = changelog_offset


class Fate:
    """Notes what it was asked about, and when it is through with it: after ``turns`` of the loop."""

    def __init__(self, turns: int = 5, error: Exception | None = None) -> None:
        self.asked: list[Transaction] = []
        self._turns = turns
        self._error = error

    async def settle(self, number: int, producer: Producer, last: Transaction) -> None:
        self.asked.append(last)
        for _ in range(self._turns):
            await asyncio.sleep(0)
        if self._error is not None:
            raise self._error
        producer.steps.append(f"settled {'committed' if last.is_committed else 'aborted'}")


def an_outcome() -> Outcome[Count]:
    outcome: Outcome[Count] = Outcome(2, PartitionRecord(next_offsets={"events": 9}))
    outcome.outputs = {"commands": [Encoded(b"acme:a", b"{}", [])], "activities": [Encoded(b"acme:a", b"{}", [])] * 2}
    outcome.states = [(b"acme:a", b"1"), (b"acme:b", b"2")]
    outcome.senders = {("acme", "j")}
    return outcome


async def attempt(
    outcome: Outcome[Count],
    producer: Producer,
    may_go: Callable[[Outcome[Count]], bool] = lambda outcome: True,
    owned: Owned | None = None,
    fate: Fate | None = None,
) -> tuple[Committed, Owned]:
    owned = owned or Owned(producer)

    def acknowledge(topic: str, partition: int, next_offset: int) -> None:
        producer.steps.append(f"acknowledge {topic}/{partition}<{next_offset}")

    commit = Commit(producer, CHANGELOG, "timers", lambda topic: 4, fate or Fate(), Crash())  # type: ignore[arg-type]
    return await commit(owned, outcome, may_go, acknowledge), owned  # type: ignore[arg-type]


async def test_everything_is_durable_before_it_is_stored_and_stored_before_it_is_acknowledged() -> None:
    steps: list[str] = []
    fate = Fate()
    result, owned = await attempt(an_outcome(), Producer(steps), fate=fate)
    assert result is Committed.DONE
    assert steps[0] == "begin"
    assert sorted(steps[1:4]) == ["activities/2:2", "changelog/2:3", "commands/2:1"]
    assert steps[4:] == ["commit", "save", "acknowledge events/2<9"]
    assert owned.saved_at == 42  # two states and the partition record, from offset 40
    assert owned.settling is not None
    await owned.settling
    written = {
        TopicPartition("commands", 2): 40,
        TopicPartition("activities", 2): 41,
        TopicPartition(CHANGELOG, 2): 42,
    }
    assert fate.asked == [Transaction(written, is_committed=True)]


async def test_the_stored_offset_is_that_of_the_last_record_when_the_changelog_takes_several_batches() -> None:
    _, owned = await attempt(an_outcome(), Producer([], most=1))
    assert owned.saved_at == 42


async def test_forwarded_records_are_durable_before_the_transaction_begins() -> None:
    steps: list[str] = []
    outcome = an_outcome()
    outcome.forwards = [Forward("events", 3, b"acme:c", b"{}", [], 0)]
    await attempt(outcome, Producer(steps))
    assert steps[:2] == ["forward events/3", "begin"]


async def test_a_pause_before_publishing_stops_the_batch_before_anything_is_sent() -> None:
    steps: list[str] = []
    result, _ = await attempt(an_outcome(), Producer(steps), lambda outcome: False)
    assert (result, steps) == (Committed.OVERTAKEN, [])


async def test_a_pause_while_publishing_aborts_what_was_sent() -> None:
    steps: list[str] = []
    answers = iter((True, False))
    result, owned = await attempt(an_outcome(), Producer(steps), lambda outcome: next(answers))
    assert result is Committed.OVERTAKEN
    assert steps[-1] == "abort"
    assert owned.saved_at is None


async def test_no_transaction_begins_before_the_last_one_has_ended_everywhere() -> None:
    steps: list[str] = []
    producer = Producer(steps)
    answers = iter((True, False, True, True, True, True))
    owned = Owned(producer)
    for _ in range(3):
        await attempt(an_outcome(), producer, lambda outcome: next(answers), owned)
    ends = [step for step in steps if step in ("begin", "abort", "commit") or step.startswith("settled")]
    assert ends == ["begin", "abort", "settled aborted", "begin", "commit", "settled committed", "begin", "commit"]


async def test_a_transaction_that_cannot_be_made_visible_lets_no_other_begin() -> None:
    steps: list[str] = []
    producer = Producer(steps)
    owned = Owned(producer)
    fate = Fate(error=ProcessingHalted("it hangs"))
    await attempt(an_outcome(), producer, owned=owned, fate=fate)
    with pytest.raises(ProcessingHalted, match="it hangs"):
        await attempt(an_outcome(), producer, owned=owned, fate=fate)
    assert steps.count("begin") == 1


@pytest.mark.parametrize("step", ["begin", "changelog/2:3", "commit"])
async def test_a_former_owner_is_told_so_and_neither_stores_nor_acknowledges(step: str) -> None:
    steps: list[str] = []
    with pytest.raises(Fenced, match="partition 2"):
        await attempt(an_outcome(), Producer(steps, fails_at=step))
    assert "save" not in steps
    assert not any(step.startswith("acknowledge") for step in steps)


async def test_what_the_broker_refuses_is_not_acknowledged() -> None:
    steps: list[str] = []
    with pytest.raises(KafkaError):
        await attempt(an_outcome(), Producer(steps, fails_at="commit", error=KafkaError("no")))
    assert "save" not in steps
    assert steps[-1] == "commit"


async def test_a_partition_record_is_written_even_when_no_state_changed() -> None:
    steps: list[str] = []
    outcome = an_outcome()
    outcome.states, outcome.outputs = [], {}
    await attempt(outcome, Producer(steps))
    assert "changelog/2:1" in steps
    assert PARTITION_KEY not in dict(outcome.states)
