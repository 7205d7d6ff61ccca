"""Decides one batch of one partition: records and stored states in, an :class:`Outcome` out. No I/O, no clock.

A batch is decided as a whole, so that a customer with many records in it is read, decoded, encoded and written once.
Deciding it again (because a config changed before it was published) is just calling :func:`decide` again.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar, assert_never

import msgspec
from msgspec.structs import replace

from orchestrator.errors import DecodeError
from orchestrator.guardrails.budget import Purse, Spent
from orchestrator.guardrails.grants import give_back, keep_pool, take
from orchestrator.messages.activity import Activity
from orchestrator.messages.allowance import (
    AllowanceAsked,
    AllowanceCalled,
    AllowanceGranted,
    AllowanceMessage,
    AllowanceReturned,
)
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import (
    encode_activity,
    encode_allowance,
    encode_command,
    encode_event,
    encode_passed_on,
    encode_timer,
    encode_walk,
)
from orchestrator.messages.command import SendCommand
from orchestrator.messages.dead_letter import DeadLetter
from orchestrator.messages.event import CLOCK_TICKED, DeliveryEvent, EngagementEvent
from orchestrator.messages.handover import Handover
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.messages.timer import TimerDue
from orchestrator.messages.trace import TraceContext, brings_trace, child_of, read_trace, span_of
from orchestrator.messages.walk import WalkDue
from orchestrator.settings import TimeMode
from orchestrator.streams.breaker import Failure
from orchestrator.streams.clock import tick_time_ms
from orchestrator.streams.dead_letters import outgoing, undecidable, undecodable
from orchestrator.streams.decider import Decider, Effect, Signal, Wallet
from orchestrator.streams.forwarding import Forward, forward, was_forwarded
from orchestrator.streams.record import InputRecord, Outgoing
from orchestrator.streams.stored import PartitionRecord
from orchestrator.streams.wire import Wire

D = TypeVar("D")
S = TypeVar("S")

# Below what the topics take (max.message.bytes, 1 MiB), headers and framing included. What they refused would come back
# with every restart: a record that leads to it is set aside instead.
MAX_OUTPUT_BYTES = 1_000_000
# Customers that one record of a walk looks at. What they lead to goes through the topic again, between other records.
WALK_CUSTOMERS = 500
# The most frequent first: ``isinstance`` finds a struct's own class at once, and asks at length about every other.
_TO_A_CUSTOMER = (EngagementEvent, TimerDue, DeliveryEvent, Handover)
_NOT_SENT = ("send_suppressed", "send_deferred")

Result: TypeAlias = Literal["applied", "duplicate", "forwarded", "dead_letter", "ignored"]
AllowanceKind: TypeAlias = Literal["asked", "called", "returned", "granted", "nothing_left"]


class Due(msgspec.Struct, frozen=True, gc=False):
    """When a customer has to be looked at again, and the journeys that hold back what has fallen due meanwhile."""

    due_ms: int | None
    held: Sequence[str]


class TracedRecord(msgspec.Struct, frozen=True):
    """A record whose way is followed: where it came from, the span of handling it, and what followed."""

    topic: str
    offset: int
    arrived_ms: int
    parent: TraceContext | None
    span: TraceContext
    effects: Sequence[Effect]
    problem: str = ""  # the reason for which it was set aside


@dataclass(slots=True)
class PartitionBatch:
    """The records of one partition in one batch, in the order in which they arrived."""

    partition: int
    chunks: list[tuple[str, Sequence[InputRecord]]] = field(default_factory=list)  # (topic, at least one record)
    records: int = 0


@dataclass(slots=True)
class Outcome(Generic[S]):
    """Everything that follows from a batch of one partition; nothing of it has happened yet."""

    partition: int
    record: PartitionRecord  # how far the partition will have come
    changed: dict[bytes, S] = field(default_factory=dict)
    states: list[tuple[bytes, bytes | None]] = field(default_factory=list)  # the changed states, encoded; None: erased
    outputs: dict[str, list[Encoded | Outgoing]] = field(default_factory=dict)  # by topic
    addressed: dict[int, list[Encoded]] = field(default_factory=dict)  # on the own topic, by another's partition
    forwards: list[Forward] = field(default_factory=list)
    due: dict[bytes, Due] = field(default_factory=dict)
    senders: set[tuple[str, str]] = field(default_factory=set)  # (workspace_id, journey_id) of the commands
    records: int = 0
    failures: list[Failure] = field(default_factory=list)
    results: Counter[tuple[str, Result]] = field(default_factory=Counter)  # by topic
    dead_letters: Counter[tuple[str, str]] = field(default_factory=Counter)  # by topic and reason
    commands: Counter[str] = field(default_factory=Counter)  # by channel
    activities: Counter[str] = field(default_factory=Counter)  # by type
    suppressed: Counter[str] = field(default_factory=Counter)  # by rule
    allowances: Counter[AllowanceKind] = field(default_factory=Counter)  # messages about limits over all customers
    lateness_ms: list[int] = field(default_factory=list)  # of the timers in it
    oldest_ms: int | None = None  # the earliest arrival in Kafka among the records
    traced: list[TracedRecord] = field(default_factory=list)


def decide(
    decider: Decider[D, S],
    directory: D,
    wire: Wire,
    time: TimeMode,
    now_ms: int,
    batch: PartitionBatch,
    before: PartitionRecord,
    load: Callable[[bytes], S | None],
    customers: Callable[[bytes, bytes, int], Sequence[bytes]],
    trace_share: float | None = None,
) -> Outcome[S]:
    """Applies the records in their order.

    ``before``: how far the partition had come. ``load``: the state of a customer of this partition, None when there is
    none. ``customers``: at most so many keys that begin with a prefix and come after a key, in order. ``now_ms``: the
    worker's clock, milliseconds since 1970 UTC; in wall time decisions are made at it. ``trace_share``: of the records
    that come without a trace of their own, the share that is followed; None: nothing is, and traces are passed on.
    """
    outcome: Outcome[S] = Outcome(batch.partition, before)
    deciding = _Deciding(decider, directory, wire, time, now_ms, before, load, customers, outcome, trace_share)
    next_offsets = dict(before.next_offsets)
    for topic, records in batch.chunks:
        start = next_offsets.get(topic, 0)
        if records[0].offset < start:
            fresh = [record for record in records if record.offset >= start]
            outcome.results[topic, "duplicate"] += len(records) - len(fresh)
            records = fresh
        if records:
            deciding.apply(topic, records)
            next_offsets[topic] = records[-1].offset + 1
    deciding.conclude()
    outcome.record = PartitionRecord(
        next_offsets=next_offsets,
        clock_ms=deciding.clock_ms,
        occasions=deciding.occasions,
        spent=dict(deciding.wallet.purse.spent),
        pools=deciding.pools,
    )
    return outcome


def due(decider: Decider[D, S], directory: D, key: bytes, state: S, moment_ms: int) -> Due:
    """When the customer of ``key`` has to be looked at again; ``moment_ms``: the present, by which timers are due."""
    return Due(*decider.outlook(directory, key.partition(b":")[0].decode(), state, moment_ms))


def _may_ask(wire: Wire, time: TimeMode) -> bool:
    return wire.partitions > 1 and time == "wall"


class _Deciding(Generic[D, S]):
    """The working memory of :func:`decide`."""

    def __init__(
        self,
        decider: Decider[D, S],
        directory: D,
        wire: Wire,
        time: TimeMode,
        now_ms: int,
        before: PartitionRecord,
        load: Callable[[bytes], S | None],
        customers: Callable[[bytes, bytes, int], Sequence[bytes]],
        outcome: Outcome[S],
        trace_share: float | None,
    ) -> None:
        self.decider = decider
        self.directory = directory
        self.wire = wire
        self.time: TimeMode = time
        self.now_ms = now_ms
        self.clock_ms = before.clock_ms
        self.occasions = before.occasions
        self.wallet = Wallet(Purse(before.spent, outcome.partition, wire.partitions, may_ask=_may_ask(wire, time)))
        self.pools = before.pools
        self.load = load
        self.customers = customers
        self.outcome = outcome
        self.trace_share = trace_share
        self.seen: dict[bytes, S] = {}
        self.timed: set[bytes] = set()

    def apply(self, topic: str, records: Sequence[InputRecord]) -> None:
        """Applies consecutive records of one topic. What stands in its loop is paid for by every record."""
        decode = self.wire.inputs[topic]
        outcome, seen, directory, time, now_ms = self.outcome, self.seen, self.directory, self.time, self.now_ms
        advance, is_stream_time, changed = self.decider.advance, self.time == "stream", self.outcome.changed
        place_of, wallet, is_followed = f"{topic}/{outcome.partition}/", self.wallet, self.trace_share is not None
        applied = unchanged = 0
        for place, record in enumerate(records, outcome.records):
            try:
                signal = decode(record)
                if not isinstance(signal, _TO_A_CUSTOMER):
                    self._carry_out(topic, signal)
                    continue
                key = record.key or customer_key(signal.workspace_id, signal.customer_id)
                state = seen.get(key)
                if state is None:
                    state = self._first_seen(topic, key, record, signal)
                    if state is None:
                        continue
                    seen[key] = state
            except DecodeError as error:
                self._set_aside_undecodable(place, topic, record, error)
                continue
            moment_ms = self._moment_ms(signal) if is_stream_time else now_ms
            try:
                new, effects = advance(directory, state, signal, moment_ms, time, f"{place_of}{record.offset}", wallet)
                outputs = [self._encoded(effect, key) for effect in effects] if effects else ()
            except MemoryError:  # the machine's fault: the process ends, and the record is decided after the restart
                raise
            except Exception as error:  # a defect of the engine: this record is set aside, the others go on
                self._trace(topic, record, problem="engine_error")
                self._set_aside(place, undecidable(topic, outcome.partition, record, error))
                if isinstance(signal, TimerDue):
                    # Or it would be sent again every few seconds. The customer's next record puts it back.
                    outcome.due[key] = Due(None, ())
                continue
            if new is state:
                unchanged += 1
            else:
                applied += 1
                seen[key] = changed[key] = new
            if type(signal) is TimerDue:  # a fifth of isinstance for what it is not, at every event
                self.timed.add(key)
                outcome.lateness_ms.append(now_ms - signal.due_ms)
            if effects:
                self._take(effects, outputs)
            if is_followed or (effects and brings_trace(record.headers, record.value)):
                self._trace(topic, record, effects, outputs)
        outcome.results[topic, "applied"] += applied
        outcome.results[topic, "duplicate"] += unchanged
        outcome.records += len(records)
        oldest_ms = records[0].timestamp
        if outcome.oldest_ms is None or oldest_ms < outcome.oldest_ms:
            outcome.oldest_ms = oldest_ms

    def conclude(self) -> None:
        """Encodes the changed states and says when each customer is due next."""
        decider, directory, outcome = self.decider, self.directory, self.outcome
        encode = decider.encode_state
        moment_ms = self.clock_ms if self.time == "stream" else self.now_ms
        for key, state in outcome.changed.items():
            outcome.states.append((key, encode(state)))
            outcome.due[key] = due(decider, directory, key, state, moment_ms)
        # A timer that changed nothing must still leave the index, or it would be sent for ever.
        for key in self.timed - outcome.changed.keys():
            outcome.due[key] = due(decider, directory, key, self.seen[key], moment_ms)

    def _first_seen(self, topic: str, key: bytes, record: InputRecord, signal: Signal) -> S | None:
        """The state of a customer who had no record in this batch yet; None when the record is not to be applied."""
        if isinstance(signal, EngagementEvent) and signal.type == CLOCK_TICKED:
            self._tick(topic, signal.time_ms)
            return None
        state = self.load(key)
        # Whoever has a state here was found to belong here; so the hash, in pure Python, is for newcomers only.
        if state is None:
            partition = partition_of(key, self.wire.partitions)
            if partition != self.outcome.partition:
                self._forward(topic, partition, key, record)
                return None
            state = self.decider.empty_state()
        return state

    def _moment_ms(self, signal: Signal) -> int:
        if isinstance(signal, EngagementEvent):
            self.clock_ms = max(self.clock_ms, signal.time_ms)
            return signal.time_ms
        return signal.due_ms if isinstance(signal, TimerDue) else signal.time_ms

    def _tick(self, topic: str, time_ms: int) -> None:
        if self.time == "stream":
            self.clock_ms = max(self.clock_ms, time_ms)
        self.outcome.results[topic, "ignored"] += 1

    def _forward(self, topic: str, partition: int, key: bytes, record: InputRecord) -> None:
        if was_forwarded(record):
            raise DecodeError(
                "wrong_partition", f"forwarded once already, and still not in the partition of key {key[:80]!r}"
            )
        self.outcome.forwards.append(forward(topic, self.outcome.partition, partition, key, record))
        self.outcome.results[topic, "forwarded"] += 1

    def _set_aside_undecodable(self, place: int, topic: str, record: InputRecord, error: DecodeError) -> None:
        # A tick has no customer, so it cannot be decoded as an event of one.
        if record.key is None and (time_ms := tick_time_ms(record)) is not None:
            self._tick(topic, time_ms)
        else:
            self._trace(topic, record, problem=error.reason)
            self._set_aside(place, undecodable(topic, self.outcome.partition, record, error))

    def _set_aside(self, place: int, letter: DeadLetter) -> None:
        outcome = self.outcome
        outcome.failures.append(Failure(place, letter.stage))
        outcome.results[letter.topic, "dead_letter"] += 1
        outcome.dead_letters[letter.topic, letter.reason] += 1
        self._produce(self.wire.dead_letters, outgoing(letter))

    def _carry_out(self, topic: str, message: WalkDue | AllowanceMessage) -> None:
        """Carries out what concerns the partition, and no customer in particular."""
        match message:
            case WalkDue():
                self._walk(topic, message)
                return
            case AllowanceAsked() | AllowanceReturned():
                key = message.stake.key
                pool, said = keep_pool(self.pools.get(key), message, self.wire.partitions)
                self.pools = {**self.pools, key: pool}
                self.outcome.allowances["asked" if isinstance(message, AllowanceAsked) else "returned"] += 1
                for partition, answer in said:
                    self._address(partition, encode_allowance(answer))
            case AllowanceCalled():
                self.outcome.allowances["called"] += 1
                answer, spent = give_back(self.wallet.purse, message.stake)
                self._note(message.stake.key, spent)
                output = encode_allowance(answer)
                self._address(partition_of(output.key, self.wire.partitions), output)
            case AllowanceGranted():
                self.outcome.allowances["granted" if message.units else "nothing_left"] += 1
                self._note(message.stake.key, take(self.wallet.purse, message))
            case _:
                assert_never(message)
        self.outcome.results[topic, "applied"] += 1

    def _note(self, key: str, spent: Spent | None) -> None:
        if spent is not None:
            self.wallet.purse = self.wallet.purse.with_spent({key: spent})

    def _walk(self, topic: str, walk: WalkDue) -> None:
        """Has the next customers of a walk looked at, and the walk go on behind them."""
        outcome, journey_id = self.outcome, walk.journey_id
        is_begun = self.occasions.get(journey_id, -1) >= walk.at_ms
        if (is_begun and not walk.after) or not self.decider.is_walking(self.directory, journey_id):
            outcome.results[topic, "ignored"] += 1
            return
        if not is_begun:
            self.occasions = {**self.occasions, journey_id: walk.at_ms}
        prefix = f"{walk.workspace_id}:".encode()
        keys = self.customers(prefix, walk.after.encode(), WALK_CUSTOMERS)
        for key in keys:
            customer_id = key[len(prefix) :].decode()
            timer = TimerDue(
                workspace_id=walk.workspace_id, customer_id=customer_id, due_ms=walk.at_ms, entering=journey_id
            )
            self._produce(self.wire.timers, encode_timer(timer))
        if len(keys) == WALK_CUSTOMERS:
            self._produce(self.wire.timers, encode_walk(replace(walk, after=keys[-1].decode())))
        outcome.results[topic, "applied"] += 1

    def _encoded(self, effect: Effect, key: bytes) -> tuple[str, Encoded]:
        if isinstance(effect, Activity):
            topic, output = self.wire.activities, encode_activity(effect)
        elif isinstance(effect, SendCommand):
            topic, output = self.wire.commands(effect.channel), encode_command(effect)
        elif isinstance(effect, EngagementEvent) and customer_key(effect.workspace_id, effect.customer_id) == key:
            topic, output = self.wire.events, encode_event(effect)
        elif isinstance(effect, AllowanceAsked):
            topic, output = self.wire.timers, encode_allowance(effect)
        else:
            topic, output = self.wire.timers, encode_passed_on(effect)
        if len(output.value) > MAX_OUTPUT_BYTES:
            raise ValueError(f"the {effect.__class__.__name__} has {len(output.value):,} bytes; no topic would take it")
        return topic, output

    def _take(self, effects: Sequence[Effect], outputs: Sequence[tuple[str, Encoded]]) -> None:
        """Counts the effects of a record, and has their records produced."""
        outcome = self.outcome
        for effect, (topic, output) in zip(effects, outputs, strict=True):
            if isinstance(effect, Activity):
                outcome.activities[effect.type] += 1
                if effect.type in _NOT_SENT:
                    outcome.suppressed[str(effect.details.get("rule", ""))] += 1
            elif isinstance(effect, SendCommand):
                outcome.commands[effect.channel] += 1
                outcome.senders.add((effect.workspace_id, effect.journey_id))
            elif topic == self.wire.timers:
                self._address(partition_of(output.key, self.wire.partitions), output)
                continue
            self._produce(topic, output)

    def _trace(
        self,
        topic: str,
        record: InputRecord,
        effects: Sequence[Effect] = (),
        outputs: Sequence[tuple[str, Encoded]] = (),
        problem: str = "",
    ) -> None:
        """Has what follows from a record carry its trace on, and notes the record down if it is to be followed."""
        parent = read_trace(record.headers, record.value)
        if self.trace_share is not None:
            span = span_of(parent, f"{topic}/{self.outcome.partition}/{record.offset}", self.trace_share)
            if span.is_sampled:
                traced = TracedRecord(topic, record.offset, record.timestamp, parent, span, effects, problem)
                self.outcome.traced.append(traced)
                for effect, (_, output) in zip(effects, outputs, strict=True):
                    # An adapter's spans belong beneath that of its command.
                    own = child_of(span, effect.id) if isinstance(effect, SendCommand) else span
                    output.headers.extend(own.headers())
                return
        if parent is not None:
            for _, output in outputs:
                output.headers.extend(parent.headers())

    def _address(self, partition: int, output: Encoded) -> None:
        """Has a record produced on the own topic, for a partition."""
        if partition == self.outcome.partition:
            self._produce(self.wire.timers, output)
        else:
            self.outcome.addressed.setdefault(partition, []).append(output)

    def _produce(self, topic: str, record: Encoded | Outgoing) -> None:
        records = self.outcome.outputs.get(topic)
        if records is None:
            records = self.outcome.outputs[topic] = []
        records.append(record)
