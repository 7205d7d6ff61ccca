"""A batch of one partition, decided without Kafka. The engine is a counter: see ``tests/counting.py``."""

from collections.abc import Callable, Mapping

import pytest

from orchestrator.messages.allowance import (
    AllowanceAsked,
    AllowanceCalled,
    AllowanceGranted,
    AllowanceMessage,
    AllowanceReturned,
    Stake,
)
from orchestrator.messages.codec import decode_command, encode_allowance
from orchestrator.messages.event import CLOCK_TICKED
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import TimeMode
from orchestrator.streams.batch import Due, Outcome, PartitionBatch, decide
from orchestrator.streams.breaker import Failure
from orchestrator.streams.forwarding import FORWARDED_FROM
from orchestrator.streams.stored import PartitionRecord
from tests.counting import POISON, Count, CountingDecider, Rules
from tests.input_records import CATALOG, PARTITIONS, WIRE, Record, event, timer

NOW_MS = 10_000
EVENTS, TIMERS = CATALOG.events, CATALOG.timers


def customers_of(partition: int, count: int, name: str = "c") -> list[str]:
    names = (f"{name}{number}" for number in range(1_000))
    return [n for n in names if partition_of(customer_key("acme", n), PARTITIONS) == partition][:count]


ANNA, BERT = customers_of(1, 2)
ELSEWHERE = customers_of(2, 1)[0]


def decided(
    *chunks: tuple[str, list[Record]],
    stored: Mapping[str, Count] | None = None,
    before: PartitionRecord | None = None,
    directory: Rules | None = None,
    time: TimeMode = "wall",
    loaded: Callable[[bytes], None] = lambda key: None,
) -> Outcome[Count]:
    states = {customer_key("acme", name): state for name, state in (stored or {}).items()}

    def load(key: bytes) -> Count | None:
        loaded(key)
        return states.get(key)

    batch = PartitionBatch(1, list(chunks), sum(len(records) for _, records in chunks))

    def customers(prefix: bytes, after: bytes, most: int) -> list[bytes]:
        return sorted(key for key in states if key.startswith(prefix) and key > after)[:most]

    return decide(
        CountingDecider(),
        directory or Rules(),
        WIRE,
        time,
        NOW_MS,
        batch,
        before or PartitionRecord(),
        load,
        customers,
    )


def test_a_customer_with_many_records_is_loaded_and_encoded_once() -> None:
    loads: list[bytes] = []
    outcome = decided((EVENTS, [event(number, ANNA) for number in range(5)]), loaded=loads.append)
    assert loads == [customer_key("acme", ANNA)]
    assert outcome.changed == {customer_key("acme", ANNA): Count(5)}
    assert [key for key, _ in outcome.states] == [customer_key("acme", ANNA)]
    commands = [decode_command(record.value) for record in outcome.outputs[CATALOG.commands("email")]]
    assert [command.variables for command in commands] == [{"count": 2}, {"count": 4}]
    assert outcome.senders == {("acme", "count")}
    assert outcome.record.next_offsets == {EVENTS: 5}


def test_records_below_the_partitions_position_are_duplicates_and_change_nothing() -> None:
    before = PartitionRecord(next_offsets={EVENTS: 3, TIMERS: 7})
    outcome = decided((EVENTS, [event(number, ANNA) for number in range(1, 5)]), before=before)
    assert outcome.changed[customer_key("acme", ANNA)].events == 2
    assert outcome.results[EVENTS, "duplicate"] == 2
    assert outcome.record.next_offsets == {EVENTS: 5, TIMERS: 7}


def test_a_batch_of_nothing_but_duplicates_keeps_the_position() -> None:
    before = PartitionRecord(next_offsets={EVENTS: 9})
    outcome = decided((EVENTS, [event(1, ANNA), event(2, ANNA)]), before=before)
    assert (outcome.changed, outcome.record) == ({}, before)


def test_deciding_again_gives_the_same_outcome() -> None:
    chunks = (EVENTS, [event(0, ANNA), event(1, BERT), event(2, ANNA)])
    assert decided(chunks) == decided(chunks)


def test_a_record_of_another_partition_is_forwarded_once_and_set_aside_the_second_time() -> None:
    astray = event(4, ELSEWHERE)
    again = astray._replace(offset=5, headers=(*astray.headers, (FORWARDED_FROM, b"x/0/0")))
    outcome = decided((EVENTS, [astray, again]))
    (forward,) = outcome.forwards
    assert (forward.topic, forward.partition, forward.key, forward.value) == (EVENTS, 2, astray.key, astray.value)
    assert forward.headers == [*astray.headers, (FORWARDED_FROM, f"{EVENTS}/1/4".encode())]
    assert outcome.dead_letters == {(EVENTS, "wrong_partition"): 1}
    assert outcome.changed == {}


def test_a_customer_with_a_state_here_is_not_asked_for_its_partition() -> None:
    outcome = decided((EVENTS, [event(0, ELSEWHERE)]), stored={ELSEWHERE: Count(1)})
    assert outcome.forwards == []
    assert outcome.changed[customer_key("acme", ELSEWHERE)] == Count(2)


def test_a_record_without_a_key_goes_to_the_partition_of_the_customer_it_names() -> None:
    body = (
        b'{"id":"1","source":"/s","type":"t","workspace_id":"acme","customer_id":"%s","data":{}}' % ELSEWHERE.encode()
    )
    (forward,) = decided((EVENTS, [Record(0, None, body)])).forwards
    assert (forward.partition, forward.key) == (2, customer_key("acme", ELSEWHERE))


def test_unreadable_records_and_engine_failures_are_set_aside_and_the_others_go_on() -> None:
    poison = customers_of(1, 1, POISON)[0]
    records = [event(0, ANNA), Record(1, b"acme:x", b"\xff"), event(2, poison), event(3, ANNA)]
    outcome = decided((EVENTS, records))
    assert outcome.changed == {customer_key("acme", ANNA): Count(2)}
    assert outcome.failures == [Failure(1, "decode"), Failure(2, "decide")]
    letters = outcome.outputs[CATALOG.dead_letters]
    assert [letter.value for letter in letters] == [b"\xff", records[2].value]
    assert outcome.dead_letters == {(EVENTS, "malformed"): 1, (EVENTS, "engine_error"): 1}
    assert outcome.results[EVENTS, "dead_letter"] == 2
    assert outcome.record.next_offsets == {EVENTS: 4}


def test_a_header_that_is_null_is_no_reason_for_a_worker_to_end() -> None:
    names = ("content-type", "ce_specversion", "ce_type", "traceparent", "orchestrator-redriven-from", "kind")
    nulls = tuple((name, None) for name in names)
    good = event(0, ANNA)
    records = [good._replace(headers=(*good.headers, *nulls)), Record(1, None, b"{", nulls), event(2, ANNA)]
    outcome = decided((EVENTS, records))
    assert outcome.changed == {customer_key("acme", ANNA): Count(2)}
    assert outcome.dead_letters == {(EVENTS, "malformed"): 1}
    assert outcome.outputs[CATALOG.dead_letters][0].headers[: len(nulls)] == list(nulls)


def test_an_oversized_record_is_set_aside() -> None:
    big = event(0, ANNA)._replace(value=b" " * (1_048_576 + 1))
    assert decided((EVENTS, [big])).dead_letters == {(EVENTS, "oversized"): 1}


def test_a_timer_on_which_the_engine_fails_is_not_sent_for_ever() -> None:
    poison = customers_of(1, 1, POISON)[0]
    outcome = decided((TIMERS, [timer(0, poison, 9_000)]), stored={poison: Count(1, 0, 9_000)})
    assert outcome.due == {customer_key("acme", poison): Due(None, ())}
    assert outcome.dead_letters == {(TIMERS, "engine_error"): 1}


def test_a_record_that_leads_to_an_output_no_topic_takes_is_set_aside_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.streams.batch.MAX_OUTPUT_BYTES", 100)
    outcome = decided((EVENTS, [event(0, ANNA), event(1, ANNA), event(2, BERT)]))
    assert outcome.dead_letters == {(EVENTS, "engine_error"): 1}
    assert outcome.changed == {customer_key("acme", ANNA): Count(1), customer_key("acme", BERT): Count(1)}
    assert outcome.commands == {}


def test_failures_are_placed_over_all_chunks_of_the_batch() -> None:
    outcome = decided((EVENTS, [event(0, ANNA), event(1, ANNA)]), (TIMERS, [Record(0, b"acme:x", b"no")]))
    assert outcome.failures == [Failure(2, "decode")]
    assert outcome.records == 3


def test_a_timer_that_finds_nothing_to_do_still_leaves_the_index() -> None:
    outcome = decided((TIMERS, [timer(0, ANNA, 9_000)]), stored={ANNA: Count(1)})
    assert outcome.changed == {}
    assert outcome.due == {customer_key("acme", ANNA): Due(None, ())}
    assert outcome.lateness_ms == [1_000]


def test_a_paused_journey_holds_a_customer_and_sends_nothing() -> None:
    waiting = Count(1, 0, 9_000)
    outcome = decided((TIMERS, [timer(0, ANNA, 9_000)]), stored={ANNA: waiting}, directory=Rules(frozenset({"count"})))
    assert outcome.due == {customer_key("acme", ANNA): Due(None, ("count",))}
    assert outcome.outputs == {}


def test_in_stream_time_decisions_are_made_at_the_events_time_and_the_clock_follows_the_latest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.counting.DELAY_MS", 50)
    chunk = (EVENTS, [event(0, ANNA, time_ms=7_000), event(1, BERT, time_ms=6_000)])
    outcome = decided(chunk, time="stream", before=PartitionRecord(clock_ms=5_000))
    assert outcome.changed[customer_key("acme", BERT)].due_ms == 6_050
    assert outcome.record.clock_ms == 7_000


def test_a_tick_moves_the_clock_in_stream_time_only() -> None:
    headers = (("ce_specversion", b"1.0"), ("ce_type", CLOCK_TICKED.encode()), ("ce_time", b"1970-01-01T00:00:09Z"))
    binary = Record(0, None, None, headers)
    plain = Record(1, None, b'{"type":"orchestrator.clock.ticked","time":"1970-01-01T00:00:08Z"}')
    for time, clock_ms in (("stream", 9_000), ("wall", 0)):
        outcome = decided((EVENTS, [binary, plain]), time=time)  # type: ignore[arg-type]
        assert outcome.record.clock_ms == clock_ms
        assert outcome.results[EVENTS, "ignored"] == 2
        assert outcome.dead_letters == {}


def test_messages_about_limits_over_all_customers_are_counted_by_what_they_say() -> None:
    stake = Stake("cap", 10, 0, 0)
    said: list[AllowanceMessage] = [
        AllowanceAsked(stake=stake, partition=2, units=1),
        AllowanceCalled(stake=stake),
        AllowanceReturned(stake=stake, units=0),
        AllowanceGranted(stake=stake, units=3),
        AllowanceGranted(stake=stake, units=0),
        AllowanceGranted(stake=stake, units=0),
    ]
    encoded = [encode_allowance(message) for message in said]
    records = [Record(offset, each.key, each.value, tuple(each.headers)) for offset, each in enumerate(encoded)]
    outcome = decided((TIMERS, records))
    assert outcome.results[TIMERS, "applied"] == len(said)
    assert outcome.allowances == {"asked": 1, "called": 1, "returned": 1, "granted": 1, "nothing_left": 2}


def test_for_want_of_memory_no_record_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the machine's fault, and not the record's: the worker must end, and the next one decides it."""

    def advance(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(CountingDecider, "advance", advance)
    with pytest.raises(MemoryError):
        decided((EVENTS, [event(0, ANNA)]))
