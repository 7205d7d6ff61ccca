"""Every process says what it is, what its clock shows, and how late its event loop turns."""

import asyncio
import time

import pytest
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
    turns: list[float] = []
    task = asyncio.create_task(watch_loop(lambda: turns.append(time.monotonic())))
    await asyncio.sleep(0)
    held_up_s = LOOK_EVERY_S + 0.2
    time.sleep(held_up_s)  # noqa: ASYNC251  which is what is to be seen
    for _ in range(5):  # its turn, late
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert sample(name) - before >= held_up_s - LOOK_EVERY_S
    assert turns[1] - turns[0] >= held_up_s  # what says that the process lives is told of each turn


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("orchestrator_trace_spans_total", {"result": "failed"}),
        ("orchestrator_sink_rows_total", {"result": "refused"}),
        ("orchestrator_backtests_total", {"end": "failed"}),
        ("orchestrator_subscription_messages_total", {"result": "given_up"}),
        ("orchestrator_hook_requests_total", {"result": "wrong_signature"}),
        ("orchestrator_rows_forgotten_total", {"table": "runs"}),
    ],
)
def test_a_count_whose_kinds_are_known_is_there_before_it_counts(name: str, labels: dict[str, str]) -> None:
    """Of a series that begins at 1, Prometheus sees no increase: the first failure would not be told."""
    assert sample(name, **labels) >= 0
