"""The judge of the fault tests sees each breach there can be, and names the invariant."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from orchestrator.journeys.replay import replay
from orchestrator.journeys.state import CustomerState, encode_state
from orchestrator.messages.activity import Activity
from orchestrator.messages.codec import encode_event
from orchestrator.messages.command import SendCommand
from orchestrator.messages.dead_letter import DeadLetter
from orchestrator.messages.key import partition_of
from orchestrator.streams.forwarding import FORWARDED_FROM
from orchestrator.streams.stored import PartitionRecord
from tests.builders import DAY, MONDAY_NOON, a_directory, an_event
from tests.counting import Count, CountingDecider
from tests.faults.verifier import (
    Found,
    check_i1,
    check_i2,
    check_i3,
    check_i4,
    check_i4_of_counting,
    check_i6,
    understand,
)
from tests.input_records import CATALOG
from tests.worker_process import Read

GUARDRAILS = {"caps": [{"limit": 1, "per": "P1D"}], "consent": {"marketing": "opt_out"}}
EVENTS = CATALOG.events
HERE = partition_of(b"acme:c1", CATALOG.customer_partitions)
ELSEWHERE = (HERE + 1) % CATALOG.customer_partitions


def a_record(partition: int, offset: int, value: bytes | None = None, **headers: bytes) -> Read:
    encoded = encode_event(an_event(id_="e1"))
    return Read(
        partition,
        offset,
        0,
        encoded.key,
        encoded.value if value is None else value,
        {**dict(encoded.headers), **headers},
    )


BAD = a_record(HERE, 1, b"no JSON")
ASTRAY = a_record(ELSEWHERE, 0)
COPY = Read(*a_record(HERE, 2)[:5], {**ASTRAY.headers, FORWARDED_FROM: f"{EVENTS}/{ELSEWHERE}/0".encode()})


def a_letter(value: bytes | None = BAD.value, offset: int = 1) -> Read:
    letter = DeadLetter(
        topic=EVENTS, partition=HERE, offset=offset, timestamp_ms=0, key=BAD.key, value=value, headers=(),
        stage="decode", reason="malformed", message="",
    )  # fmt: skip
    return Read(HERE, offset, 0, BAD.key, value, dict(letter.all_headers()))


def a_command(**changes: Any) -> SendCommand:
    command = SendCommand(
        id="1", workspace_id="acme", customer_id="c1", journey_id="j", version=1, run_id="r", step="s", visit=1,
        channel="email", template="t", category="transactional", variables={}, decided_at_ms=MONDAY_NOON,
    )  # fmt: skip
    return with_fields(command, **changes)


def found(*records: Read, letters: tuple[Read, ...] = (a_letter(),), done: int = 3) -> Found:
    return Found(
        inputs=understand(CATALOG, {EVENTS: list(records or (a_record(HERE, 0), BAD, ASTRAY, COPY))}),
        commands=[a_command(), a_command(id="2", step="t", decided_at_ms=MONDAY_NOON + 2 * DAY)],
        activities=[],
        letters=list(letters),
        states={},
        positions={
            HERE: PartitionRecord(next_offsets={EVENTS: done}),
            ELSEWHERE: PartitionRecord(next_offsets={EVENTS: 1}),
        },
    )


# A customer of the welcome journey who is greeted at once and reminded three days later.
REFERENCE = replay(a_directory(), [an_event()], MONDAY_NOON + 30 * DAY)
KEY = b"acme:c1"


def left_by(
    states: dict[bytes, CustomerState] | None = None,
    commands: Sequence[SendCommand] | None = None,
    activities: Sequence[Activity] | None = None,
) -> Found:
    """What a run leaves that did as the reference; or with something else in its place."""
    effects = REFERENCE.effects
    states = {KEY: REFERENCE.states["acme", "c1"]} if states is None else states
    return replace(
        found(),
        states={key: encode_state(state) for key, state in states.items()},
        commands=[each for each in effects if isinstance(each, SendCommand)] if commands is None else list(commands),
        activities=[each for each in effects if isinstance(each, Activity)] if activities is None else list(activities),
    )


def counted(events: int, fired: int = 0, commands: int = 0, late_ms: Sequence[int] = ()) -> Found:
    """What a counting worker leaves of ``found()``, in which c1 has two events that count."""
    activity = next(each for each in REFERENCE.effects if isinstance(each, Activity))
    return replace(
        found(),
        states={KEY: CountingDecider().encode_state(Count(events, fired))},
        commands=[a_command()] * commands,
        activities=[with_fields(activity, details={"late_ms": each}) for each in late_ms],
    )


COMMITTED = {(EVENTS, HERE): 3, (EVENTS, ELSEWHERE): 1}


def test_what_is_right_passes() -> None:
    check_i1(found(), ["e1"], set())
    check_i2(found())
    check_i3(found(), {"j": GUARDRAILS})
    check_i4(left_by(), REFERENCE)
    check_i4_of_counting(counted(2, 1, 1, [5]), set())
    check_i6(found(), COMMITTED, {"worker-0": 0})
    assert len(left_by().commands) == 2
    assert len(left_by().activities) > 3


@pytest.mark.parametrize(
    ("breach", "what"),
    [
        (lambda: check_i1(found(), ["e1", "e2"], set()), "I1: every event that was acknowledged stands on its topic"),
        (lambda: check_i1(found(done=2), (), set()), "I1: every record is behind its partition's position"),
        (lambda: check_i1(found(letters=()), (), set()), "I1: what cannot be used is set aside"),
        (lambda: check_i1(found(), (), {(EVENTS, HERE, 0)}), "I1: what cannot be used is set aside"),
        (lambda: check_i1(found(letters=(a_letter(), a_letter(offset=0))), (), set()), "I1: nothing else is set aside"),
        (lambda: check_i1(found(letters=(a_letter(), a_letter())), (), set()), "I1: it is set aside once"),
        (lambda: check_i1(found(letters=(a_letter(b"other"),)), (), set()), "I1: it is set aside byte for byte"),
        (lambda: check_i1(found(a_record(HERE, 0), BAD, ASTRAY), (), set()), "I1: what stands in the wrong partition"),
        (lambda: check_i2(sending(a_command(), a_command())), "I2: no command is published twice"),
        (lambda: check_i2(sending(a_command(), a_command(id="2"))), "I2: no step sends twice"),
        (
            lambda: check_i3(sending(a_command(), a_command(id="2", step="t")), {"j": GUARDRAILS}),
            "I3: a guardrail of j is exceeded for c1",
        ),
        (
            lambda: check_i3(
                sending(a_command(category="marketing")), {"j": {**GUARDRAILS, "consent": {"marketing": "required"}}}
            ),
            "I3: a guardrail of j is exceeded for c1",
        ),
        (lambda: check_i4(left_by(states={}), REFERENCE), "I4: every customer's state"),
        (lambda: check_i4(left_by(states={KEY: CustomerState()}), REFERENCE), "I4: every customer's state"),
        (lambda: check_i4(left_by(commands=left_by().commands[1:]), REFERENCE), "I4: every command"),
        (lambda: check_i4(left_by(commands=[*left_by().commands, a_command()]), REFERENCE), "I4: every command"),
        (
            lambda: check_i4(
                left_by(commands=[with_fields(each, template="other") for each in left_by().commands]), REFERENCE
            ),
            "I4: every command",
        ),
        (lambda: check_i4(left_by(activities=left_by().activities[:-1]), REFERENCE), "I4: every activity"),
        (
            lambda: check_i4(
                left_by(activities=[*left_by().activities, with_fields(left_by().activities[0], id="x")]), REFERENCE
            ),
            "I4: every activity",
        ),
        (lambda: check_i4_of_counting(counted(3, commands=1), set()), "I4: every customer's count"),
        (lambda: check_i4_of_counting(counted(1, commands=1), set()), "I4: every customer's count"),
        (lambda: check_i4_of_counting(counted(2), set()), "I4: every customer got the reference's commands"),
        (lambda: check_i4_of_counting(counted(2, 0, 1, [5]), set()), "I4: a wait that has ended is on record once"),
        (lambda: check_i4_of_counting(counted(2, 1, 1, [-5]), set()), "I4: no wait ends early"),
        (lambda: check_i6(found(), {**COMMITTED, (EVENTS, HERE): 2}, {}), "I6: the group has committed everything"),
        (lambda: check_i6(found(), {(EVENTS, HERE): 3}, {}), "I6: the group has committed everything"),
        (lambda: check_i6(found(), COMMITTED, {"worker-0": 0, "worker-1": 70}), "I6: every worker ended in order"),
        (lambda: check_i6(found(), COMMITTED, {"worker-0": None}), "I6: every worker ended in order"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_breach_is_seen_and_named(breach: Callable[[], None], what: str) -> None:
    with pytest.raises(AssertionError, match=what):
        breach()


def sending(*commands: SendCommand) -> Found:
    return replace(found(), commands=list(commands))
