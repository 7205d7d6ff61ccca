"""Conditions, compiled once per version to plain functions of a situation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

import msgspec

from orchestrator.definitions.clock import minute_of
from orchestrator.definitions.comparison import comparison
from orchestrator.definitions.condition import (
    AllOf,
    AnyOf,
    AttributeIs,
    Condition,
    CustomerIs,
    DeliveryWas,
    FieldIs,
    Happened,
    InSegment,
    Not,
    TimeOfDay,
)
from orchestrator.definitions.duration import duration_ms
from orchestrator.journeys.state import Attribute, Occurrences
from orchestrator.journeys.timing import ZONE_ATTRIBUTE, in_local_window, weekday_numbers, zone_or
from orchestrator.journeys.values import find
from orchestrator.messages.ids import derived_id


class Situation(msgspec.Struct, frozen=True, gc=False):
    """What a condition may look at.

    ``data``: of the event at hand; ``outcomes``: of the run's sends, by step; ``counts``: of filtered events.
    """

    now_ms: int
    customer_id: str
    attributes: Mapping[str, Attribute]
    history: Mapping[str, Occurrences]
    counts: Mapping[str, Occurrences]
    data: Mapping[str, object]
    outcomes: Mapping[str, str]


Test = Callable[[Situation], bool]


@dataclass(frozen=True, slots=True)
class Counter:
    """Events of a type of which ``where`` holds, counted under ``key`` in the customer's state."""

    event: str
    key: str
    where: Test


def counter_of(condition: Happened) -> Counter | None:
    """The filtered count that the condition asks for; None when it asks for all events of the type.

    The key follows from what is asked, so that every journey and version that asks the same shares one count.
    """
    if condition.where is None:
        return None
    key = derived_id("counter", condition.event, condition.where.model_dump_json(by_alias=True))
    return Counter(condition.event, key, Compiler({}).test(condition.where))


class Compiler:
    """Makes tests of conditions that may name ``segments``.

    ``fields_are_flat``: the data holds each field under its whole path (a run keeps the fields of its entry event so).
    """

    def __init__(self, segments: Mapping[str, Condition], *, fields_are_flat: bool = False) -> None:
        self._segments = segments
        self._fields_are_flat = fields_are_flat
        self._tests_of_segments: dict[str, Test] = {}

    def test_or_none(self, condition: Condition | None) -> Test | None:
        """The test of a condition that may be missing."""
        return None if condition is None else self.test(condition)

    def test(self, condition: Condition) -> Test:
        """The test that ``condition`` describes."""
        match condition:
            case AttributeIs():
                return _attribute(condition)
            case FieldIs():
                return _field(condition, self._fields_are_flat)
            case Happened():
                return _happened(condition)
            case DeliveryWas(step=step, outcomes=outcomes):
                return lambda situation: situation.outcomes.get(step) in outcomes
            case TimeOfDay():
                return _time_of_day(condition)
            case InSegment(name=name):
                if name not in self._tests_of_segments:
                    self._tests_of_segments[name] = self.test(self._segments[name])
                return self._tests_of_segments[name]
            case CustomerIs(ids=ids):
                named = frozenset(ids)
                return lambda situation: situation.customer_id in named
            case AllOf(of=of):
                tests = [self.test(part) for part in of]
                return lambda situation: all(test(situation) for test in tests)
            case AnyOf(of=of):
                tests = [self.test(part) for part in of]
                return lambda situation: any(test(situation) for test in tests)
            case Not(of=one):
                inner = self.test(one)
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
    counter = counter_of(condition)
    event, key, at_least = condition.event, counter.key if counter else "", condition.at_least
    within_ms = duration_ms(condition.within) if condition.within else None

    def test(situation: Situation) -> bool:
        occurrences = situation.counts.get(key) if key else situation.history.get(event)
        if occurrences is None:
            return False
        if within_ms is None:
            return occurrences.count >= at_least
        recent = occurrences.recent
        return len(recent) >= at_least and recent[-at_least] > situation.now_ms - within_ms

    return test


def _time_of_day(condition: TimeOfDay) -> Test:
    opens, closes = minute_of(condition.starts), minute_of(condition.ends)
    weekdays, fallback = weekday_numbers(condition.weekdays), condition.zone_when_unknown

    def test(situation: Situation) -> bool:
        attribute = situation.attributes.get(ZONE_ATTRIBUTE)
        zone = zone_or(attribute.value if attribute else None, fallback)
        return in_local_window(zone, opens, closes, weekdays, situation.now_ms)

    return test
