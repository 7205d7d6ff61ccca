"""Whatever dies whenever, moves or is delivered again: no message goes out twice, and each command is answered once.

The desk is driven beside a world that only a broker and a provider have: a ledger, an offset and reports that change in
one step or not at all, and what really went out. A crash throws the desk away, before or after that step, with tries
that had gone out and of which nobody was told.
"""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orchestrator.adapters.allowance import Allowance
from orchestrator.adapters.decision import Rules
from orchestrator.adapters.desk import Desk, Draft, Piece
from orchestrator.adapters.ledger import LedgerEntry, Memory
from orchestrator.adapters.result import Later, Refused, Result, Sent, Unknown
from orchestrator.messages.command import SendCommand
from tests.adapter_process import a_command

START_MS = 1_000_000
SECOND_MS = 1_000
CUSTOMERS = 3

RESULTS = st.sampled_from(
    [
        Sent(),
        Refused("bounced", "no such mailbox", is_permanent=True),
        Later("busy"),
        Later("slow down", after_ms=20 * SECOND_MS),
        Unknown("the connection ended"),
    ]
)

DIES = st.sampled_from([False, False, False, True])


class Adapter(RuleBasedStateMachine):
    """One partition and all its owners, one after the other."""

    is_repeatable = False
    can_look = False

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = START_MS
        self.log: list[SendCommand] = []  # the topic of commands
        self.offset = 0  # committed
        self.ledger: dict[str, LedgerEntry] = {}
        self.reports: list[tuple[str, str, str]] = []  # id, outcome, reason
        self.gone_out: list[tuple[str, int]] = []  # what the provider took, with the time
        self.tries: list[Piece] = []
        self.begin()

    def begin(self) -> None:
        """A process takes the partition over."""
        memory = Memory()
        for id_, entry in self.ledger.items():
            memory.learn(id_, entry, self.now_ms)
        if self.can_look:
            taken = {id_ for id_, _ in self.gone_out}
            memory.find([id_ for id_ in memory.attempted() if id_ in taken])
        rules = Rules(is_repeatable=self.is_repeatable, first_pause_ms=SECOND_MS, longest_pause_ms=8_000, most_tries=4)
        self.desk = Desk(rules, memory, most_tries_at_once=3)
        self.allowance = Allowance(2.0, self.now_ms)
        self.read_to = self.offset
        self.tries = []

    @rule(
        customer=st.integers(0, CUSTOMERS - 1),
        lives_s=st.one_of(st.none(), st.integers(0, 60)),
        repeats=st.one_of(st.none(), st.integers(0, 20)),
    )
    def publish(self, customer: int, lives_s: int | None, repeats: int | None) -> None:
        """A new command, or one that was there before."""
        if repeats is not None and self.log:
            self.log.append(self.log[repeats % len(self.log)])
            return
        expires_at_ms = None if lives_s is None else self.now_ms + lives_s * SECOND_MS
        number = len(self.log)
        self.log.append(a_command(number, customer_id=f"c{customer}", expires_at_ms=expires_at_ms))

    @rule(
        most=st.integers(1, 5),
        dies=DIES,
        is_written=st.booleans(),
        ends=st.lists(st.tuples(RESULTS, st.booleans(), DIES), max_size=4),
    )
    def work(self, most: int, dies: bool, is_written: bool, ends: list[tuple[Result, bool, bool]]) -> None:
        """What a process does all the time, up to a death at any point of it."""
        self.read(most)
        self.turn(dies, is_written)
        for result, was_taken, dies_then in ends:
            if self.tries:
                self.send(0, result, was_taken, dies_then)

    def read(self, most: int) -> None:
        """Records are delivered; after a rebalance some come again."""
        for offset in range(self.read_to, min(len(self.log), self.read_to + most)):
            if self.desk.is_new(offset):
                self.desk.take(offset, self.log[offset])
            self.read_to = offset + 1

    @rule()
    def rebalance(self) -> None:
        """The partition goes and comes back: the consumer begins at the committed offset again."""
        self.read_to = self.offset

    def turn(self, dies: bool, is_written: bool) -> None:
        """A draft is made durable, and its tries begin; or the process dies before or after that."""
        draft = self.desk.draft(self.now_ms, self.allowance)
        if draft is None:
            return
        if is_written or not dies:
            self.write(draft)
        if dies:
            self.begin()
        else:
            self.tries += draft.tries

    def write(self, draft: Draft) -> None:
        """The transaction."""
        for each in draft.answered:
            if each.answer is not None:
                self.reports.append((each.command.id, each.answer.outcome, each.answer.reason))
        self.ledger.update(draft.entries)
        if draft.next_offset is not None:
            assert draft.next_offset >= self.offset
            self.offset = draft.next_offset

    @precondition(lambda self: self.tries)
    @rule(which=st.integers(0, 5), result=RESULTS, was_taken=st.booleans(), dies=DIES)
    def send(self, which: int, result: Result, was_taken: bool, dies: bool) -> None:
        """A try is made; perhaps the process dies before it hears of the end."""
        if self.can_look and isinstance(result, Unknown):
            result = Later("the disk is full")
        piece = self.tries.pop(which % len(self.tries))
        refused = self.desk.may_go(piece, self.now_ms)
        if refused is not None:
            self.desk.ended(piece, refused, self.now_ms)
            return
        assert piece.command.expires_at_ms is None or self.now_ms < piece.command.expires_at_ms
        if isinstance(result, Sent) or (isinstance(result, Unknown) and was_taken):
            self.gone_out.append((piece.command.id, self.now_ms))
        if dies:
            self.begin()
        else:
            self.desk.ended(piece, result, self.now_ms)

    @rule(passed_s=st.integers(1, 30))
    def wait(self, passed_s: int) -> None:
        """Time passes."""
        self.now_ms += passed_s * SECOND_MS

    @invariant()
    def nothing_goes_out_twice(self) -> None:
        if not self.is_repeatable or self.can_look:
            assert max(Counter(id_ for id_, _ in self.gone_out).values(), default=0) <= 1

    @invariant()
    def nothing_is_answered_twice(self) -> None:
        assert max(Counter(id_ for id_, _, _ in self.reports).values(), default=0) <= 1

    @invariant()
    def nothing_is_committed_unanswered(self) -> None:
        told = {id_ for id_, _, _ in self.reports}
        assert all(command.id in told for command in self.log[: self.offset])

    def teardown(self) -> None:
        """In the end everything is answered, and what is reported as sent did go out."""
        for _ in range(400):
            self.read(5)
            draft = self.desk.draft(self.now_ms, self.allowance)
            if draft is not None:
                self.write(draft)
                self.tries += draft.tries
            while self.tries:
                self.send(which=0, result=Sent(), was_taken=True, dies=False)
            self.now_ms += SECOND_MS
            if self.offset == len(self.log):
                break
        assert self.offset == len(self.log)
        assert len(self.desk) == 0
        told = {id_: outcome for id_, outcome, _ in self.reports}
        assert told.keys() == {command.id for command in self.log}
        taken = {id_ for id_, _ in self.gone_out}
        assert {id_ for id_, outcome in told.items() if outcome == "sent"} <= taken
        self.nothing_goes_out_twice()
        self.nothing_is_answered_twice()
        self.in_order()

    def in_order(self) -> None:
        """What went out of one customer went in the order of the commands (of an id: its first time)."""
        first = {command.id: place for place, command in reversed(list(enumerate(self.log)))}
        last: dict[str, int] = {}
        for id_ in dict.fromkeys(id_ for id_, _ in self.gone_out):
            customer = self.log[first[id_]].customer_id
            assert last.get(customer, -1) < first[id_]
            last[customer] = first[id_]


class RepeatingAdapter(Adapter):
    """A provider that knows an id again: a try without a known end is made again."""

    is_repeatable = True


class LookingAdapter(Adapter):
    """A provider that can be asked: what did go out is found."""

    is_repeatable = True
    can_look = True


TestAdapter = Adapter.TestCase
TestRepeatingAdapter = RepeatingAdapter.TestCase
TestLookingAdapter = LookingAdapter.TestCase
TestAdapter.settings = TestRepeatingAdapter.settings = TestLookingAdapter.settings = settings(stateful_step_count=30)
