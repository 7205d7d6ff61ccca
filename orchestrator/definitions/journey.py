"""A journey as a person writes it: who enters, what happens to them, what it is for, and what it must never do."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, model_validator

from orchestrator.definitions.condition import Condition
from orchestrator.definitions.document import Document, EventType, FieldPath, Length, Name, StepId
from orchestrator.definitions.duration import Duration, bounded
from orchestrator.definitions.entry import JourneyEntry
from orchestrator.definitions.guardrail import Guardrails
from orchestrator.definitions.journey_test import MAX_TESTS, JourneyTest
from orchestrator.definitions.step import Step

MAX_STEPS = 200
MAX_SEGMENTS = 50
DEFAULT_EXPIRY = timedelta(days=365)  # a run that nobody gave an end gets one, so that no state grows for ever
_OF_A_PAST = bounded(timedelta(days=1), timedelta(days=90), "the past to compare by must be between P1D and P90D long")


class Goal(Document):
    """What the journey is for: ``event`` within ``window`` after entry; ``value`` names its field with the revenue.

    The first one of a run counts. With ``exits`` the run ends there. ``compare_before``: for each customer who enters,
    of either arm, the number of events of the type that long before the entry is kept, so that the comparison can take
    the past out. Of past events only the newest 16 times are known, so no more are counted; and not their fields, so
    ``where`` is not asked of them: the past need not be the same measure as the goal.
    """

    event: EventType = Field(description="The type of the event that is the goal.")
    where: Condition | None = Field(None, description="What must hold of the event.")
    window: Length = Field(description="How long after the entry it counts.")
    value: FieldPath | None = Field(None, description="The field with the revenue.")
    exits: bool = Field(True, description="Whether the run ends when the goal is reached.")
    compare_before: Annotated[Duration, _OF_A_PAST] | None = Field(
        None,
        description="How long before the entry (P1D to P90D) events of the type are counted, 16 at most and whatever "
        "`where` says, to take the past out of the comparison with the holdout.",
    )


class Holdout(Document):
    """``percent`` of the customers who enter get nothing, so that the others can be compared with them."""

    percent: Annotated[float, Field(ge=0, le=95, allow_inf_nan=False)] = Field(
        description="The share of customers who get nothing."
    )


class ExitCriterion(Document):
    """The run ends, with ``reason``, when the customer does ``event`` (of which ``where`` holds), or ``when`` holds.

    ``when`` is looked at whenever something happens to the customer, and whenever a wait is over.
    """

    event: EventType | None = Field(None, description="The type of the event that ends the run.")
    where: Condition | None = Field(None, description="What must hold of the event.")
    when: Condition | None = Field(None, description="The condition that ends the run, in place of an event.")
    reason: Name = Field(description="What is written down as the reason.")

    @model_validator(mode="after")
    def _one_of_two(self) -> "ExitCriterion":
        if (self.event is None) == (self.when is None):
            raise ValueError("name either an event or a condition under `when`")
        if self.where is not None and self.event is None:
            raise ValueError("`where` describes an event: name the event, or use `when` alone")
        return self


class JourneyDefinition(Document):
    """The ``config`` document of a journey. Once published it never changes; a change makes a new version."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="What people call the journey.")
    about: Annotated[str, Field(max_length=2_000)] = Field("", description="What it is for, in a sentence.")
    entry: JourneyEntry = Field(description="Who enters, when, and how often.")
    start: StepId = Field(description="The step at which everybody begins.")
    steps: Annotated[dict[StepId, Step], Field(min_length=1, max_length=MAX_STEPS)] = Field(
        description="Each step by its id."
    )
    goal: Goal | None = Field(None, description="What the journey is for.")
    holdout: Holdout | None = Field(None, description="Who gets nothing, for comparison.")
    exit_on: Annotated[tuple[ExitCriterion, ...], Field(max_length=20)] = Field(
        (), description="What ends a run early."
    )
    expires_after: Length | None = Field(None, description="A run that is still under way after this long ends.")
    guardrails: Guardrails = Field(Guardrails(), description="What must never happen.")
    segments: Annotated[dict[Name, Condition], Field(max_length=MAX_SEGMENTS)] = Field(
        default_factory=dict, description="Conditions with a name, for use in others."
    )
    tests: Annotated[tuple[JourneyTest, ...], Field(max_length=MAX_TESTS)] = Field(
        default=(), description="What the journey must do, as stories that `orchestrator journeys test` plays."
    )
    priority: Annotated[int, Field(ge=0, le=100)] = Field(
        50, description="When several journeys would send to a customer at once, the highest number goes first."
    )
    exclusion_group: Name | None = Field(
        None,
        description="A customer is under way in one journey of a group at a time: one of higher priority takes over.",
    )
