"""A journey's own tests: given these events at these times, these messages and no others."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from orchestrator.definitions.document import Document, EventType, Name, StepId
from orchestrator.definitions.duration import Duration
from orchestrator.definitions.guardrail import Channel
from orchestrator.definitions.moment import WrittenMoment

MAX_TESTS = 50
MAX_GIVEN = 500
A_MONDAY_NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SOMEBODY = "customer"

When = Annotated[Duration, Field(description="How long after the test's start: PT0S, PT1H, P3D.")]
CustomerName = Annotated[str, Field(min_length=1, max_length=512)]


class GivenEvent(Document):
    """A customer does something."""

    at: When = timedelta(0)
    event: EventType = Field(description="The type of the event.")
    data: dict[str, Any] = Field(default_factory=dict, max_length=100, description="Its fields.")
    customer: CustomerName = Field(SOMEBODY, description="Who does it.")


class GivenReport(Document):
    """A channel reports of the last message of a step."""

    at: When
    report: Literal["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed"] = (
        Field(description="What is reported.")
    )
    step: StepId = Field(description="The send step whose last message is meant.")
    customer: CustomerName = Field(SOMEBODY, description="Whose message it was.")


def _kind_of_given(given: object) -> str:
    is_report = "report" in given if isinstance(given, dict) else isinstance(given, GivenReport)
    return _REPORTED if is_report else _DONE


# Told apart by what is there, so that a mistake in the one is not told as many in the other. No field has such a name.
_DONE, _REPORTED = "what is done", "what is reported"
Given = Annotated[
    Annotated[GivenEvent, Tag(_DONE)] | Annotated[GivenReport, Tag(_REPORTED)], Discriminator(_kind_of_given)
]


class ExpectedSend(Document):
    """A message that the journey must ask for; what is left out is not compared."""

    template: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="Which message.")
    channel: Channel | None = Field(None, description="Over which channel.")
    at: When | None = Field(None, description="When.")
    customer: CustomerName | None = Field(None, description="To whom.")
    variables: dict[Name, Any] | None = Field(None, description="With what in it.")


class JourneyTest(Document):
    """One story: it begins at ``starts``, and goes on for ``runs_for`` (by default until nothing waits any more).

    ``sends`` are all messages that the journey asks for, in order. ``ends``: the reasons for which its runs end, in
    order; not compared when left out. Everyone is treated (there is no holdout); at a split or an experiment everyone
    takes the path that ``arms`` names for the step, or the first.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="The promise that the story shows to be kept."
    )
    starts: WrittenMoment = Field(A_MONDAY_NOON, description="When the story begins.")
    given: Annotated[tuple[Given, ...], Field(min_length=1, max_length=MAX_GIVEN)] = Field(
        description="What happens, in order of time."
    )
    runs_for: Duration | None = Field(
        None, description="How long the story goes on; until nothing waits any more, when left out."
    )
    sends: tuple[ExpectedSend, ...] = Field((), description="Every message that is asked for, in order.")
    ends: tuple[Name, ...] | None = Field(None, description="The reasons for which runs end, in order.")
    arms: dict[StepId, Name] = Field(
        default_factory=dict, description="The path to take at a split or an experiment, by its step."
    )

    @model_validator(mode="after")
    def _in_order(self) -> "JourneyTest":
        moments = [given.at for given in self.given]
        if moments != sorted(moments):
            raise ValueError("list what is given in order of time")
        return self
