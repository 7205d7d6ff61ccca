"""A run that lost, doubled or changed anything does not agree with the reference, and the report says what it was."""

from dataclasses import replace

import pytest

from orchestrator.demo.outcome import Journeys, Run, outcome_of
from orchestrator.demo.reference import Inputs, Reference
from orchestrator.demo.tally import from_activities
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import Replay
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand

JOURNEYS = Journeys("win-back", "trial-offer")
INPUTS = Inputs(directory=Directory.empty(), signals=[], undecodable=3, astray=2, forwarded=2, ticks=4)


@pytest.fixture
def reference(played: Replay) -> Reference:
    return Reference(
        activities=[each for each in played.effects if isinstance(each, Activity)],
        command_ids=frozenset(each.id for each in played.effects if isinstance(each, SendCommand)),
        duplicates=5,
    )


@pytest.fixture
def run(reference: Reference) -> Run:
    """A run that came to just what the reference came to."""
    return Run(
        published=0,
        duplicates=5,
        dead_letters=3,
        figures=from_activities(reference.activities),
        activity_ids=reference.activity_ids,
        refused=0,
        command_ids=reference.command_ids,
        repeated_commands=0,
    )


def test_a_faithful_run_agrees(run: Run, reference: Reference) -> None:
    outcome = outcome_of(run, INPUTS, reference, JOURNEYS)

    assert outcome.agrees
    assert outcome.win_back_uplift.treatment.customers > 0
    assert outcome.trial_offer_uplift.control.customers > 0


def test_a_lost_command_and_a_strange_one_are_named(run: Run, reference: Reference) -> None:
    lost = min(reference.command_ids)
    outcome = outcome_of(replace(run, command_ids=run.command_ids - {lost} | {"strange"}), INPUTS, reference, JOURNEYS)

    assert f"command {lost}: only in the reference" in outcome.differences
    assert "command strange: only in the run" in outcome.differences


def test_an_activity_that_is_not_in_the_database_is_named(run: Run, reference: Reference) -> None:
    lost = min(reference.activity_ids)
    outcome = outcome_of(replace(run, activity_ids=run.activity_ids - {lost}), INPUTS, reference, JOURNEYS)

    assert f"activity {lost}: only in the reference" in outcome.differences


@pytest.mark.parametrize("name", ["published", "duplicates", "dead_letters", "refused", "repeated_commands"])
def test_any_other_count_that_is_off_by_one_is_a_difference(run: Run, reference: Reference, name: str) -> None:
    changed = replace(run, **{name: getattr(run, name) + 1})

    assert len(outcome_of(changed, INPUTS, reference, JOURNEYS).differences) == 1


def test_a_figure_that_is_off_by_a_cent_is_a_difference(run: Run, reference: Reference) -> None:
    figures = {journey_id: dict(of_journey) for journey_id, of_journey in run.figures.items()}
    figures["win-back"]["revenue, $: holdout"] += 0.01

    [difference] = outcome_of(replace(run, figures=figures), INPUTS, reference, JOURNEYS).differences
    assert difference.startswith("Win back, revenue, $: holdout: ")


def test_a_record_that_was_not_forwarded_is_a_difference(run: Run, reference: Reference) -> None:
    outcome = outcome_of(run, replace(INPUTS, forwarded=1), reference, JOURNEYS)

    assert outcome.differences == [
        "What came in, records in the wrong partition, forwarded: 1 in the run, 2 in the reference"
    ]
