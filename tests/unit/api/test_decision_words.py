"""One decision in words: why a message was held back is told with the customer's clock, and without codes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from orchestrator.api.decision_words import sentence_of, why
from orchestrator.store.reports import ActivityItem

AT = datetime(2026, 1, 5, 12, 51, tzinfo=UTC)  # 07:51 in New York, a Monday
QUIET = {"rule": "quiet_hours", "quiet": "21:00-08:00", "zone": "America/New_York", "weekday": "monday"}


def held_back(**details: Any) -> ActivityItem:
    return ActivityItem(
        id=UUID(int=1),
        activity_type="send_deferred",
        created_at=AT,
        customer_id="c1",
        run_id=None,
        version=1,
        step="offer",
        arm="treatment",
        details=details,
        cause="",
        sequence=1,
    )


@pytest.mark.parametrize(
    ("details", "told"),
    [
        (
            {"reason": "x", "inputs": {**QUIET, "local_time": "07:51"}},
            "it was Monday 07:51 for the customer (New York), and it is quiet from 21:00 to 08:00",
        ),
        (
            {"reason": "x", "inputs": {**QUIET, "local_time": "07:59", "is_zone_assumed": True}},
            "it would have been Monday 07:59 for the customer "
            "(New York, assumed, since the customer's zone is not known), and it is quiet from 21:00 to 08:00",
        ),
        (
            {"reason": "x", "inputs": {"rule": "minimum_gap", "gap": "PT4H", "since_last_ms": 3_600_000}},
            "the last message was 1 hour before, and at least 4 hours must lie between two",
        ),
        (
            {"reason": "2 of at most 2 e-mails per P7D were made", "inputs": {"rule": "frequency_cap"}},
            "2 of at most 2 e-mails per 7 days were made",
        ),
        (
            {"rule": "message_expired", "put_off_by": "rate", "reason": "the rate of 5 per hour is used up"},
            "the rate of 5 per hour is used up; after that it would not be worth sending any more",
        ),
        ({"reason": "PEACH and P7X are no lengths"}, "PEACH and P7X are no lengths"),
    ],
)
def test_reason_is_told_with_the_values_it_rests_on(details: dict[str, Any], told: str) -> None:
    assert why(held_back(**details)) == told


def test_a_wait_that_ends_behind_the_calendar_is_told_all_the_same() -> None:
    begun = replace(held_back(kind="date_attribute", until_ms=10**15), activity_type="wait_started")
    assert "9999-12-31" in sentence_of(begun)
