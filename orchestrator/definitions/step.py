"""The steps of a journey: what happens to a customer at each node, and where the customer goes from there."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from orchestrator.definitions.clock import WEEKDAYS, LocalClock, Weekdays
from orchestrator.definitions.condition import Condition
from orchestrator.definitions.document import Document, EventType, FieldPath, Length, Name, Scalar, StepId
from orchestrator.definitions.guardrail import Channel
from orchestrator.definitions.moment import WrittenMoment
from orchestrator.definitions.zone import ZoneName

MAX_VARIABLES = 50
MAX_ARMS = 20
MAX_LOOPS = 100


class FromAttribute(Document):
    """The customer's attribute ``name`` at the moment of use."""

    kind: Literal["attribute"]
    name: Name = Field(description="The attribute.")


class FromEntry(Document):
    """A field of the event with which the customer entered."""

    kind: Literal["entry"]
    name: FieldPath = Field(description="Where the value stands in the event's data.")


class Literally(Document):
    """A fixed value."""

    kind: Literal["literal"]
    value: Scalar = Field(description="The value.")


Variable = Annotated[FromAttribute | FromEntry | Literally, Field(discriminator="kind")]
Variables = Annotated[dict[Name, Variable], Field(max_length=MAX_VARIABLES)]
Cost = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]
Template = Annotated[str, Field(min_length=1, max_length=200)]


class Contact(Document):
    """Another way to say it."""

    channel: Channel = Field(description="Over which channel.")
    template: Template = Field(description="Which message.")
    cost: Cost | None = Field(None, description="Of one send; what the workspace says of the channel, when left out.")


class Fallback(Document):
    """The ways in ``to`` are tried in turn, each when the one before failed in one of the ways of ``when``.

    ``no_consent``: the channel is closed, or consent to it is missing. ``quiet_hours``: it is quiet for the channel
    now; where no channel is left to try, the last one waits (or is skipped) as ``on_quiet`` says. The others are what
    the channel reports within ``within`` after the send: while that may still come, the customer waits at the step.
    """

    to: Annotated[tuple[Contact, ...], Field(min_length=1, max_length=5)] = Field(description="What to try, in order.")
    when: Annotated[
        tuple[Literal["no_consent", "quiet_hours", "bounced", "failed", "not_opened"], ...],
        Field(min_length=1, max_length=5),
    ] = Field(("no_consent",), description="What counts as failure.")
    within: Length | None = Field(None, description="How long to wait for reports after each send.")

    @model_validator(mode="after")
    def _reports_have_a_deadline(self) -> "Fallback":
        needs = set(self.when) - {"no_consent", "quiet_hours"}
        if bool(needs) != (self.within is not None):
            raise ValueError(
                "`within` says how long a report is waited for: it is needed with bounced, failed and not_opened only"
            )
        return self


class Send(Document):
    """Ask for one message, if the guardrails allow it; the customer moves on to ``next`` either way.

    ``cost``: of one send; when left out, what the workspace says of the channel.
    """

    kind: Literal["send"]
    channel: Channel = Field(description="Over which channel.")
    template: Template = Field(description="Which message, by the name that the channel knows.")
    category: Name = Field("marketing", description="What kind of message it is: decides about consent and caps.")
    variables: Variables = Field(default_factory=dict, description="What to put into the message.")
    expires_after: Length | None = Field(None, description="After this long the message is not worth sending any more.")
    cost: Cost | None = Field(None, description="Of one send; what the workspace says of the channel, when left out.")
    fallback: Fallback | None = Field(None, description="What to try when this way fails.")
    next: StepId = Field(description="The step to go on to.")


class Wait(Document):
    """Go on to ``next`` after ``duration``."""

    kind: Literal["wait"]
    duration: Length = Field(description="How long to wait.")
    next: StepId = Field(description="The step to go on to.")


class Instant(Document):
    """One moment, the same for everyone."""

    kind: Literal["instant"]
    at: WrittenMoment = Field(description="The moment, with its offset from UTC.")


class DateAttribute(Document):
    """A date or time in the customer's attribute ``name`` (ISO 8601; a bare date is its midnight in UTC).

    ``before`` moves it that much earlier, ``after`` later. A customer without the attribute, or with something else in
    it, goes to ``when_missing``.
    """

    kind: Literal["date_attribute"]
    name: Name = Field(description="The attribute with the date.")
    before: Length | None = Field(None, description="How much earlier than the date.")
    after: Length | None = Field(None, description="How much later than the date.")
    when_missing: StepId = Field(description="Where to go without a date.")


class LocalTime(Document):
    """The next time the clock shows ``time`` in the customer's zone, on one of ``weekdays``."""

    kind: Literal["local_time"]
    time: LocalClock = Field(description="What the clock must show, HH:MM.")
    weekdays: Weekdays = Field(WEEKDAYS, description="On these local dates only.")
    zone_when_unknown: ZoneName = Field("UTC", description="Whose clock to read when the customer's zone is unknown.")


class LocalWindow(Document):
    """As soon as the customer's clock shows a time from ``from`` to before ``to``, on one of ``weekdays``."""

    kind: Literal["local_window"]
    starts: LocalClock = Field(alias="from", description="The first minute, HH:MM.")
    ends: LocalClock = Field(alias="to", description="The first minute after it, HH:MM.")
    weekdays: Weekdays = Field(WEEKDAYS, description="On these local dates only.")
    zone_when_unknown: ZoneName = Field("UTC", description="Whose clock to read when the customer's zone is unknown.")

    @model_validator(mode="after")
    def _window_has_a_length(self) -> "LocalWindow":
        if self.starts == self.ends:
            raise ValueError("from and to are the same time: the window is either never or always")
        return self


Moment = Annotated[Instant | DateAttribute | LocalTime | LocalWindow, Field(discriminator="kind")]


class WaitUntil(Document):
    """Go on to ``next`` at ``until``; at once when that has passed."""

    kind: Literal["wait_until"]
    until: Moment = Field(description="The moment to wait for.")
    next: StepId = Field(description="The step to go on to.")


class WaitFor(Document):
    """Wait until the customer does ``event``, or ``condition`` holds: then ``next``; after ``timeout``: ``on_timeout``.

    With ``look_back`` an event that happened up to that long before arrival passes at once (without ``where``: of past
    events only their times are kept). A condition that holds on arrival passes at once; later it is looked at whenever
    something happens to the customer or is reported of a message.
    """

    kind: Literal["wait_for"]
    event: EventType | None = Field(None, description="The type of the event that is waited for.")
    where: Condition | None = Field(None, description="What must hold of the event.")
    condition: Condition | None = Field(None, description="What is waited for, in place of an event.")
    timeout: Length = Field(description="How long to wait at most.")
    look_back: Length | None = Field(None, description="An event so long before the arrival passes at once.")
    next: StepId = Field(description="The step to go on to.")
    on_timeout: StepId = Field(description="Where to go when the time is up.")

    @model_validator(mode="after")
    def _one_of_two(self) -> "WaitFor":
        if (self.event is None) == (self.condition is None):
            raise ValueError("wait for either an event or a condition")
        if self.event is None and (self.where is not None or self.look_back is not None):
            raise ValueError("`where` and `look_back` describe an event: name the event, or leave them out")
        return self


class BranchPath(Document):
    """Taken when ``when`` is true and no path before it was."""

    when: Condition = Field(description="Who takes this path.")
    next: StepId = Field(description="The step to go on to.")


class Branch(Document):
    """The first path whose condition holds; ``otherwise`` when none does."""

    kind: Literal["branch"]
    paths: Annotated[tuple[BranchPath, ...], Field(min_length=1, max_length=20)] = Field(
        description="Looked at in order; the first that fits is taken."
    )
    otherwise: StepId = Field(description="Where to go when no path fits.")


class SplitPath(Document):
    """One arm of a split; ``percent`` has at most two decimals."""

    name: Name = Field(description="What reports call it.")
    percent: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = Field(
        description="Its share; all together are 100."
    )
    next: StepId = Field(description="The step to go on to.")


class Split(Document):
    """A path by weight. It follows from a hash of the customer, so the same customer always takes the same one."""

    kind: Literal["split"]
    paths: Annotated[tuple[SplitPath, ...], Field(min_length=2, max_length=20)] = Field(
        description="The paths and their shares."
    )


class ExperimentArm(Document):
    """One way that an experiment tries."""

    name: Name = Field(description="What reports call it.")
    next: StepId = Field(description="The step to go on to.")


class Experiment(Document):
    """Tries several ways and moves customers to the one that reaches the journey's goal more often.

    Shares start equal and follow the probability that an arm is the best (Thompson sampling), looked at again and
    again, but no arm falls below ``floor_percent`` until the horizon: ``horizon`` after the journey's first start, or
    earlier, once an arm is the best with probability ``certain_at`` and each has ``fewest_customers``. Then all who
    arrive take the winner. A customer who comes again keeps the arm.
    """

    kind: Literal["experiment"]
    arms: Annotated[tuple[ExperimentArm, ...], Field(min_length=2, max_length=MAX_ARMS)] = Field(
        description="The ways that are compared."
    )
    floor_percent: Annotated[float, Field(ge=0, le=50, allow_inf_nan=False)] = Field(
        5.0, description="The least share of each arm until the horizon."
    )
    horizon: Length = Field(description="When the winner takes all at the latest, from the first start of the journey.")
    certain_at: Annotated[float, Field(ge=0.8, lt=1, allow_inf_nan=False)] = Field(
        0.95, description="The probability of being the best that is enough."
    )
    fewest_customers: Annotated[int, Field(ge=10, le=10_000_000)] = Field(
        100, description="How many customers each arm needs before anything is concluded."
    )


class Update(Document):
    """Set attributes of the customer, from now on, and forget those in ``remove``."""

    kind: Literal["update"]
    values: Variables = Field(alias="set", default_factory=dict, description="Attributes and their new values.")
    remove: Annotated[tuple[Name, ...], Field(max_length=MAX_VARIABLES)] = Field(
        (), description="Attributes to forget."
    )
    next: StepId = Field(description="The step to go on to.")

    @model_validator(mode="after")
    def _something_changes(self) -> "Update":
        if not self.values and not self.remove:
            raise ValueError("nothing is set and nothing removed")
        if both := self.values.keys() & set(self.remove):
            raise ValueError(f"set and removed at once: {', '.join(sorted(both))}")
        return self


class StartJourney(Document):
    """The customer also enters another journey, if that one's rules admit it; this run goes on at once.

    ``journey``: its id. ``fields`` stand in for the fields of an entry event.
    """

    kind: Literal["start_journey"]
    journey: Annotated[str, Field(min_length=1, max_length=64)] = Field(description="The id of the other journey.")
    fields: Variables = Field(default_factory=dict, description="What stands in for the fields of an entry event.")
    next: StepId = Field(description="The step to go on to.")


class Emit(Document):
    """Publish an engagement event of this customer, for this and other systems; it may start and move journeys."""

    kind: Literal["emit"]
    event: EventType = Field(description="The type of the event.")
    data: Variables = Field(default_factory=dict, description="Its fields.")
    next: StepId = Field(description="The step to go on to.")


class Webhook(Document):
    """Tell another system. ``endpoint`` is a name that the webhook adapter knows, never an address.

    No message to a customer: consent, caps and quiet hours do not apply; a pause does.
    """

    kind: Literal["webhook"]
    endpoint: Name = Field(description="A name that the webhook adapter knows.")
    data: Variables = Field(default_factory=dict, description="What is told.")
    next: StepId = Field(description="The step to go on to.")


class Loop(Document):
    """Go back to ``back_to`` the first ``times`` times that a run comes here, and on to ``next`` after that."""

    kind: Literal["loop"]
    times: Annotated[int, Field(ge=1, le=MAX_LOOPS)] = Field(description="How often to go back, in the whole run.")
    back_to: StepId = Field(description="The step to go back to.")
    next: StepId = Field(description="The step to go on to.")


class Exit(Document):
    """The end: the run is completed."""

    kind: Literal["exit"]
    reason: Name = Field("completed", description="What is written down as the reason.")


Step = Annotated[
    Send
    | Wait
    | WaitUntil
    | WaitFor
    | Branch
    | Split
    | Experiment
    | Update
    | StartJourney
    | Emit
    | Webhook
    | Loop
    | Exit,
    Field(discriminator="kind"),
]
