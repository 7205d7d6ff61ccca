"""Commands about backtests that the API runs: what a definition would have done over the events it has."""

from typing import Annotated, Any
from uuid import UUID

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.document import document_in
from orchestrator.cli.options import Api, AsJson, Cursor, Every, JourneyFile, Limit, Since, Until, example
from orchestrator.cli.session import calling, done
from orchestrator.cli.show import print_fields, print_rows, say, scalars

backtests = typer.Typer(help="Definitions run over history by the API, beside it.", no_args_is_help=True)

BACKTESTS = {
    "id": "id",
    "journey": "journey_id",
    "status": "status",
    "from": "from",
    "to": "to",
    "by": "author",
    "at": "created_at",
}
LARGEST_PAGE = 100

BacktestId = Annotated[UUID, typer.Argument(metavar="BACKTEST", help="The backtest's id.")]


@backtests.command(
    "start", epilog=example("backtests start welcome.yaml", "backtests start welcome.yaml --from 2026-10-01T00:00:00Z")
)
def start(
    file: JourneyFile,
    since: Since = None,
    until: Until = None,
    journey: Annotated[UUID | None, typer.Option(help="The journey it is a definition of.")] = None,
    against_published: Annotated[
        bool, typer.Option("--against-published", help="Say what differs from what is published of that journey.")
    ] = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Begin to run a definition over the history of the workspace's events; "backtests show" says what came of it."""
    given = {"from": since, "to": until, "journey_id": None if journey is None else str(journey)}
    body: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    body |= {"config": document_in(file), "against_published": against_published}
    with calling(api, as_json) as session:
        answer = session.client.call("startBacktest", body=body)
        session.show(answer, lambda found: say(f"{found['id']} runs; see it with 'orchestrator backtests show'"))


@backtests.command("list", epilog=example("backtests list", "backtests list --journey JOURNEY"))
def list_command(
    journey: Annotated[UUID | None, typer.Option(help="Only of this journey.")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    every: Every = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """List the workspace's backtests of the last 30 days, newest first."""
    query = {"journey_id": journey, "limit": limit, "cursor": cursor}
    with calling(api, as_json) as session:
        session.show_list("listBacktests", BACKTESTS, {}, query, every=every, largest=LARGEST_PAGE)


@backtests.command("show", epilog=example("backtests show BACKTEST"))
def show(backtest: BacktestId, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Show how far a backtest is, and what came of it."""
    with calling(api, as_json) as session:
        session.show(session.client.call("getBacktest", {"id": backtest}), _print_backtest)


@backtests.command("cancel", epilog=example("backtests cancel BACKTEST"))
def cancel(backtest: BacktestId, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """End a backtest that runs."""
    with calling(api, as_json) as session:
        session.show(session.client.call("cancelBacktest", {"id": backtest}), done(f"{backtest} is cancelled"))


def _print_backtest(found: dict[str, Any]) -> None:
    print_fields(scalars(found))
    if progress := found.get("progress"):
        say(f"{progress['phase']}: {progress['done']:,} of {progress['of']:,}")
    result = found.get("result")
    if not result:
        return
    print_fields(scalars(result, "note"), title="what would have happened")
    for name in ("entry_refused", "suppressed", "deferred", "ended"):
        if result[name]:
            print_rows(("rule", "count"), result[name].items(), title=name.replace("_", " "))
    print_rows(
        ("step", "passed", "sent", "held back", "put off"),
        [
            (name, step["passed"], *(sum(step[kind].values()) for kind in ("sent", "suppressed", "deferred")))
            for name, step in result["steps"].items()
        ],
        title="steps",
    )
    say(result["note"])
