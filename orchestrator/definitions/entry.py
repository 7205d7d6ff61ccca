"""Who enters a journey, when, and how often."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from orchestrator.definitions.condition import Condition
from orchestrator.definitions.document import Document, EventType, FieldPath, Length
from orchestrator.definitions.schedule import Schedule
from orchestrator.definitions.zone import ZoneName


class NeverAgain(Document):
    """A customer enters once in a lifetime."""

    kind: Literal["never"]


class AfterPeriod(Document):
    """A customer may enter again once ``period`` has passed since the last entry."""

    kind: Literal["after"]
    period: Length


class Always(Document):
    """A customer may enter again whenever no run (of the same entry key) is under way."""

    kind: Literal["always"]


class OncePerKey(Document):
    """A customer enters once for each entry key, for example each cart. The 256 newest keys are remembered."""

    kind: Literal["once_per_key"]


ReEntry = Annotated[NeverAgain | AfterPeriod | Always | OncePerKey, Field(discriminator="kind")]


class Capacity(Document):
    """At most ``limit`` entries, over all customers: each calendar day in ``zone``, or in total."""

    limit: Annotated[int, Field(ge=1, le=1_000_000_000)]
    per: Literal["day", "total"] = "total"
    zone: ZoneName = "UTC"


class Entry(Document):
    """What every kind of entry shares.

    A customer must be in ``audience`` and not in ``exclude``. Nobody enters before ``opens_at`` or from ``closes_at``
    on; those who are under way go on.
    """

    audience: Condition | None = None
    exclude: Condition | None = None
    re_entry: ReEntry = NeverAgain(kind="never")
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime | None = None
    capacity: Capacity | None = None

    @model_validator(mode="after")
    def _window_has_a_length(self) -> "Entry":
        if self.opens_at is not None and self.closes_at is not None and self.opens_at >= self.closes_at:
            raise ValueError("closes_at must be later than opens_at")
        return self


class EventEntry(Entry):
    """Customers enter when they do ``type``, if ``where`` holds of the event.

    ``key`` names the field that tells entries apart (a cart id): one run at a time for each of its values. Without it
    a customer has one run at a time.
    """

    kind: Literal["event"]
    type: EventType
    where: Condition | None = None
    key: FieldPath | None = None


class SegmentEntry(Entry):
    """Customers enter when they come to match ``audience`` (and are in none of ``exclude``).

    That is looked at whenever something happens to a customer, and for every known customer at the moments of
    ``recheck``: needed where time alone makes a customer match, such as "has not ordered for 30 days". Who has matched
    must cease to match before matching counts again.
    """

    kind: Literal["segment"]
    audience: Condition
    recheck: Schedule | None = None


class ScheduleEntry(Entry):
    """Every known customer who is in ``audience`` enters at each moment of ``schedule``.

    A moment that passes while no worker runs is made up for when one does, the latest one only.
    """

    kind: Literal["schedule"]
    schedule: Schedule


class ApiEntry(Entry):
    """Customers enter when a system asks for it over HTTP, giving the fields of an entry event."""

    kind: Literal["api"]
    key: FieldPath | None = None


JourneyEntry = Annotated[EventEntry | SegmentEntry | ScheduleEntry | ApiEntry, Field(discriminator="kind")]
