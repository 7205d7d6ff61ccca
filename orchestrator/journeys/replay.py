"""The engine on its own, over a list of signals: one thread, no Kafka, stream time. The reference for everything else.

Customers do not influence one another, and what falls due is part of a customer's state. So it is enough to take each
customer's signals in order, and at the end to let time run on to ``until_ms``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.journeys.directory import Directory
from orchestrator.journeys.engine import Signal, advance, next_due_ms
from orchestrator.journeys.state import EMPTY, CustomerState
from orchestrator.journeys.turn import Effect
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.timer import TimerDue


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it: the states by (workspace id, customer id), and every effect, in the order of decision."""

    states: Mapping[tuple[str, str], CustomerState]
    effects: tuple[Effect, ...]
    duplicates: int


def replay(directory: Directory, signals: Iterable[Signal], until_ms: int) -> Replay:
    """Runs ``signals`` through the engine, each at its own time, then lets everything fall due up to ``until_ms``."""
    states: dict[tuple[str, str], CustomerState] = {}
    effects: list[Effect] = []
    duplicates = 0
    for signal in signals:
        customer = (signal.workspace_id, signal.customer_id)
        advanced = advance(directory, states.get(customer, EMPTY), signal, _time_of(signal), "stream")
        states[customer] = advanced.state
        effects += advanced.effects
        duplicates += advanced.is_duplicate
    for (workspace_id, customer_id), state in states.items():
        # One due moment after the other, as a worker's timers come: so the last states are the same as a worker's.
        while (due_ms := next_due_ms(directory, workspace_id, state)) is not None and due_ms <= until_ms:
            timer = TimerDue(workspace_id=workspace_id, customer_id=customer_id, due_ms=due_ms)
            advanced = advance(directory, state, timer, due_ms, "stream")
            state = states[workspace_id, customer_id] = advanced.state
            effects += advanced.effects
    return Replay(states, tuple(effects), duplicates)


def _time_of(signal: Signal) -> int:
    match signal:
        case EngagementEvent() | DeliveryEvent():
            return signal.time_ms
        case TimerDue():
            return signal.due_ms
