"""A batch decided by the journey engine: what goes to other customers, to all of them, and what is forgotten."""

from typing import Any

from orchestrator.journeys.directory import Directory
from orchestrator.journeys.state import CustomerState, decode_state
from orchestrator.messages.codec import decode_engagement, decode_own, encode_passed_on, encode_timer, encode_walk
from orchestrator.messages.event import CUSTOMER_ERASED, CUSTOMER_MERGED, EngagementEvent
from orchestrator.messages.handover import Handover
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.messages.timer import TimerDue
from orchestrator.messages.walk import WalkDue
from orchestrator.streams.batch import WALK_CUSTOMERS, Outcome, PartitionBatch, decide
from orchestrator.streams.decider import JourneyDecider
from orchestrator.streams.stored import PartitionRecord
from tests.builders import JOURNEY, a_directory, a_journey, a_standing, steps
from tests.input_records import CATALOG, PARTITIONS, WIRE, Record, event

NOW_MS = 10_000
EVENTS, TIMERS = CATALOG.events, CATALOG.timers


def customers_of(partition: int, count: int) -> list[str]:
    names = (f"c{number}" for number in range(100_000))
    return [name for name in names if partition_of(customer_key("acme", name), PARTITIONS) == partition][:count]


ANNA, BERT = customers_of(1, 2)
ELSEWHERE = customers_of(2, 1)[0]


def decided(
    directory: Directory,
    *chunks: tuple[str, list[Record]],
    stored: dict[bytes, CustomerState] | None = None,
    before: PartitionRecord | None = None,
) -> Outcome[CustomerState]:
    states = stored or {}

    def customers(prefix: bytes, after: bytes, most: int) -> list[bytes]:
        return sorted(key for key in states if key.startswith(prefix) and key > after)[:most]

    batch = PartitionBatch(1, list(chunks), sum(len(records) for _, records in chunks))
    before = before or PartitionRecord()
    return decide(JourneyDecider(), directory, WIRE, "wall", NOW_MS, batch, before, states.get, customers)


def own(message: Any, offset: int = 0) -> Record:
    """A record of the orchestrator's own topic."""
    match message:
        case WalkDue():
            encoded = encode_walk(message)
        case TimerDue():
            encoded = encode_timer(message)
        case _:
            encoded = encode_passed_on(message)
    return Record(offset, encoded.key, encoded.value, tuple(encoded.headers))


def messages(outcome: Outcome[CustomerState]) -> list[Any]:
    return [decode_own(record.value, record.headers) for record in outcome.outputs.get(TIMERS, [])]


def emitting() -> Directory:
    emit = {"kind": "emit", "event": "loyal", "next": "done"}
    return a_directory(a_journey(entry={"kind": "event", "type": "cart.added"}, start="tell", steps=steps(tell=emit)))


def test_an_emitted_event_goes_to_the_events_topic_as_from_any_system() -> None:
    outcome = decided(emitting(), (EVENTS, [event(0, ANNA)]))
    (record,) = outcome.outputs[EVENTS]
    emitted = decode_engagement(record.key, record.value, record.headers, 0)
    assert (emitted.type, emitted.customer_id) == ("loyal", ANNA)
    again = decided(emitting(), (EVENTS, [event(0, ANNA)]))
    assert again.outputs[EVENTS] == outcome.outputs[EVENTS]


def test_a_handover_goes_to_the_partition_of_the_customer_who_goes_on() -> None:
    outcome = decided(Directory.empty(), (EVENTS, [event(0, ANNA, type=CUSTOMER_MERGED, data={"into": ELSEWHERE})]))
    (record,) = outcome.addressed[2]
    handover = decode_own(record.value, record.headers)
    assert isinstance(handover, Handover)
    assert (handover.customer_id, handover.from_customer_id) == (ELSEWHERE, ANNA)
    (_, raw) = outcome.states[0]
    assert raw is not None
    assert decode_state(raw).merged_into == ELSEWHERE


def test_what_comes_for_a_merged_customer_follows_the_handover_on_its_way() -> None:
    merge = event(0, ANNA, type=CUSTOMER_MERGED, data={"into": BERT})
    outcome = decided(Directory.empty(), (EVENTS, [merge, event(1, ANNA)]))
    handover, passed_on = messages(outcome)
    assert isinstance(handover, Handover)
    assert isinstance(passed_on, EngagementEvent)
    assert (passed_on.customer_id, passed_on.id) == (BERT, "e1")
    arrived = decided(Directory.empty(), (TIMERS, [own(handover, 0), own(passed_on, 1)]))
    assert arrived.changed[customer_key("acme", BERT)].history["cart.added"].count == 1


def test_an_erased_customer_leaves_a_tombstone() -> None:
    outcome = decided(Directory.empty(), (EVENTS, [event(0, ANNA), event(1, ANNA, type=CUSTOMER_ERASED)]))
    assert outcome.states == [(customer_key("acme", ANNA), None)]
    assert outcome.activities["customer_erased"] == 1


def scheduled(status: Any = "ACTIVE") -> Directory:
    entry = {"kind": "schedule", "schedule": {"kind": "cron", "expression": "0 9 * * *"}}
    return a_directory(a_journey(entry=entry, start="done", steps=steps())).with_record(a_standing(status))


def walk(**changes: Any) -> WalkDue:
    return WalkDue(**{"workspace_id": "acme", "journey_id": JOURNEY, "at_ms": 5_000, **changes})


def known(count: int) -> dict[bytes, CustomerState]:
    strangers = {b"other:x": CustomerState(clock_ms=1)}
    return strangers | {customer_key("acme", name): CustomerState(clock_ms=1) for name in customers_of(1, count)}


def test_a_walk_has_every_customer_of_the_workspace_looked_at_in_parts() -> None:
    stored = known(WALK_CUSTOMERS + 3)
    first = decided(scheduled(), (TIMERS, [own(walk())]), stored=stored)
    *timers, onward = messages(first)
    assert isinstance(onward, WalkDue)
    assert first.record.occasions == {JOURNEY: 5_000}
    second = decided(scheduled(), (TIMERS, [own(onward, 1)]), stored=stored, before=first.record)
    timers += messages(second)
    assert len({timer.customer_id for timer in timers}) == WALK_CUSTOMERS + 3
    assert all(timer.entering == JOURNEY and timer.due_ms == 5_000 for timer in timers)


def test_a_walk_told_again_is_not_begun_again() -> None:
    before = PartitionRecord(occasions={JOURNEY: 5_000})
    assert messages(decided(scheduled(), (TIMERS, [own(walk())]), stored=known(3), before=before)) == []
    assert len(messages(decided(scheduled(), (TIMERS, [own(walk(at_ms=6_000))]), stored=known(3), before=before))) == 3


def test_a_walk_ends_when_the_journey_does() -> None:
    assert messages(decided(scheduled("STOPPED"), (TIMERS, [own(walk())]), stored=known(3))) == []


def test_who_is_looked_at_enters() -> None:
    timer = TimerDue(workspace_id="acme", customer_id=ANNA, due_ms=5_000, entering=JOURNEY)
    outcome = decided(scheduled(), (TIMERS, [own(timer)]), stored={customer_key("acme", ANNA): CustomerState(1)})
    assert outcome.activities["journey_entered"] == 1


def test_a_record_of_a_kind_that_is_not_known_is_set_aside() -> None:
    strange = Record(0, b"acme:c1", b"{}", (("kind", b"hologram"),))
    assert decided(scheduled(), (TIMERS, [strange])).dead_letters[TIMERS, "malformed"] == 1


def test_customers_are_moved_by_new_versions_and_by_an_end() -> None:
    decider, before = JourneyDecider(), scheduled()
    assert not decider.moves_customers(before, before)
    assert not decider.moves_customers(before, before.with_record(a_standing("PAUSED")))
    assert decider.moves_customers(before, before.with_record(a_standing("STOPPED")))
    assert not decider.moves_customers(before, before.with_record(a_standing("STOPPED", drain=True)))
