"""The report over all journeys: what the overview says, as tables. Pure."""

from orchestrator.api.overview_documents import OverviewDocument, OverviewFigures
from orchestrator.api.report_tables import LIST_COLUMNS, Report, Table, written

_FIGURES = tuple(OverviewFigures.model_fields)
_JOURNEY = ("name", "journey_id", "campaign_id", "status", "version", "created_at")


def overview_report(overview: OverviewDocument, workspace_id: str, status: str | None) -> Report:
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
            ("journeys", status or "all but the archived"),
            ("from", overview.since.isoformat()),
            ("to", overview.until.isoformat()),
            ("zone", "UTC"),
            ("made_at", written(overview.generated_at.replace(microsecond=0))),
            (
                "reads",
                "Figures are of the period, but for finding and verdict, which cover a journey's whole life. A "
                "customer who is in several journeys counts in each.",
            ),
        ),
        tables=(
            Table("totals", "All journeys", LIST_COLUMNS, totals),
            Table("journeys", "By journey", (*_JOURNEY, *_FIGURES, "under_way", "finding", "verdict"), rows),
        ),
    )
