"""The document that says what another system's webhooks mean: how it signs, and which payloads are which events.

A value is a place (``/customer/id``), or says more: ``{from: [/userId, /anonymousId], as: lower}``,
``{constant: email}``, ``{join: [/order/id, /line/id]}``. There are no expressions and no patterns: what needs code
stays in the sender.
"""

from typing import Annotated

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from orchestrator.definitions.condition import Comparison
from orchestrator.definitions.document import Document, EventType, FieldPath, Scalar
from orchestrator.intake.conversion import HASHES, MAX_SALT_CHARS, MIN_SALT_CHARS, Conversion
from orchestrator.intake.mapping_test import MappingTest
from orchestrator.intake.place import PlaceText
from orchestrator.intake.signature import Signature
from orchestrator.messages.cloudevents import MAX_SOURCE_CHARS

MAX_RULES = 50
MAX_COMPARES = 10
MAX_FALLBACKS = 10
MAX_JOINED = 10
MAX_DATA = 100
MAX_RENAMED = 500
MAX_TESTS = 50

Places = PlaceText | Annotated[tuple[PlaceText, ...], Field(min_length=1, max_length=MAX_FALLBACKS)]
Text = Annotated[str, Field(max_length=500)]


class Compare(Comparison):
    """Compares what stands at a place. What is not there, or of another type, satisfies only ``exists: false``."""

    at: PlaceText = Field(description="Where the value stands.")


class Taken(Document):
    """The value at the first of these places that has one, perhaps converted."""

    places: Places = Field(alias="from", description="Where to look, in this order; null counts as nothing.")
    conversions: Conversion | Annotated[tuple[Conversion, ...], Field(min_length=1, max_length=5)] | None = Field(
        None, alias="as", description="What is made of it, one after the other."
    )
    salt: (
        Annotated[str, StringConstraints(pattern=r"^[!-~]+$", min_length=MIN_SALT_CHARS, max_length=MAX_SALT_CHARS)]
        | None
    ) = Field(None, description="Makes a hash one that cannot be looked up; without it, it is none of an address.")
    lenient: bool = Field(
        False, description="What cannot be converted counts as nothing, instead of refusing the payload."
    )
    default: Scalar | None = Field(None, description="The value where there is none.")

    @model_validator(mode="after")
    def _a_hash_has_a_salt(self) -> "Taken":
        is_hashed = bool(HASHES.intersection(self.steps))
        if is_hashed and self.salt is None:
            raise ValueError(f"a hash needs a salt of {MIN_SALT_CHARS} characters or more, so that nobody looks it up")
        if self.salt is not None and not is_hashed:
            raise ValueError('a salt goes with "as": sha256 or blake2b')
        return self

    @property
    def steps(self) -> tuple[Conversion, ...]:
        """The conversions, in order."""
        match self.conversions:
            case None:
                return ()
            case str() as one:
                return (one,)
            case several:
                return several


class Constant(Document):
    """Always the same value."""

    constant: Scalar = Field(description="The value.")


class Joined(Document):
    """Several values as one text, such as an id of two numbers. Where one of them is missing, the whole is."""

    join: Annotated[tuple["Value", ...], Field(min_length=1, max_length=MAX_JOINED)] = Field(
        description="The values, in order."
    )
    between: Annotated[str, Field(max_length=10)] = Field(":", alias="with", description="What stands between them.")


def _kind_of_value(value: object) -> str:
    match value:
        case str():
            return _PLACE
        case Constant() | {"constant": _}:
            return _CONSTANT
        case Joined() | {"join": _}:
            return _JOINED
        case _:
            return _TAKEN


# Told apart by what is there, so that one mistake is told once. No field has such a name.
_PLACE, _TAKEN, _CONSTANT, _JOINED = "a place", "what is taken", "a constant", "what is joined"
Value = Annotated[
    Annotated[PlaceText, Tag(_PLACE)]
    | Annotated[Taken, Tag(_TAKEN)]
    | Annotated[Constant, Tag(_CONSTANT)]
    | Annotated[Joined, Tag(_JOINED)],
    Discriminator(_kind_of_value),
]
"""What an event holds somewhere: a place, or an object with ``from``, ``constant`` or ``join``."""

Joined.model_rebuild()


class NamedBySender(Document):
    """A type that the sender names: renamed where the table has it; otherwise spelled as types are, after ``prefix``.

    What a type cannot have becomes ``_``, in lower case: "Order Completed" is ``order_completed``. Types that the
    orchestrator itself understands (``consent.granted``, ``customer.updated`` …) come of the table alone: whoever may
    name an event must not be able to grant a consent by that.
    """

    places: Places = Field(alias="from", description="Where the sender's name stands.")
    rename: dict[Text, EventType] = Field(
        default_factory=dict, max_length=MAX_RENAMED, description="The types of these names."
    )
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")] | None = Field(
        None, description="What every other type begins with, such as `shop.`."
    )


def _kind_of_type(value: object) -> str:
    return _FIXED if isinstance(value, str) else _NAMED


_FIXED, _NAMED = "a fixed type", "what the sender names"
TypeOfEvent = Annotated[
    Annotated[EventType, Tag(_FIXED)] | Annotated[NamedBySender, Tag(_NAMED)], Discriminator(_kind_of_type)
]


class Rule(Document):
    """Payloads of one kind, and the event that each of them is, or each item of a list in it.

    Every rule that fits gives its events: one payload may be several.
    """

    about: Text = Field("", description="What it is for.")
    for_each: Places | None = Field(
        None,
        description="A list: each of its items is an event, and places begin there. Something else than a list is one "
        "item; so `[/batch, '']` takes the items of a batch, or else the payload itself.",
    )
    alone: bool = Field(
        False,
        description="Of an item that cannot be used: it is left out, and told, and does not keep the others back. "
        "Otherwise a payload is taken whole or not at all.",
    )
    when: Annotated[tuple[Compare, ...], Field(max_length=MAX_COMPARES)] = Field(
        (), description="All of these must hold, of each item; without any the rule always fits."
    )
    type: TypeOfEvent = Field(description="The event's type: a fixed one, or what the sender calls it.")
    customer: Value = Field(description="The customer's id. Whole numbers are taken as text.")
    id: Value = Field(description="What names the event for ever: sent again with the same id, it is the same event.")
    time: Value | None = Field(None, description="When it happened, RFC 3339; when it came in, if left out.")
    source: Value | None = Field(None, description="The event's source, if not that of the mapping.")
    fields_of: Places | None = Field(None, description="An object all of whose fields the event has as its data.")
    fields: dict[FieldPath, Value] = Field(
        default_factory=dict,
        alias="data",
        max_length=MAX_DATA,
        description="The event's data, by name; `order.total` stands within `order`. What has no value is left out.",
    )


class EventMapping(Document):
    """What the webhooks of one system mean."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="Of which system, and what for.")
    about: Annotated[str, Field(max_length=2_000)] = Field("", description="What whoever changes it should know.")
    signature: Signature = Field(description="How the sender proves that a request is its own.")
    source: Annotated[str, Field(min_length=1, max_length=MAX_SOURCE_CHARS)] = Field(
        description="The events' source, such as `/shopify`: an id is unique within it.", examples=["/shopify"]
    )
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MAX_RULES)] = Field(
        description="Which payloads are which events."
    )
    tests: Annotated[tuple[MappingTest, ...], Field(max_length=MAX_TESTS)] = Field(
        (), description="Payloads, and the events that they must be."
    )


def places_in(places: "str | tuple[str, ...]") -> tuple[str, ...]:
    """The places of a field that takes one or several."""
    return (places,) if isinstance(places, str) else places
