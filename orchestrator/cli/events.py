"""Commands about events: send them over the API, and watch what comes by in Kafka."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.options import Api, AsJson, example

events = typer.Typer(help="Events: send them, and watch them come by.", no_args_is_help=True)


@events.command(
    "send", epilog=example("events send events.jsonl", "events send events.jsonl --skip-refused refused.jsonl")
)
def send(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Events; - is standard input.")],
    skip_refused: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Write what is refused there, as it is, and go on."),
    ] = None,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Publish events over the API: one JSON object a line, or a JSON array; plain ones and CloudEvents.

    What is refused is told with its line; the command then ends after the 500 that were sent with it, with exit code 1.
    The same file may be sent again, from its beginning: events are known by source and id, and come about once.
    """
    from orchestrator.cli.sending import send_events

    send_events(file, skip_refused, api, as_json)


@events.command(
    "tail",
    epilog=example(
        "events tail --type order.placed --since 10m",
        "events tail --topic journeys.activities.v1 --customer c1 --json",
    ),
)
def tail(
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only of this type (more than once: of any of them).")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Only of this customer id.")] = None,
    workspace: Annotated[str | None, typer.Option(help="Only of this workspace.")] = None,
    since: Annotated[
        str | None,
        typer.Option(help="From then on: 10m, 2h or PT2H ago, or a time (2026-11-26T08:00:00Z); else from now on."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many.")] = None,
    topic: Annotated[
        str, typer.Option(help="Another topic: deliveries, commands, activities, … (orchestrator topics show).")
    ] = "engagement.events.v1",
    no_follow: Annotated[
        bool, typer.Option("--no-follow", help="End where the topic ends now; without --since from its beginning.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line.")] = False,
) -> None:
    """Show the records of a topic as they come, from Kafka itself, of every workspace, until Ctrl-C.

    It joins no group and moves no offset. What cannot be read is shown as such, with the reason; of a customer who is
    asked for it is shown if its key says so, and whatever type is asked for.
    """
    from orchestrator.cli.watching import Watched, watch

    watch(Watched(topic, frozenset(type_ or ()), customer, workspace), since, limit, not no_follow, as_json)
