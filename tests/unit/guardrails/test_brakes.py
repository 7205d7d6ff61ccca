"""When a journey pauses by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.definitions.guardrail import Brake
from orchestrator.guardrails.brakes import tripped, window_start

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def a_brake(**changes: Any) -> Brake:
    return Brake.model_validate({"outcome": "bounced", "percent": 5, "at_least": 100, **changes})


@pytest.mark.parametrize(
    ("counts", "trips"),
    [
        ({"asked_for": 100, "bounced": 6}, True),
        ({"asked_for": 100, "bounced": 5}, False),
        ({"asked_for": 99, "bounced": 99}, False),
        ({"asked_for": 1_000, "complained": 900}, False),
        ({}, False),
        ({"bounced": 50}, False),
    ],
)
def test_a_brake_trips_above_its_percentage_of_enough_messages(counts: dict[str, int], trips: bool) -> None:
    assert bool(tripped([(a_brake(), counts)])) == trips


def test_the_reason_says_what_was_counted_and_what_the_limit_is() -> None:
    brakes = [
        (a_brake(), {"asked_for": 200}),
        (a_brake(outcome="failed", percent=0.5), {"asked_for": 200, "failed": 3}),
    ]
    assert tripped(brakes) == "brake: 3 of the last 200 messages failed (1.50 %, within P1D); the limit is 0.5 %"


def test_what_happened_before_a_resumption_does_not_count_again() -> None:
    brake = a_brake(within=timedelta(hours=1))
    assert window_start(brake, NOON - timedelta(days=1), NOON) == NOON - timedelta(hours=1)
    resumed = NOON - timedelta(minutes=5, seconds=20)
    assert window_start(brake, resumed, NOON) == NOON - timedelta(minutes=5)
