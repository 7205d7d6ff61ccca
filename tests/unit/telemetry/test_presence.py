"""Every process says what it is, what its clock shows, and how late its event loop turns."""

import asyncio
import time

from prometheus_client import REGISTRY

from orchestrator import __version__
from orchestrator.telemetry.presence import LOOK_EVERY_S, introduce, watch_loop


def sample(name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(name, labels)
    assert value is not None
    return value


def test_a_process_says_its_version_its_role_and_its_time() -> None:
    introduce("sink")
    [build] = [
        each.labels
        for metric in REGISTRY.collect()
        if metric.name == "orchestrator_build_info"
        for each in metric.samples
        if each.labels["role"] == "sink"
    ]
    assert build["version"] == __version__
    before = time.time()
    assert before <= sample("orchestrator_clock_seconds") <= time.time()


async def test_a_loop_that_is_held_up_is_seen_to_turn_late() -> None:
    name = "orchestrator_event_loop_delay_seconds_sum"
    before = sample(name)
    task = asyncio.create_task(watch_loop())
    await asyncio.sleep(0)
    held_up_s = LOOK_EVERY_S + 0.2
    time.sleep(held_up_s)  # noqa: ASYNC251  which is what is to be seen
    for _ in range(5):  # its turn, late
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert sample(name) - before >= held_up_s - LOOK_EVERY_S
