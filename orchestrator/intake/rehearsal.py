"""Plays the tests that a mapping carries: each payload through the rules, and what differs from what is expected."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from orchestrator.definitions.moment import ms_of
from orchestrator.intake.events import Understood, Watch, events_of
from orchestrator.intake.mapping import EventMapping
from orchestrator.intake.mapping_test import ExpectedEvent, ExpectedRefusal, MappingTest
from orchestrator.intake.reading import Refusal
from orchestrator.messages.cloudevents import format_time
from orchestrator.messages.event import EngagementEvent

WORKSPACE = "test"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What one test came to: ``differences`` from what it expects, none when it passed."""

    name: str
    outcome: Understood | Refusal
    differences: tuple[str, ...]


def rehearse(mapping: EventMapping, watch: Watch | None = None) -> list[Rehearsed]:
    """Plays every test of the mapping, each on its own; ``watch``: see ``events_of``."""
    return [_play(mapping, test, watch) for test in mapping.tests]


def _play(mapping: EventMapping, test: MappingTest, watch: Watch | None) -> Rehearsed:
    outcome = events_of(mapping, test.payload, test.headers, ms_of(test.received), WORKSPACE, watch)
    match outcome:
        case Refusal():
            differences = tuple(_of_refusal(outcome, test.refused))
        case Understood(events=events) if test.refused is not None:
            differences = (f"expected to be refused ({test.refused.reason}), but it is {len(events)} event(s)",)
        case Understood(events=events, left_out=left_out):
            differences = (*_of_events(events, test.events), *_of_left_out(left_out, test.left_out))
    return Rehearsed(test.name, outcome, differences)


def _of_refusal(got: Refusal, expected: ExpectedRefusal | None, what: str = "it was refused") -> Iterator[str]:
    told = f"{what} at {got.place or 'the whole payload'} ({got.reason}, {got.path}): {got.message}"
    if expected is None:
        yield told
    elif expected.reason != got.reason or expected.place not in (None, got.place):
        yield f"expected {expected.reason} at {expected.place or 'any place'}, but {told}"


def _of_left_out(got: tuple[Refusal, ...], expected: tuple[ExpectedRefusal, ...]) -> Iterator[str]:
    for place, refusal in enumerate(got):
        wanted = expected[place] if place < len(expected) else None
        yield from _of_refusal(refusal, wanted, f"left out {place + 1}: something was")
    for missing in expected[len(got) :]:
        yield f"expected something to be left out ({missing.reason}), but there is nothing more"


def _of_events(got: tuple[EngagementEvent, ...], expected: tuple[ExpectedEvent, ...]) -> Iterator[str]:
    for place in range(max(len(got), len(expected))):
        if place >= len(got):
            yield f"event {place + 1}: expected {expected[place].type!r}, but there are no more"
        elif place >= len(expected):
            yield f"event {place + 1}: expected no more, but there is {_told(got[place])}"
        else:
            yield from (f"event {place + 1}: {each}" for each in _of_event(got[place], expected[place]))


def _of_event(got: EngagementEvent, expected: ExpectedEvent) -> Iterator[str]:
    at_ms = None if expected.time is None else ms_of(expected.time)
    compared: tuple[tuple[str, object, object], ...] = (
        ("type", expected.type, got.type),
        ("customer", expected.customer, got.customer_id),
        ("id", expected.id, got.id),
        ("source", expected.source, got.source),
        ("time", None if at_ms is None else format_time(at_ms), format_time(got.time_ms)),
        ("data", expected.fields, got.data),
    )
    for name, wanted, found in compared:
        if wanted is not None and wanted != found:
            yield f"expected {name} {_json(wanted)}, but it is {_json(found)}"


def _told(event: EngagementEvent) -> str:
    return f"{event.type!r} of {event.customer_id!r} with {_json(event.data)}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
