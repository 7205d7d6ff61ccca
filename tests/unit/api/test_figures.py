"""The sink's counters as figures."""

from datetime import date
from decimal import Decimal

import pytest

from orchestrator.api.figures import figures_of, notes_on
from orchestrator.api.metrics import Span, period
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


def test_period_is_the_last_thirty_days_with_figures_unless_given() -> None:
    assert period(None, None, DAY) == (date(2025, 12, 7), DAY)
    assert period(None, date(2026, 1, 30), DAY) == (date(2026, 1, 1), date(2026, 1, 30))
    assert period(DAY, None, DAY) == (DAY, DAY)
    assert period(date(2026, 3, 1), None, DAY) == (date(2026, 3, 1), date(2026, 3, 1))


@pytest.mark.parametrize(("since", "until"), [(DAY, date(2026, 1, 4)), (None, date.min)])
def test_period_upside_down_or_before_the_calendar_is_refused(since: date | None, until: date) -> None:
    with pytest.raises(BadRequest):
        period(since, until, DAY)


def test_a_period_may_be_as_long_as_the_calendar() -> None:
    assert period(date.min, date.max, DAY) == (date.min, date.max)


@pytest.mark.parametrize(("since", "until"), [(DAY, None), (None, DAY)])
def test_the_whole_life_and_days_are_not_asked_for_together(since: date | None, until: date | None) -> None:
    with pytest.raises(BadRequest):
        Span(since, until, "UTC", whole_life=True)


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
