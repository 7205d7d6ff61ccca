"""Made-up people: the same seed tells the same story, and a known effect shows."""

from importlib.resources import files
from pathlib import Path

import pytest

from orchestrator.backtest.files import read_journey
from orchestrator.backtest.people import Person, World
from orchestrator.backtest.report import as_document
from orchestrator.backtest.simulate import simulate
from orchestrator.definitions.parse import parse_journey
from orchestrator.experiments.comparison import compare
from tests.builders import a_journey

SAMPLES = sorted(Path(str(files("orchestrator.demo").joinpath("journeys"))).glob("*.yaml"))
GOAL = {"event": "ordered", "window": "P14D", "value": "amount"}


def test_the_same_seed_tells_the_same_story_and_another_seed_another() -> None:
    journey = parse_journey(a_journey(goal=GOAL, holdout={"percent": 20}))
    one, other, third = (simulate(journey, World(customers=60, seed=seed))[0] for seed in (1, 1, 2))
    assert as_document(one) == as_document(other)
    assert as_document(one)["days"] != as_document(third)["days"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_most_people_enter_every_sample_journey_and_all_runs_come_to_an_end(path: Path) -> None:
    journey = read_journey(path)
    result, _ = simulate(journey, World(customers=40, days=120, seed=3))
    assert 20 <= result.tally.entered <= 60
    assert result.tally.sent > 0
    under_way = result.tally.arms["treatment"].entered - result.tally.ended.total()
    assert 0 <= under_way <= 0.4 * result.tally.entered


def test_a_known_effect_shows_in_the_comparison_and_none_does_not() -> None:
    journey = parse_journey(a_journey(goal=GOAL, holdout={"percent": 50}))
    with_effect, without = (
        simulate(journey, World(customers=3_000, base_rate=0.2, effect=effect))[1] for effect in (0.8, 0.0)
    )
    found = compare(with_effect["treatment"].summary(), with_effect["holdout"].summary(), 0.5)
    nothing = compare(without["treatment"].summary(), without["holdout"].summary(), 0.5)
    assert found.finding == "better"
    assert nothing.finding == "no_difference_yet"


def test_a_person_does_what_lets_it_in() -> None:
    where = {"kind": "all", "of": [{"kind": "field", "name": "cart.total", "op": "gt", "value": 20}]}
    entry = {"kind": "event", "type": "cart.left", "where": where, "key": "cart.id"}
    journey = parse_journey(a_journey(entry=entry))
    trigger = next(event for event in Person(World(), journey, 1).life() if event.type == "cart.left")
    assert trigger.data == {"cart": {"id": "key-person-1", "total": 21}}
