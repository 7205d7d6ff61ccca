"""Commands about readers: logins of PostgreSQL for reporting systems, and what the views mean that they read."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.options import example
from orchestrator.cli.show import print_rows, say, tell
from orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator.store.pool import Pool

readers = typer.Typer()

_PATIENCE_S = 10.0


@readers.command(
    "reader",
    epilog=example(
        "db reader metabase --all",
        "db reader acme_powerbi --workspace acme",
        "db reader acme_powerbi --workspace acme --print",
        "db reader acme_powerbi --remove",
    ),
)
def reader(
    login: Annotated[str, typer.Argument(metavar="NAME", help="The login of PostgreSQL.")],
    workspace: Annotated[
        list[str] | None, typer.Option(help="A workspace that it reads; may be given several times.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="It reads every workspace.")] = False,
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Also where the login is there already.")
    ] = False,
    as_sql: Annotated[
        bool, typer.Option("--print", help="Do nothing: print the statements, for an administrator to run.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take its rights away; the login stays.")] = False,
) -> None:
    """Make a login that reads the views in the schema "reporting" of some workspaces, and nothing else.

    A login that is not there is made, and its password printed once. Run again, it reads what is said now.
    """
    from orchestrator.store.pool import EVERY_WORKSPACE
    from orchestrator.store.readers import Reader, admit, dismiss, statements_to_admit
    from orchestrator.store.readers import new_password as make_password

    chosen = (EVERY_WORKSPACE,) if every else tuple(dict.fromkeys(workspace or ()))
    if remove == bool(chosen) or (every and workspace):
        raise typer.BadParameter("give one of --workspace, --all and --remove")
    if remove and (as_sql or new_password):
        raise typer.BadParameter("--print and --new-password do not go with --remove")
    password = make_password()

    async def work(pool: "Pool") -> None:
        if remove:
            await dismiss(pool, login)
            tell(f'{login} reads nothing any more; to end the login too, run: drop role "{login}"')
        elif as_sql:
            for statement in await statements_to_admit(pool, Reader(login, chosen), password):
                say(f"{statement};")
            tell("the password, where the login is new:")
            tell(password)
        elif await admit(pool, Reader(login, chosen), password, renews_password=new_password) or new_password:
            tell(f"{login} reads {_named(chosen)}; its password is shown this once:")
            say(password)
        else:
            tell(f"{login} reads {_named(chosen)}; its password is as it was")

    _with_pool(work)


@readers.command("readers", epilog=example("db readers"))
def list_command() -> None:
    """List the readers and the workspaces that they read."""
    from orchestrator.store.readers import list_readers

    async def work(pool: "Pool") -> None:
        found = await list_readers(pool)
        print_rows(["login", "workspaces"], ([each.login, _named(each.workspaces)] for each in found))

    _with_pool(work)


@readers.command("views", epilog=example("db views"))
def views() -> None:
    """Print what the views show, every column with its type and meaning, as docs/reporting.md has it (Markdown)."""
    from orchestrator.reporting.describe import described
    from orchestrator.store.views import describe_views

    async def work(pool: "Pool") -> None:
        for line in described(await describe_views(pool)).splitlines():
            say(line)

    _with_pool(work)


def _named(workspaces: tuple[str, ...]) -> str:
    return "every workspace" if workspaces == ("*",) else ", ".join(workspaces)


def _with_pool(work: "Callable[[Pool], Awaitable[None]]") -> None:
    """Does ``work`` with connections to the database of the settings, which must have its migrations."""
    from orchestrator.settings import load_settings
    from orchestrator.store.migrate import pending
    from orchestrator.store.pool import open_pool
    from orchestrator.telemetry.log import set_up_logging

    async def run() -> None:
        settings = load_settings(log_format="text")
        set_up_logging(settings)
        pool = await open_pool(settings, patience_s=_PATIENCE_S)
        try:
            if missing := await pending(pool):
                raise OrchestratorError(
                    f"the database lacks migrations from {missing[0]} on; run `orchestrator db migrate`"
                )
            await work(pool)
        finally:
            await pool.close()

    asyncio.run(run())
