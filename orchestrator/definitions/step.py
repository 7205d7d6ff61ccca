"""The steps of a journey: what happens to a customer at each node, and where the customer goes from there."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from orchestrator.definitions.condition import Condition
from orchestrator.definitions.document import Document, EventType, FieldPath, Length, Name, Scalar, StepId
from orchestrator.definitions.guardrail import WEEKDAYS, Channel, Weekday
from orchestrator.definitions.zone import ZoneName

LocalClock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]


class FromAttribute(Document):
    """The customer's attribute ``name`` at the moment of sending."""

    kind: Literal["attribute"]
    name: Name


class FromEntry(Document):
    """A field of the event with which the customer entered."""

    kind: Literal["entry"]
    name: FieldPath


class Literally(Document):
    """A fixed value."""

    kind: Literal["literal"]
    value: Scalar


Variable = Annotated[FromAttribute | FromEntry | Literally, Field(discriminator="kind")]


class Send(Document):
    """Ask for one message, if the guardrails allow it; the customer moves on to ``next`` either way."""

    kind: Literal["send"]
    channel: Channel
    template: Annotated[str, Field(min_length=1, max_length=200)]
    category: Name = "marketing"
    variables: Annotated[dict[Name, Variable], Field(max_length=50)] = Field(default_factory=dict)
    expires_after: Length | None = Field(None, description="After this long the message is not worth sending any more.")
    cost: Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)] = 0.0
    next: StepId


class Wait(Document):
    """Go on to ``next`` after ``duration``."""

    kind: Literal["wait"]
    duration: Length
    next: StepId


class Instant(Document):
    """One moment, the same for everyone."""

    kind: Literal["instant"]
    at: AwareDatetime


class DateAttribute(Document):
    """A date or time in the customer's attribute ``name`` (ISO 8601; a bare date is its midnight in UTC).

    ``before`` moves it that much earlier, ``after`` later. A customer without the attribute, or with something else in
    it, goes to ``when_missing``.
    """

    kind: Literal["date_attribute"]
    name: Name
    before: Length | None = None
    after: Length | None = None
    when_missing: StepId


class LocalTime(Document):
    """The next time the clock shows ``time`` in the customer's zone, on one of ``weekdays``."""

    kind: Literal["local_time"]
    time: LocalClock
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEKDAYS
    zone_when_unknown: ZoneName = "UTC"


Moment = Annotated[Instant | DateAttribute | LocalTime, Field(discriminator="kind")]


class WaitUntil(Document):
    """Go on to ``next`` at ``until``; at once when that has passed."""

    kind: Literal["wait_until"]
    until: Moment
    next: StepId


class WaitFor(Document):
    """Wait until the customer does ``event``: then ``next``; after ``timeout`` without it: ``on_timeout``.

    With ``look_back`` an event that happened up to that long before arrival passes at once (without ``where``: of past
    events only their times are kept).
    """

    kind: Literal["wait_for"]
    event: EventType
    where: Condition | None = None
    timeout: Length
    look_back: Length | None = None
    next: StepId
    on_timeout: StepId


class BranchPath(Document):
    """Taken when ``when`` is true and no path before it was."""

    when: Condition
    next: StepId


class Branch(Document):
    """The first path whose condition holds; ``otherwise`` when none does."""

    kind: Literal["branch"]
    paths: Annotated[tuple[BranchPath, ...], Field(min_length=1, max_length=20)]
    otherwise: StepId


class SplitPath(Document):
    """One arm of a split; ``percent`` has at most two decimals."""

    name: Name
    percent: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
    next: StepId


class Split(Document):
    """A path by weight. It follows from a hash of the customer, so the same customer always takes the same one."""

    kind: Literal["split"]
    paths: Annotated[tuple[SplitPath, ...], Field(min_length=2, max_length=20)]


class Exit(Document):
    """The end: the run is completed."""

    kind: Literal["exit"]
    reason: Name = "completed"


Step = Annotated[Send | Wait | WaitUntil | WaitFor | Branch | Split | Exit, Field(discriminator="kind")]
