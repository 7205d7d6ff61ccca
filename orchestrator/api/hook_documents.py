"""What the API takes and gives about hooks."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr, model_validator

from orchestrator.api.documents import RequestDocument, ShortText
from orchestrator.api.moments import Moment
from orchestrator.api.problems import ErrorItem
from orchestrator.intake.conversion import Reason

Secret = Annotated[
    SecretStr,
    Field(
        strict=False,
        min_length=8,
        max_length=512,
        description="What the other system signs with. It is kept sealed, and cannot be read back.",
    ),
]
MappingInBody = Annotated[
    dict[str, Any], Field(description="How it signs, and which payloads are which events: `mapping.v1.schema.json`.")
]
HeadersOfSample = Annotated[dict[str, str], Field(max_length=50, description="Headers that come with it.")]


def _left_out() -> Any:  # noqa: ANN401 - stands for "not in the request"; `model_fields_set` tells it from a value
    return None


class NewHook(RequestDocument):
    """A hook to be made. ``name`` is that of the mapping unless given."""

    name: ShortText = Field(default_factory=_left_out)
    mapping: MappingInBody
    secret: Secret
    is_enabled: bool = True


class HookPatch(RequestDocument):
    """What is to change; fields left out stay as they are.

    With ``secret`` the old one ends at once, or counts beside the new one until ``old_secret_until``.
    """

    name: ShortText = Field(default_factory=_left_out)
    mapping: MappingInBody = Field(default_factory=_left_out)
    is_enabled: bool = Field(default_factory=_left_out)
    secret: Secret = Field(default_factory=_left_out)
    old_secret_until: Moment = Field(default_factory=_left_out)

    @model_validator(mode="after")
    def _says_something(self) -> "HookPatch":
        if not self.model_fields_set:
            raise ValueError("name at least one of: name, mapping, is_enabled, secret")
        if "old_secret_until" in self.model_fields_set and "secret" not in self.model_fields_set:
            raise ValueError('"old_secret_until" goes with a new "secret"')
        return self


class HookRefusal(BaseModel):
    """A payload, or an item of one, that could not be used. Of what stood in it nothing is kept."""

    at: datetime
    reason: Reason
    place: str = Field(description="Where in the payload; empty: the whole.", examples=["/line_items/2/price"])
    path: str = Field(description="Where in the mapping.", examples=["$.rules[1].data.price"])
    detail: str


class HookItem(BaseModel):
    """A hook without its mapping. ``address``: the path at which it takes webhooks, by POST."""

    id: UUID
    name: str
    is_enabled: bool
    signature: str = Field(description="How the other system signs: the `kind` of the mapping's signature.")
    address: str
    old_secret_until: datetime | None = Field(description="Until then the secret before this one counts too.")
    created_at: datetime
    updated_at: datetime


class HookDocument(HookItem):
    """A hook. ``refusals``: the newest twenty payloads that could not be used, newest first."""

    mapping: dict[str, Any]
    refusals: list[HookRefusal]


class HookList(BaseModel):
    """Every hook of the workspace, newest first."""

    items: list[HookItem]


class HookToCheck(RequestDocument):
    """A mapping that somebody is writing, and what might come in. Without ``payload`` only the mapping is checked."""

    mapping: MappingInBody
    payload: Any = Field(default_factory=_left_out, description="What comes in, as JSON.")
    headers: HeadersOfSample = Field(default_factory=dict)


class EventOfHook(BaseModel):
    """An event that would come."""

    id: str
    source: str
    type: str
    time: datetime
    customer_id: str
    data: dict[str, Any]


class RefusalOfSample(BaseModel):
    """Why the payload, or an item of it, could not be used."""

    reason: Reason
    place: str
    path: str
    detail: str


class TestOfMapping(BaseModel):
    """A test that the mapping carries; without ``differences`` it passed."""

    __test__ = False  # it is none of pytest's

    name: str
    differences: list[str]


class CheckedHook(BaseModel):
    """What is wrong with a mapping, what its tests come to, and what the payload would be.

    While something is wrong with the mapping nothing else is told. ``refusal``: why the payload cannot be used at all.
    ``is_right``: there are no problems, every test passes, and no payload is refused.
    """

    is_right: bool
    problems: list[ErrorItem]
    tests: list[TestOfMapping]
    events: list[EventOfHook]
    left_out: list[RefusalOfSample]
    refusal: RefusalOfSample | None


class HookAnswer(BaseModel):
    """What became of a webhook: how many events it was, and how many of its items could not be used."""

    accepted: int
    left_out: int
