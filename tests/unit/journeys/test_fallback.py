"""Other ways to reach a customer: tried in turn, each for a stated reason."""

from typing import Any

import pytest

from tests.builders import DAY, HOUR, MONDAY_NOON, Customer, a_directory, a_journey, a_report, steps

NOON = MONDAY_NOON


def a_send(when: list[str], within: str | None = None, channels: tuple[str, ...] = ("sms",)) -> dict[str, Any]:
    fallback: dict[str, Any] = {"to": [{"channel": channel, "template": "t"} for channel in channels], "when": when}
    if within:
        fallback["within"] = within
    return {"kind": "send", "channel": "email", "template": "t", "fallback": fallback, "next": "done"}


def entered(send: dict[str, Any], time: str = "wall", consents: tuple[str, ...] = ("email", "sms", "push")) -> Customer:
    guardrails = {"consent": {"marketing": "required"}}
    customer = Customer(a_directory(a_journey(start="s", steps=steps(s=send), guardrails=guardrails)), time)
    for channel in consents:
        customer.does("consent.granted", NOON - 1, channel=channel, id_=channel)
    customer.does("customer.signed_up", NOON)
    return customer


def channels(customer: Customer) -> list[str]:
    return [command.channel for command in customer.commands]


def test_without_consent_the_next_channel_is_tried_at_once() -> None:
    customer = entered(a_send(["no_consent"], channels=("sms", "push")), consents=("push",))
    assert channels(customer) == ["push"]
    refused = [activity for activity in customer.activities if activity.type == "send_suppressed"]
    assert [activity.details["next_channel"] for activity in refused] == ["sms", "push"]
    assert len({activity.id for activity in customer.activities}) == len(customer.activities)
    assert customer.types()[-1] == "run_completed"


def test_with_no_consent_at_all_nothing_is_sent_and_the_run_goes_on() -> None:
    customer = entered(a_send(["no_consent"]), consents=())
    assert channels(customer) == []
    assert customer.types()[-1] == "run_completed"


def test_other_refusals_do_not_open_another_channel() -> None:
    """A cap is no reason to send more."""
    send = a_send(["no_consent"])
    guardrails = {"consent": {"marketing": "opt_out"}, "caps": [{"limit": 1, "per": "P7D"}]}
    by_id = steps(first={**send, "next": "s"}, s=send)
    customer = Customer(a_directory(a_journey(start="first", steps=by_id, guardrails=guardrails)))
    customer.does("customer.signed_up", NOON)
    assert channels(customer) == ["email"]


@pytest.mark.parametrize("time", ["wall", "stream"])
def test_a_bounce_is_answered_by_the_next_channel(time: str) -> None:
    customer = entered(a_send(["bounced", "failed"], "P1D"), time)
    assert channels(customer) == ["email"]
    assert customer.state.runs[0].is_under_way
    customer.is_reported(a_report(customer.commands[0], "bounced", NOON + HOUR))
    assert channels(customer) == ["email", "sms"]
    assert customer.commands[0].id != customer.commands[1].id
    assert customer.types()[-1] == "run_completed"  # after the last contact nothing is waited for


def test_delivery_settles_it_when_only_failure_was_feared() -> None:
    customer = entered(a_send(["bounced"], "P1D"))
    customer.is_reported(a_report(customer.commands[0], "delivered", NOON + HOUR))
    assert customer.types()[-1] == "run_completed"
    assert channels(customer) == ["email"]


def test_a_message_not_opened_by_the_deadline_is_said_again_elsewhere() -> None:
    customer = entered(a_send(["not_opened"], "PT6H", channels=("sms", "push")))
    customer.is_reported(a_report(customer.commands[0], "delivered", NOON + HOUR))
    assert channels(customer) == ["email"]
    customer.waits_until(NOON + 6 * HOUR)
    assert channels(customer) == ["email", "sms"]
    customer.is_reported(a_report(customer.commands[1], "opened", NOON + 7 * HOUR))
    assert channels(customer) == ["email", "sms"]
    assert customer.types()[-1] == "run_completed"


def test_a_late_report_of_an_earlier_contact_does_not_settle_the_present_one() -> None:
    customer = entered(a_send(["not_opened"], "PT6H", channels=("sms", "push")))
    customer.waits_until(NOON + 6 * HOUR)
    customer.is_reported(a_report(customer.commands[0], "opened", NOON + 7 * HOUR))
    assert customer.state.runs[0].is_under_way
    customer.waits_until(NOON + 12 * HOUR)
    assert channels(customer) == ["email", "sms", "push"]


@pytest.mark.parametrize("outcome", ["unsubscribed", "complained"])
def test_who_wants_no_more_gets_no_more(outcome: str) -> None:
    customer = entered(a_send(["not_opened", "failed"], "PT6H"))
    customer.is_reported(a_report(customer.commands[0], outcome, NOON + HOUR))
    customer.waits_until(NOON + 2 * DAY)
    assert channels(customer) == ["email"]


def test_a_fallback_is_asked_of_the_guardrails_like_any_send() -> None:
    guardrails = {"consent": {"marketing": "opt_out"}, "quiet_hours": {"from": "15:00", "to": "09:00"}}
    send = a_send(["not_opened"], "PT6H")
    customer = Customer(a_directory(a_journey(start="s", steps=steps(s=send), guardrails=guardrails)))
    customer.does("customer.signed_up", NOON)
    customer.waits_until(NOON + 6 * HOUR)
    assert channels(customer) == ["email"]
    assert customer.last("send_deferred").details["channel"] == "sms"
    customer.waits_until(NOON + 21 * HOUR)
    assert channels(customer) == ["email", "sms"]


def test_reports_and_deadlines_commute_with_how_often_the_timer_comes() -> None:
    one = entered(a_send(["not_opened"], "PT6H"), "stream")
    other = entered(a_send(["not_opened"], "PT6H"), "stream")
    other.waits_until(NOON + 6 * HOUR)
    for customer in (one, other):
        customer.is_reported(a_report(customer.commands[0], "opened", NOON + 8 * HOUR))
    assert sorted(effect.id for effect in one.effects) == sorted(effect.id for effect in other.effects)
    assert one.state.runs == other.state.runs


NIGHT = MONDAY_NOON + 10 * HOUR  # 22:00
QUIET = {"from": "21:00", "to": "08:00"}


def at_night(send: dict[str, Any], **quiet: Any) -> Customer:
    guardrails = {"consent": {"marketing": "opt_out"}, "quiet_hours": {**QUIET, **quiet}}
    customer = Customer(a_directory(a_journey(start="s", steps=steps(s=send), guardrails=guardrails)))
    customer.does("customer.signed_up", NIGHT)
    return customer


def test_quiet_hours_may_be_those_of_some_channels_only() -> None:
    email = {"kind": "send", "channel": "email", "template": "t", "next": "done"}
    assert channels(at_night(email, channels=["sms", "push"])) == ["email"]
    assert channels(at_night({**email, "channel": "sms"}, channels=["sms", "push"])) == []


@pytest.mark.parametrize("on_quiet", ["defer", "skip"])
def test_in_quiet_hours_a_channel_that_disturbs_nobody_is_used_instead(on_quiet: str) -> None:
    send = {**a_send(["quiet_hours"], channels=("push", "email")), "channel": "sms"}
    customer = at_night(send, channels=["sms", "push"], on_quiet=on_quiet)
    assert channels(customer) == ["email"]
    refused = [activity.details for activity in customer.activities if activity.type == "send_suppressed"]
    assert [(each["rule"], each["next_channel"]) for each in refused] == [
        ("quiet_hours", "push"),
        ("quiet_hours", "email"),
    ]
    assert customer.types()[-1] == "run_completed"


def test_a_step_that_does_not_list_quiet_hours_waits_for_their_end() -> None:
    customer = at_night({**a_send(["no_consent"], channels=("email",)), "channel": "sms"}, channels=["sms"])
    assert channels(customer) == []
    customer.waits_until(NIGHT + 10 * HOUR)
    assert channels(customer) == ["sms"]
