"""Days, weeks and months of a report: every row is there, none too many, and they add up to the same."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.api.documents import Grain
from orchestrator.api.problems import BadRequest
from orchestrator.api.report_rows import MOST_DRAWN, MOST_ROWS, By, grain_of, rows_of

DAY = date(2026, 1, 5)
SPANS = st.tuples(st.dates(date(1997, 1, 1), date(2030, 1, 1)), st.integers(0, 3_000)).map(
    lambda each: (each[0], date.fromordinal(each[0].toordinal() + each[1]))
)


def test_every_day_of_the_period_is_there_also_the_empty_ones() -> None:
    rows = rows_of("day", date(2026, 2, 27), date(2026, 3, 1), {date(2026, 2, 28): {"entered": 1}})
    assert [(row.date.isoformat(), row.entered) for row in rows] == [
        ("2026-02-27", 0),
        ("2026-02-28", 1),
        ("2026-03-01", 0),
    ]


def test_calendar_may_end_within_the_period() -> None:
    assert [row.date for row in rows_of("day", date.max, date.max, {})] == [date.max]
    assert [row.date for row in rows_of("week", date.min, date.min, {})] == [date.min]


def test_weeks_begin_on_monday_and_months_on_the_first_but_not_before_the_period() -> None:
    days = {date(2026, 1, 7): {"entered": 1}, date(2026, 1, 11): {"entered": 2}, date(2026, 2, 2): {"entered": 4}}
    weeks = rows_of("week", date(2026, 1, 7), date(2026, 2, 3), days)
    assert [(row.date.day, row.entered) for row in weeks] == [(7, 3), (12, 0), (19, 0), (26, 0), (2, 4)]
    months = rows_of("month", date(2026, 1, 7), date(2026, 2, 3), days)
    assert [(row.date, row.entered) for row in months] == [(date(2026, 1, 7), 3), (date(2026, 2, 1), 4)]


@given(SPANS, st.sampled_from(["day", "week", "month"]), st.data())
def test_rows_add_up_to_the_days_however_long_they_are(
    span: tuple[date, date], grain: Grain, data: st.DataObject
) -> None:
    first, last = span
    days = {day: {"entered": 1} for day in data.draw(st.sets(st.dates(first, last), max_size=5))}
    rows = rows_of(grain, first, last, days)
    assert sum(row.entered for row in rows) == len(days)
    assert rows[0].date == first
    assert [row.date for row in rows] == sorted({row.date for row in rows})


@given(SPANS)
def test_fitting_rows_are_as_short_as_they_may_be(span: tuple[date, date]) -> None:
    grain = grain_of("fitting", *span)
    assert 0 < len(rows_of(grain, *span, {})) <= (MOST_ROWS if grain == "month" else MOST_DRAWN)
    if grain != "day":
        assert len(rows_of({"week": "day", "month": "week"}[grain], *span, {})) > MOST_DRAWN


@pytest.mark.parametrize(("by", "most"), [("day", 400), ("week", 400 * 7), ("month", 400 * 30)])
def test_more_rows_than_an_answer_may_have_are_refused_and_totals_never(by: By, most: int) -> None:
    first = date(1990, 1, 1)
    assert grain_of(by, first, date.fromordinal(first.toordinal() + most - 1)) == by
    with pytest.raises(BadRequest, match="in parts"):
        grain_of(by, first, date.fromordinal(first.toordinal() + most + 400))
    assert grain_of("none", date.min, date.max) == grain_of("fitting", date.min, date.max) == "none"
    assert rows_of("none", date.min, date.max, {DAY: {"entered": 1}}) == []
