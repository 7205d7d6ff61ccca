"""Days, times and places in a query, and times in a body.

Days and times are written out, because a bare number may be seconds, milliseconds or a mistake.
"""

import re
from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator, Field

from orchestrator.definitions.moment import WrittenMoment
from orchestrator.store.reports import CURSOR_PATTERN

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*", re.ASCII)


def _written_as_day(value: object) -> object:
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("write days as 2026-01-31")
    return value


def _written_as_time(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and not _TIME.fullmatch(value)):
        raise ValueError("write times as 2026-01-31T09:30:00Z or with another offset from UTC, such as +01:00")
    return value


Cursor = Annotated[str | None, Query(pattern=CURSOR_PATTERN, description="`next_cursor` of the page before.")]
Day = Annotated[date, BeforeValidator(_written_as_day)]
Moment = Annotated[WrittenMoment, Field(strict=False), BeforeValidator(_written_as_time)]

From = Annotated[Moment | None, Query(alias="from", description="From this time on, RFC 3339.")]
To = Annotated[Moment | None, Query(alias="to", description="Before this time, RFC 3339.")]
