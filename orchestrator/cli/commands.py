"""The commands: they start the processes, prepare what they need, check what people write."""

import asyncio
import json
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from orchestrator import __version__
from orchestrator.cli.adapter import adapter
from orchestrator.cli.adapters import adapters
from orchestrator.cli.app import run_worker
from orchestrator.cli.audit import audit
from orchestrator.cli.backtests import backtests
from orchestrator.cli.catalogue import event_types, schedules, segments
from orchestrator.cli.config import config
from orchestrator.cli.daily import daily
from orchestrator.cli.dead_letters import dead_letters
from orchestrator.cli.erasures import erasures
from orchestrator.cli.events import events
from orchestrator.cli.figures import figures, print_explanation
from orchestrator.cli.hooks import hooks
from orchestrator.cli.journeys import journeys
from orchestrator.cli.keys import keys
from orchestrator.cli.lifecycle import lifecycle
from orchestrator.cli.load import load_command
from orchestrator.cli.options import example
from orchestrator.cli.proposals import proposals
from orchestrator.cli.readers import readers
from orchestrator.cli.reports import reports
from orchestrator.cli.show import print_json, say, tell
from orchestrator.cli.status import status
from orchestrator.cli.subscriptions import subscriptions
from orchestrator.cli.trials import backtest_command, simulate_command
from orchestrator.cli.workspace import workspace

if TYPE_CHECKING:
    from orchestrator.settings import Settings

app = typer.Typer(
    help="The Omnichannel Journey Orchestrator. Settings come from ORCHESTRATOR_… in the environment; for what asks "
    "the API they are ORCHESTRATOR_API_URL, and ORCHESTRATOR_API_KEY or ORCHESTRATOR_API_KEY_FILE.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
local = typer.Typer(help="A Kafka broker and a PostgreSQL on this machine, without Docker.", no_args_is_help=True)
topics = typer.Typer(help="The topics, as declared in topics/*.toml.", no_args_is_help=True)
db = typer.Typer(help="The PostgreSQL database.", no_args_is_help=True)
schemas = typer.Typer(help="The published contracts in schemas/.", no_args_is_help=True)
reference = typer.Typer(help="The reference in docs/reference/.", no_args_is_help=True)
journeys.add_typer(lifecycle)
journeys.add_typer(figures)
db.add_typer(readers)
reports.add_typer(daily)
for name, group in {
    "journeys": journeys,
    "reports": reports,
    "workspace": workspace,
    "proposals": proposals,
    "backtests": backtests,
    "keys": keys,
    "hooks": hooks,
    "erasures": erasures,
    "events": events,
    "subscriptions": subscriptions,
    "dead-letters": dead_letters,
    "config": config,
    "adapter": adapter,
    "adapters": adapters,
    "local": local,
    "topics": topics,
    "db": db,
    "schemas": schemas,
    "reference": reference,
}.items():
    app.add_typer(group, name=name)

app.command("audit", epilog=example("audit --subject workspace", "audit --from 2026-11-01T00:00:00Z --all --json"))(
    audit
)
app.command("schedules", epilog=example("schedules"))(schedules)
app.command("segments", epilog=example("segments"))(segments)
app.command("event-types", epilog=example("event-types", "event-types --json"))(event_types)
app.command("status", epilog=example("status --api http://127.0.0.1:8080"))(status)
app.command("backtest", epilog=example("backtest welcome.yaml --events history.jsonl"))(backtest_command)
app.command("simulate", epilog=example("simulate welcome.yaml --customers 1000"))(simulate_command)
app.command("load", epilog=example("load --journeys 100 --days 30 --activities 10000000"))(load_command)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        say(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What every command has in common: nothing but this."""


def _read_settings(**overrides: object) -> "Settings":
    from orchestrator.settings import load_settings

    return load_settings(**overrides)


def _settings(**overrides: object) -> "Settings":
    """The settings, with the log as they say."""
    from orchestrator.configuration.variables import warn_of_unknown
    from orchestrator.telemetry.log import set_up_logging

    settings = _read_settings(**overrides)
    set_up_logging(settings)
    warn_of_unknown()
    return settings


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Runs to the end on uvloop, which costs a fifth to a quarter less CPU on the worker's path (docs/decisions.md)."""
    import uvloop

    uvloop.run(work)


def _say_all(lines: Iterable[str], otherwise: str) -> None:
    for line in list(lines) or [otherwise]:
        say(line)


@app.command(epilog=example("version"))
def version() -> None:
    """Print the version."""
    say(__version__)


@app.command(epilog=example("worker"))
def worker() -> None:
    """Run a worker: events in, decisions, send commands and activities out."""
    run_worker()


@app.command(epilog=example("sink"))
def sink() -> None:
    """Run the sink: activities from Kafka into PostgreSQL."""
    from orchestrator.sink.app import run

    _run(run(_settings()))


@app.command(epilog=example("api"))
def api() -> None:
    """Run the control plane and the dashboard."""
    from orchestrator.api.app import run

    _run(run(_settings()))


@app.command(epilog=example("demo"))
def demo(
    keep: Annotated[bool, typer.Option(help="Leave everything running until Ctrl-C.")] = False,
    personas: Annotated[int, typer.Option(min=0, help="Invented customers with a known response.")] = 10_000,
    days_per_second: Annotated[float, typer.Option(min=0.1, help="How fast history runs.")] = 30.0,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the dashboard; 0: any free one.")] = 0,
) -> None:
    """Start everything on this machine, replay real purchases through it, and compare the outcome with a reference."""
    from orchestrator.demo.options import DemoOptions
    from orchestrator.demo.run import run

    options = DemoOptions(keep=keep, personas=personas, days_per_second=days_per_second, port=port)
    raise typer.Exit(run(_read_settings(log_format="text", log_level="WARNING"), options))


@local.command("up", epilog=example("local up"))
def local_up() -> None:
    """Start Kafka and PostgreSQL, or find them running; their data is kept between runs.

    Where they are is printed for a shell to take over: eval "$(orchestrator local up)".
    """
    from orchestrator.local.stack import up

    stack = up(_read_settings().data_dir, tell)
    say(f"export ORCHESTRATOR_KAFKA={stack.kafka} ORCHESTRATOR_REPLICAS=1")
    say(f"export ORCHESTRATOR_POSTGRES={stack.postgres}")


@local.command("down", epilog=example("local down"))
def local_down() -> None:
    """Stop what "up" has started."""
    from orchestrator.local.stack import down

    down(_read_settings().data_dir, say)


@local.command("status", epilog=example("local status"))
def local_status() -> None:
    """Say what runs."""
    from orchestrator.local.stack import status

    for server in status(_read_settings().data_dir):
        say(str(server))


@topics.command("plan", epilog=example("topics plan"))
def topics_plan() -> None:
    """Show what differs between the files and the cluster; exit 1 if anything does."""
    from orchestrator.kafka.topics import plan_topics

    planned = asyncio.run(plan_topics(_settings(log_format="text")))
    _say_all(planned.lines(), "nothing to do: the cluster is as declared")
    raise typer.Exit(0 if planned.is_empty else 1)


@topics.command("apply", epilog=example("topics apply"))
def topics_apply() -> None:
    """Create what is missing and change what differs; nothing is ever deleted or lowered."""
    from orchestrator.kafka.topics import apply_topics

    done = asyncio.run(apply_topics(_settings(log_format="text")))
    _say_all(done.lines(), "nothing to do: the cluster is as declared")


@topics.command("show", epilog=example("topics show"))
def topics_show() -> None:
    """Draw who writes and who reads each topic."""
    from orchestrator.catalog import Catalog
    from orchestrator.kafka.topics import show

    for line in show(Catalog(_read_settings()).specs):
        say(line)


@db.command("migrate", epilog=example("db migrate"))
def db_migrate() -> None:
    """Bring the database to this version's tables."""
    from orchestrator.store.migrate import migrate
    from orchestrator.store.pool import open_pool

    async def work() -> None:
        pool = await open_pool(_settings(log_format="text"))
        try:
            applied = await migrate(pool)
        finally:
            await pool.close()
        _say_all([f"applied {name}" for name in applied], "nothing to do: the tables are up to date")

    asyncio.run(work())


@app.command(epilog=example("explain JOURNEY customer-17 --workspace acme"))
def explain(
    journey: Annotated[UUID, typer.Argument(metavar="JOURNEY", help="The journey's id.")],
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    workspace: Annotated[str, typer.Option(help="The workspace they belong to.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole of it as JSON.")] = False,
) -> None:
    """Say why a customer got what they got from a journey, read from the database: also when no API runs.

    Where one does, "journeys explain" asks it, with a key instead of the database's password.
    """
    from orchestrator.api.explain import told
    from orchestrator.store.pool import open_pool
    from orchestrator.store.tenant import Tenant

    async def work() -> None:
        pool = await open_pool(_settings(log_format="text"), patience_s=10)
        try:
            found = await told(Tenant(pool, workspace), journey, customer)
        finally:
            await pool.close()
        if as_json:
            print_json(found.model_dump_json())
        else:
            print_explanation(found.model_dump(mode="json"))

    asyncio.run(work())


@schemas.command("write", epilog=example("schemas write"))
def schemas_write(folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("schemas")) -> None:
    """Write the JSON Schemas, AsyncAPI and OpenAPI documents that follow from the code."""
    from orchestrator.contracts import contracts

    folder.mkdir(exist_ok=True)
    for file, document in contracts().items():
        (folder / file).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    say(f"wrote {len(contracts())} documents to {folder}/")


@reference.command("write", epilog=example("reference write"))
def reference_write(folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("docs/reference")) -> None:
    """Write the pages of docs/reference/ that follow from the code."""
    from typer.main import get_command

    from orchestrator.cli.refusals import EXIT_CODES
    from orchestrator.reference.pages import pages

    written = pages(get_command(app), EXIT_CODES)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in written.items():
        (folder / file).write_text(text, encoding="utf-8")
    say(f"wrote {len(written)} pages to {folder}/")
