"""Who enters a journey, when, and how often."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from orchestrator.definitions.condition import Condition
from orchestrator.definitions.document import Document, EventType, FieldPath, Length
from orchestrator.definitions.duration import bounded
from orchestrator.definitions.moment import WrittenMoment
from orchestrator.definitions.schedule import Schedule
from orchestrator.definitions.zone import ZoneName

_SHORT = bounded(
    timedelta(0),
    timedelta(hours=1),
    "this is for what arrives a little late: 1 hour at most; use a wait step to wait longer",
)


class NeverAgain(Document):
    """A customer enters once in a lifetime."""

    kind: Literal["never"]


class AfterPeriod(Document):
    """A customer may enter again once ``period`` has passed since the last entry."""

    kind: Literal["after"]
    period: Length = Field(description="The least time between two entries.")


class Always(Document):
    """A customer may enter again whenever no run (of the same entry key) is under way."""

    kind: Literal["always"]


class OncePerKey(Document):
    """A customer enters once for each entry key, for example each cart. The 256 newest keys are remembered."""

    kind: Literal["once_per_key"]


ReEntry = Annotated[NeverAgain | AfterPeriod | Always | OncePerKey, Field(discriminator="kind")]


class Capacity(Document):
    """At most ``limit`` entries, over all customers: each calendar day in ``zone``, or in total."""

    limit: Annotated[int, Field(ge=1, le=1_000_000_000)] = Field(description="The most entries, over all customers.")
    per: Literal["day", "total"] = Field("total", description="Each calendar day, or altogether.")
    zone: ZoneName = Field("UTC", description="Whose calendar days are counted.")


class Entry(Document):
    """What every kind of entry shares.

    A customer must be in ``audience`` and not in ``exclude``. Nobody enters before ``opens_at`` or from ``closes_at``
    on; those who are under way go on.
    """

    audience: Condition | None = Field(None, description="Who may enter; everybody, when left out.")
    exclude: Condition | None = Field(None, description="Who may not, even of the audience.")
    re_entry: ReEntry = Field(NeverAgain(kind="never"), description="Whether and when a customer may enter again.")
    opens_at: WrittenMoment | None = Field(None, description="Nobody enters before this instant.")
    closes_at: WrittenMoment | None = Field(None, description="Nobody enters from this instant on.")
    capacity: Capacity | None = Field(None, description="How many may enter.")

    @model_validator(mode="after")
    def _window_has_a_length(self) -> "Entry":
        if self.opens_at is not None and self.closes_at is not None and self.opens_at >= self.closes_at:
            raise ValueError("closes_at must be later than opens_at")
        return self


class EventEntry(Entry):
    """Customers enter when they do ``type``, if ``where`` holds of the event.

    ``key`` names the field that tells entries apart (a cart id): one run at a time for each of its values. Without it
    a customer has one run at a time. ``where`` is asked when the event comes, everything else after ``grace``.
    """

    kind: Literal["event"]
    type: EventType = Field(description="The type of the event that lets a customer enter.")
    where: Condition | None = Field(None, description="What must hold of the event.")
    key: FieldPath | None = Field(
        None, description="The field that tells runs of one customer apart, such as `cart_id`."
    )
    grace: Annotated[Length, _SHORT] | None = Field(
        None,
        description="How long after the event to decide who enters (at most PT1H): for attributes and consents that "
        "other systems send a little later.",
    )


class SegmentEntry(Entry):
    """Customers enter when they come to match ``audience`` (and are in none of ``exclude``).

    That is looked at whenever something happens to a customer, and for every known customer at the moments of
    ``recheck``: needed where time alone makes a customer match, such as "has not ordered for 30 days". Who has matched
    must cease to match before matching counts again.
    """

    kind: Literal["segment"]
    audience: Condition = Field(description="Who enters: everybody who comes to match it.")
    recheck: Schedule | None = Field(
        None, description="When to look at every known customer, for what time alone brings about."
    )


class ScheduleEntry(Entry):
    """Every known customer who is in ``audience`` enters at each moment of ``schedule``.

    A moment that passes while no worker runs is made up for when one does, the latest one only.
    """

    kind: Literal["schedule"]
    schedule: Schedule = Field(description="When everybody in the audience enters.")


class ApiEntry(Entry):
    """Customers enter when a system asks for it over HTTP, giving the fields of an entry event."""

    kind: Literal["api"]
    key: FieldPath | None = Field(
        None, description="The field that tells runs of one customer apart, such as `cart_id`."
    )


JourneyEntry = Annotated[EventEntry | SegmentEntry | ScheduleEntry | ApiEntry, Field(discriminator="kind")]
