"""The measurements in the order in which they run, and the targets of DESIGN.md that this version does not measure."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from tests.bench import (
    adapters,
    api,
    backtest,
    engine,
    hand_over,
    ingest,
    journeys,
    latency,
    ledger,
    month,
    pause,
    recovery,
    same_work,
    sink,
    sizes,
    soak,
    timers,
)
from tests.bench.ground import Ground
from tests.bench.measurement import Measurement, not_measured

Measure = Callable[[Ground], Awaitable[list[Measurement]]]

MEASUREMENTS: Mapping[str, Measure] = MappingProxyType(
    {
        "engine": engine.measure_six_steps,
        "sizes": sizes.measure,
        "engine-win-back": engine.measure_win_back,
        "backtest": backtest.measure_backtest,
        "simulate": backtest.measure_simulate,
        "same-work": same_work.measure,
        "six-steps": journeys.measure_six_steps,
        "win-back": journeys.measure_win_back,
        "mix": journeys.measure_mix,
        "two-workers": journeys.measure_two,
        "recovery": recovery.measure,
        "hand-over": hand_over.measure,
        "timers": timers.measure,
        "latency": latency.measure,
        "pause": pause.measure,
        "sink": sink.measure,
        "adapters": adapters.measure,
        "api": api.measure,
        "ingest": ingest.measure,
        "month": month.measure,
    }
)

# Only when they are asked for by name: they take as long as one tells them to, or are no matter of every version.
ON_REQUEST: Mapping[str, Measure] = MappingProxyType({"soak": soak.measure, "ledger": ledger.measure})

NOT_MEASURED = (
    not_measured(
        "dashboard, 30 days, 100 journeys, 10 million activities: page usable",
        "s",
        2,
        "not measured at that size in this version; `make test-browser` opens the page on a small database",
        more_is_better=False,
    ),
    not_measured("kill -9 at any point, … : 0 events lost", "events", 0, "a test, not a measurement: make test-faults"),
)
