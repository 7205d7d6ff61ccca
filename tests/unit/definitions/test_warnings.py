"""What may be meant is told, and keeps no journey from being published."""

from typing import Any

import pytest

from orchestrator.definitions.parse import check_journey
from orchestrator.definitions.warnings import find_warnings
from tests.builders import a_journey, steps

SEND = {"kind": "send", "channel": "email", "template": "t", "next": "done"}
VIP = {"kind": "attribute", "name": "tier", "op": "eq", "value": "vip"}
ORDERED_LATELY = {"kind": "happened", "event": "ordered", "within": "P30D"}


def warned(start: str = "s", **changes: Any) -> dict[str, str]:
    journey = check_journey(a_journey(start=start, **{"steps": steps(s=SEND), **changes}))
    return {warning.path: warning.rule for warning in find_warnings(journey) if warning.message and warning.fix}


def test_an_ordinary_journey_is_told_nothing() -> None:
    assert warned() == {}


def test_limits_on_what_is_never_sent_are_told() -> None:
    guardrails = {
        "caps": [{"limit": 1, "per": "day", "channel": "sms"}, {"limit": 1, "per": "day", "category": "markteing"}],
        "rates": [{"limit": 1, "per": "second", "channel": "push"}],
        "budgets": [{"kind": "messages", "limit": 1, "per": "day", "channel": "sms"}],
    }
    assert warned(guardrails=guardrails) == {
        "$.guardrails.caps[0].channel": "unused_channel",
        "$.guardrails.caps[1].category": "unused_category",
        "$.guardrails.rates[0].channel": "unused_channel",
        "$.guardrails.budgets[0].channel": "unused_channel",
    }


def test_a_channel_of_a_fallback_is_used() -> None:
    send = {**SEND, "fallback": {"to": [{"channel": "sms", "template": "t"}]}}
    guardrails = {"caps": [{"limit": 1, "per": "day", "channel": "sms"}]}
    assert warned(steps=steps(s=send), guardrails=guardrails) == {}


def test_a_brake_on_no_messages_is_told() -> None:
    brakes = [{"outcome": "bounced", "percent": 5}]
    webhook = {"kind": "webhook", "endpoint": "crm", "next": "done"}
    assert warned(steps=steps(s=webhook), guardrails={"brakes": brakes}) == {"$.guardrails.brakes[0]": "no_messages"}


def test_a_segment_that_nothing_names_is_told() -> None:
    assert warned(segments={"vips": VIP}) == {"$.segments.vips": "unused_segment"}


def test_a_wait_of_more_than_a_year_is_told() -> None:
    by_id = steps(w={"kind": "wait", "duration": "P400D", "next": "s"}, s=SEND)
    assert warned("w", steps=by_id, expires_after="P500D") == {"$.steps.w.duration": "long_wait"}


@pytest.mark.parametrize(("window", "is_told"), [("P2D", True), ("P3D", False)])
def test_a_goal_that_is_over_before_the_first_message_is_told(window: str, is_told: bool) -> None:
    by_id = steps(w={"kind": "wait", "duration": "P2D", "next": "s"}, s=SEND)
    rules = warned("w", steps=by_id, goal={"event": "ordered", "window": window})
    assert rules == ({"$.goal.window": "goal_before_messages"} if is_told else {})


def test_arms_that_lead_to_one_step_are_told() -> None:
    paths = [{"name": name, "percent": 50, "next": "s"} for name in "ab"]
    by_id = steps(x={"kind": "split", "paths": paths}, s=SEND)
    assert warned("x", steps=by_id) == {"$.steps.x.paths": "same_way"}


@pytest.mark.parametrize(
    ("audience", "is_told"),
    [
        (VIP, False),
        (ORDERED_LATELY, False),
        ({"kind": "not", "of": ORDERED_LATELY}, True),
        ({"kind": "all", "of": [VIP, {"kind": "not", "of": {"kind": "segment", "name": "recent"}}]}, True),
        ({"kind": "not", "of": {"kind": "not", "of": {"kind": "segment", "name": "recent"}}}, False),
    ],
)
def test_an_audience_that_time_alone_fills_is_told_when_nobody_looks(audience: dict[str, Any], is_told: bool) -> None:
    entry = {"kind": "segment", "audience": audience}
    rules = warned(entry=entry, segments={"recent": ORDERED_LATELY})
    assert rules.get("$.entry.recheck") == ("no_recheck" if is_told else None)
    looked_at = {**entry, "recheck": {"kind": "cron", "expression": "0 6 * * *"}}
    assert "$.entry.recheck" not in warned(entry=looked_at, segments={"recent": ORDERED_LATELY})


def test_a_message_that_is_put_off_every_time_is_told() -> None:
    until = {"kind": "local_time", "time": "22:00"}
    by_id = steps(w={"kind": "wait_until", "until": until, "next": "s"}, s=SEND)
    rules = warned("w", steps=by_id, guardrails={"quiet_hours": {"from": "21:00", "to": "08:00"}})
    assert rules == {"$.steps.w.until": "put_off_every_time"}


def test_a_message_that_a_cap_forbids_if_the_one_before_was_sent_is_told() -> None:
    by_id = steps(one={**SEND, "channel": "sms", "next": "s"}, s=SEND)
    rules = warned("one", steps=by_id, guardrails={"caps": [{"limit": 1, "per": "P7D"}]})
    assert rules == {"$.steps.s": "forbidden_by_cap"}
