"""The engine alone, on one core: no Kafka, no encoding, the collector set as in a worker."""

import cProfile
import pstats
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from orchestrator.demo.scenario import WIN_BACK
from orchestrator.demo.scenario import WORKSPACE as DEMO
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.engine import Signal, advance, next_due_ms
from orchestrator.journeys.state import EMPTY, CustomerState
from orchestrator.messages.event import EngagementEvent
from orchestrator.messages.timer import TimerDue
from orchestrator.streams.app import GARBAGE_THRESHOLDS
from tests.bench.backlog import purchases
from tests.bench.collector import collecting_seldom
from tests.bench.ground import Ground
from tests.bench.measurement import Measurement
from tests.bench.published import directory_of
from tests.bench.six_steps import SIX_STEPS, shoppers
from tests.bench.six_steps import WORKSPACE as BENCH

RUNS = 3
PROFILED_FUNCTIONS = 12
PURCHASES = 12_000  # the real customers, once
SHOPPING = 60_000


async def measure_six_steps(ground: Ground) -> list[Measurement]:
    """A typical journey of six steps, all guardrails on."""
    return [
        _measure(
            ground, "a six-step journey", directory_of(SIX_STEPS, BENCH), shoppers(ground.size(SHOPPING, 5_000)), 60_000
        )
    ]


async def measure_win_back(ground: Ground) -> list[Measurement]:
    """The demo's journey over the real purchases."""
    events = purchases(ground.size(PURCHASES, 5_000))
    return [_measure(ground, "the demo's win-back journey, real purchases", directory_of(WIN_BACK, DEMO), events, None)]


def _measure(
    ground: Ground, what: str, directory: Directory, events: Sequence[EngagementEvent], target: float | None
) -> Measurement:
    signals, effects = scheduled(directory, events)
    with collecting_seldom(GARBAGE_THRESHOLDS):
        rates = [len(signals) / _seconds(directory, signals) for _ in range(1 if ground.is_quick else RUNS)]
    rate = statistics.median(rates)
    details = {
        "signals": len(signals),
        "of them timers": len(signals) - len(events),
        "effects per signal": effects / len(signals),
        "µs per signal": 1e6 / rate,
        "runs": ", ".join(f"{each:,.0f}" for each in rates),
    }
    note = f"per second of CPU time, median of {len(rates)} runs; {effects / len(signals):.2f} effects per signal"
    return Measurement(f"engine, pure: {what}", "signals/s", target, rate, note, details=details)


def scheduled(directory: Directory, events: Sequence[EngagementEvent]) -> tuple[list[Signal], int]:
    """The events with the timers that a worker would receive between them, and how many effects all of it has."""
    states: dict[str, CustomerState] = {}
    signals: list[Signal] = []
    effects = 0
    for event in events:
        customer = event.customer_id
        state = states.get(customer, EMPTY)
        while (due_ms := next_due_ms(directory, event.workspace_id, state)) is not None and due_ms <= event.time_ms:
            timer = TimerDue(workspace_id=event.workspace_id, customer_id=customer, due_ms=due_ms)
            advanced = advance(directory, state, timer, due_ms, "stream")
            state, effects = advanced.state, effects + len(advanced.effects)
            signals.append(timer)
        advanced = advance(directory, state, event, event.time_ms, "stream")
        states[customer], effects = advanced.state, effects + len(advanced.effects)
        signals.append(event)
    return signals, effects


def _seconds(directory: Directory, signals: Sequence[Signal]) -> float:
    moments = [signal.due_ms if isinstance(signal, TimerDue) else signal.time_ms for signal in signals]
    states: dict[str, CustomerState] = {}
    began = time.process_time()  # of one core, whatever else the machine does
    for signal, moment_ms in zip(signals, moments, strict=True):
        customer = signal.customer_id
        states[customer] = advance(directory, states.get(customer, EMPTY), signal, moment_ms, "stream").state
    return time.process_time() - began


def profile(ground: Ground) -> str:
    """Where the time of both goes, by function: a run of its own, several times slower than the measured ones."""
    lines = []
    for name, directory, events in (
        ("six-step journey", directory_of(SIX_STEPS, BENCH), shoppers(ground.size(30_000, 5_000))),
        ("win-back journey", directory_of(WIN_BACK, DEMO), purchases(PURCHASES)),
    ):
        signals, _ = scheduled(directory, events)
        profiler = cProfile.Profile()
        profiler.enable()
        _seconds(directory, signals)
        profiler.disable()
        stats = pstats.Stats(profiler).get_stats_profile()
        top = sorted(stats.func_profiles.items(), key=lambda item: -item[1].tottime)[:PROFILED_FUNCTIONS]
        lines.append(f"{name}: {len(signals):,} signals, {stats.total_tt:.2f} s under the profiler")
        lines += [
            f"  {each.tottime / stats.total_tt:5.1%}  {each.ncalls:>9} calls  {function} ({_place(each)})"
            for function, each in top
        ]
    return "\n".join(lines)


def _place(function: pstats.FunctionProfile) -> str:
    return f"{'/'.join(Path(function.file_name).parts[-2:])}:{function.line_number}"
