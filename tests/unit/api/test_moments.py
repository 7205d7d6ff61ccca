"""Days and times are taken only where nobody can take them for something else."""

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.api.moments import Day, Moment

DAY, MOMENT = TypeAdapter(Day), TypeAdapter(Moment)


def test_day_and_time_are_taken_as_written() -> None:
    assert DAY.validate_python("2026-01-31").isoformat() == "2026-01-31"
    for text in ("2026-01-31T09:30:00Z", "2026-01-31T10:30:00.000+01:00", "2026-01-31 09:30:00Z"):
        assert MOMENT.validate_python(text).timestamp() == 1_769_851_800


@pytest.mark.parametrize(
    "text", ["", "0", "1767571200", "-1", "2026-1-31", "2026-02-30", "2026-01-31T00:00:00Z", "٢٠٢٦-٠١-٣١"]
)
def test_anything_else_is_no_day(text: str) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1767571200",
        1_767_571_200,
        "1e20",
        "2026-01-31",
        "2026-01-31T09:30:00",
        "2026-01-31T25:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_anything_else_is_no_time(text: object) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(text)
