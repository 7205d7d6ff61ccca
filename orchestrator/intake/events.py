"""A payload becomes events by its mapping, or is refused with the place and the reason.

All of it or nothing: a sender that tries again later then loses nothing by a mistake that is mended meanwhile. Only
where a rule says that the items of a list stand alone, one that cannot be used does not keep the others back. Nothing
of the payload's values stands in a refusal: it is kept, and shown to whoever mends the mapping.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from orchestrator.definitions.comparison import comparison
from orchestrator.errors import DecodeError
from orchestrator.intake.mapping import EventMapping, Rule, places_in
from orchestrator.intake.place import Scene, find, read_place, where
from orchestrator.intake.reading import Reading, Refusal, Refused, refusal_at
from orchestrator.messages.codec import decode_engagement, encode_event
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.offered import MAX_EVENT_BYTES
from orchestrator.messages.text import has_zero_character, without_halves
from orchestrator.messages.usable import usability_problem

MAX_EVENTS = 5_000  # of one payload, and items of one list
MAX_TOTAL_BYTES = 4 << 20  # of all events of one payload: a rule may copy much of it into each of them

Watch = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Understood:
    """The events of a payload, in the order of the rules; none, when no rule fits it.

    ``left_out``: why items could not be used that stand alone by their rule.
    """

    events: tuple[EngagementEvent, ...]
    left_out: tuple[Refusal, ...] = ()


def read_payload(body: bytes) -> object | Refusal:
    """The JSON in the body of a request, or why there is none."""
    try:
        payload: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        healed = without_halves(body)  # what has no use for the text, or stands alone beside it, is not kept back
        if healed is not None:
            return read_payload(healed)
        message = f"the payload is not JSON: {error}" if isinstance(error, msgspec.DecodeError) else "it is not JSON"
        return Refusal("malformed", "", "", message)
    return payload


def events_of(
    mapping: EventMapping,
    payload: object,
    headers: Mapping[str, str],
    now_ms: int,
    workspace_id: str,
    watch: Watch | None = None,
) -> Understood | Refusal:
    """What the payload is by the mapping.

    ``headers``: of the request, in whatever case. ``now_ms``: when it came in, in milliseconds since 1970. ``watch`` is
    called before a rule looks at an item, and what it raises ends the reading: that may take long.
    """
    named = {name.lower(): value for name, value in headers.items()}
    whole = Scene(payload, payload, "", named)
    events: list[EngagementEvent] = []
    left_out: list[Refusal] = []
    known: dict[tuple[str, str, str], EngagementEvent] = {}
    size = 0
    try:
        for index, rule in enumerate(mapping.rules):
            path = f"$.rules[{index}]"
            for scene in _items(rule, whole, path):
                if watch is not None:
                    watch()
                if not all(_holds(rule, number, scene) for number in range(len(rule.when))):
                    continue
                try:
                    event = Reading(mapping, rule, scene, path).event(now_ms, workspace_id)
                    _check_that_it_says_something(event, scene, path)
                    size += _written_bytes(event, scene, path)
                    _check_that_it_is_another(event, known, scene, path)
                    events.append(event)
                except Refused as refused:
                    if not rule.alone:
                        raise
                    left_out.append(refused.refusal)
                if len(events) + len(left_out) > MAX_EVENTS:
                    raise refusal_at("too_many", "", path, f"the payload is more than {MAX_EVENTS:,} events")
                if size > MAX_TOTAL_BYTES:
                    raise refusal_at("too_large", "", path, f"the events have more than {MAX_TOTAL_BYTES:,} bytes")
    except Refused as refused:
        return refused.refusal
    return Understood(tuple(events), tuple(left_out))


def _items(rule: Rule, whole: Scene, path: str) -> Iterator[Scene]:
    """What the rule looks at: the payload, or each item of the list it names."""
    if rule.for_each is None:
        yield whole
        return
    for text in places_in(rule.for_each):
        place = read_place(text)
        found = find(place, whole)
        if found is None:
            continue
        at = where(place, whole)
        if not isinstance(found, list):
            yield Scene(whole.payload, found, at, whole.headers)
        elif len(found) > MAX_EVENTS:
            raise refusal_at("too_many", at, f"{path}.for_each", f"the list has more than {MAX_EVENTS:,} items")
        else:
            for number, item in enumerate(found):
                yield Scene(whole.payload, item, f"{at}/{number}", whole.headers)
        return


def _holds(rule: Rule, number: int, scene: Scene) -> bool:
    compare = rule.when[number]
    return comparison(compare.op, compare.value)(find(read_place(compare.at), scene))


def _check_that_it_says_something(event: EngagementEvent, scene: Scene, path: str) -> None:
    """A consent withdrawn for a channel that there is not would be taken, and nobody would learn that it does nothing.

    Attributes may be of use in part: a sender's traits are often more than can be kept.
    """
    problem = usability_problem(event, in_part=True)
    if problem is not None:
        message = f"{problem.message}; {problem.fix}"
        raise refusal_at("unusable", scene.item_at, path + problem.path.removeprefix("$"), message)


def _check_that_it_is_another(
    event: EngagementEvent, known: dict[tuple[str, str, str], EngagementEvent], scene: Scene, path: str
) -> None:
    """By source and id an event is known: two of one payload that share them would count as one. Twice the same may."""
    earlier = known.setdefault((event.customer_id, event.source, event.id), event)
    if earlier != event:
        message = "another event of this payload has the same source and id, and would pass for this one"
        raise refusal_at("same_id", scene.item_at, f"{path}.id", message)


def _written_bytes(event: EngagementEvent, scene: Scene, path: str) -> int:
    """How long the event is on Kafka, where it will be read again."""
    try:
        record = encode_event(event)
        decode_engagement(record.key, record.value, record.headers, event.time_ms)
    except DecodeError as error:
        message = "the event could not be read again: it is too large, or nests too deeply"
        raise refusal_at("unwritable", scene.item_at, path, message) from error
    # Half of a surrogate pair, a number of more than 64 bits, lists in lists a thousand deep.
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
        message = "the event has a value that cannot be written as JSON in UTF-8"
        raise refusal_at("unwritable", scene.item_at, path, message) from error
    if len(record.value) > MAX_EVENT_BYTES:
        message = f"the event's data have more than {MAX_EVENT_BYTES:,} bytes as JSON"
        raise refusal_at("too_large", scene.item_at, path, message)
    # Which PostgreSQL cannot hold. Most events cannot have it, and looking at the bytes is cheaper than at all values.
    in_data = b"\\u0000" in record.value and has_zero_character(event.data)
    if in_data or "\x00" in event.id + event.source:
        message = "the event has text with the character U+0000, or with half of a character"
        raise refusal_at("unwritable", scene.item_at, path, message)
    return len(record.value)
