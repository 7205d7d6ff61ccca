"""One event, read by one rule from one item of a payload."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.intake.conversion import Reason, Unfit, as_text, as_time_ms, convert
from orchestrator.intake.mapping import Constant, EventMapping, Joined, NamedBySender, Rule, Taken, Value, places_in
from orchestrator.intake.place import Scene, find, read_place, where
from orchestrator.messages.cloudevents import MAX_ID_CHARS, MAX_SOURCE_CHARS, MAX_TYPE_CHARS
from orchestrator.messages.event import (
    CONSENT_GRANTED,
    CONSENT_REVOKED,
    CUSTOMER_MERGED,
    CUSTOMER_UPDATED,
    EngagementEvent,
)
from orchestrator.messages.ids import SEPARATOR
from orchestrator.messages.key import is_customer_id
from orchestrator.messages.reserved import is_own_source, way_instead_of

# They change what is known of a customer, or what may be sent to them.
KINDS_OF_OURS = frozenset((CUSTOMER_UPDATED, CONSENT_GRANTED, CONSENT_REVOKED, CUSTOMER_MERGED))
_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*", re.ASCII)
_NO_PART_OF_A_TYPE = re.compile(r"[^A-Za-z0-9._:/-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a payload, or an item of it, cannot be used.

    ``place``: where in the payload, from its beginning on, such as ``/lines/2/price``; empty: the whole. ``path``:
    where in the mapping, as a JSON path; empty: nowhere, the payload cannot be read at all.
    """

    reason: Reason
    place: str
    path: str
    message: str


class Refused(Exception):
    """Ends the reading of an item; it never leaves this room."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.message)


def refusal_at(reason: Reason, place: str, path: str, message: str) -> Refused:
    """The refusal, to be raised."""
    return Refused(Refusal(reason, place, path, message))


@dataclass(frozen=True, slots=True)
class Reading:
    """One rule at one item; ``path``: of the rule in the mapping."""

    mapping: EventMapping
    rule: Rule
    scene: Scene
    path: str

    def event(self, now_ms: int, workspace_id: str) -> EngagementEvent:
        """The event.

        Raises:
            Refused: something that it needs is missing, or not what it should be.
        """
        return EngagementEvent(
            id=self._id(),
            source=self._source(),
            type=self._type(),
            time_ms=self._time_ms(now_ms),
            workspace_id=workspace_id,
            customer_id=self._customer(),
            data=self._data(),
        )

    def _id(self) -> str:
        text = self._text(self.rule.id, "id")
        if not 0 < len(text) <= MAX_ID_CHARS or SEPARATOR in text:
            message = f"an event's id has 1 to {MAX_ID_CHARS} characters, 0x1f not among them"
            raise self._refused("not_an_id", self.rule.id, "id", message)
        return text

    def _customer(self) -> str:
        text = self._text(self.rule.customer, "customer")
        if not is_customer_id(text):
            message = "a customer's id has 1 to 512 characters, 0x00 and 0x1f not among them"
            raise self._refused("not_a_customer", self.rule.customer, "customer", message)
        return text

    def _source(self) -> str:
        if self.rule.source is None:
            return self.mapping.source
        text = self._text(self.rule.source, "source")
        if not 0 < len(text) <= MAX_SOURCE_CHARS or SEPARATOR in text:
            message = f"a source has 1 to {MAX_SOURCE_CHARS} characters, 0x1f not among them"
            raise self._refused("not_a_source", self.rule.source, "source", message)
        if is_own_source(text):
            raise self._refused("reserved", self.rule.source, "source", "this source is the orchestrator's own")
        return text

    def _type(self) -> str:
        match self.rule.type:
            case str() as fixed:
                return fixed
            case named:
                return self._named_type(named)

    def _named_type(self, named: NamedBySender) -> str:
        taken = Taken.model_construct(places=named.places)
        name = self._text(taken, "type")
        if name in named.rename:
            return named.rename[name]
        spelled = name if _TYPE.fullmatch(name) else _NO_PART_OF_A_TYPE.sub("_", name.strip().lower()).strip("_")
        type_ = (named.prefix or "") + spelled
        if not spelled or len(type_) > MAX_TYPE_CHARS or not _TYPE.fullmatch(type_):
            message = f"no event type of 1 to {MAX_TYPE_CHARS} characters can be made of the sender's name"
            raise self._refused("not_a_type", taken, "type", message)
        if type_ in KINDS_OF_OURS or way_instead_of(type_) is not None:
            message = "the orchestrator understands events of this type itself: only the table may give it"
            raise self._refused("reserved", taken, "type", message)
        return type_

    def _time_ms(self, now_ms: int) -> int:
        if self.rule.time is None:
            return now_ms
        value = self._needed(self.rule.time, "time")
        try:
            return as_time_ms(value)
        except Unfit as unfit:
            raise self._refused(unfit.reason, self.rule.time, "time", str(unfit)) from unfit

    def _data(self) -> dict[str, object]:
        data = self._fields_of()
        for name, value in self.rule.fields.items():
            found = self._value(value, f"data.{name}")
            if found is not None:
                _put(data, name.split("."), found)
        return data

    def _fields_of(self) -> dict[str, object]:
        if self.rule.fields_of is None:
            return {}
        for text in places_in(self.rule.fields_of):
            place = read_place(text)
            match find(place, self.scene):
                case None:
                    continue
                case dict() as found:
                    return dict(found)
                case _:
                    message = "there is no object with named fields here"
                    at = where(place, self.scene)
                    raise refusal_at("not_an_object", at, f"{self.path}.fields_of", message)
        return {}

    def _text(self, value: Value, field: str) -> str:
        found = self._needed(value, field)
        try:
            return as_text(found)
        except Unfit as unfit:
            raise self._refused(unfit.reason, value, field, str(unfit)) from unfit

    def _needed(self, value: Value, field: str) -> object:
        found = self._value(value, field)
        if found is None:
            raise self._refused("missing", value, field, "there is nothing here, and an event needs it")
        return found

    def _value(self, value: Value, field: str) -> object:
        """What ``value`` is; None: there is nothing."""
        match value:
            case str():
                return find(read_place(value), self.scene)
            case Constant(constant=constant):
                return constant
            case Joined(join=join, between=between):
                return self._joined(join, between, field)
            case Taken():
                return self._taken(value, field)

    def _joined(self, parts: tuple[Value, ...], between: str, field: str) -> str | None:
        texts: list[str] = []
        for part in parts:
            found = self._value(part, field)
            if found is None:
                return None
            try:
                texts.append(as_text(found))
            except Unfit as unfit:
                raise self._refused(unfit.reason, part, field, str(unfit)) from unfit
        return between.join(texts)

    def _taken(self, taken: Taken, field: str) -> object:
        for text in places_in(taken.places):
            place = read_place(text)
            found = find(place, self.scene)
            if found is None:
                continue
            try:
                return convert(found, taken.steps, taken.salt or "")
            except Unfit as unfit:
                if not taken.lenient:
                    at = where(place, self.scene)
                    raise refusal_at(unfit.reason, at, f"{self.path}.{field}", str(unfit)) from unfit
        return taken.default

    def _refused(self, reason: Reason, value: Value, field: str, message: str) -> Refused:
        places = " or ".join(where(read_place(text), self.scene) for text in _places_of(value))
        return refusal_at(reason, places, f"{self.path}.{field}", message)


def _places_of(value: Value) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Taken():
            yield from places_in(value.places)
        case Joined(join=join):
            for part in join:
                yield from _places_of(part)
        case Constant():
            return


def _put(data: dict[str, object], way: list[str], value: object) -> None:
    """Puts ``value`` into nested objects; those that are the payload's stay as they are."""
    *outer, last = way
    for name in outer:
        found = data.get(name)
        inner: dict[str, object] = dict(found) if isinstance(found, dict) else {}
        data[name] = inner
        data = inner
    data[last] = value
