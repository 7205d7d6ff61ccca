"""The commands that try a journey without Kafka, over history or made-up people. The engine is loaded when one runs."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.options import AsOneDocument

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A journey in YAML or JSON.")]


def backtest_command(
    file: File,
    events: Annotated[str, typer.Option(help="JSON lines (.gz too), purchases (.txt), or topic:NAME.")],
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="When the journey begins, as 2026-01-31T09:30:00Z; of what came before it is only learnt.",
        ),
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Events before then.")] = None,
    workspace: Annotated[str, typer.Option(help="Only the events of this workspace.")] = "",
    workspace_settings: Annotated[
        Path | None, typer.Option(exists=True, help="What binds every journey of the workspace, as JSON.")
    ] = None,
    against: Annotated[Path | None, typer.Option(exists=True, help="Another journey to compare with.")] = None,
    against_activities: Annotated[
        str | None, typer.Option(help="What really happened: activities as JSON lines, or topic:NAME.")
    ] = None,
    journey_id: Annotated[
        str | None, typer.Option(help="Of a journey, so that holdout and splits fall as there.")
    ] = None,
    memory_mib: Annotated[int | None, typer.Option(min=64, help="Most memory it may take, in MiB.")] = None,
    progress: Annotated[
        bool, typer.Option("--progress", help="Tell how far it is, as JSON lines on standard error.")
    ] = False,
    as_json: AsOneDocument = False,
) -> None:
    """Run a draft over real history, in virtual time, with all guardrails: who would have got what, and why not.

    History cannot show how people would have reacted to messages that were never sent.
    """
    from orchestrator.backtest.commands import run_backtest
    from orchestrator.backtest.options import BacktestOptions

    asked = BacktestOptions(
        file=file,
        events=events,
        since=since,
        until=until,
        workspace=workspace,
        workspace_settings=workspace_settings,
        against=against,
        against_activities=against_activities,
        journey_id=journey_id,
        memory_mib=memory_mib,
        progress=progress,
        as_json=as_json,
    )
    run_backtest(asked)


def simulate_command(
    file: File,
    customers: Annotated[int, typer.Option(min=1, max=1_000_000, help="Made-up people.")] = 10_000,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="How long.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed, the same people and reactions.")] = 1,
    base_rate: Annotated[float, typer.Option(min=0, max=1, help="Who reaches the goal without a message.")] = 0.10,
    effect: Annotated[float, typer.Option(min=-1, max=10, help="What a message adds to that, relatively.")] = 0.20,
    as_json: AsOneDocument = False,
) -> None:
    """Run a journey over made-up people with a known reaction, and see whether its report would find it."""
    from orchestrator.backtest.commands import run_simulation

    run_simulation(file, customers, days, seed, base_rate, effect, as_json)
