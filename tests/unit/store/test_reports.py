"""Adding figures up, and the cursor of the activities list."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import RequestError
from orchestrator.experiments.cuped import Paired
from orchestrator.store.reports import Arm, added_up, arm_of, read_cursor, write_cursor

SOME_ID = UUID("8a6e0804-2bd0-8672-b79d-d97027f9071a")


def test_figures_add_up_at_every_depth() -> None:
    days = [
        {"entered": 1, "exited": {"goal": 1}, "arms": {"treatment": {"entered": 1}}},
        {"entered": 2, "cost": 0.5, "exited": {"goal": 2, "expired": 1}, "arms": {"holdout": {"entered": 2}}},
    ]
    assert added_up(days) == {
        "entered": 3,
        "cost": 0.5,
        "exited": {"goal": 3, "expired": 1},
        "arms": {"treatment": {"entered": 1}, "holdout": {"entered": 2}},
    }


def test_adding_up_leaves_the_days_as_they_were() -> None:
    day = {"exited": {"goal": 1}}
    assert added_up([day, day]) == {"exited": {"goal": 2}}
    assert day == {"exited": {"goal": 1}}


def test_an_arm_without_goals_has_zeros() -> None:
    assert arm_of("holdout", {"customers_entered": 4}) == Arm("holdout", 4, 0, 0, 0.0, 0.0, 0.0)


def test_an_arm_has_the_sums_of_those_whose_past_was_kept() -> None:
    past = {"customers": 5, "events": 7, "squares": 15, "converted": 2, "events_of_converted": 4}
    assert arm_of("holdout", {"customers_entered": 9, "past": past}).past == Paired(5, x=7, y=2, xx=15, yy=2, xy=4)
    unconverted = {"customers": 5, "events": 7, "squares": 15}
    assert arm_of("holdout", {"past": unconverted}).past == Paired(5, x=7, y=0, xx=15, yy=0, xy=0)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.uuids())  # noqa: DTZ001 - the zone is given below
def test_a_cursor_leads_back_to_its_place(moment: datetime, id_: UUID) -> None:
    place = (moment.replace(tzinfo=UTC), id_)
    assert read_cursor(write_cursor(*place)) == place


def test_a_place_that_nobody_gave_is_before_or_behind_everything() -> None:
    assert read_cursor("f" * 32)[0] == datetime.max.replace(tzinfo=UTC)
    assert read_cursor("g" * 32)[0] == datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "AAAA", "f" * 33, "\x00", write_cursor(datetime(2026, 11, 26, tzinfo=UTC), SOME_ID)[:-2]]
)
def test_anything_else_is_not_a_cursor(cursor: str) -> None:
    with pytest.raises(RequestError, match="cursor"):
        read_cursor(cursor)
