"""The command that exports days to files, straight from the database."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from orchestrator.cli.options import example
from orchestrator.cli.show import tell

_PATIENCE_S = 60.0

daily = typer.Typer()


@daily.command(
    "daily",
    epilog=example(
        "reports daily --format parquet --output warehouse",
        "reports daily --since-days 3 --without-customers --output warehouse",
        "reports daily --from 2026-11-01 --to 2026-11-26 --tables journey_days --workspace acme --output november",
    ),
)
def daily_command(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write to.")],
    file_format: Annotated[
        Literal["csv", "jsonl", "parquet"], typer.Option("--format", help="Of the files; parquet needs the extra.")
    ] = "csv",
    day: Annotated[str | None, typer.Option(metavar="DAY", help="The UTC day, as 2026-11-26; else yesterday.")] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first UTC day.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last, included; else yesterday.")] = None,
    since_days: Annotated[
        int | None, typer.Option(min=1, help="So many days up to yesterday: what came late is in them then.")
    ] = None,
    tables: Annotated[
        list[str] | None, typer.Option(help="A view to export; may be given several times. Else all of them.")
    ] = None,
    workspace: Annotated[
        list[str] | None, typer.Option(help="Of which workspace; may be given several times. Else of all.")
    ] = None,
    without_customers: Annotated[
        bool, typer.Option("--without-customers", help="Leave out every view that has rows of customers.")
    ] = False,
) -> None:
    """Write the views to files, a folder for each table, day and workspace, with a manifest.

    It reads the database (ORCHESTRATOR_POSTGRES), not the API: as the program's own login, or as a reader.
    """
    from orchestrator.reporting.daily import DailyExport, days_between, export_days
    from orchestrator.reporting.tables import chosen_tables
    from orchestrator.settings import load_settings
    from orchestrator.store.pool import open_pool
    from orchestrator.telemetry.log import set_up_logging

    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    if sum([day is not None, first is not None, since_days is not None]) > 1 or (last and not first):
        raise typer.BadParameter("give one of --day, --from (with --to) and --since-days")
    # Not before the year 1, where days begin: so many are refused as too many.
    start = _day(day or first) or date.fromordinal(max(1, yesterday.toordinal() + 1 - (since_days or 1)))
    export = DailyExport(
        folder=output,
        file_format=file_format,
        days=days_between(start, start if day else _day(last) or yesterday),
        tables=chosen_tables(tables or [], with_customers=not without_customers),
        workspaces=tuple(dict.fromkeys(workspace or ())),
    )

    async def work() -> None:
        settings = load_settings(log_format="text")
        set_up_logging(settings)
        pool = await open_pool(settings, patience_s=_PATIENCE_S)
        try:
            parts = await export_days(pool, export)
        finally:
            await pool.close()
        rows = sum(part.rows for part in parts)
        tell(f"{output}: {len(parts)} files with {rows:,} rows, of {export.days[0]} to {export.days[-1]} (UTC)")

    asyncio.run(work())


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day; write it as 2026-11-26") from error
