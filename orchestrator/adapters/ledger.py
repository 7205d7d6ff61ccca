"""What an adapter remembers of the commands it was given: records of a compacted topic, and what is kept of them.

A record's key is ``channel:command id``; its partition is that of the command, so that whoever takes a partition over
finds all that its former owners knew. In memory an answered id is eight bytes: some 80 MiB for ten million commands
within the week that the topic keeps them.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator
from typing import Literal

import msgspec

from orchestrator.adapters.decision import Past, Standing
from orchestrator.errors import DecodeError
from orchestrator.messages.ids import fingerprint

KEPT_MS = 7 * 86_400_000  # as retention.ms of the ledger and of the topics of commands
_SEGMENT = 65_536
_LARGEST_SEGMENT = 1 << 20

State = Literal["attempting", "waiting", "done"]


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How far a command is: a try has begun, the next one is waited for after one that surely failed, or all is over.

    ``tries`` that have ended and ``since_ms``, when the first of them did, go on counting in another process.
    """

    state: State
    tries: int = 0
    since_ms: int | None = None
    reason: str = ""


DONE = LedgerEntry(state="done")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LedgerEntry).decode
_DONE_BYTES = _encode(DONE)


def ledger_key(channel: str, command_id: str) -> bytes:
    """The key of what is remembered of a command."""
    return f"{channel}:{command_id}".encode()


def encode_entry(entry: LedgerEntry) -> bytes:
    """The value of a record of the ledger."""
    return _DONE_BYTES if entry is DONE else _encode(entry)


def decode_entry(value: bytes | None) -> LedgerEntry:
    """The entry in a record of the ledger.

    Raises:
        DecodeError: it is none.
    """
    if value == _DONE_BYTES:
        return DONE
    try:
        return _decode(value or b"")
    except msgspec.MsgspecError as error:
        raise DecodeError("malformed", f"the value is no entry of the ledger: {error}") from error


class Known:
    """A set of ids, as sorted arrays of fingerprints. Two ids pass for one with a probability of their number / 2⁶⁴."""

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._recent_ms = 0
        self._segments: list[tuple[int, array[int]]] = []  # with the time of the newest id in it

    def add(self, id_: str, at_ms: int) -> None:
        """Remembers an id; ``at_ms``: since when."""
        self._recent.add(_mark(id_))
        self._recent_ms = max(self._recent_ms, at_ms)
        if len(self._recent) >= _SEGMENT:
            self._segments.append((self._recent_ms, array("Q", sorted(self._recent))))
            self._recent = set()
            self._merge()

    def __contains__(self, id_: str) -> bool:
        mark = _mark(id_)
        return mark in self._recent or any(_is_in(segment, mark) for _, segment in self._segments)

    def __len__(self) -> int:
        return len(self._recent) + sum(len(segment) for _, segment in self._segments)

    def forget_before(self, at_ms: int) -> None:
        """Forgets segments all of whose ids are older."""
        self._segments = [(newest, segment) for newest, segment in self._segments if newest >= at_ms]

    def _merge(self) -> None:
        """Two segments of about one size become one, so that there are few to look into."""
        while len(self._segments) > 1:
            (_, older), (newest, newer) = self._segments[-2:]
            if len(older) > len(newer) * 1.5 or len(older) + len(newer) > _LARGEST_SEGMENT:
                return
            self._segments[-2:] = [(newest, array("Q", sorted([*older, *newer])))]


def _mark(id_: str) -> int:
    return int.from_bytes(fingerprint(id_))


def _is_in(segment: "array[int]", mark: int) -> bool:
    place = bisect_left(segment, mark)
    return place < len(segment) and segment[place] == mark


class Memory:
    """What is remembered of the commands of one partition."""

    def __init__(self) -> None:
        self._done = Known()
        self._open: dict[str, LedgerEntry] = {}  # begun and not answered
        self._found: set[str] = set()

    def learn(self, id_: str, entry: LedgerEntry, at_ms: int) -> None:
        """Takes an entry of the ledger over; ``at_ms``: when it was written."""
        if entry.state == "done":
            self._open.pop(id_, None)
            self._done.add(id_, at_ms)
        else:
            self._open[id_] = entry

    def find(self, ids: Collection[str]) -> None:
        """Attempts of which the transport has found that they were sent."""
        self._found.update(ids)

    def attempted(self) -> Iterator[str]:
        """Commands with a try of which nobody knows how it ended."""
        return (id_ for id_, entry in self._open.items() if entry.state == "attempting")

    def is_over(self, id_: str) -> bool:
        """Whether a command was answered."""
        return id_ in self._done

    def standing(self, id_: str) -> Standing:
        """How far a command was when this life began, or whether it was answered since."""
        if self.is_over(id_):
            return Standing(Past.ANSWERED)
        entry = self._open.get(id_)
        if entry is None:
            return Standing()
        past = Past.NEW if entry.state == "waiting" else Past.FOUND if id_ in self._found else Past.ATTEMPTED
        return Standing(past, entry.tries, entry.since_ms, 0, entry.reason)

    def forget_before(self, at_ms: int) -> None:
        """Forgets answers that are older, as the topic does."""
        self._done.forget_before(at_ms)

    def __len__(self) -> int:
        return len(self._done) + len(self._open)
