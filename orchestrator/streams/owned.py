"""Everything this worker holds for one partition, from the moment it takes it over until it lets go of it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from aiokafka import AIOKafkaProducer
from rocksdict import Rdict, ReadOptions, WriteBatch

from orchestrator.errors import DecodeError, ProcessingHalted
from orchestrator.settings import TimeMode
from orchestrator.streams.batch import Due, Outcome, due
from orchestrator.streams.breaker import Breaker
from orchestrator.streams.decider import Decider
from orchestrator.streams.local_state import entries, keys
from orchestrator.streams.stored import (
    OFFSET_KEY,
    PARTITION_KEY,
    decode_partition_record,
    encode_offset,
    encode_partition_record,
)
from orchestrator.streams.timers import TimerIndex

S = TypeVar("S")
D = TypeVar("D")

# Decoded states kept from batch to batch, by all partitions of a worker together: active customers are seen again soon.
# About 2 KiB each.
CACHED_STATES = 32_000
# Customers, between two turns of other tasks: 2 ms, about.
SCANNED_AT_ONCE = 250


class OwnedPartition(Generic[D, S]):
    """A partition's store, producer, timers and position. Dropped as a whole at every rebalance.

    ``record``: how far the partition has come, as it stands in the store. ``expected``: by input topic, the offset that
    has to come next. ``settling``: ends when the last transaction was seen to have ended everywhere (see ``fate.py``).
    ``walks_sent``: by journey, the moment whose walk was sent last, and when (monotonic clock).
    """

    def __init__(
        self,
        number: int,
        store: Rdict,
        producer: AIOKafkaProducer,
        decider: Decider[D, S],
        time_mode: TimeMode = "wall",
        cached_states: int = CACHED_STATES,
    ) -> None:
        self.number = number
        self.producer = producer
        self.timers = TimerIndex()
        self.breaker = Breaker()
        self.record = decode_partition_record(store.get(PARTITION_KEY))
        self.expected: dict[str, int] = dict(self.record.next_offsets)
        self.settling: asyncio.Task[None] | None = None
        self.walks_sent: dict[str, tuple[int, float]] = {}
        self._store = store
        self._decider = decider
        self._is_stream_time = time_mode == "stream"
        self._cache: dict[bytes, S] = {}
        self._cached_states = cached_states
        self._is_indexed = False
        self._noted: set[bytes] = set()  # customers who are in the index already while it is being built

    async def stop_settling(self) -> None:
        """Leaves the last transaction to the next owner, who looks at it first of all.

        Raises:
            Exception: what the look had ended with already.
        """
        settling, self.settling = self.settling, None
        if settling is not None:
            settling.cancel()
            await asyncio.wait([settling])
            if not settling.cancelled():
                settling.result()

    def moment_ms(self) -> int:
        """The present, by which timers are due: by the worker's clock, in stream time by the events seen here."""
        return self.record.clock_ms if self._is_stream_time else int(time.time() * 1_000)

    def load(self, key: bytes) -> S | None:
        """The state of a customer, None when there is none.

        Raises:
            ProcessingHalted: the state cannot be read by this version of the program.
        """
        state = self._cache.get(key)
        if state is None:
            raw = self._store.get(key)
            return None if raw is None else self._decode(raw)
        return state

    def save(self, outcome: Outcome[S], changelog_offset: int) -> None:
        """Writes the states, the partition record and the changelog offset they correspond to, all or nothing.

        ``changelog_offset`` -1: the broker did not tell it; recovery then reads this batch again, which is harmless.
        """
        batch = WriteBatch(raw_mode=True)
        for key, raw in outcome.states:
            if raw is None:
                batch.delete(key)
            else:
                batch.put(key, raw)
        batch.put(PARTITION_KEY, encode_partition_record(outcome.record))
        if changelog_offset >= 0:
            batch.put(OFFSET_KEY, encode_offset(changelog_offset))
        self._store.write(batch)
        self.record = outcome.record
        self._remember(outcome.changed)
        for key, found in outcome.due.items():
            self._note(key, found)

    def customers(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """At most ``most`` keys of customers that begin with ``prefix`` and come after ``after``, in order."""
        found: list[bytes] = []
        for key in keys(self._store, max(prefix, after)):
            if not key.startswith(prefix) or len(found) == most:
                break
            if key > after:
                found.append(key)
        return found

    def reconsider(self, key: bytes, directory: D) -> Due:
        """Finds out anew when a customer is due."""
        state = self.load(key)
        found = Due(None, ()) if state is None else due(self._decider, directory, key, state, self.moment_ms())
        self._note(key, found)
        return found

    def reconsider_all(self, directory: D) -> Iterator[int]:
        """Finds out anew when each customer is due; yields after every few, how many those were.

        Customers who change meanwhile are right already, by whatever directory their batch was decided on or newer.
        """
        after = b"\x00\xff"  # behind the partition's own keys
        while keys := self.customers(b"", after, SCANNED_AT_ONCE):
            for key in keys:
                if key != OFFSET_KEY:
                    self.reconsider(key, directory)
            after = keys[-1]
            yield len(keys)

    def index_timers(self, directory: Callable[[], D]) -> Iterator[None]:
        """Builds the timer index from the whole store while batches go on; yields after every few customers.

        The store is read as it stands at the first step. Who changes after that is in the index already, and rightly.
        ``directory``: the newest, or a journey that has been resumed meanwhile would hold those who come after.
        """
        noted, update, moment_ms = self._noted, self.timers.update, self.moment_ms()
        once = ReadOptions()
        once.fill_cache(False)
        for seen, (key, raw) in enumerate(entries(self._store, once), 1):
            if key not in noted and key not in (OFFSET_KEY, PARTITION_KEY):
                found = due(self._decider, directory(), key, self._decode(raw), moment_ms)
                if found.due_ms is not None or found.held:
                    update(key, found.due_ms, found.held)
            if seen % SCANNED_AT_ONCE == 0:
                yield
                moment_ms = self.moment_ms()
        self._is_indexed = True
        self._noted = set()

    def _note(self, key: bytes, found: Due) -> None:
        self.timers.update(key, found.due_ms, found.held)
        if not self._is_indexed:
            self._noted.add(key)

    def _decode(self, raw: bytes) -> S:
        try:
            return self._decider.decode_state(raw)
        except DecodeError as error:
            # Not the fault of any record: with this program (an older one, perhaps) nothing here can be decided.
            raise ProcessingHalted(f"reading a customer's state in partition {self.number}: {error}") from error

    def _remember(self, states: dict[bytes, S]) -> None:
        cache = self._cache
        for key, state in states.items():
            cache.pop(key, None)  # to the end: the order is that of the last change
            cache[key] = state
        excess = len(cache) - self._cached_states
        if excess > 0:
            for key in list(cache)[:excess]:
                del cache[key]
