"""A mapping's own tests: this payload is these events and no others."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from orchestrator.definitions.document import Document, EventType
from orchestrator.definitions.journey_test import A_MONDAY_NOON
from orchestrator.definitions.moment import WrittenMoment
from orchestrator.intake.conversion import Reason

MAX_EXPECTED = 100
MAX_HEADERS = 50


class ExpectedEvent(Document):
    """An event that the payload must be; what is left out is not compared."""

    type: EventType = Field(description="Its type.")
    customer: Annotated[str, Field(min_length=1, max_length=512)] | None = Field(None, description="Whose it is.")
    id: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(None, description="Its id.")
    source: Annotated[str, Field(min_length=1, max_length=512)] | None = Field(None, description="Its source.")
    time: WrittenMoment | None = Field(None, description="When it happened.")
    fields: dict[str, Any] | None = Field(None, alias="data", description="All of its data.")


class ExpectedRefusal(Document):
    """That the payload cannot be used."""

    reason: Reason = Field(description="Why not.")
    place: Annotated[str, Field(max_length=1_000)] | None = Field(
        None, alias="at", description="Where in the payload, from its beginning on."
    )


class MappingTest(Document):
    """One payload. ``events`` are all events that it is, in order; none, when left out."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="The promise that the payload shows to be kept."
    )
    headers: dict[str, str] = Field(
        default_factory=dict, max_length=MAX_HEADERS, description="Headers that come with it."
    )
    payload: Any = Field(description="What comes in.")
    received: WrittenMoment = Field(A_MONDAY_NOON, description="When it comes in.")
    events: Annotated[tuple[ExpectedEvent, ...], Field(max_length=MAX_EXPECTED)] = Field(
        (), description="Every event that it is, in order."
    )
    left_out: Annotated[tuple[ExpectedRefusal, ...], Field(max_length=MAX_EXPECTED)] = Field(
        (), description="What of it cannot be used, in order, where items stand alone."
    )
    refused: ExpectedRefusal | None = Field(None, description="Why it cannot be used at all.")

    @model_validator(mode="after")
    def _is_used_or_refused(self) -> "MappingTest":
        if (self.events or self.left_out) and self.refused is not None:
            raise ValueError("of a payload that is refused nothing is used: expect one or the other")
        return self
