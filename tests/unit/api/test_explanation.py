"""A customer's story in words."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from orchestrator.api.explanation import explain
from orchestrator.journeys.engine import advance
from orchestrator.store.reports import ActivityItem
from tests.builders import DAY, HOUR, MONDAY_NOON, Customer, a_directory, a_journey, a_report, steps
from tests.builders import JOURNEY as ID

NOON = MONDAY_NOON
JOURNEY = UUID(int=7)


def told(customer: Customer, journey_id: str = ID, journey: dict[str, Any] | None = None) -> Any:
    """The explanation of what the engine has decided for a customer in a journey."""
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
        if activity.journey_id == journey_id
    ]
    return explain(JOURNEY, "c1", items, {1: journey or {}}, is_cut=False)


def test_who_waits_is_told_where_and_until_when() -> None:
    quiet = {"consent": {"marketing": "opt_out"}, "quiet_hours": {"from": "11:00", "to": "15:00"}}
    offer = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}
    customer = Customer(a_directory(a_journey(start="offer", steps=steps(offer=offer), guardrails=quiet)))
    customer.does("customer.signed_up", NOON)
    (run,) = told(customer).runs
    assert (run.status, run.step, run.next_at) == ("under_way", "offer", datetime(2026, 1, 5, 15, tzinfo=UTC))
    assert run.summary == (
        "Was sent 0 messages; was held back 1 time by quiet hours; "
        "the next attempt at offer is at 2026-01-05 15:00:00 UTC."
    )
    assert [decision.sentence for decision in run.decisions] == [
        "Entered, as a treated customer.",
        "offer over e-mail was put off until 2026-01-05 15:00:00 UTC: it was Monday 12:00 for the customer "
        "(UTC, assumed, since the customer's zone is not known), and it is quiet from 11:00 to 15:00.",
    ]
    customer.waits_until(NOON + 3 * HOUR)
    (run,) = told(customer).runs
    assert (run.status, run.step, run.next_at) == ("ended", None, None)
    assert run.summary == "Was sent 1 message; was held back 1 time by quiet hours; ended: completed."


def test_a_capped_customer_is_told_when_they_are_next_eligible() -> None:
    guardrails = {"consent": {"marketing": "opt_out"}, "caps": [{"limit": 1, "per": "P7D"}]}
    offer = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}
    capped = a_journey(start="offer", steps=steps(offer=offer), guardrails=guardrails)
    customer = Customer(a_directory(None, offers=capped))
    customer.does("customer.signed_up", NOON)
    found = told(customer, "offers")
    assert found.next_eligible_at == datetime(2026, 1, 12, 12, tzinfo=UTC)
    refused = found.runs[0].decisions[1]
    assert (refused.rule, refused.details["inputs"]["count"]) == ("frequency_cap", 1)
    assert (refused.reason, refused.next_eligible_at) == (refused.details["reason"], found.next_eligible_at)


def test_the_way_is_told_step_by_step_with_times() -> None:
    customer = Customer(a_directory())
    customer.does("customer.signed_up", NOON)
    (run,) = told(customer, journey=a_journey()).runs
    later = datetime(2026, 1, 8, 12, tzinfo=UTC)
    first = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert [tuple(step.model_dump().values()) for step in run.path] == [
        ("hello", "send", 1, first, first),
        ("pause", "wait", 1, first, None),
    ]
    assert run.summary == "Was sent 1 message; stands at pause until 2026-01-08 12:00:00 UTC."
    customer.waits_until(NOON + 3 * DAY)
    (run,) = told(customer).runs
    assert [(step.step, step.arrived_at, step.left_at) for step in run.path] == [
        ("hello", first, first),
        ("pause", first, later),
        ("remind", later, later),
        ("done", later, later),
    ]


def test_a_step_that_tries_its_next_channel_is_one_stay_and_a_loop_many() -> None:
    fallback = {"to": [{"channel": "sms", "template": "short"}], "when": ["bounced"], "within": "P1D"}
    by_id = steps(
        offer={"kind": "send", "channel": "email", "template": "offer", "fallback": fallback, "next": "pause"},
        pause={"kind": "wait", "duration": "P1D", "next": "again"},
        again={"kind": "loop", "times": 1, "back_to": "pause", "next": "done"},
    )
    customer = Customer(a_directory(a_journey(start="offer", steps=by_id)))
    customer.does("customer.signed_up", NOON)
    customer.is_reported(a_report(customer.commands[0], "bounced", NOON + HOUR))
    customer.waits_until(NOON + HOUR + DAY)
    (run,) = told(customer).runs
    assert [step.step for step in run.path] == ["offer", "pause", "again", "pause"]
    assert run.path[0].left_at == datetime(2026, 1, 5, 13, tzinfo=UTC)
    assert run.path[-1].left_at is None


def test_a_run_that_was_taken_out_is_nowhere_any_more() -> None:
    customer = Customer(a_directory(a_journey(goal={"event": "ordered", "window": "P7D"})))
    customer.does("customer.signed_up", NOON)
    customer.does("ordered", NOON + HOUR)
    (run,) = told(customer).runs
    assert [step.step for step in run.path] == ["hello", "pause"]
    assert run.path[-1].left_at == datetime(2026, 1, 5, 13, tzinfo=UTC)


def test_who_was_never_let_in_is_told_why() -> None:
    audience = {"kind": "attribute", "name": "tier", "op": "eq", "value": "vip"}
    entry = {"kind": "event", "type": "customer.signed_up", "audience": audience}
    customer = Customer(a_directory(a_journey(entry=entry)))
    customer.does("customer.signed_up", NOON)
    found = told(customer)
    assert found.runs == []
    assert found.summary == ("Has not entered. The only attempt was refused: the customer is not in the audience.")


def test_all_entries_together_are_told_before_the_latest() -> None:
    entry = {"kind": "event", "type": "customer.signed_up", "re_entry": {"kind": "always"}}
    customer = Customer(a_directory(a_journey(entry=entry)))
    customer.does("customer.signed_up", NOON)
    customer.waits_until(NOON + 3 * DAY)
    customer.does("customer.signed_up", NOON + 4 * DAY)
    found = told(customer)
    sent = sum(activity.type == "send_requested" for activity in customer.activities)
    assert (len(found.runs), sent) == (2, 3)
    assert found.summary == (
        "Has entered 2 times. In all, was sent 3 messages. "
        "The latest time: stands at pause until 2026-01-12 12:00:00 UTC."
    )


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
        "offer was asked for over e-mail.",
        "E-mail reported: bounced.",
        "Passed offer (bounced) on to offer.",
        "short was asked for over SMS.",
        "crm was told.",
        "Waits at pause until 2026-01-06 13:00:00 UTC at the latest.",
        "Reached the goal.",
        "Ended: goal reached.",
    ]
    assert found.summary.startswith("Has entered once. 1 more entry was refused.")
