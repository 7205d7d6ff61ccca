"""Commands that give reports: all journeys at a glance, and files of a journey's figures and of its activities."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.download import STANDARD_OUTPUT, check_destination, save
from orchestrator.cli.figures import ACTIVITY_TYPES
from orchestrator.cli.journeys import Status
from orchestrator.cli.options import (
    Api,
    AsJson,
    ByRows,
    Cursor,
    Every,
    FirstDay,
    JourneyId,
    LastDay,
    Limit,
    Since,
    Until,
    WholeLife,
    Zone,
    example,
)
from orchestrator.cli.session import calling
from orchestrator.cli.show import print_fields

reports = typer.Typer(help="Reports: on the screen, and as files.", no_args_is_help=True)

OVERVIEW = {
    "id": "journey.id",
    "name": "journey.name",
    "status": "journey.status",
    "entered": "figures.entered",
    "under way": "under_way",
    "sends": "figures.sends",
    "converted": "figures.customers_converted",
    "revenue": "figures.revenue",
    "cost": "figures.cost",
    "verdict": "verdict",
}

Sort = Literal[
    "newest", "name", "entered", "under_way", "sends", "conversions", "customers_converted", "revenue", "cost"
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help='Where to write; "-": to standard output.')
]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


@reports.command(
    "overview",
    epilog=example(
        "reports overview --from 2026-11-01 --zone Europe/Berlin --sort revenue",
        "reports overview --campaign spring --format csv --output journeys.csv",
    ),
)
def overview(
    first: FirstDay = None,
    last: LastDay = None,
    zone: Zone = None,
    whole_life: WholeLife = False,
    status: Annotated[Status | None, typer.Option(help="Only journeys of this status.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Only journeys on this campaign.")] = None,
    name: Annotated[str | None, typer.Option(help="Only journeys with this in their name.")] = None,
    sort: Annotated[
        Sort, typer.Option(help="In which order: newest first, by name, or by a figure, the largest first.")
    ] = "newest",
    file_format: Annotated[
        Literal["csv", "xlsx", "zip"] | None, typer.Option("--format", help="As a file; else it is shown.")
    ] = None,
    output: Output = STANDARD_OUTPUT,
    force: Force = False,
    limit: Limit = None,
    cursor: Cursor = None,
    every: Every = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Show all journeys with their figures of a period, and what their comparisons say; or write them to a file."""
    days = {"from": first, "to": last, "zone": zone, "whole_life": whole_life or None}
    chosen = {**days, "status": status, "campaign_id": campaign, "name": name, "sort": sort}
    if file_format is None:
        if output != STANDARD_OUTPUT or force:
            raise typer.BadParameter("--output and --force go with --format")
        query = {**chosen, "limit": limit, "cursor": cursor}
        with calling(api, as_json) as session:
            session.show_list("getOverview", OVERVIEW, {}, query, every=every, after=_print_totals)
        return
    if as_json or every or limit is not None or cursor is not None:
        raise typer.BadParameter("--limit, --cursor, --all and --json do not go with --format")
    check_destination(output, force, is_text=file_format == "csv")
    with calling(api) as session:
        save(session.client, "exportOverview", {}, {"format": file_format, **chosen}, output, force)


@reports.command(
    "journey",
    epilog=example(
        "reports journey JOURNEY --format xlsx --output report.xlsx",
        "reports journey JOURNEY --format html --zone Europe/Berlin --output report.html",
    ),
)
def journey_command(
    journey: JourneyId,
    file_format: Annotated[
        Literal["csv", "xlsx", "html", "zip"],
        typer.Option("--format", help="Of the file; zip: a CSV file for each table."),
    ] = "csv",
    output: Output = STANDARD_OUTPUT,
    force: Force = False,
    first: FirstDay = None,
    last: LastDay = None,
    zone: Zone = None,
    whole_life: WholeLife = False,
    by: ByRows = "fitting",
    api: Api = USUAL_URL,
) -> None:
    """Write a journey's report to a file or to standard output: figures, comparison, and what each figure means."""
    check_destination(output, force, is_text=file_format in ("csv", "html"))
    days = {"from": first, "to": last, "zone": zone, "whole_life": whole_life or None, "by": by}
    query = {"format": file_format, **days}
    with calling(api) as session:
        save(session.client, "exportJourney", {"id": journey}, query, output, force)


@reports.command(
    "activities",
    epilog=example(
        "reports activities JOURNEY --output activities.csv",
        "reports activities JOURNEY --format jsonl --type send_suppressed",
    ),
)
def activities(
    journey: JourneyId,
    file_format: Annotated[Literal["csv", "jsonl"], typer.Option("--format", help="Of the file.")] = "csv",
    output: Output = STANDARD_OUTPUT,
    force: Force = False,
    kind: Annotated[str | None, typer.Option("--type", help=f"Only of this type: {ACTIVITY_TYPES}.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only of this customer.")] = None,
    since: Since = None,
    until: Until = None,
    api: Api = USUAL_URL,
) -> None:
    """Write every decision of a journey to a file or to standard output, as it comes."""
    check_destination(output, force, is_text=True)
    query = {"format": file_format, "type": kind, "customer_id": customer, "from": since, "to": until}
    with calling(api) as session:
        save(session.client, "exportActivities", {"id": journey}, query, output, force)


def _print_totals(found: dict[str, Any]) -> None:
    period = {"from": found["from"], "to": found["to"], "zone": found["zone"]}
    print_fields({**period, **found["totals"]}, "all journeys of the period")
