"""A worker that counts instead of running journeys: each event adds one, every second one sends a command.

Run as ``python -m tests.counting``; settings come from the environment as for any worker. What has to be in the topics
afterwards can be said exactly, whatever happened meanwhile, which is why the fault tests and the bench use it.
"""

import logging
import os
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.errors import OrchestratorError
from orchestrator.journeys.occasions import Occasion
from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from orchestrator.messages.timer import TimerDue
from orchestrator.settings import TimeMode, load_settings
from orchestrator.streams.app import run
from orchestrator.streams.decider import Effect, Signal, Wallet
from orchestrator.telemetry.log import set_up_logging
from tests.bench.command import command_for

# Counting further waits this long after each event, when it is above 0 (milliseconds).
DELAY_MS = int(os.environ.get("COUNTING_DELAY_MS", "0"))
# A customer with this in its id makes the engine fail.
POISON = "poison"

_STATE = struct.Struct(">qqq")


@dataclass(frozen=True, slots=True)
class Count:
    """Events counted, timers that fired, and when the next one is due (-1: none)."""

    events: int = 0
    fired: int = 0
    due_ms: int = -1


@dataclass(frozen=True, slots=True)
class Rules:
    """Journeys that are paused."""

    paused: frozenset[str] = frozenset()


class CountingDecider:
    """Counts; see the module."""

    def empty_directory(self) -> Rules:
        return Rules()

    def with_config(self, directory: Rules, key: bytes, value: bytes | None) -> Rules:
        journey = key.decode()
        if value == b"PAUSED":
            return Rules(directory.paused | {journey})
        return Rules(directory.paused - {journey})

    def empty_state(self) -> Count:
        return Count()

    def decode_state(self, raw: bytes) -> Count:
        return Count(*_STATE.unpack(raw))

    def encode_state(self, state: Count) -> bytes:
        return _STATE.pack(state.events, state.fired, state.due_ms)

    def advance(
        self, directory: Rules, state: Count, signal: Signal, now_ms: int, time: TimeMode, cause: str, wallet: Wallet
    ) -> tuple[Count, Sequence[Effect]]:
        if POISON in signal.customer_id:
            raise ValueError("this customer makes the engine fail")
        if isinstance(signal, TimerDue):
            if state.due_ms < 0 or state.due_ms > now_ms or "count" in directory.paused:
                return state, ()
            return replace(state, fired=state.fired + 1, due_ms=-1), (self._activity(signal, state, now_ms, cause),)
        count = state.events + 1
        new = Count(count, state.fired, now_ms + DELAY_MS if DELAY_MS else -1)
        if count % 2 or "count" in directory.paused:
            return new, ()
        return new, (command_for(signal.workspace_id, signal.customer_id, count, now_ms),)

    def outlook(
        self, directory: Rules, workspace_id: str, state: Count, now_ms: int
    ) -> tuple[int | None, Sequence[str]]:
        if state.due_ms < 0:
            return None, ()
        if state.due_ms <= now_ms and "count" in directory.paused:
            return None, ("count",)
        return state.due_ms, ()

    def may_send(self, directory: Rules, workspace_id: str, journey_id: str) -> bool:
        return journey_id not in directory.paused

    def due_occasions(self, directory: Rules, done: Mapping[str, int], now_ms: int) -> Sequence[Occasion]:
        return ()

    def is_walking(self, directory: Rules, journey_id: str) -> bool:
        return journey_id not in directory.paused

    def moves_customers(self, before: Rules, after: Rules) -> bool:
        return False

    def _activity(self, signal: Signal, state: Count, now_ms: int, cause: str) -> Activity:
        return Activity(
            id=derived_id("activity", signal.workspace_id, signal.customer_id, str(state.fired)),
            workspace_id=signal.workspace_id,
            customer_id=signal.customer_id,
            journey_id="count",
            version=1,
            run_id="run",
            type="step_passed",
            at_ms=now_ms,
            details={"late_ms": now_ms - state.due_ms},
            cause=cause,
        )


def main() -> int:
    """Runs a counting worker."""
    settings = load_settings()
    set_up_logging(settings)
    try:
        return run(settings, CountingDecider())
    except OrchestratorError as error:
        logging.getLogger(__name__).critical("%s", error)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
