"""What brakes will look at."""

from typing import Any

from orchestrator.messages.activity import Activity
from orchestrator.sink.deliveries import deliveries


def an_activity(type_: Any, at_ms: int, **details: Any) -> Activity:
    return Activity(
        id="x",
        workspace_id="acme",
        customer_id="anna",
        journey_id="j",
        version=1,
        run_id="r",
        type=type_,
        at_ms=at_ms,
        details=details,
    )


def test_messages_and_bad_outcomes_are_counted_by_minute() -> None:
    story = [
        an_activity("send_requested", 59_999),
        an_activity("send_requested", 60_000),
        an_activity("send_requested", 60_001),
        an_activity("message_reported", 60_002, outcome="bounced"),
        an_activity("message_reported", 60_003, outcome="opened"),
        an_activity("send_suppressed", 60_004),
    ]
    assert deliveries(story) == {("j", 0, "asked_for"): 1, ("j", 1, "asked_for"): 2, ("j", 1, "bounced"): 1}


def test_a_report_that_does_not_say_what_became_of_the_message_is_none() -> None:
    odd = [an_activity("message_reported", 1, outcome=outcome) for outcome in (3, None, ["bounced"], {})]
    assert deliveries([an_activity("message_reported", 1), *odd]) == {}
