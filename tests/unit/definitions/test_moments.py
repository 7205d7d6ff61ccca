"""Moments that never come, or at which nothing may be sent."""

from typing import Any

import pytest

from orchestrator.definitions.parse import check_journey
from orchestrator.errors import DefinitionError
from tests.builders import a_journey, steps

SEND = {"kind": "send", "channel": "email", "template": "t", "next": "done"}
NIGHT = {"from": "21:00", "to": "08:00", "on_quiet": "skip"}
EVENING = {"kind": "local_window", "from": "22:00", "to": "23:00"}


def found(**changes: Any) -> dict[str, str]:
    try:
        check_journey(a_journey(**changes))
    except DefinitionError as error:
        return {problem.path: problem.rule for problem in error.problems if problem.message and problem.fix}
    return {}


@pytest.mark.parametrize(
    ("until", "quiet", "is_refused"),
    [
        (EVENING, NIGHT, True),
        (EVENING, {**NIGHT, "on_quiet": "defer"}, False),  # late, and not never: a warning says so
        ({**EVENING, "from": "07:00", "to": "08:01"}, NIGHT, False),
        ({**EVENING, "from": "23:00", "to": "02:00"}, NIGHT, True),
        ({**EVENING, "from": "20:59", "to": "02:00"}, NIGHT, False),
        ({"kind": "local_time", "time": "21:00"}, NIGHT, True),
        ({"kind": "local_time", "time": "08:00"}, NIGHT, False),
        ({"kind": "local_time", "time": "12:00"}, {**NIGHT, "from": "11:00", "to": "14:00"}, True),
        ({"kind": "local_time", "time": "12:00", "weekdays": ["sunday"]}, {**NIGHT, "weekdays": ["monday"]}, True),
    ],
)
def test_a_message_that_is_always_skipped_is_refused(
    until: dict[str, Any], quiet: dict[str, Any], is_refused: bool
) -> None:
    by_id = steps(w={"kind": "wait_until", "until": until, "next": "s"}, s=SEND)
    rules = found(start="w", steps=by_id, guardrails={"quiet_hours": quiet})
    assert rules == ({"$.steps.w.until": "always_quiet"} if is_refused else {})


def test_dates_outside_the_time_of_entry_are_refused() -> None:
    schedule = {"kind": "dates", "at": ["2026-01-01T09:00", "2026-02-01T09:00", "2026-03-01T09:00"]}
    limits = {"opens_at": "2026-01-15T00:00:00Z", "closes_at": "2026-02-01T10:00:00Z"}
    entry = {"kind": "schedule", "schedule": schedule, **limits}
    assert found(start="s", steps=steps(s=SEND), entry=entry) == {
        "$.entry.schedule.at[0]": "outside_entry",
        "$.entry.schedule.at[2]": "outside_entry",
    }
