"""Whatever is noted, sent, answered and lost, in any order: every due moment is handed out, in order, and once."""

import tempfile
from pathlib import Path

from aiokafka import AIOKafkaProducer
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from orchestrator.streams import timers
from orchestrator.streams.batch import Outcome, due
from orchestrator.streams.owned import SCANNED_AT_ONCE, OwnedPartition
from orchestrator.streams.rocksdb import SharedMemory
from orchestrator.streams.stored import PARTITION_KEY, PartitionRecord, encode_partition_record
from orchestrator.streams.timers import RETRY_S, TimerIndex
from tests.counting import Count, CountingDecider, Rules
from tests.property.tries import tries

IN_FLIGHT = 4
KEYS = st.sampled_from([f"acme:{letter}".encode() for letter in "abcdefgh"])
MOMENTS = st.integers(0, 50)
RUNNING = Rules()


class Timers(RuleBasedStateMachine):
    """The index beside the simplest thing that could do the same: a dict that is looked through from end to end."""

    def __init__(self) -> None:
        super().__init__()
        self.before = timers.MOST_IN_FLIGHT, timers.DEAD_ENTRIES
        timers.MOST_IN_FLIGHT, timers.DEAD_ENTRIES = IN_FLIGHT, 3
        self.index = TimerIndex()
        self.due: dict[bytes, int] = {}
        self.sent: dict[bytes, float] = {}  # what was handed out for the present moment of a customer, and when
        self.unanswered: set[bytes] = set()
        self.clock_s = 0.0

    def teardown(self) -> None:
        timers.MOST_IN_FLIGHT, timers.DEAD_ENTRIES = self.before

    @rule(key=KEYS, moment=st.none() | MOMENTS)
    def a_customer_is_noted(self, key: bytes, moment: int | None) -> None:
        self.index.update(key, moment, ())
        self.unanswered.discard(key)
        if self.due.get(key) != moment:
            self.sent.pop(key, None)
        if moment is None:
            self.due.pop(key, None)
        else:
            self.due[key] = moment

    @rule(seconds=st.floats(0, RETRY_S))
    def time_goes_on(self, seconds: float) -> None:
        self.clock_s += seconds

    @rule(now=MOMENTS, limit=st.integers(1, 6))
    def a_tick_takes_what_is_due(self, now: int, limit: int) -> None:
        again = {key for key, at in self.sent.items() if at + RETRY_S <= self.clock_s}
        fresh = sorted((at, key) for key, at in self.due.items() if at <= now and key not in self.sent)
        taken = self.index.take_due(now, self.clock_s, limit)

        repeated = [entry for entry in taken if entry[1] in again]
        first = [entry for entry in taken if entry[1] not in again]
        assert all(self.due[key] == at for at, key in taken)
        assert len({key for _, key in taken}) == len(taken) <= limit
        assert len(repeated) == min(limit, len(again))
        room = max(0, min(limit - len(repeated), IN_FLIGHT - len(self.unanswered)))
        assert first == fresh[:room]

        self.sent.update((key, self.clock_s) for _, key in taken)
        self.unanswered.update(key for _, key in first)

    @invariant()
    def everybody_who_waits_is_counted(self) -> None:
        assert len(self.index) == len(self.due)


TestTimers = Timers.TestCase
TestTimers.settings = settings(max_examples=tries(100), stateful_step_count=60)


CUSTOMERS = 2 * SCANNED_AT_ONCE + 10
CHANGES = st.lists(
    st.lists(st.tuples(st.integers(0, CUSTOMERS + 5), st.none() | st.integers(0, CUSTOMERS)), max_size=6),
    min_size=1,
    max_size=4,
)
NOW = PartitionRecord(clock_ms=CUSTOMERS // 2)


@given(changes=CHANGES, paused=st.lists(st.booleans(), min_size=4, max_size=4))
@settings(max_examples=tries(30))
def test_an_index_that_is_built_while_customers_change_is_that_of_their_states(
    changes: list[list[tuple[int, int | None]]], paused: list[bool]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        decider = CountingDecider()
        store = SharedMemory().open(Path(folder) / "store")
        states = {b"acme:%06d" % number: Count(1, 0, number) for number in range(CUSTOMERS)}
        for key, state in states.items():
            store.put(key, decider.encode_state(state))
        store.put(PARTITION_KEY, encode_partition_record(NOW))
        partition = OwnedPartition(0, store, AIOKafkaProducer.__new__(AIOKafkaProducer), decider, "stream")
        directory = Rules()

        indexing = partition.index_timers(lambda: directory)
        for step, batch in enumerate(changes):
            changed = {b"acme:%06d" % number: Count(2, 0, -1 if at is None else at) for number, at in batch}
            states |= changed
            partition.save(
                Outcome(
                    partition=0,
                    record=NOW,
                    changed=changed,
                    states=[(key, decider.encode_state(state)) for key, state in changed.items()],
                    due={key: due(decider, directory, key, state, NOW.clock_ms) for key, state in changed.items()},
                ),
                -1,
            )
            next(indexing, None)
            directory = Rules(frozenset({"count"}) if paused[step] else frozenset())
        for _ in indexing:
            pass

        directory = RUNNING
        for held, _ in list(partition.timers.holders()):
            partition.timers.release(held)
        released = partition.timers.take_released(len(states))
        assert all(states[key].due_ms <= NOW.clock_ms for key in released)
        for key in released:
            partition.reconsider(key, directory)
        waiting = sorted((state.due_ms, key) for key, state in states.items() if state.due_ms >= 0)
        assert _drained(partition) == waiting
        store.close()


def _drained(partition: OwnedPartition[Rules, Count]) -> list[timers.Entry]:
    found: list[timers.Entry] = []
    while taken := partition.timers.take_due(CUSTOMERS + 10, 0.0, 100):
        found += taken
        for _, key in taken:
            partition.timers.update(key, None, ())
    return found
