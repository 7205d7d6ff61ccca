"""What is published over HTTP, and what is answered."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.messages.cloudevents import MAX_ID_CHARS, MAX_SOURCE_CHARS, MAX_TYPE_CHARS
from orchestrator.messages.key import MAX_CUSTOMER_ID_CHARS
from orchestrator.messages.offered import DEFAULT_SOURCE, Code

MAX_EVENTS = 1_000  # of a request
PLAIN = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS)]
Source = Annotated[str, Field(min_length=1, max_length=MAX_SOURCE_CHARS)]
Type = Annotated[str, Field(min_length=1, max_length=MAX_TYPE_CHARS, examples=["order.placed"])]
CustomerId = Annotated[str, Field(min_length=1, max_length=MAX_CUSTOMER_ID_CHARS)]
Time = Annotated[str, Field(description="When it happened, in RFC 3339; left out: now.")]


class NewEvent(BaseModel):
    """Something a customer did. `source` and `id` together identify it for ever: sent again, it is the same event."""

    model_config = ConfigDict(extra="forbid")

    id: Id
    type: Type
    customer_id: CustomerId
    time: Time | None = None
    source: Source = Field(DEFAULT_SOURCE, description="The system that reports it.")
    workspace_id: str | None = Field(None, description="That of the key, if any.")
    data: dict[str, Any] = Field(default_factory=dict, description="What else is known of it.")


class NewEvents(BaseModel):
    """Events to publish."""

    model_config = ConfigDict(extra="forbid")

    events: list["NewEvent | CloudEvent"] = Field(max_length=MAX_EVENTS)


class CloudEvent(BaseModel):
    """The same as a CloudEvent 1.0. The customer is an extension attribute; other attributes are passed over."""

    specversion: Annotated[str, Field(pattern="^1\\.0$")]
    id: Id
    source: Source
    type: Type
    customerid: CustomerId
    time: Time | None = None
    workspaceid: str | None = Field(None, description="That of the key, if any.")
    datacontenttype: str | None = Field(None, examples=["application/json"])
    data: dict[str, Any] | None = None


class RefusedEvent(BaseModel):
    """An event that was not taken: which, why, and what to do."""

    index: int = Field(description="Its place in the request, from 0.")
    id: str | None = Field(description="As far as it can be read.")
    code: Code
    path: str = Field(description="JSON path into the body.", examples=["$.events[3].time"])
    detail: str
    fix: str


class EventsAccepted(BaseModel):
    """How many events Kafka has: all of them, so none was refused."""

    accepted: int
    refused: Annotated[list[RefusedEvent], Field(max_length=0)]


class EventsSorted(BaseModel):
    """How many events Kafka has, and which were not taken."""

    accepted: int
    refused: list[RefusedEvent]


_REFS = "#/components/schemas/"
_EXAMPLES: dict[str, Any] = {
    "two events of a customer": {
        "value": {
            "events": [
                {"id": "o-1", "type": "order.placed", "customer_id": "c1", "source": "shop", "data": {"amount": 12.5}},
                {
                    "id": "u-1",
                    "type": "customer.updated",
                    "customer_id": "c1",
                    "source": "shop",
                    "time": "2026-11-25T09:30:00.000Z",
                    "data": {"attributes": {"plan": "pro"}},
                },
            ]
        }
    }
}
_CLOUD_EVENT = {"$ref": f"{_REFS}CloudEvent"}
# The bodies that are taken, as OpenAPI describes them: the handler reads them itself.
REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": "A CloudEvent may also come in the binary mode: attributes in `ce-` headers, the data as the body.",
    "content": {
        PLAIN: {"schema": {"$ref": f"{_REFS}NewEvents"}, "examples": _EXAMPLES},
        STRUCTURED: {"schema": _CLOUD_EVENT},
        BATCHED: {"schema": {"type": "array", "maxItems": MAX_EVENTS, "items": _CLOUD_EVENT}},
    },
}
