"""A moment that people write, and how it is counted: in milliseconds since 1970, UTC.

Every such moment has to be one that can be told in UTC again: the calendar has the years 1 to 9999 and no others.
"""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

_FIRST_MS = -62_135_596_800_000  # 0001-01-01T00:00:00Z
_LAST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z


def ms_of(moment: datetime) -> int:
    """The moment in milliseconds; one of the calendar's last half a millisecond stays within the calendar."""
    return min(round(moment.timestamp() * 1_000), _LAST_MS)


def moment_at(ms: float) -> datetime:
    """The moment, in UTC; where the calendar does not reach so far, its first or its last one."""
    return datetime.fromtimestamp(min(max(ms, _FIRST_MS), _LAST_MS) / 1_000, UTC)


def _is_told_in_utc(moment: datetime) -> datetime:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC this lies outside the years 1 to 9999; write a moment within them") from None
    return moment


WrittenMoment = Annotated[AwareDatetime, AfterValidator(_is_told_in_utc)]
"""A moment with its offset from UTC: ``2026-01-31T09:30:00+01:00``."""
