"""Whether a sink lives and is ready, by the signs it left and the time."""

from dataclasses import replace

import pytest

from orchestrator.sink.health import (
    LONGEST_ROUND_S,
    LONGEST_SILENCE_S,
    Part,
    Signs,
    Vitals,
    liveness,
    readiness,
)
from orchestrator.telemetry.probes import LONGEST_TURN_S, Checks

NOW_S = 1_000.0
WELL = Signs(turned_s=NOW_S, part=Part.WRITING, round_s=NOW_S - 1, answered_s=NOW_S - 4)


def failed(checks: Checks) -> set[str]:
    return {name for name, check in checks.items() if not check.ok}


def test_a_sink_that_writes_is_ready() -> None:
    assert failed(readiness(WELL, NOW_S)) == set()


def test_a_sink_that_stands_by_is_ready_to_take_over() -> None:
    assert failed(readiness(replace(WELL, part=Part.STANDBY, round_s=None), NOW_S)) == set()


@pytest.mark.parametrize(
    ("signs", "missing"),
    [
        (Signs(turned_s=NOW_S), {"sink", "postgres"}),
        (replace(WELL, answered_s=NOW_S - LONGEST_SILENCE_S - 1), {"postgres"}),
        (replace(WELL, round_s=NOW_S - LONGEST_ROUND_S - 1), {"rounds"}),
        (replace(WELL, is_kafka_silent=True), {"kafka"}),
    ],
)
def test_a_sink_that_waits_for_a_server_lives_and_is_not_ready(signs: Signs, missing: set[str]) -> None:
    assert failed(liveness(signs, NOW_S)) == set()
    assert failed(readiness(signs, NOW_S)) == missing


def test_a_loop_that_does_not_turn_is_no_life() -> None:
    assert failed(liveness(WELL, NOW_S + LONGEST_TURN_S + 1)) == {"event_loop"}


def test_a_sink_that_lost_a_server_is_not_ready_until_its_next_round() -> None:
    vitals = Vitals()
    vitals.hear()
    vitals.go_round(is_kafka_silent=False)
    assert failed(readiness(vitals.signs, vitals.signs.turned_s)) == set()
    vitals.connect()
    assert failed(readiness(vitals.signs, vitals.signs.turned_s)) == {"sink"}
    vitals.stand_by()
    assert failed(readiness(vitals.signs, vitals.signs.turned_s)) == set()
