"""The report over all journeys: what the overview says, as tables. Pure."""

from orchestrator.api.list_order import Order
from orchestrator.api.overview_documents import OverviewDocument, OverviewFigures
from orchestrator.api.report_tables import LIST_COLUMNS, Report, Table, written
from orchestrator.store.journeys import Sought

_FIGURES = tuple(OverviewFigures.model_fields)
_JOURNEY = ("name", "journey_id", "campaign_id", "status", "version", "created_at")


def overview_report(overview: OverviewDocument, workspace_id: str, sought: Sought, order: Order) -> Report:
    """The report: the sums, and a row for each journey."""
    rows = [
        (
            item.journey.name,
            str(item.journey.id),
            item.journey.campaign_id,
            item.journey.status,
            item.journey.version,
            item.journey.created_at,
            *(getattr(item.figures, name) for name in _FIGURES),
            item.under_way,
            item.finding,
            item.verdict,
        )
        for item in overview.items
    ]
    totals = [(name, getattr(overview.totals, name)) for name in _FIGURES]
    return Report(
        title="All journeys: report",
        about=(
            ("workspace", workspace_id),
            ("status", sought.status or "all but archived"),
            ("campaign_id", sought.campaign_id or "any"),
            ("name", "any" if sought.name is None else f"with “{sought.name}” in it"),
            ("sort", order),
            ("from", overview.since.isoformat()),
            ("to", overview.until.isoformat()),
            ("zone", overview.zone),
            ("made_at", written(overview.generated_at.replace(microsecond=0))),
            (
                "reads",
                "Figures are of the period, but for finding and verdict, which cover a journey's whole life. A "
                "customer who is in several journeys counts in each.",
            ),
            *(("note", note) for note in overview.notes),
        ),
        tables=(
            Table("totals", "All journeys", LIST_COLUMNS, totals),
            Table("journeys", "By journey", (*_JOURNEY, *_FIGURES, "under_way", "finding", "verdict"), rows),
        ),
    )
