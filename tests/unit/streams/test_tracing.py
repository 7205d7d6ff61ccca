"""From an event's trace to its command's: passed on where nothing is traced, followed where something is."""

from typing import Any

import pytest

from orchestrator.journeys.directory import Directory
from orchestrator.journeys.state import CustomerState
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.messages.trace import TraceContext, read_trace
from orchestrator.streams.batch import Outcome, PartitionBatch, decide
from orchestrator.streams.decider import JourneyDecider
from orchestrator.streams.stored import PartitionRecord
from orchestrator.streams.tracing import Moments, spans_of
from orchestrator.telemetry.spans import Span
from tests.builders import JOURNEY, a_directory, a_journey, steps
from tests.input_records import CATALOG, PARTITIONS, WIRE, Record, event, timer

EVENTS, TIMERS = CATALOG.events, CATALOG.timers
NOW_MS = 10_000
SENT = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", is_sampled=True, state="congo=1")
LEFT_OUT = TraceContext(SENT.trace_id, SENT.span_id, is_sampled=False)
AT = Moments(NOW_MS * 1_000_000, NOW_MS * 1_000_000 + 100, NOW_MS * 1_000_000 + 300)
ANNA = next(
    name for name in map("anna-{}".format, range(100)) if partition_of(customer_key("acme", name), PARTITIONS) == 1
)


def a_send(consent: str = "none", **step: Any) -> Directory:
    send = {"kind": "send", "channel": "email", "template": "hello", "next": "done", **step}
    return a_directory(
        a_journey(
            entry={"kind": "event", "type": "cart.added"},
            start="hello",
            steps=steps(hello=send),
            guardrails={"consent": {"marketing": consent}},
        )
    )


def decided(
    record: Record, share: float | None, directory: Directory | None = None, topic: str = EVENTS
) -> Outcome[CustomerState]:
    batch = PartitionBatch(1, [(topic, [record])], 1)
    directory = directory or a_send()
    return decide(
        JourneyDecider(),
        directory,
        WIRE,
        "wall",
        NOW_MS,
        batch,
        PartitionRecord(),
        lambda _: None,
        lambda *_: [],
        share,
    )


def an_event(context: TraceContext | None = SENT, **changes: object) -> Record:
    record = event(7, ANNA, **changes)
    return record._replace(headers=(*record.headers, *(context.headers() if context else ())))


def contexts(outcome: Outcome[CustomerState], topic: str) -> list[TraceContext | None]:
    return [read_trace(record.headers) for record in outcome.outputs[topic]]


def spans(outcome: Outcome[CustomerState]) -> dict[str, Span]:
    found = {span.name: span for span in spans_of(outcome, WIRE, AT)}
    assert len({span.context.span_id for span in found.values()}) == len(found)
    return found


COMMANDS = CATALOG.commands("email")


@pytest.mark.parametrize("context", [SENT, LEFT_OUT], ids=["sampled", "left-out"])
def test_without_tracing_what_follows_carries_the_events_trace_as_it_came(context: TraceContext) -> None:
    outcome = decided(an_event(context), None)
    assert contexts(outcome, COMMANDS) == [context]
    assert set(contexts(outcome, CATALOG.activities)) == {context}
    assert outcome.traced == []


def test_without_a_trace_nothing_is_added() -> None:
    plain = decided(an_event(None), None)
    assert contexts(plain, COMMANDS) == [None]
    assert len(plain.outputs[COMMANDS][0].headers) == 6
    assert contexts(decided(an_event(None), 0.0), COMMANDS) == [None]


def test_a_trace_changes_no_decision_no_id_and_no_state() -> None:
    plain = decided(an_event(None), None)
    for share in (None, 0.0, 1.0):
        for context in (None, SENT, LEFT_OUT):
            other = decided(an_event(context), share)
            assert other.states == plain.states
            assert other.record == plain.record
            assert {t: [(r.key, r.value) for r in some] for t, some in other.outputs.items()} == {
                t: [(r.key, r.value) for r in some] for t, some in plain.outputs.items()
            }


def test_deciding_again_gives_the_same_bytes() -> None:
    assert decided(an_event(), 0.5).outputs == decided(an_event(), 0.5).outputs


def test_a_command_belongs_beneath_the_decision_and_the_decision_beneath_the_event() -> None:
    outcome = decided(an_event(), 0.0)
    found = spans(outcome)
    process, send = found[f"process {EVENTS}"], found[f"send {COMMANDS}"]
    assert (process.context.trace_id, process.parent_id) == (SENT.trace_id, SENT.span_id)
    assert {found[name].parent_id for name in ("receive", "decide", "commit")} == {process.context.span_id}
    assert send.parent_id == process.context.span_id
    assert contexts(outcome, COMMANDS) == [send.context]
    assert set(contexts(outcome, CATALOG.activities)) == {process.context}
    assert send.context.state == "congo=1"
    assert send.attributes["orchestrator.journey_id"] == JOURNEY
    assert send.attributes["orchestrator.step"] == "hello"


def test_the_steps_follow_one_another_from_arrival_to_commit() -> None:
    found = spans(decided(an_event(), 0.0))
    assert found["receive"].start_ns == found[f"process {EVENTS}"].start_ns == 1_000 * 1_000_000
    assert found["receive"].end_ns == found["decide"].start_ns == AT.began_ns
    assert found["decide"].end_ns == found["commit"].start_ns == AT.decided_ns
    assert found["commit"].end_ns == found[f"process {EVENTS}"].end_ns == AT.committed_ns


def test_a_broker_whose_clock_is_ahead_makes_no_span_end_before_it_begins() -> None:
    found = spans(decided(an_event()._replace(timestamp=NOW_MS + 500), 0.0))
    assert all(span.start_ns <= span.end_ns for span in found.values())


def test_a_send_that_is_held_back_says_by_which_rule() -> None:
    found = spans(decided(an_event(), 0.0, a_send(consent="required")))
    assert f"send {COMMANDS}" not in found
    [held] = [each for each in found["decide"].events if each.name == "send_suppressed"]
    assert held.attributes["orchestrator.rule"] == "consent"
    assert held.attributes["orchestrator.step"] == "hello"


def test_no_span_names_a_customer() -> None:
    for directory in (a_send(), a_send(consent="required")):
        for span in spans(decided(an_event(), 1.0, directory)).values():
            said = repr((span.name, span.attributes, span.events, span.problem))
            assert ANNA not in said
            assert "acme" not in said


def test_an_event_that_leads_to_nothing_is_followed_as_well() -> None:
    assert set(spans(decided(an_event(type="page.viewed"), 0.0))) == {
        f"process {EVENTS}",
        "receive",
        "decide",
        "commit",
    }


def test_what_the_publisher_left_out_is_left_out_and_passed_on() -> None:
    outcome = decided(an_event(LEFT_OUT), 1.0)
    assert outcome.traced == []
    assert contexts(outcome, COMMANDS) == [LEFT_OUT]


def test_what_comes_without_a_trace_begins_one_if_it_is_in_the_share() -> None:
    process = spans(decided(an_event(None), 1.0))[f"process {EVENTS}"]
    assert process.parent_id == ""
    assert decided(an_event(None), 0.0).traced == []


def test_a_timer_begins_a_trace_of_its_own() -> None:
    process = spans(decided(timer(3, ANNA, 500), 1.0, topic=TIMERS))[f"process {TIMERS}"]
    assert (process.parent_id, process.attributes["messaging.kafka.offset"]) == ("", 3)


def test_a_record_that_is_set_aside_says_why() -> None:
    outcome = decided(an_event()._replace(value=b"\xff"), 0.0)
    process = spans(outcome)[f"process {EVENTS}"]
    assert (process.context.trace_id, process.problem) == (SENT.trace_id, "malformed")
    [letter] = outcome.outputs[CATALOG.dead_letters]
    assert read_trace(letter.headers) == SENT  # kept byte for byte
