"""The work in hand of one partition: which commands may go, which wait, what is to be written down. No I/O, no clock.

The cycle, which ``partition.py`` turns with a Kafka transaction in the middle:

1. ``take`` what was read.
2. ``draft``: answers of tries that have ended, the tries that begin now, and the offset up to which all is answered.
3. The draft is made durable, in one transaction. If it is not, the desk is thrown away: the next one begins with what
   the ledger says and with the offset that was committed last.
4. The tries of the draft are made; each end comes back by ``ended``.

Order is kept per customer: of each customer's commands the first is at work, and the others wait behind it. A command
that waits for its next try holds up nobody else; but what is behind it in the partition is read again after a crash, so
the shell takes no more than so many beyond it.
"""

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush

from orchestrator.adapters.allowance import Allowance
from orchestrator.adapters.decision import (
    EXPIRED,
    UNKNOWN_OUTCOME,
    Answer,
    Go,
    Past,
    Repeated,
    Rules,
    Standing,
    Wait,
    conclude,
    decide,
    is_expired,
)
from orchestrator.adapters.ledger import DONE, LedgerEntry, Memory
from orchestrator.adapters.result import Refused, Result
from orchestrator.messages.command import SendCommand
from orchestrator.messages.trace import TraceContext

BUSY_PAUSE_MS = 50


@dataclass(slots=True, eq=False)
class Piece:
    """A command in hand."""

    offset: int
    command: SendCommand
    trace: TraceContext | None = None  # where it belongs, if its record says so
    standing: Standing | None = None  # None: not looked at yet

    @property
    def customer(self) -> tuple[str, str]:
        """Whose it is: commands of one customer go one after the other."""
        return self.command.workspace_id, self.command.customer_id


@dataclass(frozen=True, slots=True)
class Answered:
    """A command that is over, since ``at_ms``; without an answer where it had been answered before."""

    command: SendCommand
    answer: Answer | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be made durable at once. ``next_offset``: everything before it is answered."""

    answered: list[Answered]
    entries: list[tuple[str, LedgerEntry]]  # of the ledger, by command id
    tries: list[Piece]  # that may begin as soon as this is durable
    next_offset: int | None


@dataclass(slots=True)
class Desk:
    """See the top of the file. ``most_tries_at_once``: how many may be at work, and so be in doubt after a crash."""

    rules: Rules
    memory: Memory
    most_tries_at_once: int
    _pieces: dict[int, Piece] = field(default_factory=dict)  # by offset, in order
    _queues: dict[tuple[str, str], deque[Piece]] = field(default_factory=dict)
    _ready: deque[tuple[str, str]] = field(default_factory=deque)  # customers whose first piece may be looked at
    _waiting: list[tuple[int, int, tuple[str, str]]] = field(default_factory=list)  # heap of due moment and offset
    _flying: set[str] = field(default_factory=set)  # ids of the tries at work
    _answered: list[Answered] = field(default_factory=list)
    _paused: list[Piece] = field(default_factory=list)
    _read_to: int | None = None
    _drafted_to: int | None = None

    def __len__(self) -> int:
        return len(self._pieces)

    @property
    def waiting(self) -> int:
        """Commands that wait for their next try."""
        return len(self._waiting)

    def span(self) -> int:
        """How many offsets there are from the oldest command in hand to where reading has come to."""
        return 0 if not self._pieces or self._read_to is None else self._read_to - next(iter(self._pieces))

    def is_new(self, offset: int) -> bool:
        """Whether a record at this offset was not read yet: after a rebalance some come again."""
        return self._read_to is None or offset >= self._read_to

    def take(self, offset: int, command: SendCommand, trace: TraceContext | None = None) -> None:
        """Takes a command up."""
        piece = Piece(offset, command, trace)
        self._read_to = offset + 1
        self._pieces[offset] = piece
        queue = self._queues.setdefault(piece.customer, deque())
        queue.append(piece)
        if len(queue) == 1:
            self._ready.append(piece.customer)

    def skip(self, offset: int) -> None:
        """Goes past a record that is no command."""
        self._read_to = offset + 1

    def draft(self, now_ms: int, allowance: Allowance) -> Draft | None:
        """What is to be written now, if anything."""
        while self._waiting and self._waiting[0][0] <= now_ms:
            self._ready.append(heappop(self._waiting)[2])
        tries = self._begin(now_ms, allowance)
        answered, self._answered = self._answered, []
        # What has expired since it was put off is over: that it waits must not be written behind that it is done.
        paused, self._paused = [piece for piece in self._paused if piece.offset in self._pieces], []
        entries = [(each.command.id, DONE) for each in answered if each.answer is not None]
        entries += [(piece.command.id, _entry("waiting", piece)) for piece in paused]
        entries += [(piece.command.id, _entry("attempting", piece)) for piece in tries]
        next_offset = next(iter(self._pieces)) if self._pieces else self._read_to
        has_moved, self._drafted_to = next_offset != self._drafted_to, next_offset
        if not (answered or entries or has_moved):
            return None
        return Draft(answered, entries, tries, next_offset if has_moved else None)

    def may_go(self, piece: Piece, now_ms: int) -> Refused | None:
        """Asked right before a try: time has passed since it was decided. None: it may."""
        if not is_expired(piece.command.expires_at_ms, now_ms):
            return None
        is_in_doubt = piece.standing is not None and piece.standing.past is Past.ATTEMPTED
        return Refused("failed", UNKNOWN_OUTCOME if is_in_doubt else EXPIRED)

    def ended(self, piece: Piece, result: Result, now_ms: int) -> None:
        """A try has ended."""
        self._flying.discard(piece.command.id)
        standing = piece.standing or Standing()
        match conclude(piece.command.expires_at_ms, standing, result, now_ms, self.rules):
            case Answer() as answer:
                self._finish(piece, answer, now_ms)
            case Standing() as standing:
                piece.standing = standing
                if standing.past is not Past.ATTEMPTED:  # of those, the ledger says so already
                    self._paused.append(piece)
                heappush(self._waiting, (standing.next_ms, piece.offset, piece.customer))

    def next_ms(self, now_ms: int, allowance: Allowance) -> int | None:
        """When to look again if nothing happens before; None: only when something does."""
        moments = [self._waiting[0][0]] if self._waiting else []
        if self._ready and len(self._flying) < self.most_tries_at_once:
            moments.append(allowance.next_ms(now_ms))
        return min(moments, default=None)

    def _begin(self, now_ms: int, allowance: Allowance) -> list[Piece]:
        tries: list[Piece] = []
        while self._ready:
            piece = self._queues[self._ready[0]][0]
            if piece.standing is None or self.memory.is_over(piece.command.id):
                piece.standing = self.memory.standing(piece.command.id)
            if piece.command.id in self._flying:  # the same id, of another customer: somebody has mixed them up
                self._ready.popleft()
                piece.standing = None
                heappush(self._waiting, (now_ms + BUSY_PAUSE_MS, piece.offset, piece.customer))
                continue
            match decide(piece.command.expires_at_ms, piece.standing, now_ms, self.rules):
                case Repeated():
                    self._ready.popleft()
                    self._finish(piece, None, now_ms)
                case Answer() as answer:
                    self._ready.popleft()
                    self._finish(piece, answer, now_ms)
                case Wait(until_ms):
                    self._ready.popleft()
                    heappush(self._waiting, (until_ms, piece.offset, piece.customer))
                case Go():
                    if len(self._flying) >= self.most_tries_at_once or not allowance.take(now_ms):
                        break
                    self._ready.popleft()
                    self._flying.add(piece.command.id)
                    tries.append(piece)
        return tries

    def _finish(self, piece: Piece, answer: Answer | None, now_ms: int) -> None:
        if answer is not None:
            self.memory.learn(piece.command.id, DONE, now_ms)
        self._answered.append(Answered(piece.command, answer, now_ms))
        del self._pieces[piece.offset]
        queue = self._queues[piece.customer]
        queue.popleft()
        if queue:
            self._ready.append(piece.customer)
        else:
            del self._queues[piece.customer]


def _entry(state: str, piece: Piece) -> LedgerEntry:
    standing = piece.standing or Standing()
    return LedgerEntry(
        state="waiting" if state == "waiting" else "attempting",
        tries=standing.tries,
        since_ms=standing.since_ms,
        reason=standing.reason,
    )
