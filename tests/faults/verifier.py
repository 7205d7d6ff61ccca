"""Judges what a run has left behind, by what the single-threaded reference makes of the input topics as they stand.

It takes nothing from the run but its topics and tables: events, reports and timers are read back from Kafka (committed
records only), understood by the rules of the contract, and put through the engine in one thread. Six invariants:

I1  no record is lost: each one on an input topic is behind its partition's position, and was applied, forwarded or set
    aside byte for byte; each one that a producer was told is safe stands on the topic
I2  nothing is doubled: no id twice among commands and activities; one command id for a customer's step
I3  no guardrail is exceeded, judged on the commands alone (``tests/property/invariants.py``)
I4  every customer's state is the reference's, and so is every command
I5  PostgreSQL has each activity of the topic once, and the figures that follow from them
I6  nobody is stuck: the group has committed everything, and the workers live or ended in order
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.catalog import Catalog
from orchestrator.demo.tally import compared, from_activities, from_figures
from orchestrator.errors import DecodeError
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.engine import Signal
from orchestrator.journeys.replay import Replay, replay
from orchestrator.journeys.state import decode_state
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import decode_activity, decode_command, decode_config
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import CLOCK_TICKED, EngagementEvent, hops_of
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.store.pool import Pool
from orchestrator.store.reports import totals
from orchestrator.store.rows import Figures
from orchestrator.store.tally import activity_ids
from orchestrator.store.tenant import Tenant
from orchestrator.streams.clock import tick_time_ms
from orchestrator.streams.forwarding import FORWARDED_FROM
from orchestrator.streams.stored import PARTITION_KEY, PartitionRecord, decode_partition_record
from orchestrator.streams.wire import wire_of
from tests.counting import POISON, Count, CountingDecider
from tests.input_records import Record
from tests.property import invariants
from tests.sink_story import metrics, metrics_of, quarters, quarters_of
from tests.worker_process import Read, WorkerProcess, committed_offsets, read_all

HEADER = "orchestrator-dead-letter-"
Place = tuple[str, int, int]  # topic, partition, offset


def holds(invariant: str, broken: Iterable[object]) -> None:
    """Fails with the invariant and the first few things that break it."""
    listed = [str(each) for each in broken]
    if listed:
        more = f"\n  … and {len(listed) - 10} more" if len(listed) > 10 else ""
        raise AssertionError(f"{invariant}\n  " + "\n  ".join(listed[:10]) + more)


@dataclass
class Inputs:
    """The input topics as the contract has them understood."""

    records: dict[str, list[Read]]  # by topic
    signals: dict[Place, Signal] = field(default_factory=dict)  # each customer's in their order
    unusable: dict[Place, Read] = field(default_factory=dict)
    astray: dict[Place, Read] = field(default_factory=dict)  # in another partition than their key's
    copies: Counter[bytes] = field(default_factory=Counter)  # forwarded ones, by where they come from


@dataclass
class Found:
    """What a run has left in Kafka."""

    inputs: Inputs
    commands: list[SendCommand]
    activities: list[Activity]
    letters: list[Read]
    states: dict[bytes, bytes]
    positions: dict[int, PartitionRecord]


async def find(settings: Settings) -> Found:
    """Reads everything back."""
    catalog = Catalog(settings)
    channels = sorted(set(catalog.command_topics.values()))
    states: dict[bytes, bytes] = {}
    positions: dict[int, PartitionRecord] = {}
    for record in await read_all(settings, catalog.changelog):
        if record.key == PARTITION_KEY:
            positions[record.partition] = decode_partition_record(record.value)
        elif record.value is None:
            states.pop(record.key or b"", None)
        else:
            states[record.key or b""] = record.value
    return Found(
        inputs=understand(catalog, {topic: await read_all(settings, topic) for topic in wire_of(catalog).inputs}),
        commands=[decode_command(each.value) for topic in channels for each in await read_all(settings, topic)],
        activities=[decode_activity(each.value) for each in await read_all(settings, catalog.activities)],
        letters=await read_all(settings, catalog.dead_letters),
        states=states,
        positions=positions,
    )


def understand(catalog: Catalog, records: dict[str, list[Read]]) -> Inputs:
    """Sorts the records into signals and what cannot be one."""
    inputs = Inputs(records)
    decoders = wire_of(catalog).inputs
    for topic, found in records.items():
        for read in found:
            record = Record(read.offset, read.key, read.value, tuple(read.headers.items()), read.timestamp_ms)
            place = (topic, read.partition, read.offset)
            try:
                signal = decoders[topic](record)
            except DecodeError:
                if read.key is not None or tick_time_ms(record) is None:
                    inputs.unusable[place] = read
                continue
            if not hasattr(signal, "customer_id") or topic == catalog.timers:
                continue  # the worker's own: what it leads to is told by the states
            if isinstance(signal, EngagementEvent) and (signal.type == CLOCK_TICKED or hops_of(signal.source)):
                continue  # time, and what a journey has emitted: the reference emits it itself
            key = customer_key(signal.workspace_id, signal.customer_id)
            if partition_of(key, catalog.customer_partitions) == read.partition:
                inputs.signals[place] = signal
                if FORWARDED_FROM in read.headers:
                    inputs.copies[read.headers[FORWARDED_FROM]] += 1
            elif FORWARDED_FROM in read.headers:
                inputs.unusable[place] = read
            else:
                inputs.astray[place] = read
    return inputs


async def verify_counting(
    settings: Settings, workers: Sequence[WorkerProcess], sent: int, fired: int | None = None
) -> Found:
    """I1, I2, I4 and I6 of counting workers (``tests/counting.py``) that were stopped in order.

    ``sent``: so many events e0, e1, … their producer was told are safe. ``fired``: waits that must have ended, in all.
    """
    found = await find(settings)
    poison = {place for place, each in found.inputs.signals.items() if POISON in each.customer_id}
    check_i1(found, (f"e{number}" for number in range(sent)), poison)
    check_i2(found)
    check_i4_of_counting(found, poison)
    if fired is not None:
        assert len(found.activities) == fired, f"I1: {fired} waits have to end, {len(found.activities)} have"
    await verify_i6(settings, found, workers)
    return found


async def verify_journeys(
    settings: Settings,
    workers: Sequence[WorkerProcess],
    until_ms: int,
    pool: Pool | None = None,
    guardrails: Mapping[str, Mapping[str, Any]] | None = None,
) -> Found:
    """All six of journey workers in stream time that were stopped in order, once time has run on to ``until_ms``.

    ``pool``: the database, when a sink ran too. ``guardrails``: by journey id, where they are to be judged one by one.
    """
    found = await find(settings)
    directory = Directory.empty()
    for record in await read_all(settings, Catalog(settings).configs):
        if record.value is not None:
            directory = directory.with_record(decode_config(record.value))
    reference = replay(directory, found.inputs.signals.values(), until_ms)
    check_i1(found, (), set())
    check_i2(found)
    check_i3(found, guardrails or {})
    check_i4(found, reference)
    if pool is not None:
        expected = [effect for effect in reference.effects if isinstance(effect, Activity)]
        await check_i5(pool, found.activities, expected)
    await verify_i6(settings, found, workers)
    return found


def check_i1(found: Found, acknowledged: Iterable[str], undecidable: set[Place]) -> None:
    inputs = found.inputs
    standing = {read.headers.get("ce_id") for reads in inputs.records.values() for read in reads}
    lost = (id_ for id_ in acknowledged if id_.encode() not in standing)
    holds("I1: every event that was acknowledged stands on its topic", lost)
    last = {(topic, read.partition): read.offset for topic, reads in inputs.records.items() for read in reads}
    holds(
        "I1: every record is behind its partition's position",
        (
            f"{topic}/{partition}: the last is {offset}, the position {_position(found, topic, partition)}"
            for (topic, partition), offset in last.items()
            if _position(found, topic, partition) <= offset
        ),
    )
    letters = Counter(_origin(letter) for letter in found.letters)
    at = {(topic, read.partition, read.offset): read for topic, reads in inputs.records.items() for read in reads}
    expected = inputs.unusable.keys() | undecidable
    holds("I1: what cannot be used is set aside", sorted(expected - letters.keys()))
    holds("I1: nothing else is set aside", sorted(letters.keys() - expected))
    holds("I1: it is set aside once", (place for place, count in letters.items() if count > 1))
    holds(
        "I1: it is set aside byte for byte",
        (
            _origin(letter)
            for letter in found.letters
            if (letter.key, letter.value) != (at[_origin(letter)].key, at[_origin(letter)].value)
        ),
    )
    holds(
        "I1: what stands in the wrong partition is forwarded",
        (place for place in inputs.astray if not inputs.copies["/".join(map(str, place)).encode()]),
    )


def check_i2(found: Found) -> None:
    for what, messages in (("command", found.commands), ("activity", found.activities)):
        ids = Counter(message.id for message in messages)
        holds(f"I2: no {what} is published twice", (id_ for id_, count in ids.items() if count > 1))
    steps = Counter(
        (each.workspace_id, each.customer_id, each.run_id, each.step, each.visit, each.channel)
        for each in found.commands
    )
    holds("I2: no step sends twice", (step for step, count in steps.items() if count > 1))


def check_i3(found: Found, guardrails: Mapping[str, Mapping[str, Any]]) -> None:
    by_customer: defaultdict[tuple[str, str, str], list[SendCommand]] = defaultdict(list)
    for command in sorted(found.commands, key=lambda each: each.decided_at_ms):
        by_customer[command.workspace_id, command.customer_id, command.journey_id].append(command)
    for (workspace_id, customer_id, journey_id), commands in by_customer.items():
        rules = guardrails.get(journey_id)
        if rules is None:
            continue
        events = [
            each
            for each in found.inputs.signals.values()
            if isinstance(each, EngagementEvent)
            and (each.workspace_id, each.customer_id) == (workspace_id, customer_id)
        ]
        try:
            invariants.assert_caps_hold(commands, dict(rules), ())
            invariants.assert_gaps_hold(commands, dict(rules))
            invariants.assert_consent_holds(commands, dict(rules), events)
        except AssertionError as error:
            raise AssertionError(f"I3: a guardrail of {journey_id} is exceeded for {customer_id}: {error}") from error
    invariants.assert_the_holdout_gets_nothing([*found.activities, *found.commands])


def check_i4(found: Found, reference: Replay) -> None:
    """Against what the engine in one thread has made of the same input."""
    states = {_name_of(key): decode_state(raw) for key, raw in found.states.items()}
    holds(
        "I4: every customer's state is the reference's",
        (
            f"{customer}: {states.get(customer)}\n    by the reference {reference.states.get(customer)}"
            for customer in sorted(states.keys() | reference.states.keys())
            if states.get(customer) != reference.states.get(customer)
        ),
    )
    commands = {effect.id: effect for effect in reference.effects if isinstance(effect, SendCommand)}
    sent = {command.id: command for command in found.commands}
    holds(
        "I4: every command is the reference's",
        (
            f"{id_}: {sent.get(id_)}, by the reference {commands.get(id_)}"
            for id_ in sorted(sent.keys() | commands.keys())
            if sent.get(id_) != commands.get(id_)
        ),
    )
    activities = [effect for effect in reference.effects if isinstance(effect, Activity)]
    difference = {each.id for each in activities} ^ {each.id for each in found.activities}
    holds("I4: every activity is the reference's", sorted(difference))


def check_i4_of_counting(found: Found, poison: set[Place]) -> None:
    """Against what is counted here. ``poison``: the events that no counting worker can use."""
    counts = Counter(
        (each.workspace_id, each.customer_id) for place, each in found.inputs.signals.items() if place not in poison
    )
    decider = CountingDecider()
    states = {_name_of(key): decider.decode_state(raw) for key, raw in found.states.items()}
    holds(
        "I4: every customer's count is the reference's",
        (
            f"{customer}: counted {states.get(customer, Count()).events}, on the topic {counts[customer]}"
            for customer in sorted(counts.keys() | states.keys())
            if customer not in states or states[customer].events != counts[customer]
        ),
    )
    sent = Counter((each.workspace_id, each.customer_id) for each in found.commands)
    holds(
        "I4: every customer got the reference's commands",
        (
            f"{customer}: {sent[customer]} commands, by the reference {count // 2}"
            for customer, count in counts.items()
            if sent[customer] != count // 2
        ),
    )
    ended = Counter((each.workspace_id, each.customer_id) for each in found.activities)
    holds(
        "I4: a wait that has ended is on record once",
        (
            f"{customer}: {ended[customer]} on record, {state.fired} in the state"
            for customer, state in states.items()
            if ended[customer] != state.fired
        ),
    )
    holds("I4: no wait ends early", (each for each in found.activities if int(str(each.details["late_ms"])) < 0))


async def check_i5(pool: Pool, published: Sequence[Activity], expected: Sequence[Activity] | None = None) -> None:
    """PostgreSQL against the activities on the topic, and its figures also against those of the reference."""
    for workspace_id in {activity.workspace_id for activity in published}:
        in_topic = {each.id for each in published if each.workspace_id == workspace_id}
        in_table = await activity_ids(Tenant(pool, workspace_id))
        holds("I5: every activity of the topic is in PostgreSQL", sorted(in_topic - in_table))
        holds("I5: PostgreSQL has no others", sorted(in_table - in_topic))
    what = "figures are those of the activities"
    _hold_alike(f"I5: the daily {what}", await metrics(pool), metrics_of(published))
    # How experiments fare is not compared: of a customer who was merged it rests on which partition was read first.
    _hold_alike(f"I5: by the quarter of an hour {what}", await quarters(pool), quarters_of(published))
    for journey_id, figures in from_activities(expected or ()).items():
        workspace_id = next(each.workspace_id for each in published if each.journey_id == journey_id)
        lines = compared(from_figures(await totals(Tenant(pool, workspace_id), journey_id)), figures)
        holds("I5: the figures of a journey are the reference's", (line for line in lines if not line.agrees))


def _hold_alike(invariant: str, recorded: Mapping[Any, Figures], recomputed: Mapping[Any, Figures]) -> None:
    holds(
        invariant,
        (
            f"{key}: {recorded.get(key)}, recomputed {recomputed.get(key)}"
            for key in sorted(recorded.keys() | recomputed.keys())
            if recorded.get(key) != recomputed.get(key)
        ),
    )


async def verify_i6(settings: Settings, found: Found, workers: Sequence[WorkerProcess]) -> None:
    """I6 of workers that were stopped in order."""
    check_i6(found, await committed_offsets(settings), {each.slot: each.process.poll() for each in workers})


def check_i6(found: Found, committed: Mapping[tuple[str, int], int], exits: Mapping[str, int | None]) -> None:
    """``committed``: the group's positions; ``exits``: the exit code of each worker, None while it runs."""
    last = {(topic, read.partition): read.offset for topic, reads in found.inputs.records.items() for read in reads}
    holds(
        "I6: the group has committed everything",
        (
            f"{topic}/{partition}: the last record is {offset}, committed is {committed.get((topic, partition))}"
            for (topic, partition), offset in last.items()
            if committed.get((topic, partition), 0) <= offset
        ),
    )
    holds("I6: every worker ended in order", (f"{slot}: exit code {code}" for slot, code in exits.items() if code != 0))


def _position(found: Found, topic: str, partition: int) -> int:
    return found.positions.get(partition, PartitionRecord()).next_offsets.get(topic, 0)


def _origin(letter: Read) -> Place:
    def of(name: str) -> str:
        return letter.headers[HEADER + name].decode()

    return of("topic"), int(of("partition")), int(of("offset"))


def _name_of(key: bytes) -> tuple[str, str]:
    workspace_id, _, customer_id = key.decode().partition(":")
    return workspace_id, customer_id
