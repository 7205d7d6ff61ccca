"""Whether a worker lives and is ready, by the signs it left and the time."""

from dataclasses import replace

import pytest

from orchestrator.streams.health import STUCK_S, Signs, is_stuck, liveness, readiness
from orchestrator.telemetry.probes import LONGEST_TURN_S, Checks

WELL = Signs(turned_s=1_000.0, are_topics_checked=True, are_configs_read=True, partitions=4)
NOW_S = 1_000.5


def failed(checks: Checks) -> set[str]:
    return {name for name, check in checks.items() if not check.ok}


def test_a_worker_at_work_lives_and_is_ready() -> None:
    signs = replace(WELL, oldest_batch_s=999.0)
    assert failed(liveness(signs, NOW_S)) == failed(readiness(signs, NOW_S)) == set()


def test_a_worker_for_which_there_is_no_partition_is_ready() -> None:
    assert failed(readiness(replace(WELL, partitions=0), NOW_S)) == set()


@pytest.mark.parametrize(
    ("signs", "missing"),
    [
        (replace(WELL, are_topics_checked=False), "topics"),
        (replace(WELL, are_configs_read=False), "configs"),
        (replace(WELL, partitions=None), "partitions"),
    ],
)
def test_a_worker_that_waits_for_something_lives_and_is_not_ready(signs: Signs, missing: str) -> None:
    assert failed(liveness(signs, NOW_S)) == set()
    assert failed(readiness(signs, NOW_S)) == {missing}


def test_a_loop_that_does_not_turn_is_no_life() -> None:
    assert failed(liveness(WELL, WELL.turned_s + LONGEST_TURN_S)) == set()
    assert failed(liveness(WELL, WELL.turned_s + LONGEST_TURN_S + 1)) == {"event_loop"}
    assert failed(readiness(WELL, WELL.turned_s + LONGEST_TURN_S + 1)) == {"event_loop"}


def test_a_batch_that_gets_nowhere_is_no_life() -> None:
    signs = replace(WELL, oldest_batch_s=NOW_S - STUCK_S - 1)
    assert is_stuck(signs, NOW_S)
    assert failed(liveness(signs, NOW_S)) == {"batches"}
    assert not is_stuck(WELL, NOW_S)
