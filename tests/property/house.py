"""A worker's protocol in memory: logs, a changelog, a local store, and deaths between any two steps of a commit.

What is real: the batch decision, the journey engine, the records as bytes. What is modelled: Kafka's logs and its
transactions (all or nothing), the local store, and the acknowledgement, in the order of ``streams/commit.py``.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

from orchestrator.journeys.directory import Directory
from orchestrator.journeys.state import CustomerState, decode_state
from orchestrator.messages.codec import encode_event, encode_timer
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.key import partition_of
from orchestrator.messages.timer import TimerDue
from orchestrator.settings import TimeMode
from orchestrator.streams.batch import Outcome, PartitionBatch, decide
from orchestrator.streams.decider import JourneyDecider
from orchestrator.streams.stored import PartitionRecord
from tests.input_records import CATALOG, WIRE, Record

Death = Literal["none", "before_commit", "before_store", "before_acknowledge"]
DEATHS: tuple[Death, ...] = ("none", "before_commit", "before_store", "before_acknowledge")
EVENTS, TIMERS = CATALOG.events, CATALOG.timers


class Partition:
    """One partition: what the broker has of it, and what the worker that owns it has beside."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.logs: dict[str, list[Record]] = {EVENTS: [], TIMERS: []}
        self.changelog: dict[bytes, bytes | None] = {}
        self.changelog_record = PartitionRecord()
        self.acknowledged: dict[str, int] = {EVENTS: 0, TIMERS: 0}
        self.store: dict[bytes, CustomerState] = {}
        self.record = PartitionRecord()

    def append(self, topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> None:
        """A record at the end of a log."""
        log = self.logs[topic]
        log.append(Record(len(log), key, value, tuple(headers)))

    def is_done(self) -> bool:
        """Whether everything was read."""
        return all(self.acknowledged[topic] == len(log) for topic, log in self.logs.items())

    def recover(self) -> None:
        """A new owner, or the same one after its death: the store is what the changelog says."""
        self.store = {key: decode_state(raw) for key, raw in self.changelog.items() if raw is not None}
        self.record = self.changelog_record


class House:
    """Some partitions and one journey directory; ``committed`` are the records that were published, by topic.

    ``now_ms``: the clock on the wall, where time is told by that.
    """

    def __init__(self, directory: Directory, time: TimeMode = "stream", now_ms: int = 0) -> None:
        self.directory = directory
        self.time: TimeMode = time
        self.now_ms = now_ms
        self.decider = JourneyDecider()
        self.partitions = [Partition(number) for number in range(WIRE.partitions)]
        self.committed: defaultdict[str, list[tuple[bytes | None, bytes | None]]] = defaultdict(list)

    def publish(self, events: Iterable[EngagementEvent]) -> None:
        """Events from outside."""
        for event in events:
            record = encode_event(event)
            partition = self.partitions[partition_of(record.key, WIRE.partitions)]
            partition.append(EVENTS, record.key, record.value, record.headers)

    def tick(self, number: int) -> None:
        """Sends a timer for every customer of the partition who is due by its clock, as the ticker does."""
        partition = self.partitions[number]
        for key, state in partition.store.items():
            workspace_id, _, customer_id = key.decode().partition(":")
            moment_ms = partition.record.clock_ms if self.time == "stream" else self.now_ms
            due_ms, _ = self.decider.outlook(self.directory, workspace_id, state, moment_ms)
            if due_ms is not None and due_ms <= moment_ms:
                timer = TimerDue(workspace_id=workspace_id, customer_id=customer_id, due_ms=due_ms)
                record = encode_timer(timer)
                partition.append(TIMERS, record.key, record.value, record.headers)

    def work(self, number: int, most: int, death: Death) -> None:
        """One batch of a partition, and perhaps a death at some point of its commit."""
        partition = self.partitions[number]
        chunks = []
        for topic in (TIMERS, EVENTS):
            start = partition.acknowledged[topic]
            if records := partition.logs[topic][start : start + most]:
                chunks.append((topic, records))
        if not chunks:
            return
        outcome = self._decide(partition, PartitionBatch(number, chunks, sum(len(records) for _, records in chunks)))
        if death == "before_commit":
            partition.recover()
            return
        self._commit(partition, outcome)
        if death == "before_store":
            partition.recover()
            return
        for key, raw in outcome.states:
            if raw is None:
                partition.store.pop(key, None)
            else:
                partition.store[key] = decode_state(raw)
        partition.record = outcome.record
        if death == "before_acknowledge":
            partition.recover()
            return
        for topic, records in chunks:
            partition.acknowledged[topic] = records[-1].offset + 1

    def finish(self) -> None:
        """Works everything off without any death, until nothing falls due any more."""
        for _ in range(2_000):
            for partition in self.partitions:
                while not partition.is_done():
                    self.work(partition.number, 50, "none")
                self.tick(partition.number)
            if all(partition.is_done() for partition in self.partitions):
                return
        raise AssertionError("timers go on for ever")

    def states(self) -> dict[bytes, bytes | None]:
        """The state of every customer, as the changelog has it."""
        return {key: raw for partition in self.partitions for key, raw in partition.changelog.items()}

    def _decide(self, partition: Partition, batch: PartitionBatch) -> Outcome[CustomerState]:
        def customers(prefix: bytes, after: bytes, most: int) -> list[bytes]:
            return sorted(key for key in partition.store if key.startswith(prefix) and key > after)[:most]

        return decide(
            self.decider,
            self.directory,
            WIRE,
            self.time,
            self.now_ms,
            batch,
            partition.record,
            partition.store.get,
            customers,
        )

    def _commit(self, partition: Partition, outcome: Outcome[CustomerState]) -> None:
        """The transaction: outputs, states and position, all at once."""
        for topic, records in outcome.outputs.items():
            for record in records:
                if topic in partition.logs:
                    partition.append(topic, record.key, record.value, record.headers)
                else:
                    self.committed[topic].append((record.key, record.value))
        for number, addressed in outcome.addressed.items():
            for record in addressed:
                self.partitions[number].append(TIMERS, record.key, record.value, record.headers)
        partition.changelog.update(outcome.states)
        partition.changelog_record = outcome.record
