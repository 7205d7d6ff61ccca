"""Commands about the settings: see them, try them, and make a key for one of them."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.options import AsOneDocument, example
from orchestrator.cli.show import print_document, print_rows, say, tell

if TYPE_CHECKING:
    from orchestrator.configuration.finding import Finding

config = typer.Typer(help="The settings of this environment: ORCHESTRATOR_….", no_args_is_help=True)

PROCESSES = ("worker", "sink", "api")


@config.command("show", epilog=example("config show", "config show --json"))
def show_command(as_json: AsOneDocument = False) -> None:
    """Print every setting, its value in force and where it comes from; secrets are hidden. Nothing is connected to."""
    from orchestrator.configuration.values import values_here
    from orchestrator.configuration.variables import doubled_here, unknown_here
    from orchestrator.settings import load_settings

    unknown, doubled = unknown_here(), doubled_here()
    for warning in (*unknown, *doubled):
        tell(f"warning: {warning}")
    found = values_here(load_settings())
    if as_json:
        print_document(
            {
                "settings": [each._asdict() for each in found],
                "unknown": [each._asdict() for each in unknown],
                "doubled": [each._asdict() for each in doubled],
            }
        )
    else:
        print_rows(["variable", "value", "from"], [(each.variable, each.value, each.origin) for each in found])


@config.command("check", epilog=example("config check", "config check worker --json"))
def check_command(
    process: Annotated[
        str | None, typer.Argument(metavar="PROCESS", help="worker, sink or api; without it: what all of them need.")
    ] = None,
    as_json: AsOneDocument = False,
) -> None:
    """Try what the settings name: servers, topics, tables, rights, clocks, disk; exit 1 if anything is not ok."""
    if process is not None and process not in PROCESSES:
        raise typer.BadParameter(f"{process!r} is no process; there are {', '.join(PROCESSES)}")
    findings = asyncio.run(_checked(process, is_told=not as_json))
    if as_json:
        print_document({"ok": all(each.ok for each in findings), "findings": [each._asdict() for each in findings]})
    raise typer.Exit(0 if all(each.ok for each in findings) else 1)


@config.command("key", epilog=example("config key"))
def key_command() -> None:
    """Print a new key for ORCHESTRATOR_SEALING_KEYS. Kept nowhere else; put it before the others, if any."""
    from orchestrator.store.seal import new_key

    say(new_key())


async def _checked(process: str | None, *, is_told: bool) -> list["Finding"]:
    """What was found, told line by line as it comes: what is away takes seconds to be sure of."""
    from orchestrator.configuration.check import Process, check
    from orchestrator.settings import load_settings
    from orchestrator.telemetry.log import set_up_logging

    settings = load_settings()
    set_up_logging(settings.model_copy(update={"log_format": "text", "log_level": "ERROR"}))
    findings = []
    async for finding in check(settings, None if process is None else Process(process)):
        findings.append(finding)
        if is_told:
            say(str(finding))
    return findings
