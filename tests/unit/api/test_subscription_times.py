"""When messages are due by a zone's clock, and what follows from an attempt."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from orchestrator.api.subscription_times import GIVEN_UP_AFTER, after_attempt, day_told, next_due
from orchestrator.guardrails.zone import Zone, known_zone
from orchestrator.store.audit import Author
from orchestrator.store.subscriptions import Progress, Subscription

DUE = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)  # 07:00 in Berlin


def zone(name: str) -> Zone:
    found = known_zone(name)
    assert found is not None
    return found


BERLIN = zone("Europe/Berlin")
SUBSCRIPTION = Subscription(
    id=UUID("6a1d1b5e-9c0e-4d0c-8f51-0d1f5f1e7a10"),
    workspace_id="acme",
    url="https://hooks.example.com/",
    at="07:00",
    zone="Europe/Berlin",
    journeys=None,
    sealed=b"",
    author=Author("k", "Ana"),
    created_at=DUE,
    due_at=DUE,
    next_attempt_at=DUE,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("clock", "name", "after", "due"),
    [
        ("07:00", "UTC", "2026-11-26T06:59:59Z", "2026-11-26T07:00:00Z"),
        ("07:00", "UTC", "2026-11-26T07:00:00Z", "2026-11-27T07:00:00Z"),
        ("07:00", "Europe/Berlin", "2026-11-26T05:00:00Z", "2026-11-26T06:00:00Z"),
        ("00:00", "Asia/Kathmandu", "2026-11-26T00:00:00Z", "2026-11-26T18:15:00Z"),
        ("23:59", "America/New_York", "2026-11-26T00:00:00Z", "2026-11-26T04:59:00Z"),
        # The clock leaps from 02:00 to 03:00: the moment of the leap.
        ("02:30", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
        # It shows 02:30 twice: the first time, and not again on that day.
        ("02:30", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
        ("02:30", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        # A day that never was: Samoa went over the date line.
        ("07:00", "Pacific/Apia", "2011-12-29T18:00:00Z", "2011-12-30T17:00:00Z"),
    ],
)
def test_a_message_is_due_when_the_zones_clock_shows_so(clock: str, name: str, after: str, due: str) -> None:
    assert next_due(clock, zone(name), at(after)) == at(due)


def test_each_day_of_a_year_has_one_message_about_the_day_before() -> None:
    for name in ("Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"):
        due, told = at("2026-01-01T12:00:00Z"), []
        for _ in range(365):
            due = next_due("02:15", zone(name), due)
            told.append(day_told(due, zone(name)))
        assert [day - told[0] for day in told] == [timedelta(days=number) for number in range(365)]


def test_after_a_delivery_the_next_day_follows() -> None:
    now = DUE + timedelta(seconds=3)
    tomorrow = DUE + timedelta(days=1)
    assert after_attempt(SUBSCRIPTION, BERLIN, now, "") == Progress(
        due_at=tomorrow, next_attempt_at=tomorrow, sent_at=now, day=date(2026, 11, 25)
    )


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=3)], ids=["in time", "no API ran for three days"])
def test_what_fails_is_tried_again_with_growing_pauses_for_a_day_and_then_given_up(late: timedelta) -> None:
    began = now = DUE + late
    subscription, pauses = SUBSCRIPTION, []
    while True:
        progress = after_attempt(subscription, BERLIN, now, "no")
        assert progress.failure == "no"
        if progress.failed_day is not None:
            break
        assert (progress.due_at, progress.sent_at) == (DUE, None)
        pauses.append(progress.next_attempt_at - now)
        now = progress.next_attempt_at
        subscription = replace(subscription, attempts=progress.attempts)
    minutes = [pause.total_seconds() / 60 for pause in pauses]
    assert minutes[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert began + GIVEN_UP_AFTER - timedelta(hours=1) <= now < began + GIVEN_UP_AFTER
    assert (progress.failed_day, progress.attempts) == (date(2026, 11, 25), 0)
    assert progress.due_at == progress.next_attempt_at == DUE + timedelta(days=1)


def test_days_that_were_missed_are_told_one_after_the_other() -> None:
    """As when no API ran for some days: each day has its message."""
    progress = after_attempt(SUBSCRIPTION, BERLIN, DUE + timedelta(days=3), "")
    assert (progress.day, progress.next_attempt_at) == (date(2026, 11, 25), DUE + timedelta(days=1))
