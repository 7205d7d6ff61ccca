"""A journey as a person writes it: who enters, what happens to them, what it is for, and what it must never do."""

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.definitions.condition import Condition
from orchestrator.definitions.document import Document, EventType, FieldPath, Length, Name, StepId
from orchestrator.definitions.guardrail import Guardrails
from orchestrator.definitions.step import Step

MAX_STEPS = 200


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


class EventEntry(Document):
    """Customers enter when they do ``type``, if ``where`` holds of the event and ``audience`` of the customer.

    ``key`` names the field that tells entries apart (a cart id): one run at a time for each of its values. Without it
    a customer has one run at a time.
    """

    kind: Literal["event"]
    type: EventType
    where: Condition | None = None
    audience: Condition | None = None
    key: FieldPath | None = None
    re_entry: ReEntry = NeverAgain(kind="never")


class Goal(Document):
    """What the journey is for: ``event`` within ``window`` after entry; ``value`` names its field with the revenue.

    The first one of a run counts. With ``exits`` the run ends there.
    """

    event: EventType
    where: Condition | None = None
    window: Length
    value: FieldPath | None = None
    exits: bool = True


class Holdout(Document):
    """``percent`` of the customers who enter get nothing, so that the others can be compared with them."""

    percent: Annotated[float, Field(ge=0, le=95, allow_inf_nan=False)]


class ExitCriterion(Document):
    """The run ends, with ``reason``, when the customer does ``event``."""

    event: EventType
    where: Condition | None = None
    reason: Name


class JourneyDefinition(Document):
    """The ``config`` document of a journey. Once published it never changes; a change makes a new version."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    about: Annotated[str, Field(max_length=2_000)] = ""
    entry: EventEntry
    start: StepId
    steps: Annotated[dict[StepId, Step], Field(min_length=1, max_length=MAX_STEPS)]
    goal: Goal | None = None
    holdout: Holdout | None = None
    exit_on: Annotated[tuple[ExitCriterion, ...], Field(max_length=20)] = ()
    expires_after: Length | None = Field(None, description="A run that is still under way after this long ends.")
    guardrails: Guardrails = Guardrails()
