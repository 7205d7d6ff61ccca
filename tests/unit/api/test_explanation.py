"""A customer's story in words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from orchestrator.api.explanation import explain
from orchestrator.journeys.engine import advance
from orchestrator.store.reports import ActivityItem
from tests.builders import DAY, HOUR, MONDAY_NOON, Customer, a_directory, a_journey, a_report, steps

NOON = MONDAY_NOON
JOURNEY = UUID(int=7)


def told(customer: Customer) -> Any:
    """The explanation of what the engine has decided for a customer."""
    items = [
        ActivityItem(
            id=UUID(activity.id),
            activity_type=activity.type,
            created_at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=activity.at_ms),
            customer_id=activity.customer_id,
            run_id=UUID(activity.run_id) if activity.run_id else None,
            version=activity.version,
            step=activity.step,
            arm=activity.arm,
            details=activity.details,
            cause=activity.cause,
            sequence=place,
        )
        for place, activity in enumerate(customer.activities)
    ]
    return explain(JOURNEY, "c1", items, is_cut=False)


def test_who_waits_is_told_where_and_until_when() -> None:
    quiet = {"consent": {"marketing": "opt_out"}, "quiet_hours": {"from": "11:00", "to": "15:00"}}
    offer = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}
    customer = Customer(a_directory(a_journey(start="offer", steps=steps(offer=offer), guardrails=quiet)))
    customer.does("customer.signed_up", NOON)
    (run,) = told(customer).runs
    assert (run.status, run.step, run.next_at) == ("under_way", "offer", datetime(2026, 1, 5, 15, tzinfo=UTC))
    assert run.summary == (
        "0 messages were asked for; 1 held back by quiet hours; stands at offer until 2026-01-05 15:00:00 UTC."
    )
    assert [decision.sentence for decision in run.decisions] == [
        "Entered, as a treated customer.",
        "offer over email was put off until 2026-01-05 15:00:00 UTC: it is quiet hours for the customer.",
    ]
    customer.waits_until(NOON + 3 * HOUR)
    (run,) = told(customer).runs
    assert (run.status, run.step, run.next_at) == ("ended", None, None)
    assert run.summary == "1 message was asked for; 1 held back by quiet hours; ended: completed."


def test_a_capped_customer_is_told_when_they_are_next_eligible() -> None:
    offer = {"kind": "send", "channel": "email", "template": "offer", "next": "more"}
    more = {**offer, "template": "more", "next": "done"}
    guardrails = {"consent": {"marketing": "opt_out"}, "caps": [{"limit": 1, "per": "P7D"}]}
    customer = Customer(
        a_directory(a_journey(start="offer", steps=steps(offer=offer, more=more), guardrails=guardrails))
    )
    customer.does("customer.signed_up", NOON)
    found = told(customer)
    assert found.next_eligible_at == datetime(2026, 1, 12, 12, tzinfo=UTC)
    refused = found.runs[0].decisions[-2]
    assert (refused.rule, refused.details["inputs"]["count"]) == ("frequency_cap", 1)


def test_who_was_never_let_in_is_told_why() -> None:
    audience = {"kind": "attribute", "name": "tier", "op": "eq", "value": "vip"}
    entry = {"kind": "event", "type": "customer.signed_up", "audience": audience}
    customer = Customer(a_directory(a_journey(entry=entry)))
    customer.does("customer.signed_up", NOON)
    found = told(customer)
    assert found.runs == []
    assert found.summary == ("Has not entered; the last of 1 tries was refused: the customer is not in the audience.")


def test_the_holdout_is_told_as_such() -> None:
    goal = {"event": "ordered", "window": "P7D"}
    customer = Customer(a_directory(a_journey(goal=goal, holdout={"percent": 95})))
    customer.does("customer.signed_up", NOON)
    (run,) = told(customer).runs
    assert (run.status, run.step) == ("held_out", None)


def test_every_kind_of_decision_has_a_sentence() -> None:
    fallback = {"to": [{"channel": "sms", "template": "short"}], "when": ["bounced"], "within": "P1D"}
    by_id = steps(
        offer={"kind": "send", "channel": "email", "template": "offer", "fallback": fallback, "next": "crm"},
        crm={"kind": "webhook", "endpoint": "crm", "next": "pause"},
        pause={"kind": "wait", "duration": "P1D", "next": "done"},
    )
    goal = {"event": "ordered", "window": "P7D"}
    customer = Customer(a_directory(a_journey(start="offer", steps=by_id, goal=goal)))
    customer.does("customer.signed_up", NOON)
    customer.is_reported(a_report(customer.commands[0], "bounced", NOON + HOUR))
    customer.does("ordered", NOON + 2 * HOUR)
    customer.does("customer.signed_up", NOON + DAY)
    advance(customer.directory, customer.state, a_report(customer.commands[0], "opened", NOON + DAY), NOON + DAY)
    found = told(customer)
    sentences = [decision.sentence for decision in found.runs[0].decisions]
    assert sentences == [
        "Entered, as a treated customer.",
        "offer was asked for over email.",
        "email reported: bounced.",
        "Passed offer (bounced) on to offer.",
        "short was asked for over sms.",
        "crm was told.",
        "Waits at pause until 2026-01-06 13:00:00 UTC at the latest.",
        "Reached the goal.",
        "Ended: goal reached.",
    ]
    assert found.summary.startswith("Has entered once. 1 more entries were refused.")
