"""Times as a wall clock and a calendar show them."""

from typing import Annotated, Literal

from pydantic import Field

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

LocalClock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]
"""HH:MM on some wall clock."""

Weekdays = Annotated[tuple[Weekday, ...], Field(min_length=1)]
"""Days of a local date; at least one."""


MINUTES_PER_DAY = 24 * 60


def minute_of(clock: str) -> int:
    """How many minutes after midnight a clock shows HH:MM."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
