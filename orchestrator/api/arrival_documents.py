"""What the API says of the events that have come in lately: names and counts, and no value of any of them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

ValueKind = Literal["text", "number", "boolean", "list", "null"]


class EventField(BaseModel):
    """A field of the data of events, by the path that conditions use: `order.total`."""

    name: str
    kinds: list[ValueKind] = Field(description="What its values are. The values themselves are never told.")
    events: int = Field(description="How many of the events looked at have it.")


class EventTypeItem(BaseModel):
    """A type of events that has come in, and when: by the clock of Kafka, whatever time the events say they are of."""

    type: str
    events: int = Field(description="How many of the events looked at are of this type.")
    first_at: datetime = Field(description="When the first of those came in.")
    last_at: datetime
    fields: list[EventField] = Field(description="The 100 that most of them have at most, the most frequent first.")


class EventTypeList(BaseModel):
    """The types of the workspace's newest events, the most frequent first.

    What is not here has not come in among the events looked at; it may have come before them.
    """

    items: list[EventTypeItem]
    events: int = Field(description="How many of the workspace's events were looked at.")
    since: datetime | None = Field(description="When the first of those came in; null: there was none.")
    looked_at: datetime = Field(description="When it was looked; an answer is told again for half a minute.")
    is_all: bool = Field(description="Whether those are all events that Kafka has; false: there are older ones.")
    types_left_out: int = Field(description="How many types there are besides; 200 are told.")
