"""The command that puts any channel adapter to the test, ours or somebody else's."""

import asyncio
import json
from typing import Annotated, Any
from uuid import uuid4

import typer

from orchestrator.cli.adapter import ChannelName
from orchestrator.cli.options import AsOneDocument, example
from orchestrator.cli.show import err, print_json, say
from orchestrator.errors import ConfigurationError

adapters = typer.Typer(
    help="Any channel adapter, of whatever language: does it keep the contract?", no_args_is_help=True
)


@adapters.command("check", epilog=example('adapters check --channel email --variables \'{"email": "me@example.org"}\''))
def check_command(
    channel: Annotated[ChannelName, typer.Option(help="The channel whose adapter is checked.")],
    template: Annotated[str, typer.Option(help="The template that the commands name.")] = "conformance",
    variables: Annotated[str, typer.Option(help="Their variables, as JSON: what the adapter needs to send.")] = "{}",
    seconds: Annotated[float, typer.Option(min=1, help="How long answers are waited for.")] = 60,
    burst: Annotated[int, typer.Option(min=1, max=10_000, help="Commands that come at once.")] = 50,
    rate: Annotated[float, typer.Option(min=0, help="Messages a second that it says it keeps to; 0: none.")] = 0,
    restart_command: Annotated[str | None, typer.Option(help="Restarts the adapter; else you are asked to.")] = None,
    no_restart: Annotated[
        bool, typer.Option("--no-restart", help="Do not restart it: its memory is not seen.")
    ] = False,
    as_json: AsOneDocument = False,
) -> None:
    """Publish commands, watch what is reported, and say rule by rule whether the contract is kept; exit 1 if not.

    The commands are of the workspace "conformance". Real messages go out: name a recipient who may get seventy of them.
    """
    from orchestrator.adapters.checking import Check, check
    from orchestrator.adapters.conformance.exercise import Wish
    from orchestrator.catalog import Catalog
    from orchestrator.settings import load_settings
    from orchestrator.telemetry.log import set_up_logging

    async def by_command() -> None:
        process = await asyncio.create_subprocess_shell(str(restart_command))
        if await process.wait() != 0:
            raise ConfigurationError(f"restarting the adapter: {restart_command} ended with {process.returncode}")

    async def by_hand() -> None:
        await asyncio.to_thread(
            typer.prompt, "Restart the adapter now, then press Enter", "", show_default=False, err=True
        )

    settings = load_settings(log_format="text", log_level="WARNING")
    set_up_logging(settings)
    catalog = Catalog(settings)
    wish = Wish(
        channel=channel,
        mark=uuid4().hex[:12],
        template=template,
        variables=_variables(variables),
        partitions=catalog.spec(catalog.commands(channel)).partitions,
        burst=burst,
    )
    restart = None if no_restart else by_command if restart_command else by_hand
    err.print(f"publishing commands to {catalog.commands(channel)}", highlight=False)
    verdicts = asyncio.run(check(settings, Check(wish, seconds, rate, restart)))
    if as_json:
        print_json(json.dumps([{name: getattr(each, name) for name in each.__slots__} for each in verdicts]))
    else:
        for each in verdicts:
            say(f"{each.state:8} {each.rule}: {each.wanted} ({each.seen})")
    wanted = [each for each in verdicts if not (no_restart and each.rule == "remembers")]
    raise typer.Exit(0 if all(each.state == "passed" for each in wanted) else 1)


def _variables(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"--variables is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise typer.BadParameter("--variables must be a JSON object")
    return found
