"""The judge of the fault tests sees each breach there can be, and names the invariant."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from orchestrator.messages.codec import encode_event
from orchestrator.messages.command import SendCommand
from orchestrator.messages.dead_letter import DeadLetter
from orchestrator.messages.key import partition_of
from orchestrator.streams.forwarding import FORWARDED_FROM
from orchestrator.streams.stored import PartitionRecord
from tests.builders import DAY, MONDAY_NOON, an_event
from tests.faults.verifier import Found, check_i1, check_i2, check_i3, understand
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


def test_what_is_right_passes() -> None:
    check_i1(found(), ["e1"], set())
    check_i2(found())
    check_i3(found(), {"j": GUARDRAILS})


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
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_breach_is_seen_and_named(breach: Callable[[], None], what: str) -> None:
    with pytest.raises(AssertionError, match=what):
        breach()


def sending(*commands: SendCommand) -> Found:
    return replace(found(), commands=list(commands))
