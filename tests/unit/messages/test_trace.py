"""Where a message belongs in a trace: read as the standard asks, and the same whenever it is worked out."""

import pytest

from orchestrator.messages.headers import Headers
from orchestrator.messages.trace import TraceContext, child_of, is_in_share, parse_trace, read_trace, span_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SENT = f"00-{TRACE}-{SPAN}-01"
SAMPLED = TraceContext(TRACE, SPAN, is_sampled=True)
CAUSE = "engagement.events.v1/1/7"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SENT, SAMPLED),
        (f"00-{TRACE}-{SPAN}-00", TraceContext(TRACE, SPAN, is_sampled=False)),
        (f"00-{TRACE}-{SPAN}-03", SAMPLED),  # flags that are not known are left out
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", SAMPLED),
        (f"cc-{TRACE}-{SPAN}-01", SAMPLED),
        (f"00-{TRACE}-{SPAN}-01-more", None),
        (f"cc-{TRACE}-{SPAN}-01.more", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE}-{SPAN}", None),
        (f"{SENT}\n", None),
        (f"00-{TRACE[:-1]}٣-{SPAN}-01", None),  # a digit, and not one of these
        ("", None),
        ("x" * 100_000, None),
    ],
)
def test_a_place_is_read_as_the_standard_says_and_what_is_none_is_left_out(
    text: str, expected: TraceContext | None
) -> None:
    assert parse_trace(text) == expected


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        ("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7", True),
        ("x" * 512, True),
        ("x" * 513, False),
        ("a=\x00", False),
        ("é=1", False),
    ],
)
def test_the_state_goes_along_as_it_came_unless_it_is_none(state: str, kept: bool) -> None:
    found = parse_trace(SENT, state)
    assert found is not None
    assert found.state == (state if kept else "")


def test_what_is_written_is_read_again() -> None:
    for context in (SAMPLED, TraceContext(TRACE, SPAN, is_sampled=False, state="congo=1")):
        assert read_trace(context.headers()) == context


@pytest.mark.parametrize(
    ("headers", "value", "is_there"),
    [
        ([("traceparent", SENT.encode())], None, True),
        ([("ce_specversion", b"1.0"), ("ce_traceparent", SENT.encode())], b"{}", True),
        ([], b'{"specversion": "1.0", "traceparent": "%s"}' % SENT.encode(), True),
        ([("content-type", b"application/cloudevents+json")], b'{"traceparent": "%s"}' % SENT.encode(), True),
        ([("ce_specversion", b"1.0")], b'{"traceparent": "%s"}' % SENT.encode(), False),  # that is the event's data
        ([], b'{"data": {"traceparent": "%s"}}' % SENT.encode(), False),
        ([], b'{"traceparent": 5}', False),
        ([], b'"traceparent" and no JSON', False),
        ([], b"", False),
        ([("traceparent", b"\xff\xfe")], None, False),
        ([("tracestate", b"congo=1")], None, False),
        ([("traceparent", None), ("ce_traceparent", SENT.encode())], None, True),
        ([("traceparent", None)], None, False),
    ],
)
def test_a_record_says_where_it_belongs_by_headers_or_by_its_envelope(
    headers: Headers, value: bytes | None, is_there: bool
) -> None:
    assert read_trace(headers, value) == (SAMPLED if is_there else None)


def test_who_sent_the_record_comes_before_who_made_the_event() -> None:
    made = ("ce_traceparent", f"00-{'1' * 32}-{'2' * 16}-01".encode())
    assert read_trace([made, ("traceparent", SENT.encode())]) == SAMPLED


def test_spans_follow_from_what_they_are_of() -> None:
    span = span_of(SAMPLED, CAUSE, share=0)
    assert span == span_of(SAMPLED, CAUSE, share=1)
    assert (span.trace_id, span.is_sampled) == (TRACE, True)
    assert span.span_id not in (SPAN, span_of(SAMPLED, CAUSE + "1", share=0).span_id)
    assert child_of(span, "a") == child_of(span, "a")
    assert len({span.span_id, child_of(span, "a").span_id, child_of(span, "b").span_id}) == 3


def test_the_decision_of_whoever_sent_it_holds_whatever_the_share() -> None:
    left_out = TraceContext(TRACE, SPAN, is_sampled=False)
    assert not span_of(left_out, CAUSE, share=1).is_sampled


def test_of_what_comes_without_a_trace_the_share_is_sampled() -> None:
    spans = [span_of(None, f"{CAUSE}{number}", share=0.25) for number in range(4_000)]
    assert 900 < sum(span.is_sampled for span in spans) < 1_100
    assert not any(span_of(None, f"{CAUSE}{number}", share=0).is_sampled for number in range(1_000))
    assert all(span_of(None, f"{CAUSE}{number}", share=1).is_sampled for number in range(1_000))
    assert is_in_share("0" * 31 + "1", 0.1)
    assert not is_in_share("0" * 16 + "f" * 16, 0.99)
