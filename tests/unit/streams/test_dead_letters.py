from orchestrator.errors import DecodeError
from orchestrator.messages.dead_letter import CUT_FROM, KEPT_BYTES
from orchestrator.streams.dead_letters import outgoing, undecidable, undecodable
from tests.input_records import Record

ERROR = DecodeError("malformed", "it is not JSON")


def test_key_value_and_headers_are_kept_and_followed_by_where_and_why() -> None:
    record = Record(7, b"acme:a", b"\xff", (("ce_id", b"1"),), 123)
    letter = outgoing(undecodable("events", 3, record, ERROR))
    assert (letter.key, letter.value, letter.headers[0]) == (b"acme:a", b"\xff", ("ce_id", b"1"))
    context = dict(letter.headers)
    assert context["orchestrator-dead-letter-topic"] == b"events"
    assert context["orchestrator-dead-letter-partition"] == b"3"
    assert context["orchestrator-dead-letter-offset"] == b"7"
    assert context["orchestrator-dead-letter-timestamp-ms"] == b"123"
    assert context["orchestrator-dead-letter-stage"] == b"decode"
    assert context["orchestrator-dead-letter-reason"] == b"malformed"
    assert context["orchestrator-dead-letter-message"] == b"it is not JSON"


def test_a_failure_of_the_engine_says_which() -> None:
    context = dict(outgoing(undecidable("events", 0, Record(0, b"k", b"v"), KeyError("step"))).headers)
    assert context["orchestrator-dead-letter-stage"] == b"decide"
    assert context["orchestrator-dead-letter-message"] == b"KeyError: 'step'"


def test_what_the_topic_could_not_take_is_cut_and_says_so() -> None:
    record = Record(7, b"acme:a", b"x" * 5_000_000, (("big", b"y" * 5_000_000),))
    letter = outgoing(undecodable("events", 3, record, ERROR))
    assert len(letter.value or b"") == KEPT_BYTES
    assert dict(letter.headers)[CUT_FROM] == b"5000000"
    assert dict(letter.headers)["orchestrator-dead-letter-offset"] == b"7"
    assert "big" not in dict(letter.headers)
