"""Commands about API keys: over HTTP for a workspace's admins, and the first one by way of the database."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from orchestrator.cli.credentials import USUAL_URL
from orchestrator.cli.options import Api, AsJson, Yes, example
from orchestrator.cli.session import calling, confirm, done
from orchestrator.cli.show import say, tell

keys = typer.Typer(help="API keys.", no_args_is_help=True)

KEYS = {
    "id": "id",
    "name": "name",
    "role": "role",
    "in force": "is_in_force",
    "made": "created_at",
    "expires": "expires_at",
    "last used": "last_used_at",
    "revoked": "revoked_at",
}

Role = Literal["publisher", "viewer", "editor", "approver", "admin"]


@keys.command("create", epilog=example("keys create acme --role admin", "keys create --name 'Ana' --role editor"))
def create(
    workspace: Annotated[
        str | None,
        typer.Argument(metavar="WORKSPACE", help="Make it in the database, for this workspace; else the API makes it."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Whose key it is.")] = "cli",
    role: Annotated[Role, typer.Option(help="What it may do.")] = "editor",
    expires: Annotated[str | None, typer.Option(metavar="TIME", help="When it ends by itself.")] = None,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """Make an API key and print it, once: only its hash is kept.

    With WORKSPACE it is written to the database, which is how a workspace gets its first key. Without it the API makes
    one for the workspace of your own key, which has to be an admin's.
    """
    if workspace is not None:
        if as_json or expires is not None:
            raise typer.BadParameter("--json and --expires go with a key that the API makes, so without WORKSPACE")
        asyncio.run(_in_database(workspace, name, role))
        return
    body = {"name": name, "role": role} | ({} if expires is None else {"expires_at": expires})
    with calling(api, as_json) as session:
        session.show(session.client.call("createKey", body=body), _print_key)


@keys.command("list", epilog=example("keys list"))
def list_command(api: Api = USUAL_URL, as_json: AsJson = False) -> None:
    """List the workspace's keys, also those no longer in force. It needs an admin."""
    with calling(api, as_json) as session:
        session.show_list("listKeys", KEYS, {}, {})


@keys.command("revoke", epilog=example("keys revoke KEY --yes"))
def revoke(
    key: Annotated[UUID, typer.Argument(metavar="KEY", help='The key\'s id, as in "keys list".')],
    yes: Yes = False,
    api: Api = USUAL_URL,
    as_json: AsJson = False,
) -> None:
    """End a key: within seconds it is refused everywhere. Asks first; it needs an admin."""
    confirm(f"Revoke the key {key}? Whoever uses it is shut out.", yes)
    with calling(api, as_json) as session:
        session.show(session.client.call("revokeKey", {"id": key}), done(f"{key} is revoked"))


def _print_key(found: dict[str, Any]) -> None:
    tell(f"key {found['id']}, {found['role']}, named {found['name']}; it is shown this once:")
    say(found["secret"])


async def _in_database(workspace: str, name: str, role: Role) -> None:
    from orchestrator.settings import load_settings
    from orchestrator.store.audit import COMMAND_LINE
    from orchestrator.store.keys import create_key
    from orchestrator.store.pool import open_pool
    from orchestrator.store.tenant import Tenant
    from orchestrator.telemetry.log import set_up_logging

    settings = load_settings(log_format="text")
    set_up_logging(settings)
    pool = await open_pool(settings)
    try:
        say((await create_key(Tenant(pool, workspace), name, role, COMMAND_LINE)).secret)
    finally:
        await pool.close()
