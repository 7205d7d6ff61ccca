"""Options and arguments that several commands take, and how a command's example is shown in its help."""

from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

from orchestrator.cli.completion import journeys_beginning_with
from orchestrator.cli.credentials import URL

Api = Annotated[str, typer.Option("--api", envvar=URL, metavar="URL", help="Where the API is.", show_default=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's document as it is.")]
AsOneDocument = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]  # of our own making
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
IfMatch = Annotated[str | None, typer.Option(metavar="ETAG", help="Change only what still has this ETag.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Most items on a page.")]
Cursor = Annotated[str | None, typer.Option(help="Where to go on: as told at the end of the page before.")]
Every = Annotated[bool, typer.Option("--all", help="Every page.")]
FirstDay = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, as 2026-01-31.")]
LastDay = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, included.")]
WholeLife = Annotated[bool, typer.Option("--whole-life", help="From the first to the last day that has figures.")]
ByRows = Annotated[
    Literal["day", "week", "month", "none", "fitting"],
    typer.Option("--by", help="How long each row over time is; fitting: as short as the period allows."),
]
Since = Annotated[str | None, typer.Option("--from", metavar="TIME", help="From then on, as 2026-01-31T09:30:00Z.")]
Until = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before then.")]
JourneyFile = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A journey in YAML or JSON.")
]
JourneyFiles = Annotated[
    list[Path], typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Journeys in YAML or JSON.")
]
Zone = Annotated[str | None, typer.Option(metavar="NAME", help="Whose days they are, as Europe/Berlin; else UTC.")]
JourneyId = Annotated[
    UUID,
    typer.Argument(metavar="JOURNEY", help="The journey's id.", autocompletion=journeys_beginning_with),
]


def example(*commands: str) -> str:
    """The end of a command's help: what one may type, after ``orchestrator``. The tests run every one of them."""
    return "\n\n".join(f"Example: orchestrator {command}" for command in commands)
