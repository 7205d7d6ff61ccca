"""The command that fills a database with made-up journeys at the size of a large installation."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def load_command(
    journeys: Annotated[int, typer.Option(min=1, max=10_000, help="How many journeys.")] = 100,
    days: Annotated[int, typer.Option(min=2, max=400, help="Over how many days, up to last midnight UTC.")] = 30,
    activities: Annotated[int, typer.Option(min=1, help="How many activities in all, roughly.")] = 1_000_000,
    workspace: Annotated[str, typer.Option(help="The workspace that gets them.")] = "load",
    seed: Annotated[int, typer.Option(help="Another seed, other people.")] = 1,
) -> None:
    """Fill an empty database with sample journeys, their activities and everything that follows from them."""
    from orchestrator.demo.load import Loaded, LoadOptions, load
    from orchestrator.settings import load_settings

    options = LoadOptions(journeys, days, activities, workspace, seed, datetime.now(UTC))
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    began = time.monotonic()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("creating journeys", total=activities)

        def told(what: str, there: int) -> None:
            progress.update(task, description=what, completed=there)

        loaded: Loaded = asyncio.run(load(load_settings(log_format="text", log_level="WARNING"), options, told))
    out = Console()
    seconds = time.monotonic() - began
    for line in (
        f"{loaded.activities:,} activities of {len(loaded.journey_ids)} journeys over {days} days in {seconds:.0f} s",
        f"orchestrator keys create {workspace} --role admin    # to look at them",
    ):
        out.print(line, highlight=False, markup=False, soft_wrap=True)
