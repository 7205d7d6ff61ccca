"""What every definition model shares: strictness, and the small types that people write."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from orchestrator.definitions.duration import Duration

MAX_LENGTH = timedelta(days=3_660)  # ten years: longer than any campaign, short enough to never overflow a date


class Document(BaseModel):
    """A frozen piece of a definition. An unknown field is a mistake of the writer, so it is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


def _is_positive(length: timedelta) -> timedelta:
    if not timedelta(0) < length <= MAX_LENGTH:
        raise ValueError("the length of time must be more than nothing, and at most 3,660 days")
    return length


Length = Annotated[Duration, AfterValidator(_is_positive)]
"""A length of time greater than zero: ``P30D``, ``PT6H``."""

StepId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""The name of a step, unique in its journey."""

EventType = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$"), Field(examples=["order.placed"])
]
"""The ``type`` of an engagement event, such as ``order.placed``."""

FieldPath = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}(\.[A-Za-z_][A-Za-z0-9_-]{0,63}){0,4}$"),
    Field(examples=["order.total"]),
]
"""Where a value stands in an event's data, such as ``amount`` or ``order.total``."""

NAME = r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A customer attribute, a variable, a path or a category."""

Scalar = str | int | float | bool
