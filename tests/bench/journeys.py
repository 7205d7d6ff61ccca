"""Workers with real journeys: one worker on several mixes, and two workers beside one."""

from collections.abc import Sequence

from orchestrator.demo.scenario import WIN_BACK
from orchestrator.demo.scenario import WORKSPACE as DEMO
from orchestrator.messages.event import EngagementEvent
from tests.bench.backlog import backlog, purchases, purchases_among_views
from tests.bench.ground import PARTITIONS, Ground, installation
from tests.bench.journey_run import JourneyRun, run_journey
from tests.bench.measurement import Measurement
from tests.bench.six_steps import SIX_STEPS, shoppers
from tests.bench.six_steps import WORKSPACE as BENCH

EVENTS = 200_000
SHARED_EVENTS = 80_000


async def measure_six_steps(ground: Ground) -> list[Measurement]:
    """DESIGN's target: a six-step journey with all guardrails on."""
    events = shoppers(ground.backlog_size(EVENTS))
    run = await _run(ground, "six-steps", SIX_STEPS, BENCH, events)
    return [_of("worker with a real six-step journey, all guardrails on", run, 20_000)]


async def measure_win_back(ground: Ground) -> list[Measurement]:
    """The demo's journey over its real purchases, of many times as many customers."""
    run = await _run(ground, "win-back", WIN_BACK, DEMO, purchases(ground.backlog_size(EVENTS)))
    return [_of("worker with the demo's win-back journey (target of issue 3)", run, 12_000)]


async def measure_mix(ground: Ground) -> list[Measurement]:
    """The same, where most events move no run."""
    run = await _run(ground, "mix", WIN_BACK, DEMO, purchases_among_views(ground.backlog_size(EVENTS)))
    return [_of("worker, win-back journey, nine page views to each other event", run, None)]


async def measure_two(ground: Ground) -> list[Measurement]:
    """Two workers beside one, on the same backlog."""
    events = purchases(ground.backlog_size(SHARED_EVENTS))
    one = await _run(ground, "one", WIN_BACK, DEMO, events)
    two = await _run(ground, "two", WIN_BACK, DEMO, events, workers=2)
    details = {
        "one worker, events/s": one.span.rate,
        "two workers, events/s": two.span.rate,
        "one worker, CPU µs per event": one.cpu_us,
        "two workers, CPU µs per event": two.cpu_us,
    }
    note = f"{two.span.rate:,.0f} against {one.span.rate:,.0f} events/s; the broker needs a core as well"
    return [Measurement("2 workers beside one", "x", 1.7, two.span.rate / one.span.rate, note, details=details)]


async def _run(
    ground: Ground,
    name: str,
    document: dict[str, object],
    workspace_id: str,
    events: Sequence[EngagementEvent],
    workers: int = 1,
) -> JourneyRun:
    async with installation(ground, name, time="stream") as settings:
        ground.say(f"journeys: {name}, {len(events):,} events")
        return await run_journey(settings, document, workspace_id, backlog(events, PARTITIONS), workers)


def _of(what: str, run: JourneyRun, target: float | None) -> Measurement:
    effects = float(run.details["commands per event"]) + float(run.details["activities per event"])
    note = f"{run.cpu_us:.0f} µs of CPU and {effects:.2f} effects per event"
    return Measurement(what, "events/s", target, run.span.rate, note, details=run.details)
