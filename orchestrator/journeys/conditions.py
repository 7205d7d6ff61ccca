"""Conditions, compiled once per version to plain functions of a situation."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, assert_never

from orchestrator.definitions.condition import (
    AllOf,
    AnyOf,
    AttributeIs,
    Condition,
    DeliveryWas,
    FieldIs,
    Happened,
    Not,
)
from orchestrator.definitions.duration import duration_ms
from orchestrator.journeys.state import Attribute, Occurrences
from orchestrator.journeys.values import comparison, find


class Situation(NamedTuple):
    """What a condition may look at. ``data``: of the event at hand; ``outcomes``: of the run's sends, by step."""

    now_ms: int
    attributes: Mapping[str, Attribute]
    history: Mapping[str, Occurrences]
    data: Mapping[str, object]
    outcomes: Mapping[str, str]


Test = Callable[[Situation], bool]


def compile_condition(condition: Condition, *, fields_are_flat: bool = False) -> Test:
    """The test that ``condition`` describes.

    ``fields_are_flat``: the data holds each field under its whole path (a run keeps the fields of its entry event so).
    """
    match condition:
        case AttributeIs():
            return _attribute(condition)
        case FieldIs():
            return _field(condition, fields_are_flat)
        case Happened():
            return _happened(condition)
        case DeliveryWas(step=step, outcomes=outcomes):
            return lambda situation: situation.outcomes.get(step) in outcomes
        case AllOf(of=of):
            tests = [compile_condition(part, fields_are_flat=fields_are_flat) for part in of]
            return lambda situation: all(test(situation) for test in tests)
        case AnyOf(of=of):
            tests = [compile_condition(part, fields_are_flat=fields_are_flat) for part in of]
            return lambda situation: any(test(situation) for test in tests)
        case Not(of=one):
            inner = compile_condition(one, fields_are_flat=fields_are_flat)
            return lambda situation: not inner(situation)
        case _:
            assert_never(condition)


def _attribute(condition: AttributeIs) -> Test:
    name, holds = condition.name, comparison(condition.op, condition.value)

    def test(situation: Situation) -> bool:
        attribute = situation.attributes.get(name)
        return holds(None if attribute is None else attribute.value)

    return test


def _field(condition: FieldIs, fields_are_flat: bool) -> Test:
    path = (condition.name,) if fields_are_flat else tuple(condition.name.split("."))
    holds = comparison(condition.op, condition.value)
    return lambda situation: holds(find(situation.data, path))


def _happened(condition: Happened) -> Test:
    event, at_least = condition.event, condition.at_least
    within_ms = duration_ms(condition.within) if condition.within else None

    def test(situation: Situation) -> bool:
        occurrences = situation.history.get(event)
        if occurrences is None:
            return False
        if within_ms is None:
            return occurrences.count >= at_least
        recent = occurrences.recent
        return len(recent) >= at_least and recent[-at_least] > situation.now_ms - within_ms

    return test
