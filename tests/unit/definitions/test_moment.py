"""Every moment that is taken can be told again, and none that is on record is one too many for the calendar."""

from datetime import UTC

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.definitions.moment import WrittenMoment, moment_at, ms_of

WRITTEN = TypeAdapter(WrittenMoment)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_utc_has_no_year_for_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="outside the years 1 to 9999"):
        WRITTEN.validate_python(text)


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00Z", "2026-01-31T09:30:00Z"]
)
def test_a_moment_that_is_taken_is_counted_and_told_again(text: str) -> None:
    moment = WRITTEN.validate_python(text)
    assert abs((moment_at(ms_of(moment)) - moment).total_seconds()) < 0.01


@pytest.mark.parametrize(("ms", "year"), [(10**18, 9999), (-(10**18), 1), (0, 1970)])
def test_a_count_beyond_the_calendar_is_told_as_its_end(ms: int, year: int) -> None:
    told = moment_at(ms)
    assert (told.year, told.tzinfo) == (year, UTC)
