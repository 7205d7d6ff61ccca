"""Commands about the workspace of the key: the kill switch, and what holds for every journey."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.document import document_in, named_values
from orchestrator.cli.options import Api, AsJson, IfMatch, Yes, example
from orchestrator.cli.session import calling, confirm
from orchestrator.cli.show import PROBLEMS, print_document, print_fields, print_heading, print_items, say, scalars

workspace = typer.Typer(
    help="The key's workspace: the kill switch, and what holds for every journey.", no_args_is_help=True
)

NOT_SETTINGS = {"workspace_id", "in_words", "role", "updated_at", "published", "proposal_id"}


@workspace.command("show", epilog=example("workspace show", "workspace show --settings > workspace.json"))
def show(
    settings: Annotated[
        bool, typer.Option("--settings", help='Print the settings alone, as JSON for a file and "replace".')
    ] = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Show the workspace's settings, and the role of the key."""
    with calling(api, as_json) as session:
        answer = session.client.call("getWorkspace")
        if settings:
            print_document({name: value for name, value in answer.document.items() if name not in NOT_SETTINGS})
            return
        session.show(answer, lambda found: print_workspace(found, answer.etag))


@workspace.command("set", epilog=example("workspace set --holdout 5 --cost sms=0.04 --approval"))
def set_command(
    holdout: Annotated[
        float | None, typer.Option(min=0, max=95, metavar="PERCENT", help="Of all customers, who get nothing at all.")
    ] = None,
    guardrails: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file of guardrails that bind every journey.")
    ] = None,
    costs: Annotated[
        list[str] | None,
        typer.Option("--cost", metavar="CHANNEL=PRICE", help="Of one send; all that are not named lose theirs."),
    ] = None,
    needs_approval: Annotated[
        bool | None,
        typer.Option(
            "--approval/--no-approval", help="Whether a second person agrees before customers are reached anew."
        ),
    ] = None,
    if_match: IfMatch = None,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Change what holds for every journey; what is not named stays as it is. It needs an admin."""
    body: dict[str, object] = {} if holdout is None else {"holdout_percent": holdout}
    body |= {} if guardrails is None else {"guardrails": document_in(guardrails)}
    body |= {} if not costs else {"costs": named_values("--cost", costs)}
    body |= {} if needs_approval is None else {"needs_approval": needs_approval}
    if not body:
        raise typer.BadParameter("say what is to change: --holdout, --guardrails, --cost or --approval")
    _change(body, if_match, api, as_json)


@workspace.command("replace", epilog=example("workspace replace workspace.json --yes"))
def replace(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="All settings, in YAML or JSON.")
    ],
    if_match: IfMatch = None,
    yes: Yes = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Set everything; what the file leaves out has its default. Asks first; it needs an admin."""
    body = document_in(file)
    confirm("Replace all settings of the workspace? They hold for every journey.", yes)
    with calling(api, as_json) as session:
        answer = session.client.call("replaceWorkspace", body=body, if_match=if_match)
        session.show(answer, lambda found: print_workspace(found, answer.etag))


@workspace.command("check", epilog=example("workspace check workspace.json"))
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Settings to check.")],
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong with settings, or in words what would hold; exit 1 if anything is wrong."""
    with calling(api, as_json) as session:
        answer = session.client.call("checkWorkspace", body={"settings": document_in(file)})
        session.show(answer, partial(_print_check, file))
    raise typer.Exit(0 if answer.document["is_acceptable"] else 1)


@workspace.command("stop-sending", epilog=example("workspace stop-sending"))
def stop_sending(if_match: IfMatch = None, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Use the kill switch: no send command leaves the workspace any more. Does not ask; an editor may do it."""
    _change({"is_sending": False}, if_match, api, as_json)


@workspace.command("resume-sending", epilog=example("workspace resume-sending --yes"))
def resume_sending(if_match: IfMatch = None, yes: Yes = False, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Release the kill switch; what fell due meanwhile is sent at a pace. Asks first; it needs an admin."""
    confirm("Let every active journey send again?", yes)
    _change({"is_sending": True}, if_match, api, as_json)


def _change(body: dict[str, object], if_match: str | None, api: str, as_json: bool) -> None:
    with calling(api, as_json) as session:
        answer = session.client.call("changeWorkspace", body=body, if_match=if_match)
        session.show(answer, lambda found: print_workspace(found, answer.etag))


def _print_check(path: Path, found: dict[str, Any]) -> None:
    if not found["is_acceptable"]:
        print_items(PROBLEMS, found["problems"], str(path))
    for said in found["in_words"]:
        say(said["sentence"])
    if found["waits"]:
        say("to set this needs a second person")


def print_workspace(found: dict[str, Any], etag: str | None) -> None:
    """The settings, and all that holds in words."""
    print_fields({**scalars(found, "proposal_id"), "etag": etag})
    print_heading("what holds for every journey")
    for said in found["in_words"]:
        say(said["sentence"])
