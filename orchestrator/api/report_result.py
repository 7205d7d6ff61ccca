"""What a journey came to, for whoever reads no further: a sentence, and the numbers that belong to it. Pure."""

from collections.abc import Sequence

from orchestrator.api.experiment_documents import ComparisonDocument, IncrementalDocument
from orchestrator.api.report_tables import LIST_COLUMNS, Cell, Row, Table

ABOUT = (
    "Over the journey's whole life, whatever days the report is of. What the messages brought is an estimate: the "
    "truth lies between “from” and “to” in 95 of 100 cases."
)


def result_table(found: ComparisonDocument | None) -> Table:
    """The first table of a journey's report; without rows while nobody has entered."""
    return Table("result", "Result", LIST_COLUMNS, [] if found is None else list(_rows(found)), ABOUT)


def _rows(found: ComparisonDocument) -> Sequence[Row]:
    rows: list[Row] = [
        ("in_words", found.verdict),
        ("with_messages", found.treatment.customers),
        ("with_messages_converted", found.treatment.conversions),
        ("with_messages_rate", found.treatment.conversion_rate),
    ]
    if found.holdout is not None:
        rows += [
            ("without_messages", found.holdout.customers),
            ("without_messages_converted", found.holdout.conversions),
            ("without_messages_rate", found.holdout.conversion_rate),
        ]
    if (effect := found.conversion) is not None and effect.relative is not None:
        rows += [
            ("uplift", effect.relative),
            ("uplift_low", effect.relative_anytime_low),
            ("uplift_high", effect.relative_anytime_high),
        ]
    return rows if found.incremental is None else [*rows, *_gain(found.incremental)]


def _gain(gain: IncrementalDocument) -> Sequence[Row]:
    rows: list[Row] = [
        ("incremental_conversions", gain.conversions),
        ("incremental_conversions_low", gain.conversions_low),
        ("incremental_conversions_high", gain.conversions_high),
    ]
    if gain.revenue is not None:
        rows += [
            ("incremental_revenue", gain.revenue),
            ("incremental_revenue_low", gain.revenue_low),
            ("incremental_revenue_high", gain.revenue_high),
        ]
    rows.append(("whole_cost", gain.cost))
    if gain.revenue is not None and gain.cost > 0:
        rows += [
            ("return_per_1", _per_1(gain.revenue, gain.cost)),
            ("return_per_1_low", _per_1(gain.revenue_low, gain.cost)),
            ("return_per_1_high", _per_1(gain.revenue_high, gain.cost)),
        ]
    return rows


def _per_1(revenue: float | None, cost: float) -> Cell:
    return None if revenue is None else revenue / cost
