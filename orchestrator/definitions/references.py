"""Names and fields that must exist where they are used: segments, send steps, fields of an entry event."""

from collections.abc import Iterator

from orchestrator.definitions.condition import (
    AttributeIs,
    Condition,
    DeliveryWas,
    FieldIs,
    Happened,
    InSegment,
    TimeOfDay,
    parts_of,
)
from orchestrator.definitions.entry import ScheduleEntry, SegmentEntry
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.places import conditions_of, conditions_of_runs, variables_of
from orchestrator.definitions.step import FromEntry, Send
from orchestrator.errors import Problem

# Where a condition looks at a customer at a moment when nothing has happened, if the entry is no event.
_OF_ENTRY = ("$.entry.audience", "$.entry.exclude")


def reference_problems(journey: JourneyDefinition) -> Iterator[Problem]:
    """Everything that is named and does not exist."""
    yield from _segments_in_a_circle(journey)
    for path, condition in conditions_of(journey):
        yield from _unknown_names(path, condition, journey)
    if isinstance(journey.entry, SegmentEntry | ScheduleEntry):
        yield from _fields_of_no_event(journey)


def _unknown_names(path: str, condition: Condition, journey: JourneyDefinition) -> Iterator[Problem]:
    match condition:
        case InSegment(name=name) if name not in journey.segments:
            known = ", ".join(sorted(journey.segments)) or "none is defined"
            yield Problem(
                f"{path}.name", "unknown_segment", f"there is no segment {name!r}", f"define it, or use one of: {known}"
            )
        case DeliveryWas(step=step) if not isinstance(journey.steps.get(step), Send):
            message = f"{step!r} is not a send step, so nothing is ever reported for it"
            yield Problem(f"{path}.step", "unknown_step", message, "name a send step")
        case Happened(where=where) if where is not None:
            yield from _looks_beyond_the_event(f"{path}.where", where)
        case TimeOfDay(starts=starts, ends=ends) if starts == ends:
            message = "from and to are the same time: the condition holds never or always"
            yield Problem(path, "time_of_day", message, "choose two different times")
        case _:
            pass
    for part in parts_of(condition):
        yield from _unknown_names(path, part, journey)


def _looks_beyond_the_event(path: str, where: Condition) -> Iterator[Problem]:
    """Of an event that is counted only its own fields are looked at: the rest may have changed when it is asked for."""
    if isinstance(where, AttributeIs | Happened | DeliveryWas | TimeOfDay | InSegment):
        message = "what is counted is decided by the event's own fields alone"
        yield Problem(path, "counted_by_fields", message, "use conditions of the kind field, or customer")
        return
    for part in parts_of(where):
        yield from _looks_beyond_the_event(path, part)


def _segments_in_a_circle(journey: JourneyDefinition) -> Iterator[Problem]:
    done: set[str] = set()
    for name in journey.segments:
        if _leads_back(name, journey, (), done):
            message = f"the segment {name!r} is defined by itself"
            yield Problem(f"$.segments.{name}", "segment_circle", message, "define one of them by other conditions")
            return


def _leads_back(name: str, journey: JourneyDefinition, way: tuple[str, ...], done: set[str]) -> bool:
    if name in way:
        return True
    if name in done or name not in journey.segments:
        return False
    found = any(_leads_back(other, journey, (*way, name), done) for other in _named_in(journey.segments[name]))
    done.add(name)
    return found


def _named_in(condition: Condition) -> Iterator[str]:
    if isinstance(condition, InSegment):
        yield condition.name
    for part in parts_of(condition):
        yield from _named_in(part)


def _fields_of_no_event(journey: JourneyDefinition) -> Iterator[Problem]:
    """Customers who enter by segment or schedule bring no event with them."""
    why = f"customers enter by {journey.entry.kind}, without an event whose fields could be looked at"
    of_runs = {path for path, _ in conditions_of_runs(journey)}
    for path, condition in conditions_of(journey):
        has_no_event = path in _OF_ENTRY or path.startswith("$.segments.") or path in of_runs
        if has_no_event and _looks_at_fields(condition):
            yield Problem(path, "no_entry_event", why, "look at attributes, or at what happened")
    for step_id, step in journey.steps.items():
        field, variables = variables_of(step)
        for name, source in variables.items():
            if isinstance(source, FromEntry):
                place = f"$.steps.{step_id}.{field}.{name}"
                yield Problem(place, "no_entry_event", why, "take it from an attribute, or write it out")


def _looks_at_fields(condition: Condition) -> bool:
    if isinstance(condition, FieldIs):
        return True
    return not isinstance(condition, Happened) and any(_looks_at_fields(part) for part in parts_of(condition))
