"""A journey's report: what the API says of it, as tables. Pure.

The figures are those of the API's answers, field by field, so that no format can say something else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.api.documents import (
    ArmFigures,
    ChannelFigures,
    Figures,
    JourneyItem,
    MetricsDocument,
    StepFigures,
    VariantFigures,
    VersionItem,
)
from orchestrator.api.experiment_documents import (
    ArmDocument,
    ComparisonDocument,
    EffectDocument,
    ExperimentDocument,
    IncrementalDocument,
    SampleRatioDocument,
)
from orchestrator.api.gauge_documents import Gauge
from orchestrator.api.position_documents import PositionsDocument
from orchestrator.api.report_result import result_table
from orchestrator.api.report_tables import LIST_COLUMNS, Cell, Report, Row, Table, written
from orchestrator.api.step_order import steps_in_order

# Which of a day's figures are numbers, in the order in which a reader looks for them.
COUNTED = (
    "entered",
    "customers",
    "entry_refused",
    "completed",
    "exited",
    "sends",
    "suppressed",
    "deferred",
    "conversions",
    "customers_converted",
    "revenue",
    "cost",
)
_EFFECT = (
    "absolute",
    "absolute_low",
    "absolute_high",
    "absolute_anytime_low",
    "absolute_anytime_high",
    "relative",
    "relative_low",
    "relative_high",
    "relative_anytime_low",
    "relative_anytime_high",
    "p_value",
)
_ARM = (
    "customers",
    "conversions",
    "conversion_rate",
    "conversion_rate_low",
    "conversion_rate_high",
    "revenue",
    "revenue_per_customer",
)
_BASELINE = ("customers", "rate_before", "rate_after", "absolute", "absolute_low", "absolute_high")
_INCREMENTAL = {
    "incremental_conversions": "conversions",
    "incremental_conversions_low": "conversions_low",
    "incremental_conversions_high": "conversions_high",
    "incremental_revenue": "revenue",
    "incremental_revenue_low": "revenue_low",
    "incremental_revenue_high": "revenue_high",
    "whole_cost": "cost",
    "roi": "roi",
}
_SAMPLE_RATIO = {
    "sample_ratio_expected": "expected_treatment_share",
    "sample_ratio_actual": "actual_treatment_share",
    "sample_ratio_p": "p_value",
    "sample_ratio_is_suspect": "is_suspect",
}


@dataclass(frozen=True, slots=True)
class JourneyAnswers:
    """What the API answers about one journey at one time."""

    journey: JourneyItem
    metrics: MetricsDocument
    experiments: Sequence[ExperimentDocument]
    gauges: Sequence[Gauge]
    positions: PositionsDocument
    versions: Sequence[VersionItem]
    definition: Mapping[str, Any]


def journey_report(answers: JourneyAnswers) -> Report:
    """The report with all its tables, what a manager asks first before what analysts look up, the days last.

    A table without anything to tell is there all the same, with no rows.
    """
    metrics = answers.metrics
    totals = metrics.totals
    known = {*totals.steps, *totals.variants, *(each.step for each in answers.positions.steps)}
    steps = steps_in_order(answers.definition, known)
    return Report(
        title=f"{answers.journey.name or answers.journey.id}: report",
        about=_about(answers),
        headline="" if metrics.comparison is None else metrics.comparison.verdict,
        tables=(
            result_table(metrics.comparison),
            _summary(totals),
            _by_step(totals, steps),
            _by_channel(totals),
            _by_rule(totals),
            _by_reason(totals),
            _experiments(answers.experiments),
            _variants(totals, steps),
            _guardrails(answers.gauges),
            _positions(answers.positions, steps),
            _by_arm(totals),
            *_comparison(metrics.comparison),
            _versions(answers.versions),
            _by_time(metrics),
        ),
    )


def _about(answers: JourneyAnswers) -> tuple[tuple[str, str], ...]:
    journey, metrics = answers.journey, answers.metrics
    return (
        ("journey", journey.name),
        ("journey_id", str(journey.id)),
        ("workspace", journey.workspace_id),
        ("campaign", journey.campaign_id or ""),
        ("status", journey.status),
        ("version", str(journey.version)),
        ("from", metrics.since.isoformat()),
        ("to", metrics.until.isoformat()),
        ("zone", metrics.zone),
        ("made_at", written(metrics.generated_at.replace(microsecond=0))),
        (
            "reads",
            "Figures are of the period, but for the comparison, which covers the journey's whole life. Revenue is of "
            "all who converted; what the journey has added is the incremental revenue.",
        ),
        *(("note", note) for note in metrics.notes),
    )


def _summary(totals: Figures) -> Table:
    rows = [(name, getattr(totals, name)) for name in COUNTED]
    return Table("summary", "Summary", LIST_COLUMNS, rows, "The whole period.")


def _by_time(metrics: MetricsDocument) -> Table:
    """From the first to the last day (or week, or month) that has figures."""
    rows: list[Row] = [(day.date, *(getattr(day, name) for name in COUNTED)) for day in metrics.days]
    full = [place for place, row in enumerate(rows) if any(row[1:])]
    rows = rows[full[0] : full[-1] + 1] if full else []
    grain = "day" if metrics.by == "none" else metrics.by
    title = f"By {grain}"
    return Table(f"by_{grain}", title, ("date", *COUNTED), rows, drawn=("entered", "sends", "conversions"))


def _by_arm(totals: Figures) -> Table:
    columns = tuple(ArmFigures.model_fields)
    rows = [(arm, *_values(figures, columns)) for arm, figures in totals.arms.items()]
    return Table("by_arm", "By arm", ("arm", *columns), rows)


def _by_step(totals: Figures, steps: Sequence[str]) -> Table:
    columns = tuple(StepFigures.model_fields)
    rows = [(step, *_values(totals.steps[step], columns)) for step in steps if step in totals.steps]
    return Table("by_step", "By step", ("step", *columns), rows)


def _variants(totals: Figures, steps: Sequence[str]) -> Table:
    columns = tuple(VariantFigures.model_fields)
    rows: list[Row] = [
        (step, arm, *_values(figures, columns))
        for step in steps
        for arm, figures in totals.variants.get(step, {}).items()
    ]
    return Table("variants", "Experiments, by variant", ("step", "arm", *columns), rows, "Of the period.")


def _by_channel(totals: Figures) -> Table:
    columns = tuple(ChannelFigures.model_fields)
    rows = [(channel, *_values(figures, columns)) for channel, figures in totals.channels.items()]
    about = "Outcomes are what the channels have reported; one that reports nothing has zeros."
    return Table("by_channel", "By channel", ("channel", *columns), rows, about)


def _by_rule(totals: Figures) -> Table:
    groups = (totals.suppressed_by_rule, totals.deferred_by_rule, totals.refused_by_rule)
    rules = sorted({rule for group in groups for rule in group})
    rows: list[Row] = [(rule, *(group.get(rule, 0) for group in groups)) for rule in rules]
    return Table("by_rule", "By rule", ("rule", "sends_suppressed", "sends_deferred", "entries_refused"), rows)


def _by_reason(totals: Figures) -> Table:
    return Table("by_reason", "Early exits", ("reason", "runs"), sorted(totals.exits_by_reason.items()))


def _comparison(found: ComparisonDocument | None) -> Iterator[Table]:
    about = "For analysts: treatment against holdout, over the journey's whole life."
    yield Table("comparison", "Comparison", LIST_COLUMNS, [] if found is None else _findings(found), about)
    arms = [] if found is None else [("treatment", found.treatment), ("holdout", found.holdout)]
    yield Table("comparison_arms", "Comparison, arms", ("arm", *_ARM), list(_arms(arms)))
    effects = [] if found is None else list(_effects(found))
    yield Table("comparison_effects", "Comparison, differences", ("measure", *_EFFECT), effects)
    about = "Of the same customers before and after their entry: weaker evidence than a holdout."
    rows: list[Row] = [
        (name, *_values(arm.baseline, _BASELINE)) for name, arm in arms if arm is not None and arm.baseline is not None
    ]
    yield Table("before_and_after", "Before and after", ("arm", *_BASELINE), rows, about)


def _findings(found: ComparisonDocument) -> list[Row]:
    incremental, ratio = found.incremental, found.sample_ratio
    first = ("finding", "verdict", "first_day", "last_day", "confidence")
    last = ("minimum_detectable_uplift", "customers_still_needed", "days_still_needed", "settled_on")
    return [
        *((name, getattr(found, name)) for name in first),
        *((name, _field(incremental, field)) for name, field in _INCREMENTAL.items()),
        *((name, _field(ratio, field)) for name, field in _SAMPLE_RATIO.items()),
        *((name, getattr(found, name)) for name in last),
        *(("note", note) for note in found.notes),
    ]


def _arms(arms: Sequence[tuple[str, ArmDocument | None]]) -> Iterator[Row]:
    for name, arm in arms:
        if arm is not None:
            yield (name, *_values(arm, _ARM))


def _effects(found: ComparisonDocument) -> Iterator[Row]:
    for measure, effect in (("conversion", found.conversion), ("revenue_per_customer", found.revenue_per_customer)):
        if effect is not None:
            yield (measure, *_values(effect, _EFFECT))
    if (adjusted := found.adjusted) is not None:
        known = {name: getattr(adjusted, name, None) for name in _EFFECT}
        yield ("adjusted", *known.values())


def _experiments(experiments: Sequence[ExperimentDocument]) -> Table:
    columns = (
        "step",
        "arm",
        "share",
        "best",
        "customers",
        "customers_converted",
        "epoch",
        "is_final",
        "decided_at",
    )
    rows: list[Row] = [
        (
            each.step,
            arm.name,
            arm.share,
            arm.best,
            arm.customers,
            arm.converted,
            each.epoch,
            each.is_final,
            each.decided_at,
        )
        for each in experiments
        for arm in each.arms
    ]
    return Table("experiments", "Experiments", columns, rows, "As they stand now, whatever the period.")


def _guardrails(gauges: Sequence[Gauge]) -> Table:
    columns = tuple(Gauge.model_fields)
    rows = [_values(gauge, columns) for gauge in gauges]
    return Table("guardrails", "Guardrails", columns, rows, "As they stand now, as far as the reports know.")


def _positions(positions: PositionsDocument, steps: Sequence[str]) -> Table:
    standing = sorted(positions.steps, key=lambda each: steps.index(each.step))
    rows = [(each.step, each.customers, each.since) for each in standing]
    return Table("positions", "Under way", ("step", "customers", "since"), rows, "Where runs stand now.")


def _versions(versions: Sequence[VersionItem]) -> Table:
    rows = [(each.version, each.created_at, each.policy, each.until) for each in versions]
    return Table("versions", "Versions", ("version", "created_at", "policy", "until"), rows)


def _values(
    figures: ArmFigures | ChannelFigures | ArmDocument | EffectDocument | object, columns: Sequence[str]
) -> tuple[Cell, ...]:
    return tuple(getattr(figures, name) for name in columns)


def _field(part: IncrementalDocument | SampleRatioDocument | None, name: str) -> Cell:
    cell: Cell = None if part is None else getattr(part, name)
    return cell
