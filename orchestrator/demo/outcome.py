"""What the run and the reference came to, side by side. Pure: ``gather`` does the reading."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.demo.reference import Inputs, Reference
from orchestrator.demo.scenario import TRIAL_OFFER_HOLDOUT_PERCENT, WIN_BACK_HOLDOUT_PERCENT
from orchestrator.demo.tally import Line, Number, arm_summary, compared, from_activities
from orchestrator.experiments.comparison import Comparison, compare
from orchestrator.simulator.personas import TRUE_UPLIFT

_SHOWN_IDS = 5


@dataclass(frozen=True, slots=True)
class Journeys:
    """The ids of the demo's two journeys."""

    win_back: str
    trial_offer: str


@dataclass(frozen=True, slots=True)
class Run:
    """What the run came to. ``figures``: by journey id, in the words of ``tally``.

    ``published`` counts events and delivery reports that can be read, ``duplicates`` those among them that were
    published before. ``refused`` are activities that the sink set aside; ``repeated_commands`` came to the adapter
    more than once.
    """

    published: int
    duplicates: int
    dead_letters: int
    figures: Mapping[str, Mapping[str, Number]]
    activity_ids: frozenset[str]
    refused: int
    command_ids: frozenset[str]
    repeated_commands: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything the report is made of. ``differences``: sentences about what does not agree; empty when all does."""

    inputs: list[Line]
    win_back: list[Line]
    trial_offer: list[Line]
    decisions: list[Line]
    win_back_uplift: Comparison
    trial_offer_uplift: Comparison
    differences: list[str]

    @property
    def agrees(self) -> bool:
        """Whether the run and the reference came to the same in everything."""
        return not self.differences


def outcome_of(run: Run, inputs: Inputs, reference: Reference, journeys: Journeys) -> Outcome:
    """The run and the reference side by side, with everything in which they differ."""
    counted = from_activities(reference.activities)
    win_back, trial_offer = (
        compared(run.figures[journey_id], counted.get(journey_id, {}))
        for journey_id in (journeys.win_back, journeys.trial_offer)
    )
    # Left what was published or what the worker made of it, right what the reference found in the topics.
    input_lines = [
        Line("events and delivery reports published", run.published, len(inputs.signals)),
        Line("of these, repeated", run.duplicates, reference.duplicates),
        Line("unreadable records, now dead letters", run.dead_letters, inputs.undecodable),
        Line("records in the wrong partition, forwarded", inputs.forwarded, inputs.astray),
    ]
    decisions = [
        Line("activities", len(run.activity_ids), len(reference.activities)),
        Line("activity ids that only one side has", len(run.activity_ids ^ reference.activity_ids), 0),
        Line("activities that the sink refused", run.refused, 0),
        Line("send commands", len(run.command_ids), len(reference.command_ids)),
        Line("command ids that only one side has", len(run.command_ids ^ reference.command_ids), 0),
        Line("send commands published twice", run.repeated_commands, 0),
    ]
    differences = [
        *_differing("What came in", input_lines),
        *_differing("Win back", win_back),
        *_differing("Trial offer", trial_offer),
        *_differing("All decisions", decisions),
        *_strays("activity", run.activity_ids, reference.activity_ids),
        *_strays("command", run.command_ids, reference.command_ids),
    ]
    return Outcome(
        inputs=input_lines,
        win_back=win_back,
        trial_offer=trial_offer,
        decisions=decisions,
        win_back_uplift=_uplift(run.figures[journeys.win_back], WIN_BACK_HOLDOUT_PERCENT),
        trial_offer_uplift=_uplift(run.figures[journeys.trial_offer], TRIAL_OFFER_HOLDOUT_PERCENT),
        differences=differences,
    )


def is_compatible_with_none(uplift: Comparison) -> bool | None:
    """Whether no uplift at all lies inside the interval; None when there is none to speak of."""
    effect = uplift.conversion
    return None if effect is None else not effect.absolute_anytime.excludes(0.0)


def contains_truth(uplift: Comparison) -> bool | None:
    """Whether the personas' known uplift lies inside the interval; None when there is none to speak of."""
    effect = uplift.conversion
    if effect is None or effect.relative_anytime is None:
        return None
    return not effect.relative_anytime.excludes(TRUE_UPLIFT)


def _uplift(figures: Mapping[str, Number], holdout_percent: float) -> Comparison:
    return compare(arm_summary(figures, "treatment"), arm_summary(figures, "holdout"), 1 - holdout_percent / 100)


def _differing(where: str, lines: list[Line]) -> list[str]:
    return [
        f"{where}, {line.name}: {line.run} in the run, {line.reference} in the reference"
        for line in lines
        if not line.agrees
    ]


def _strays(kind: str, run: frozenset[str], reference: frozenset[str]) -> list[str]:
    """A few ids to begin looking with."""
    return [
        f"{kind} {id_}: only in the {side}"
        for side, only in (("run", run - reference), ("reference", reference - run))
        for id_ in sorted(only)[:_SHOWN_IDS]
    ]
