"""The sink's counters as figures."""

from datetime import date
from decimal import Decimal

import pytest

from orchestrator.api.figures import by_day, figures_of, notes_on
from orchestrator.api.metrics import MOST_DAYS, period
from orchestrator.api.problems import BadRequest

DAY = date(2026, 1, 5)


def test_counters_become_figures_and_their_groups_are_added_up() -> None:
    figures = figures_of(
        {
            "entered": 5,
            "exited": {"goal": 2, "expired": 1},
            "entry_refused": {"re_entry": 4},
            "goals": 2,
            "value": 12.5,
            "send_requested": {"email": 3, "push": 1},
            "cost": 0.4,
            "cost_by_channel": {"email": 0.3, "push": 0.1},
            "send_suppressed": {"frequency_cap": 2},
            "suppressed_by_channel": {"sms": 2},
            "message_reported": {"email": {"bounced": 1}},
            "arms": {"treatment": {"entered": 5, "value": 12.5}},
        }
    )
    assert (figures.exited, figures.entry_refused, figures.sends, figures.suppressed) == (3, 4, 4, 2)
    assert list(figures.channels) == ["email", "push", "sms"]
    email = figures.channels["email"]
    assert (email.sends, email.cost, email.bounced, email.opened) == (3, 0.3, 1, 0)
    assert figures.channels["sms"].suppressed == 2
    assert figures.arms["treatment"].revenue == 12.5
    assert figures.suppressed_by_rule == {"frequency_cap": 2}


def test_every_day_of_the_period_is_there_also_the_empty_ones() -> None:
    days = by_day(date(2026, 2, 27), date(2026, 3, 1), {date(2026, 2, 28): {"entered": 1}})
    assert [(day.date.isoformat(), day.entered) for day in days] == [
        ("2026-02-27", 0),
        ("2026-02-28", 1),
        ("2026-03-01", 0),
    ]


def test_calendar_may_end_within_the_period() -> None:
    assert [day.date for day in by_day(date.max, date.max, {})] == [date.max]


def test_period_is_the_last_thirty_days_with_figures_unless_given() -> None:
    assert period(None, None, DAY) == (date(2025, 12, 7), DAY)
    assert period(None, date(2026, 1, 30), DAY) == (date(2026, 1, 1), date(2026, 1, 30))
    assert period(DAY, None, DAY) == (DAY, DAY)
    assert period(date(2026, 3, 1), None, DAY) == (date(2026, 3, 1), date(2026, 3, 1))


@pytest.mark.parametrize(
    ("since", "until"), [(DAY, date(2026, 1, 4)), (date(2020, 1, 1), DAY), (None, date.min), (date.min, date.max)]
)
def test_period_upside_down_or_too_long_is_refused(since: date | None, until: date) -> None:
    with pytest.raises(BadRequest):
        period(since, until, DAY)


def test_longest_period_is_taken() -> None:
    first, last = period(date(2026, 1, 1), date.fromordinal(date(2026, 1, 1).toordinal() + MOST_DAYS - 1), DAY)
    assert (last - first).days == MOST_DAYS - 1


def test_steps_and_the_arms_of_experiments_are_told_with_absent_counters_as_zero() -> None:
    figures = figures_of(
        {
            "steps": {"offer": {"sends": 3, "passed": 2, "cost": Decimal("0.3")}, "wait": {"waits": 4}},
            "variants": {"choice": {"short": {"customers": 5, "customers_converted": 1}, "long": {"customers": 4}}},
        }
    )
    assert figures.steps["offer"].model_dump() == {
        "passed": 2,
        "waits": 0,
        "sends": 3,
        "suppressed": 0,
        "deferred": 0,
        "cost": 0.3,
        "exits": 0,
    }
    assert figures.steps["wait"].waits == 4
    assert list(figures.variants["choice"]) == ["long", "short"]
    assert figures.variants["choice"]["long"].model_dump() == {"customers": 4, "customers_converted": 0}


def test_figures_from_before_there_were_steps_and_variants_have_none() -> None:
    figures = figures_of({"entered": 1, "steps_passed": {"offer": 1}})
    assert (figures.steps, figures.variants, figures.steps_passed) == ({}, {}, {"offer": 1})


def test_a_note_names_the_days_that_are_not_divided() -> None:
    assert notes_on((), "Asia/Tokyo") == []
    [one] = notes_on((DAY,), "Asia/Tokyo")
    assert one.startswith("Figures of the UTC day 2026-01-05 were counted, at least in part, before")
    [more] = notes_on((DAY, date(2026, 1, 9)), "Asia/Tokyo")
    assert "UTC days from 2026-01-05 to 2026-01-09 were" in more
    assert "at midnight in Asia/Tokyo" in more
