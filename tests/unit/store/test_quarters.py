"""Days of every zone, made of UTC days and quarters of an hour."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.guardrails.zone import DAY_MS, Zone, known_zone
from orchestrator.store.quarters import (
    QUARTER_MS,
    date_in,
    days_of_zone,
    edges,
    edges_of_days,
    edges_of_period,
    quarter_of,
    start_of,
    that_add_up,
    without_zeros,
    zone_days,
)
from orchestrator.store.reports import added_up
from orchestrator.store.rows import Figures

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Half hours and quarters, clocks that go by half an hour, far east and far west, and one that lost a whole day in 2011.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/Los_Angeles",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Pacific/Apia",
    "Africa/Casablanca",
)
# The days around which clocks change in these zones, and the end of a year.
DAYS = (date(2011, 12, 30), date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31))


def zone_of(name: str) -> Zone:
    zone = known_zone(name)
    assert zone is not None
    return zone


def by_day(moments: Iterable[int]) -> dict[date, Figures]:
    """UTC days with the number of moments, money for each, and what is of whole days only."""
    return {
        (EPOCH + timedelta(days=day)).date(): {**figures_of(count), "value_squares": 7, "past": {"customers": 1}}
        for day, count in Counter(moment // DAY_MS for moment in moments).items()
    }


def figures_of(count: int) -> dict[str, Any]:
    return {
        "entered": count,
        "cost": count * Decimal("0.1"),
        "send_requested": {"email": count},
        "arms": {"treatment": {"entered": count}},
    }


def of_edges(zone: Zone, first: date, last: date, moments: Iterable[int]) -> list[tuple[Any, Figures]]:
    """What a database finds: the quarters of an hour within each edge."""
    quarters = Counter(quarter_of(moment) for moment in moments)
    return [
        (edge, figures_of(count))
        for edge in edges(zone, first, last)
        for quarter, count in quarters.items()
        if edge.starts_at <= start_of(quarter) < edge.ends_at
    ]


@st.composite
def moments_around(draw: st.DrawFn) -> tuple[date, list[int]]:
    day = draw(st.sampled_from(DAYS))
    start = (day - date(1970, 1, 1)).days * DAY_MS
    return day, draw(st.lists(st.integers(start - 2 * DAY_MS, start + 3 * DAY_MS), max_size=60))


@given(st.sampled_from(ZONES), moments_around())
def test_days_of_a_zone_are_a_recount_by_its_calendar_and_add_up_to_those_of_utc(
    name: str, around: tuple[date, list[int]]
) -> None:
    zone, (day, moments) = zone_of(name), around
    first, last = day - timedelta(days=4), day + timedelta(days=5)
    days = days_of_zone(by_day(moments), of_edges(zone, first, last, moments), first, last)
    recounted = Counter((EPOCH + timedelta(milliseconds=at)).astimezone(zone.rules).date() for at in moments)
    assert days == {day: without_zeros(figures_of(count)) for day, count in recounted.items()}
    utc = added_up(that_add_up(figures) for figures in by_day(moments).values())
    assert added_up(days.values()) == utc


@given(st.sampled_from(ZONES), moments_around(), st.integers(0, 6))
def test_a_part_of_the_days_is_that_part_of_all(name: str, around: tuple[date, list[int]], skipped: int) -> None:
    zone, (day, moments) = zone_of(name), around
    first, last = day - timedelta(days=4), day + timedelta(days=5)
    whole = days_of_zone(by_day(moments), of_edges(zone, first, last, moments), first, last)
    since, until = first + timedelta(days=skipped), last - timedelta(days=2)
    part = days_of_zone(by_day(moments), of_edges(zone, since, until, moments), since, until)
    assert part == {day: figures for day, figures in whole.items() if since <= day <= until}


@given(st.sampled_from(ZONES), moments_around(), st.integers(0, 8))
def test_the_sum_of_a_period_takes_only_its_ends_and_is_that_of_its_days(
    name: str, around: tuple[date, list[int]], skipped: int
) -> None:
    zone, (day, moments) = zone_of(name), around
    first, last = day - timedelta(days=4) + timedelta(days=skipped), day + timedelta(days=5)
    days = days_of_zone(by_day(moments), of_edges(zone, first, last, moments), first, last)
    ends = edges_of_period(zone, first, last)
    assert len(ends) <= 2
    begun = [start_of(quarter_of(moment)) for moment in moments]
    entered = sum(first <= at.date() <= last for at in begun)
    entered += sum(times * (edge.starts_at <= at < edge.ends_at) for edge, times in ends for at in begun)
    assert entered == added_up(days.values()).get("entered", 0)


@pytest.mark.parametrize("name", ZONES)
def test_days_that_cannot_be_written_down_have_no_ends(name: str) -> None:
    assert edges_of_period(zone_of(name), date.min, date.max) == []


def test_days_without_quarters_stand_as_they_are() -> None:
    days = {date(2026, 3, 29): figures_of(3)}
    assert days_of_zone(days, [], date(2026, 3, 1), date(2026, 3, 31)) == days
    assert days_of_zone(days, [], date(2026, 3, 30), date(2026, 3, 31)) == {}


@pytest.mark.parametrize("name", ZONES)
def test_days_follow_one_another_without_a_gap(name: str) -> None:
    zone = zone_of(name)
    for day in DAYS:
        days = zone_days(zone, [day + timedelta(days=count) for count in range(-3, 4)])
        assert [each.date for each in days] == [day + timedelta(days=count) for count in range(-3, 4)]
        assert [each.ends_at for each in days[:-1]] == [each.starts_at for each in days[1:]]
        for each in days:
            assert each.starts_at == each.ends_at or date_in(zone, each.starts_at) == each.date


def test_only_what_lies_between_the_midnights_is_looked_at() -> None:
    berlin, angeles = zone_of("Europe/Berlin"), zone_of("America/Los_Angeles")
    day = date(2026, 1, 5)
    assert [edge.ends_at - edge.starts_at for edge in edges(berlin, day, day)] == [timedelta(hours=1)] * 2
    assert [edge.ends_at - edge.starts_at for edge in edges(angeles, day, day)] == [timedelta(hours=8)] * 2
    assert edges(zone_of("Etc/UTC"), day, day) == []


def test_what_is_of_whole_days_is_left_out_and_of_arms_only_what_is_shown() -> None:
    counters: Mapping[str, Any] = {
        "entered": 2,
        "value": 0,
        "value_squares": 9,
        "past": {"customers": 1},
        "baseline": {"before": 1},
        "exited": {"goal": 1},
        "steps": {"offer": {"waits": 1}},
    }
    figures = {**counters, "arms": {"treatment": counters, "holdout": {"past": {"customers": 1}}}}
    assert that_add_up(figures) == {
        "entered": 2,
        "exited": {"goal": 1},
        "steps": {"offer": {"waits": 1}},
        "arms": {"treatment": {"entered": 2}},
    }


@pytest.mark.parametrize("name", ZONES)
def test_single_days_have_the_edges_they_have_within_a_period(name: str) -> None:
    zone, one, other = zone_of(name), date(1998, 3, 29), date(2026, 10, 25)
    alone = [edge for day in (one, other) for edge in edges(zone, day, day)]
    assert edges_of_days(zone, [other, one]) == alone
    assert [each.date for each in zone_days(zone, [other, one])] == [one, other]


def test_quarters_begin_every_fifteen_minutes() -> None:
    assert start_of(quarter_of(QUARTER_MS * 3 + 1)) == EPOCH + timedelta(minutes=45)


def test_money_stays_exact_and_what_is_given_is_left_alone() -> None:
    day = date(2026, 1, 5)
    days = {day: {"cost": Decimal("0.3"), "send_requested": {"email": 3}}}
    edge = edges(zone_of("Asia/Tokyo"), day, day)[1]  # from 15:00 on it is the next day in Tokyo
    quarters: list[tuple[Any, Figures]] = [(edge, {"cost": Decimal("0.1"), "send_requested": {"email": 1}})] * 2
    assert days_of_zone(days, quarters, day, day + timedelta(days=1)) == {
        day: {"cost": Decimal("0.1"), "send_requested": {"email": 1}},
        day + timedelta(days=1): {"cost": Decimal("0.2"), "send_requested": {"email": 2}},
    }
    assert days == {day: {"cost": Decimal("0.3"), "send_requested": {"email": 3}}}
    assert quarters[0][1] == {"cost": Decimal("0.1"), "send_requested": {"email": 1}}
