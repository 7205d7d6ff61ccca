"""Quiet hours by the customer's wall clock, on the days when clocks change too."""

from datetime import UTC, datetime

import pytest

from orchestrator.definitions.guardrail import QuietHours
from orchestrator.guardrails.quiet_hours import SendingTimes, is_allowed, next_allowed
from orchestrator.guardrails.zone import Zone, known_zone, local_ms


def at(text: str) -> int:
    """The instant of a UTC time, such as "2026-03-29 01:00"."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


def zones(*names: str) -> tuple[Zone, ...]:
    return tuple(zone for zone in map(known_zone, names) if zone is not None)


def times(starts: str, ends: str, *weekdays: str) -> SendingTimes:
    document: dict[str, object] = {"from": starts, "to": ends}
    if weekdays:
        document["weekdays"] = weekdays
    return SendingTimes(QuietHours.model_validate(document))


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("20:59", True), ("21:00", False), ("23:59", False), ("00:00", False), ("07:59", False), ("08:00", True)],
)
def test_quiet_window_may_cross_midnight(clock: str, expected: bool) -> None:
    [utc] = zones("UTC")
    assert is_allowed(times("21:00", "08:00"), local_ms(utc, at(f"2026-06-01 {clock}"))) is expected


@pytest.mark.parametrize(("clock", "expected"), [("11:59", True), ("12:00", False), ("13:59", False), ("14:00", True)])
def test_quiet_window_may_lie_within_a_day(clock: str, expected: bool) -> None:
    [utc] = zones("UTC")
    assert is_allowed(times("12:00", "14:00"), local_ms(utc, at(f"2026-06-01 {clock}"))) is expected


def test_allowed_moment_is_kept_as_it_is() -> None:
    noon = at("2026-06-01 12:00") + 123
    assert next_allowed(times("21:00", "08:00"), zones("Europe/Berlin"), noon) == noon


def test_deferral_ends_in_the_morning_of_the_customer() -> None:
    # 23:00 in Berlin; the clocks go forward that night, so 08:00 is one hour nearer.
    assert next_allowed(times("21:00", "08:00"), zones("Europe/Berlin"), at("2026-03-28 22:00")) == at(
        "2026-03-29 06:00"
    )
    # 02:30 does not happen that night: the first moment at or after it is 03:00, an hour of UTC after 02:00.
    assert next_allowed(times("21:00", "02:30"), zones("Europe/Berlin"), at("2026-03-28 22:00")) == at(
        "2026-03-29 01:00"
    )


def test_hour_that_happens_twice_is_quiet_twice() -> None:
    # Berlin, 25 October 2026: 02:00 to 03:00 twice, from 00:00 and from 01:00 UTC. Quiet from 02:30.
    night = times("02:30", "05:00")
    assert next_allowed(night, zones("Europe/Berlin"), at("2026-10-25 00:40")) == at("2026-10-25 01:00")
    assert next_allowed(night, zones("Europe/Berlin"), at("2026-10-25 01:40")) == at("2026-10-25 04:00")


def test_weekday_is_that_of_the_local_date() -> None:
    # Friday 23:00 UTC is Saturday in Tokyo: wait for Monday there.
    workdays = times("20:00", "09:00", "monday", "tuesday", "wednesday", "thursday", "friday")
    assert next_allowed(workdays, zones("Asia/Tokyo"), at("2026-06-05 23:00")) == at("2026-06-08 00:00")
    assert next_allowed(workdays, zones("UTC"), at("2026-06-05 19:59")) == at("2026-06-05 19:59")


def test_unknown_zone_waits_until_every_assumed_zone_allows() -> None:
    day = times("21:00", "08:00")
    both = zones("America/Los_Angeles", "Europe/Berlin")
    # 08:00 in Los Angeles is 17:00 in Berlin.
    assert next_allowed(day, both, at("2026-06-01 12:00")) == at("2026-06-01 15:00")
    # 21:30 in Berlin is past its day, and Los Angeles alone is not enough.
    assert next_allowed(day, both, at("2026-06-01 19:30")) == at("2026-06-02 15:00")


def test_zones_that_never_allow_together_end_the_search() -> None:
    narrow = times("10:00", "08:00")
    assert next_allowed(narrow, zones("America/Los_Angeles", "Europe/Berlin"), at("2026-06-01 12:00")) is None
