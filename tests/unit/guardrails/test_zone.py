"""Local time, days and clock changes."""

from datetime import UTC, datetime
from itertools import islice, pairwise

import pytest

from orchestrator.guardrails.zone import Zone, first_instant, known_zone, local_day, local_ms, spans_from, weekday

HOUR_MS = 3_600_000


def ms(*parts: int) -> int:
    """The instant of a UTC date and time."""
    year, month, day, *time = parts
    hour, minute = (*time, 0, 0)[:2]
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() * 1_000)


def zone(name: str) -> Zone:
    found = known_zone(name)
    assert found is not None
    return found


def day_number(year: int, month: int, day: int) -> int:
    return ms(year, month, day) // 86_400_000


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "Mars/Olympus",
        "europe/berlin",
        "Europe",
        "../UTC",
        "/etc/localtime",
        "UTC\x00",
        "x" * 5_000,
        "right/UTC",
    ],
)
def test_nonsense_is_no_zone_and_no_failure(name: str | None) -> None:
    assert known_zone(name) is None


def test_zone_is_made_once() -> None:
    assert known_zone("Europe/Berlin") is known_zone("Europe/Berlin")


def test_local_time_follows_the_clock_change() -> None:
    berlin = zone("Europe/Berlin")
    change = ms(2026, 3, 29, 1)
    assert local_ms(berlin, change - 1) == ms(2026, 3, 29, 2) - 1
    assert local_ms(berlin, change) == ms(2026, 3, 29, 3)


def test_spans_meet_without_a_gap_over_a_clock_change() -> None:
    spans = list(islice(spans_from(zone("Europe/Berlin"), ms(2026, 10, 24, 12)), 4))
    assert spans[0][0] == ms(2026, 10, 24, 12)
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert [offset // HOUR_MS for _, _, offset in spans] == [2, 2, 1, 1]


def test_day_without_midnight_begins_at_its_first_minute() -> None:
    # In Havana the clock went from 23:59 on 9 March 2024 to 01:00 on the 10th.
    havana = zone("America/Havana")
    begins = first_instant(havana, day_number(2024, 3, 10))
    assert local_ms(havana, begins) == ms(2024, 3, 10, 1)
    assert local_day(havana, begins - 1) == day_number(2024, 3, 9)


def test_day_with_two_midnights_begins_at_the_first() -> None:
    # On 3 November 2024 the clock in Havana went from 01:00 back to 00:00.
    havana = zone("America/Havana")
    begins = first_instant(havana, day_number(2024, 11, 3))
    assert local_ms(havana, begins) == local_ms(havana, begins + HOUR_MS) == ms(2024, 11, 3)


def test_day_that_was_left_out_begins_with_the_next_one() -> None:
    apia = zone("Pacific/Apia")
    assert first_instant(apia, day_number(2011, 12, 30)) == first_instant(apia, day_number(2011, 12, 31))


def test_weekdays_count_from_monday() -> None:
    assert weekday(0) == 3  # 1970-01-01 was a Thursday
    assert weekday(day_number(2026, 3, 30)) == 0
    assert weekday(day_number(1969, 12, 29)) == 0
