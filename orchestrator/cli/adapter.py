"""Commands that run the reference channel adapters, and look at the templates of their messages."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from orchestrator.cli.options import example
from orchestrator.cli.show import say

if TYPE_CHECKING:
    from orchestrator.adapters.app import Kind

adapter = typer.Typer(help="The reference channel adapters: they carry send commands out.", no_args_is_help=True)

ChannelName = Literal["email", "sms", "push", "whatsapp", "in-app", "webhook"]
Channel = Annotated[ChannelName, typer.Option(help="The channel whose commands are carried out.")]


def _run(kind: "Kind", channel: str) -> None:
    import uvloop

    from orchestrator.adapters.app import run
    from orchestrator.settings import load_settings

    uvloop.run(run(load_settings(), kind, channel))


@adapter.command("file", epilog=example("adapter file --channel push"))
def file_command(channel: Channel) -> None:
    """Write a channel's messages as lines of JSON, into ORCHESTRATOR_ADAPTER_FILE_DIR or to standard output."""
    _run("file", channel)


@adapter.command("smtp", epilog=example("adapter smtp"))
def smtp_command(channel: Channel = "email") -> None:
    """Send a channel's messages by a mail server, as ORCHESTRATOR_SMTP_… says."""
    _run("smtp", channel)


@adapter.command("webhook", epilog=example("adapter webhook"))
def webhook_command(channel: Channel = "webhook") -> None:
    """Call other systems, at the endpoints of ORCHESTRATOR_WEBHOOK_ENDPOINTS_FILE, by signed requests."""
    _run("webhook", channel)


@adapter.command("check-templates", epilog=example("adapter check-templates templates"))
def check_templates_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of templates.")],
) -> None:
    """Say everything that is wrong with a folder of templates, and what each asks for; exit 1 if anything is."""
    from orchestrator.adapters.templates import read_templates

    found = read_templates(folder)
    for problem in found.problems:
        say(str(problem))
    if found.problems:
        raise typer.Exit(1)
    for template in found.templates.values():
        say(f"{template.name}: {', '.join(template.parts)}; variables: {', '.join(template.variables) or 'none'}")
