"""Payloads are read by mappings in bounded time: both come from others, and together they may make much to do."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from orchestrator.definitions.moment import ms_of
from orchestrator.intake.events import Understood, events_of
from orchestrator.intake.mapping import EventMapping
from orchestrator.intake.reading import Refusal
from orchestrator.intake.rehearsal import Rehearsed, rehearse

LONGEST_S = 5.0  # of one payload, or of all tests of a mapping
_TOO_LONG = Refusal(
    "too_large", "", "", f"to read it by the mapping takes more than {LONGEST_S:g} s; simplify either of them"
)

Clock = Callable[[], float]


class _TooLong(Exception):
    """Ends the reading; it never leaves this file."""


def read_in_time(
    mapping: EventMapping,
    payload: object,
    headers: Mapping[str, str],
    now: datetime,
    workspace_id: str,
    clock: Clock = time.monotonic,
) -> Understood | Refusal:
    """What the payload, which came in ``now``, is by the mapping; it is refused when that takes too long."""
    try:
        return events_of(mapping, payload, headers, ms_of(now), workspace_id, _watch(clock))
    except _TooLong:
        return _TOO_LONG


def rehearsed_in_time(mapping: EventMapping, clock: Clock = time.monotonic) -> list[Rehearsed]:
    """What the mapping's tests came to; none of them passes when they take too long."""
    try:
        return rehearse(mapping, _watch(clock))
    except _TooLong:
        told = f"all tests together may take {LONGEST_S:g} s; let less stand in their payloads"
        return [Rehearsed(test.name, _TOO_LONG, (told,)) for test in mapping.tests]


def _watch(clock: Clock) -> Callable[[], None]:
    until = clock() + LONGEST_S

    def watch() -> None:
        if clock() >= until:
            raise _TooLong

    return watch
