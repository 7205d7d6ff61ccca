"""When something happens by the calendar: a cron expression, or dates, on the clocks of one zone."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, StringConstraints, field_validator

from orchestrator.definitions.document import Document
from orchestrator.definitions.zone import ZoneName

MAX_DATES = 366
_ANY_MOMENT = datetime(2024, 1, 1, tzinfo=UTC)  # only to see whether an expression can be read at all


def _readable(expression: str) -> str:
    if len(expression.split()) != 5:
        raise ValueError('write five fields: minute, hour, day of the month, month, weekday, such as "0 9 * * MON"')
    try:
        next(CronSim(expression, _ANY_MOMENT))
    except (CronSimError, StopIteration) as error:
        raise ValueError(f"{expression!r} names no moment: {error or 'it never comes'}") from error
    return expression


CronExpression = Annotated[
    str, StringConstraints(max_length=200), AfterValidator(_readable), Field(examples=["0 9 * * MON"])
]
"""Minute, hour, day of the month, month and weekday, as cron reads them."""

LocalMoment = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d$"), Field(examples=["2026-12-01T09:00"])
]
"""A date and a time on the schedule's clock."""


class Cron(Document):
    """Again and again, by a cron expression.

    Where the clocks jump over a moment it comes right after the jump; a moment that the clocks show twice comes once.
    """

    kind: Literal["cron"]
    expression: CronExpression = Field(description="Minute, hour, day of the month, month, weekday.")
    zone: ZoneName = Field("UTC", description="On whose clock.")


class Dates(Document):
    """At the moments named."""

    kind: Literal["dates"]
    at: Annotated[tuple[LocalMoment, ...], Field(min_length=1, max_length=MAX_DATES)] = Field(
        description="Dates and times on the clock of `zone`."
    )
    zone: ZoneName = Field("UTC", description="On whose clock.")

    @field_validator("at")
    @classmethod
    def _dates_exist(cls, at: tuple[str, ...]) -> tuple[str, ...]:
        for text in at:
            datetime.fromisoformat(text)  # its message names what is wrong
        return at


Schedule = Annotated[Cron | Dates, Field(discriminator="kind")]
