"""Lengths of time as people write them: ISO 8601, in weeks, days, hours, minutes and seconds.

Years and months are refused: they have no fixed length, and a cap "per P1M" would mean something else each month.
"""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

_PATTERN = r"^P(?=\d|T\d)(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$"
_ISO_DURATION = re.compile(_PATTERN, re.ASCII)
_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))  # seconds of each


def parse_duration(text: str) -> timedelta:
    """The length that ``text`` names, such as "P7D" or "PT1H30M".

    Raises:
        ValueError: it is not a duration, or counts in years or months.
    """
    match = _ISO_DURATION.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is no length of time; write one such as P7D (7 days), PT4H (4 hours) or P1DT12H "
            "(1 day and 12 hours), and count months and years, which vary, in days"
        )
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def format_duration(length: timedelta) -> str:
    """``length`` in its one canonical form: days, then hours, minutes and seconds; fractions of a second are cut."""
    minutes, seconds = divmod(length // _SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    date = f"{days}D" if days else ""
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count)
    return f"P{date}T{time}" if time else f"P{date or 'T0S'}"


def length_in_words(length: timedelta) -> str:
    """Such as "7 days", or "1 day 12 hours"."""
    left = length // _SECOND
    parts = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}" + ("" if count == 1 else "s"))
    return " ".join(parts) or "0 seconds"


def duration_ms(length: timedelta) -> int:
    """``length`` in whole milliseconds."""
    return length // _MILLISECOND


def _from_text(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no length of time; write text such as P7D (7 days) or PT4H (4 hours)")
    return parse_duration(value)


def bounded(shortest: timedelta, longest: timedelta, otherwise: str) -> AfterValidator:
    """Refuses lengths out of these bounds, which are both allowed, in these words."""

    def check(length: timedelta) -> timedelta:
        if not shortest <= length <= longest:
            raise ValueError(otherwise)
        return length

    return AfterValidator(check)


# A duration field: ISO 8601 text in a document (also in strict models), a ``timedelta`` in the program.
Duration = Annotated[
    timedelta,
    BeforeValidator(_from_text),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "duration", "pattern": _PATTERN, "examples": ["P7D", "PT4H"]}),
]
