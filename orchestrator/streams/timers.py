"""When each customer of a partition has to be looked at again: an index in memory over what the states say.

The states are the truth; this is built from them after recovery and corrected after every batch. A customer has at most
one entry, of about 210 bytes. Entries that were replaced stay in the heap until they surface (lazy deletion).
"""

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TypeAlias

# A timer that was sent and not answered is sent again: the send may have failed. Timers are harmless to repeat.
RETRY_S = 5.0
# Timers that were sent and not answered yet. It makes the pace at which timers leave that at which they are worked off:
# after an outage with a million overdue, a record that comes in waits behind so many, and none is sent a second time
# just because its turn is long in coming. 8 partitions that answer within half a second: 8,000/s.
MOST_IN_FLIGHT = 500
# The heap is rebuilt when more than this many of its entries, and more than half of them, are dead.
DEAD_ENTRIES = 10_000

Held: TypeAlias = tuple[str, str]  # workspace id, journey id
# A customer's earliest due moment (milliseconds since 1970 UTC) and its key. A plain tuple: there may be millions, and
# the garbage collector does not follow plain tuples of numbers and bytes.
Entry: TypeAlias = tuple[int, bytes]


class TimerIndex:
    """The due moments of one partition's customers, and the customers whose due moments a paused journey holds."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Entry] = {}
        self._heap: list[Entry] = []
        self._sent: deque[tuple[float, Entry]] = deque()
        self._unanswered: set[bytes] = set()
        self._held_by: dict[bytes, tuple[Held, ...]] = {}
        self._holding: dict[Held, dict[bytes, None]] = {}
        self._releasing: deque[bytes] = deque()
        self._is_releasing: set[bytes] = set()

    def __len__(self) -> int:
        """Customers that wait for a moment."""
        return len(self._entries)

    @property
    def held(self) -> int:
        """Customers with a due moment that a paused journey holds."""
        return len(self._held_by)

    def update(self, key: bytes, due_ms: int | None, held: Sequence[str]) -> None:
        """Replaces what is known of a customer. An unchanged due moment that was sent already is left to its retry."""
        self._unanswered.discard(key)
        entry = self._entries.get(key)
        if due_ms is None:
            if entry is not None:
                del self._entries[key]
        elif entry is None or entry[0] != due_ms:
            self._push((due_ms, key))
        if held or key in self._held_by:
            self._hold(key, held)

    def take_due(self, now_ms: int, monotonic_s: float, limit: int) -> list[Entry]:
        """At most ``limit`` customers due at or before ``now_ms``, earliest first, and those to be sent once more.

        They count as sent from now on, and as unanswered until their next ``update``; no more than ``MOST_IN_FLIGHT``
        are at a time. ``monotonic_s`` is a clock for the retries alone.
        """
        taken: list[Entry] = []
        while self._sent and self._sent[0][0] + RETRY_S <= monotonic_s and len(taken) < limit:
            _, entry = self._sent.popleft()
            if self._entries.get(entry[1]) is entry:
                taken.append(entry)
        room = min(limit, len(taken) + MOST_IN_FLIGHT - len(self._unanswered))
        while self._heap and self._heap[0][0] <= now_ms and len(taken) < room:
            entry = heapq.heappop(self._heap)
            if self._entries.get(entry[1]) is entry:
                taken.append(entry)
                self._unanswered.add(entry[1])
        self._sent.extend((monotonic_s, entry) for entry in taken)
        return taken

    def holders(self) -> Iterator[tuple[Held, bytes]]:
        """Each journey that holds customers here, with one of them."""
        for held, customers in self._holding.items():
            yield held, next(iter(customers))

    def release(self, held: Held) -> None:
        """Lets go of the customers a journey held: ``take_released`` hands them out at the caller's pace."""
        new = [key for key in self._holding.get(held, {}) if key not in self._is_releasing]
        self._releasing += new
        self._is_releasing.update(new)

    def take_released(self, limit: int) -> list[bytes]:
        """At most ``limit`` released customers; what holds or waits for them has to be found out anew (``update``)."""
        taken = [self._releasing.popleft() for _ in range(min(limit, len(self._releasing)))]
        self._is_releasing.difference_update(taken)
        return taken

    def _push(self, entry: Entry) -> None:
        self._entries[entry[1]] = entry
        heapq.heappush(self._heap, entry)
        dead = len(self._heap) - len(self._entries)
        if dead > DEAD_ENTRIES and dead > len(self._entries):
            sent = {id(entry) for _, entry in self._sent}
            self._heap = [entry for entry in self._entries.values() if id(entry) not in sent]
            heapq.heapify(self._heap)

    def _hold(self, key: bytes, journeys: Sequence[str]) -> None:
        for held in self._held_by.pop(key, ()):
            customers = self._holding[held]
            del customers[key]
            if not customers:
                del self._holding[held]
        if journeys:
            workspace_id = key.partition(b":")[0].decode()
            # A customer may be in a journey more than once.
            self._held_by[key] = tuple((workspace_id, journey_id) for journey_id in dict.fromkeys(journeys))
            for held in self._held_by[key]:
                self._holding.setdefault(held, {})[key] = None
