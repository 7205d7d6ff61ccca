"""Conditions that contradict themselves or each other. What is found is certain; not everything is found."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from orchestrator.definitions.condition import (
    AllOf,
    AnyOf,
    AttributeIs,
    Comparison,
    Condition,
    FieldIs,
    Happened,
    InSegment,
    Not,
)
from orchestrator.definitions.document import Scalar
from orchestrator.definitions.entry import EventEntry
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.places import conditions_of
from orchestrator.definitions.step import Branch
from orchestrator.errors import Problem

Segments = Mapping[str, Condition]

MAX_COMPARED = 100  # conditions that must hold together; no more of them are compared with one another
_ORDERED = ("gt", "ge", "lt", "le")


def contradictions(journey: JourneyDefinition) -> Iterator[Problem]:
    """Conditions that never hold, entries that nobody can make, and paths of a branch that are never taken.

    The segments that are named exist, and none is defined by itself.
    """
    found = False
    for path, condition in conditions_of(journey):
        why = never_holds(condition, journey.segments)
        if why is not None:
            found = found or path.startswith("$.entry.")
            yield Problem(path, "never_holds", f"the condition never holds: {why}", "correct or remove one of the two")
    if not found and (why := _who_can_enter(journey)) is not None:
        fix = "correct the audience, the exclusion or the condition on the event"
        yield Problem("$.entry", "never_enters", f"nobody can ever enter: {why}", fix)
    for step_id, step in journey.steps.items():
        if isinstance(step, Branch):
            yield from _paths_never_taken(step_id, step, journey.segments)


def never_holds(condition: Condition, segments: Segments) -> str | None:
    """Why the condition holds of nobody; None when it may hold of somebody, as far as can be told."""
    match condition:
        case AnyOf(of=parts):
            reasons = [never_holds(part, segments) for part in parts]
            return reasons[0] if all(reason is not None for reason in reasons) else None
        case InSegment(name=name):
            return never_holds(segments[name], segments)
        case Happened(where=where) if where is not None:
            return never_holds(where, segments)
        case AllOf():
            return _cannot_hold_together(list(conjuncts(condition, segments)), segments)
        case _:
            return None


def conjuncts(condition: Condition, segments: Segments) -> Iterator[Condition]:
    """What must hold for the condition to hold: itself, and everything that it consists of by ``all``."""
    yield condition
    match condition:
        case AllOf(of=parts):
            for part in parts:
                yield from conjuncts(part, segments)
        case InSegment(name=name):
            yield from conjuncts(segments[name], segments)
        case Not(of=AnyOf(of=parts)):
            for part in parts:
                yield from conjuncts(Not(kind="not", of=part), segments)
        case Not(of=Not(of=inner)):
            yield from conjuncts(inner, segments)
        case _:
            return


def _cannot_hold_together(facts: list[Condition], segments: Segments) -> str | None:
    for fact in facts:
        if not isinstance(fact, AllOf | InSegment) and (why := never_holds(fact, segments)) is not None:
            return why
    facts = facts[:MAX_COMPARED]
    wanted = [fact for fact in facts if not isinstance(fact, Not)]
    for denied in (fact.of for fact in facts if isinstance(fact, Not)):
        for fact in wanted:
            if _implies(fact, denied):
                return "it asks for something and for its opposite"
    comparisons: dict[tuple[str, str], list[Comparison]] = {}
    for fact in facts:
        if isinstance(fact, AttributeIs | FieldIs):
            comparisons.setdefault((fact.kind, fact.name), []).append(fact)
    for (kind, name), those in comparisons.items():
        if not _have_a_common_value(those):
            return f"no value of the {kind} {name!r} satisfies all that is asked of it"
    return None


def _implies(fact: Condition, other: Condition) -> bool:
    """Whether ``other`` holds whenever ``fact`` does."""
    if fact == other:
        return True
    if not (isinstance(fact, Happened) and isinstance(other, Happened) and fact.event == other.event):
        return False
    counts_as_much = other.where is None or other.where == fact.where
    is_as_recent = other.within is None or (fact.within is not None and fact.within <= other.within)
    return counts_as_much and is_as_recent and fact.at_least >= other.at_least


def _have_a_common_value(comparisons: Iterable[Comparison]) -> bool:
    """Whether one value, or its absence, can satisfy all; a list, which ``contains`` may look into, is no scalar."""
    asked = [comparison for comparison in comparisons if not _asks_for_presence(comparison)]
    absent = [comparison for comparison in asked if comparison.op == "exists"]
    present = [comparison for comparison in comparisons if comparison not in absent]
    if absent:
        return not present
    for comparison in asked:
        if comparison.op in ("eq", "in"):
            choices = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
            return any(choice is not None and all(_admits(other, choice) for other in asked) for choice in choices)
    return all(_leave_room(one, other) for one, other in combinations([c for c in asked if c.op in _ORDERED], 2))


def _asks_for_presence(comparison: Comparison) -> bool:
    return comparison.op == "exists" and comparison.value is not False


def _admits(comparison: Comparison, value: Scalar) -> bool:
    wanted = comparison.value
    match comparison.op:
        case "in":
            return isinstance(wanted, tuple) and any(_family(value) == _family(x) and value == x for x in wanted)
        case "contains":
            return isinstance(value, str) and isinstance(wanted, str) and wanted in value
        case op:
            return _family(value) == _family(wanted) and _compares(op, value, wanted)


def _compares(op: str, value: object, wanted: object) -> bool:
    if op in ("eq", "ne"):
        return (value == wanted) == (op == "eq")
    if isinstance(value, str) and isinstance(wanted, str):
        return _is_ordered(op, (value > wanted) - (value < wanted))
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return _is_ordered(op, (value > wanted) - (value < wanted))
    return False


def _is_ordered(op: str, sign: int) -> bool:
    return {"gt": sign > 0, "ge": sign >= 0, "lt": sign < 0, "le": sign <= 0}[op]


def _leave_room(one: Comparison, other: Comparison) -> bool:
    """Whether some value is on the right side of both bounds."""
    if _family(one.value) != _family(other.value):
        return False
    if one.op[0] == other.op[0]:  # both from below, or both from above
        return True
    low, high = (one, other) if one.op[0] == "g" else (other, one)
    strictest = "lt" if low.op != "ge" or high.op == "lt" else "le"
    return _compares(strictest, low.value, high.value)


def _family(value: object) -> str:
    """Values of different families are never equal, and have no order."""
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _who_can_enter(journey: JourneyDefinition) -> str | None:
    """Why nobody can be in the audience, outside the exclusion, and do what ``where`` asks; None when somebody can."""
    entry = journey.entry
    asked = [entry.where if isinstance(entry, EventEntry) else None, entry.audience]
    facts = [fact for one in asked if one is not None for fact in conjuncts(one, journey.segments)]
    if entry.exclude is not None:
        facts += conjuncts(Not(kind="not", of=entry.exclude), journey.segments)
    return _cannot_hold_together(facts, journey.segments)


def _paths_never_taken(step_id: str, step: Branch, segments: Segments) -> Iterator[Problem]:
    """A path behind one that is taken by everybody who could take it."""
    for index, path in enumerate(step.paths):
        needed = list(conjuncts(path.when, segments))[:MAX_COMPARED]
        for earlier, other in enumerate(step.paths[:index]):
            if any(_implies(fact, other.when) for fact in needed):
                message = f"whoever could take this path has taken paths[{earlier}] before it"
                fix = "put the narrower path first, or remove this one"
                yield Problem(f"$.steps.{step_id}.paths[{index}]", "never_taken", message, fix)
                break
