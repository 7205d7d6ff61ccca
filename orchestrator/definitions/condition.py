"""Conditions: what must be true of a customer, of an event or of what happened so far.

A tagged union by ``kind``. A value that is missing, or of another type than the one it is compared with, satisfies no
comparison, not even ``ne``; only ``exists: false`` is satisfied by absence.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from orchestrator.definitions.clock import WEEKDAYS, LocalClock, Weekdays
from orchestrator.definitions.document import Document, EventType, FieldPath, Length, Name, Scalar, StepId
from orchestrator.definitions.zone import ZoneName

MAX_CONDITION_DEPTH = 8
MAX_CONDITIONS = 100
MAX_CONDITIONS_WITH_SEGMENTS = 1_000
MAX_CUSTOMERS_NAMED = 10_000

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le", "in", "contains", "exists"]


class Comparison(Document):
    """A comparison with ``value``: a scalar; for ``in`` a list; for ``exists`` true or false (true when left out)."""

    op: Operator = Field(description="How the value is compared.")
    value: Scalar | tuple[Scalar, ...] | None = Field(
        None, description="What it is compared with: one value, for `in` a list, for `exists` true or false."
    )

    @model_validator(mode="after")
    def _value_fits_operator(self) -> "Comparison":
        is_list = isinstance(self.value, tuple)
        if self.op == "in" and not is_list:
            raise ValueError('"in" needs a list of values')
        if self.op == "exists" and not (self.value is None or isinstance(self.value, bool)):
            raise ValueError('"exists" takes true, false or no value')
        if self.op not in ("in", "exists") and (is_list or self.value is None):
            raise ValueError(f'"{self.op}" needs one value')
        if self.op in ("gt", "ge", "lt", "le") and isinstance(self.value, bool):
            raise ValueError(f'"{self.op}" does not order true and false')
        return self


class AttributeIs(Comparison):
    """Compares an attribute of the customer."""

    kind: Literal["attribute"]
    name: Name = Field(description="The attribute of the customer.")


class FieldIs(Comparison):
    """Compares a field of the event at hand: the one that may enter or be waited for; in a branch, the entry event."""

    kind: Literal["field"]
    name: FieldPath = Field(description="Where the value stands in the event's data, such as `order.total`.")


class Happened(Document):
    """The customer did ``event`` at least ``at_least`` times, within the last ``within`` (ever, when left out).

    Of each event type the 16 newest times are kept, so ``at_least`` with ``within`` is at most 16. With ``where`` only
    those count of which it holds (it may look at the event's fields alone), from the publication of the first journey
    that asks so: of events past only the times are kept.
    """

    kind: Literal["happened"]
    event: EventType = Field(description="The type of the events that are counted.")
    at_least: Annotated[int, Field(ge=1, le=16)] = Field(1, description="How many there must be.")
    within: Length | None = Field(None, description="How far back to look; ever, when left out.")
    where: "Condition | None" = Field(None, description="Which of them count, by their own fields.")


class DeliveryWas(Document):
    """The last outcome reported for a send step of this run is one of ``outcomes``."""

    kind: Literal["delivery"]
    step: StepId = Field(description="The send step that is asked about.")
    outcomes: Annotated[
        tuple[
            Literal["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed"], ...
        ],
        Field(min_length=1),
    ] = Field(description="Any one of these is enough.")


class TimeOfDay(Document):
    """The customer's clock shows a time from ``from`` to before ``to`` (over midnight when that is earlier)."""

    kind: Literal["time_of_day"]
    starts: LocalClock = Field(alias="from", description="The first minute, HH:MM.")
    ends: LocalClock = Field(alias="to", description="The first minute after it, HH:MM.")
    weekdays: Weekdays = Field(WEEKDAYS, description="On these local dates only.")
    zone_when_unknown: ZoneName = Field("UTC", description="Whose clock to read when the customer's zone is unknown.")


class InSegment(Document):
    """The customer is in the segment of that name, which the journey defines under ``segments``."""

    kind: Literal["segment"]
    name: Name = Field(description="A name under `segments`.")


class CustomerIs(Document):
    """The customer is one of those named by id: for lists of people to leave out, or to try a journey on."""

    kind: Literal["customer"]
    ids: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=512)], ...],
        Field(min_length=1, max_length=MAX_CUSTOMERS_NAMED),
    ] = Field(description="The customers' ids.")


class AllOf(Document):
    """True when every one of ``of`` is."""

    kind: Literal["all"]
    of: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=20)] = Field(
        description="Each of these must hold."
    )


class AnyOf(Document):
    """True when at least one of ``of`` is."""

    kind: Literal["any"]
    of: Annotated[tuple["Condition", ...], Field(min_length=1, max_length=20)] = Field(
        description="One of these must hold."
    )


class Not(Document):
    """True when ``of`` is not."""

    kind: Literal["not"]
    of: "Condition" = Field(description="This must not hold.")


Condition = Annotated[
    AttributeIs | FieldIs | Happened | DeliveryWas | TimeOfDay | InSegment | CustomerIs | AllOf | AnyOf | Not,
    Field(discriminator="kind"),
]

for _model in (Happened, AllOf, AnyOf, Not):
    _model.model_rebuild()


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions directly inside ``condition``."""
    match condition:
        case AllOf(of=of) | AnyOf(of=of):
            return of
        case Not(of=one) | Happened(where=one) if one is not None:
            return (one,)
        case _:
            return ()


def depth_and_size(condition: Condition) -> tuple[int, int]:
    """How deep the condition nests, and of how many conditions it consists."""
    inner = [depth_and_size(part) for part in parts_of(condition)]
    return 1 + max((depth for depth, _ in inner), default=0), 1 + sum(size for _, size in inner)


def size_with_segments(condition: Condition, segments: Mapping[str, Condition], sizes: dict[str, int]) -> int:
    """Of how many conditions it consists when each segment is written out where it is named.

    ``sizes`` keeps those of segments that are known already; a segment that is not defined, or is being looked at
    (it is defined by itself), counts as one. The number may be astronomical.
    """
    total = 1
    if isinstance(condition, InSegment) and condition.name in segments:
        if condition.name not in sizes:
            sizes[condition.name] = 1
            sizes[condition.name] = size_with_segments(segments[condition.name], segments, sizes)
        total += sizes[condition.name]
    return total + sum(size_with_segments(part, segments, sizes) for part in parts_of(condition))
