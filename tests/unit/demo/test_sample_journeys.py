"""The six sample journeys are valid, and do what their own tests say."""

from importlib.resources import files
from pathlib import Path

import pytest

from orchestrator.backtest.files import read_journey
from orchestrator.definitions.warnings import find_warnings
from orchestrator.journeys.rehearsal import rehearse

SAMPLES = sorted(Path(str(files("orchestrator.demo").joinpath("journeys"))).glob("*.yaml"))


def test_there_is_one_for_each_job_of_the_field() -> None:
    assert [path.stem for path in SAMPLES] == [
        "abandoned_cart",
        "post_purchase",
        "product_launch",
        "re_permission",
        "welcome",
        "win_back",
    ]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_does_what_its_own_tests_say(path: Path) -> None:
    journey = read_journey(path)
    results = rehearse(journey)
    assert len(results) >= 3
    assert [result for result in results if result.differences] == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_nothing_is_odd_about_a_sample(path: Path) -> None:
    assert find_warnings(read_journey(path)) == []
