"""Commands about hooks: mappings in files, and the hooks that the API has."""

from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.document import document_in
from orchestrator.cli.options import Api, AsJson, Yes, example
from orchestrator.cli.session import calling, confirm, done
from orchestrator.cli.show import PROBLEMS, out, print_document, print_fields, print_items, say, scalars, tell
from orchestrator.errors import DefinitionError

hooks = typer.Typer(help="Webhooks of other systems: what they mean, and where they come in.", no_args_is_help=True)

HOOKS = {
    "id": "id",
    "name": "name",
    "taken in": "is_enabled",
    "signed": "signature",
    "address": "address",
    "changed": "updated_at",
}
LEFT_OUT = {"why": "reason", "where": "place", "by": "path", "what": "detail"}
REFUSALS = {"when": "at", **LEFT_OUT}
EVENTS = {"type": "type", "customer": "customer_id", "id": "id", "time": "time", "source": "source", "data": "data"}

HookId = Annotated[UUID, typer.Argument(metavar="HOOK", help='The hook\'s id, as in "hooks list".')]
MappingFile = Annotated[
    Path, typer.Argument(metavar="MAPPING", exists=True, dir_okay=False, help="A mapping in YAML or JSON.")
]
MappingFiles = Annotated[
    list[Path], typer.Argument(metavar="MAPPING", exists=True, dir_okay=False, help="Mappings in YAML or JSON.")
]
SecretFile = Annotated[
    Path,
    typer.Option("--secret-file", exists=True, dir_okay=False, help="A file with what the other system signs with."),
]
Preset = Literal["plain", "segment", "shopify"]


@hooks.command("preset", epilog=example("hooks preset shopify > shopify.yaml"))
def preset(name: Annotated[Preset, typer.Argument(help="Which system sends.")]) -> None:
    """Print a mapping that comes with the program, to be changed in a file."""
    text = files("orchestrator.intake").joinpath("presets", f"{name}.yaml").read_text(encoding="utf-8")
    out.print(text, end="", highlight=False, markup=False, soft_wrap=True)


@hooks.command("test", epilog=example("hooks test shopify.yaml"))
def play(paths: MappingFiles) -> None:
    """Run the tests that mappings carry under `tests`; exit 1 if one fails, or a file has none."""
    from orchestrator.intake.parse import parse_mapping
    from orchestrator.intake.rehearsal import rehearse

    failed = 0
    for path in paths:
        try:
            mapping = parse_mapping(document_in(path))
        except DefinitionError as error:
            failed += 1
            for problem in error.problems:
                say(f"{path}: {problem}")
            continue
        if not mapping.tests:
            failed += 1
            say(f"{path}: no tests; list payloads under `tests`")
        for played in rehearse(mapping):
            failed += bool(played.differences)
            say(f"{path}: {played.name} … {'FAILED' if played.differences else 'passed'}")
            for difference in played.differences:
                say(f"    {difference}")
    raise typer.Exit(1 if failed else 0)


@hooks.command(
    "check",
    epilog=example(
        "hooks check shopify.yaml",
        "hooks check shopify.yaml --payload order.json --header 'X-Shopify-Topic: orders/create'",
    ),
)
def check(
    path: MappingFile,
    payload: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What comes in, as JSON; may be YAML.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option(metavar="NAME: VALUE", help="A header that comes with it; may come again.")
    ] = None,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Let the API say what is wrong with a mapping, or which events a payload would be; exit 1 if it would be refused.

    The API keeps nothing of it.
    """
    body: dict[str, object] = {"mapping": document_in(path), "headers": _headers(header or [])}
    body |= {} if payload is None else {"payload": document_in(payload)}
    with calling(api, as_json) as session:
        answer = session.client.call("checkHook", body=body)
        session.show(answer, partial(_print_check, path, has_payload=payload is not None))
    raise typer.Exit(0 if answer.document["is_right"] else 1)


@hooks.command("create", epilog=example("hooks create shopify.yaml --secret-file secret.txt"))
def create(
    path: MappingFile,
    secret_file: SecretFile,
    name: Annotated[str | None, typer.Option(help="Its name, if not that in the file.")] = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="It takes nothing until it is enabled.")] = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Make a hook, and print the address that the other system sends to. It needs an admin."""
    body = {"mapping": document_in(path), "secret": _secret(secret_file), "is_enabled": not disabled}
    body |= {} if name is None else {"name": name}
    with calling(api, as_json) as session:
        session.show(session.client.call("createHook", body=body), _print_hook)


@hooks.command("list", epilog=example("hooks list"))
def list_command(api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """List the workspace's hooks. It needs an editor."""
    with calling(api, as_json) as session:
        session.show_list("listHooks", HOOKS, {}, {})


@hooks.command("show", epilog=example("hooks show HOOK", "hooks show HOOK --definition > shopify.json"))
def show(
    hook: HookId,
    definition: Annotated[
        bool, typer.Option("--definition", help="Print the mapping alone, as JSON for a file.")
    ] = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Show a hook, and what it could not use lately: where in the payload, and why. It needs an editor."""
    with calling(api, as_json) as session:
        answer = session.client.call("getHook", {"id": hook})
        if definition:
            print_document(answer.document["mapping"])
            return
        session.show(answer, _print_hook)


@hooks.command(
    "update",
    epilog=example(
        "hooks update HOOK --mapping shopify.yaml",
        "hooks update HOOK --secret-file secret.txt --old-until 2099-01-01T00:00:00Z",
        "hooks update HOOK --disable",
    ),
)
def update(
    hook: HookId,
    mapping: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Another mapping, in YAML or JSON.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it takes anything.")] = None,
    secret_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file with another secret.")
    ] = None,
    old_until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Until when the secret before it counts too; else it ends now.")
    ] = None,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Change a hook, from the next webhook on. It needs an admin."""
    body: dict[str, object] = {} if mapping is None else {"mapping": document_in(mapping)}
    body |= {} if name is None else {"name": name}
    body |= {} if enable is None else {"is_enabled": enable}
    body |= {} if secret_file is None else {"secret": _secret(secret_file)}
    body |= {} if old_until is None else {"old_secret_until": old_until}
    if not body:
        raise typer.BadParameter("say what is to change: --mapping, --name, --enable, --disable or --secret-file")
    with calling(api, as_json) as session:
        session.show(session.client.call("changeHook", {"id": hook}, body=body), _print_hook)


@hooks.command("delete", epilog=example("hooks delete HOOK --yes"))
def delete(hook: HookId, yes: Yes = False, api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """Delete a hook with its secrets; its address takes nothing any more. Asks first; it needs an admin."""
    confirm(f"Delete the hook {hook}? What is sent to it from now on is refused.", yes)
    with calling(api, as_json) as session:
        session.show(session.client.call("deleteHook", {"id": hook}), done(f"{hook} is deleted"))


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise typer.BadParameter(f"--secret-file: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:  # its words have a part of the secret
        raise typer.BadParameter(f"--secret-file: {path} is no text in UTF-8; write it as that") from error


def _headers(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise typer.BadParameter(f"--header {line!r}: write it as 'NAME: VALUE'")
        found[name.strip()] = value.strip()
    return found


def _print_hook(found: dict[str, Any]) -> None:
    print_fields(scalars(found))
    if found["refusals"]:
        print_items(REFUSALS, found["refusals"], "what it could not use lately")


def _print_check(path: Path, found: dict[str, Any], *, has_payload: bool) -> None:
    if found["problems"]:
        print_items(PROBLEMS, found["problems"], str(path))
        return
    failed = [test for test in found["tests"] if test["differences"]]
    say(f"{path}: nothing wrong; {len(found['tests']) - len(failed)} of {len(found['tests'])} tests passed")
    for test in failed:
        say(f"{test['name']} … FAILED")
        for difference in test["differences"]:
            say(f"    {difference}")
    if not has_payload:
        return
    if found["refusal"] is not None:
        print_fields(found["refusal"], "the payload is refused")
        return
    print_items(EVENTS, found["events"], "the payload is")
    if found["left_out"]:
        print_items(LEFT_OUT, found["left_out"], "what is left out of it")
    elif not found["events"]:
        tell("no rule fits it: the sender is answered with 200, and no event comes")
