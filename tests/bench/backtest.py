"""A journey over a file of events, and over made-up people: in one process, without Kafka, as the commands do it."""

import statistics
import time
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from orchestrator.backtest.commands import GARBAGE_THRESHOLDS
from orchestrator.backtest.files import read_journey
from orchestrator.backtest.history import Reading, read_file
from orchestrator.backtest.people import World
from orchestrator.backtest.run import Backtest, backtest
from orchestrator.backtest.simulate import simulate
from orchestrator.definitions.parse import parse_journey
from orchestrator.demo.scenario import WIN_BACK
from orchestrator.messages.event import EngagementEvent
from orchestrator.simulator.forms import encode_plain
from tests.bench.backlog import purchases, purchases_among_views
from tests.bench.collector import collecting_seldom
from tests.bench.ground import Ground
from tests.bench.measurement import Measurement
from tests.bench.six_steps import SIX_STEPS, shoppers

RUNS = 3
EVENTS = 200_000
PEOPLE = 5_000

T = TypeVar("T")


async def measure_backtest(ground: Ground) -> list[Measurement]:
    """The six-step journey with all guardrails on, and the win-back journey over buyers with and without page views."""
    most = ground.size(EVENTS, 5_000)
    return [
        _backtest(ground, "a six-step journey", SIX_STEPS, shoppers(most), 50_000),
        _backtest(ground, "win-back journey, real purchases", WIN_BACK, purchases(most // 2), None),
        _backtest(ground, "… with nine page views to each", WIN_BACK, purchases_among_views(most), None),
    ]


async def measure_simulate(ground: Ground) -> list[Measurement]:
    """A sample journey with a rate over all customers."""
    world = World(customers=ground.size(PEOPLE, 200))
    path = files("orchestrator.demo").joinpath("journeys", "abandoned_cart.yaml")
    journey = read_journey(Path(str(path)))
    result, rates = _rates(ground, lambda: simulate(journey, world)[0])
    rate = statistics.median(rates)
    details = {
        "people": world.customers,
        "signals per person": result.signals / world.customers,
        "messages per person": result.tally.sent / world.customers,
        "µs per person": 1e6 / rate * result.signals / world.customers,
        "runs": _shown(rates),
    }
    what = "simulate: the sample journey of the abandoned cart, made-up people in one virtual time"
    return [Measurement(what, "signals/s", None, rate, _note(rates), details=details)]


def _backtest(
    ground: Ground, what: str, document: dict[str, object], events: list[EngagementEvent], target: float | None
) -> Measurement:
    path = ground.folder / "history.jsonl"
    path.write_bytes(b"\n".join(encode_plain(event).value for event in events))
    journey, count = parse_journey(document), len(events)
    del events  # the commands have none of this in memory
    result, rates = _rates(ground, lambda: backtest(journey, read_file(path, Reading())))
    reading = min(_seconds(lambda: _exhaust(read_file(path, Reading())))[1] for _ in rates)
    rate = statistics.median(rates)
    details = {
        "events": count,
        "entered": result.tally.entered,
        "messages": result.tally.sent,
        "µs per event": 1e6 / rate,
        "of them reading and decoding, by itself": 1e6 * reading / count,
        "runs": _shown(rates),
    }
    return Measurement(f"backtest: {what}", "events/s", target, rate, _note(rates), details=details)


def _rates(ground: Ground, work: Callable[[], Backtest]) -> tuple[Backtest, list[float]]:
    """What came of it, and the signals per second of each run."""
    rates: list[float] = []
    with collecting_seldom(GARBAGE_THRESHOLDS):
        for _ in range(1 if ground.is_quick else RUNS):
            result, seconds = _seconds(work)
            rates.append(result.signals / seconds)
    return result, rates


def _seconds(work: Callable[[], T]) -> tuple[T, float]:
    began = time.process_time()  # of one core, whatever else the machine does
    result = work()
    return result, time.process_time() - began


def _exhaust(events: Iterable[object]) -> None:
    for _ in events:
        pass


def _shown(rates: list[float]) -> str:
    return ", ".join(f"{each:,.0f}" for each in rates)


def _note(rates: list[float]) -> str:
    return f"per second of CPU time, median of {len(rates)} runs"
