"""What the run and the reference came to, side by side. Reading happens in ``gather``; the rest is pure."""

import asyncio
from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.demo.publication import Edition
from orchestrator.demo.reference import Inputs, Reference, run_reference, understand
from orchestrator.demo.replay import Played
from orchestrator.demo.scenario import TRIAL_OFFER_HOLDOUT_PERCENT, WIN_BACK_HOLDOUT_PERCENT, WORKSPACE
from orchestrator.demo.tally import Line, Number, arm_summary, compared, from_activities, from_figures
from orchestrator.experiments.comparison import Comparison, compare
from orchestrator.kafka.tail import Tail, TailRecord
from orchestrator.settings import Settings
from orchestrator.simulator.personas import TRUE_UPLIFT
from orchestrator.store.pool import Pool
from orchestrator.store.reports import totals
from orchestrator.store.tally import activity_ids

_SHOWN_IDS = 5


@dataclass(frozen=True, slots=True)
class Journeys:
    """The ids of the demo's two journeys."""

    win_back: str
    trial_offer: str


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


async def gather(
    settings: Settings, pool: Pool, journeys: Journeys, edition: Edition, played: Played, until_ms: int
) -> Outcome:
    """Reads what the run left in PostgreSQL and Kafka, runs the reference over the same inputs, compares.

    Raises:
        Unavailable: the broker or the database does not answer.
    """
    catalog = Catalog(settings)
    records = await _read(settings, catalog, (catalog.configs, catalog.events, catalog.deliveries))
    dead_letters = len(await _read(settings, catalog, (catalog.dead_letters,)))
    inputs = await asyncio.to_thread(understand, catalog, records)
    reference = await asyncio.to_thread(run_reference, inputs, until_ms)
    counted = from_activities(reference.activities)
    figures = {
        journey_id: from_figures(await totals(pool, WORKSPACE, journey_id))
        for journey_id in (journeys.win_back, journeys.trial_offer)
    }
    ids = await activity_ids(pool, WORKSPACE)
    win_back, trial_offer = (
        compared(figures[journey_id], counted.get(journey_id, {}))
        for journey_id in (journeys.win_back, journeys.trial_offer)
    )
    input_lines = _input_lines(inputs, reference, edition, played, dead_letters)
    decisions = [
        Line("activities", len(ids), len(reference.activities)),
        Line("send commands", len(played.command_ids), len(reference.command_ids)),
        Line("activity ids that only one side has", len(ids ^ reference.activity_ids), 0),
        Line("command ids that only one side has", len(played.command_ids ^ reference.command_ids), 0),
    ]
    differences = [
        *_differing("Input", input_lines),
        *_differing("Win back", win_back),
        *_differing("Trial offer", trial_offer),
        *_differing("Decisions", decisions),
        *_strays("activity", frozenset(ids), reference.activity_ids),
        *_strays("command", played.command_ids, reference.command_ids),
    ]
    return Outcome(
        inputs=input_lines,
        win_back=win_back,
        trial_offer=trial_offer,
        decisions=decisions,
        win_back_uplift=_uplift(figures[journeys.win_back], WIN_BACK_HOLDOUT_PERCENT),
        trial_offer_uplift=_uplift(figures[journeys.trial_offer], TRIAL_OFFER_HOLDOUT_PERCENT),
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


def _input_lines(
    inputs: Inputs, reference: Reference, edition: Edition, played: Played, dead_letters: int
) -> list[Line]:
    """Left what was published or what the worker made of it, right what the reference found in the topics."""
    published = edition.events + edition.duplicates + played.answers + played.reports
    return [
        Line("events and delivery reports published", published, len(inputs.signals)),
        Line("of these, repeated", edition.duplicates, reference.duplicates),
        Line("unreadable records, now dead letters", dead_letters, inputs.undecodable),
        Line("records in the wrong partition, forwarded", inputs.forwarded, inputs.astray),
    ]


def _uplift(figures: dict[str, Number], holdout_percent: float) -> Comparison:
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


async def _read(settings: Settings, catalog: Catalog, topics: tuple[str, ...]) -> list[TailRecord]:
    places = [(topic, catalog.spec(topic).partitions) for topic in topics]
    async with await Tail.open(settings, "demo-reference", places) as tail:
        return await tail.read_to_end()
