"""The commands: they start the processes, prepare what they need, check what people write."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import typer
from rich.console import Console

from orchestrator import __version__
from orchestrator.backtest.commands import backtest_command, journeys, simulate_command
from orchestrator.cli.app import run_worker
from orchestrator.cli.dead_letters import dead_letters
from orchestrator.cli.load import load_command
from orchestrator.settings import Settings, load_settings
from orchestrator.telemetry.log import set_up_logging

app = typer.Typer(
    help="The Omnichannel Journey Orchestrator. Settings come from ORCHESTRATOR_… in the environment.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
local = typer.Typer(help="A Kafka broker and a PostgreSQL on this machine, without Docker.", no_args_is_help=True)
topics = typer.Typer(help="The topics, as declared in topics/*.toml.", no_args_is_help=True)
db = typer.Typer(help="The PostgreSQL database.", no_args_is_help=True)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
schemas = typer.Typer(help="The published contracts in schemas/.", no_args_is_help=True)
for name, group in {
    "local": local,
    "topics": topics,
    "dead-letters": dead_letters,
    "db": db,
    "keys": keys,
    "schemas": schemas,
    "journeys": journeys,
}.items():
    app.add_typer(group, name=name)

app.command("backtest")(backtest_command)
app.command("simulate")(simulate_command)
app.command("load")(load_command)

out = Console()


def _settings(**overrides: object) -> Settings:
    settings = load_settings(**overrides)
    set_up_logging(settings)
    return settings


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Runs to the end on uvloop, which costs a fifth to a quarter less CPU on the worker's path (docs/decisions.md)."""
    import uvloop

    uvloop.run(work)


def _say(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command()
def version() -> None:
    """Print the version."""
    _say(__version__)


@app.command()
def worker() -> None:
    """Run a worker: events in, decisions, send commands and activities out."""
    run_worker()


@app.command()
def sink() -> None:
    """Run the sink: activities from Kafka into PostgreSQL."""
    from orchestrator.sink.app import run

    _run(run(_settings()))


@app.command()
def api() -> None:
    """Run the control plane and the dashboard."""
    from orchestrator.api.app import run

    _run(run(_settings()))


@app.command()
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
    raise typer.Exit(run(load_settings(log_format="text", log_level="WARNING"), options))


@local.command("up")
def local_up() -> None:
    """Start Kafka and PostgreSQL, or find them running; their data is kept between runs."""
    from orchestrator.local.stack import up

    stack = up(load_settings().data_dir, _say)
    _say(f"export ORCHESTRATOR_KAFKA={stack.kafka} ORCHESTRATOR_REPLICAS=1")
    _say(f"export ORCHESTRATOR_POSTGRES={stack.postgres}")


@local.command("down")
def local_down() -> None:
    """Stop what "up" has started."""
    from orchestrator.local.stack import down

    down(load_settings().data_dir, _say)


@local.command("status")
def local_status() -> None:
    """Say what runs."""
    from orchestrator.local.stack import status

    for server in status(load_settings().data_dir):
        _say(str(server))


@topics.command("plan")
def topics_plan() -> None:
    """Show what differs between the files and the cluster; exit 1 if anything does."""
    from orchestrator.kafka.topics import plan_topics

    planned = asyncio.run(plan_topics(_settings(log_format="text")))
    _say("\n".join(planned.lines()) or "nothing to do: the cluster is as declared")
    raise typer.Exit(0 if planned.is_empty else 1)


@topics.command("apply")
def topics_apply() -> None:
    """Create what is missing and change what differs; nothing is ever deleted or lowered."""
    from orchestrator.kafka.topics import apply_topics

    done = asyncio.run(apply_topics(_settings(log_format="text")))
    _say("\n".join(done.lines()) or "nothing to do: the cluster is as declared")


@topics.command("show")
def topics_show() -> None:
    """Draw who writes and who reads each topic."""
    from orchestrator.catalog import Catalog
    from orchestrator.kafka.topics import show

    for line in show(Catalog(load_settings()).specs):
        _say(line)


@db.command("migrate")
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
        _say("\n".join(f"applied {name}" for name in applied) or "nothing to do: the tables are up to date")

    asyncio.run(work())


@keys.command("create")
def keys_create(
    workspace: Annotated[str, typer.Argument(help="The workspace the key is for.")],
    label: Annotated[str, typer.Option("--name", help="Whose key it is.")] = "cli",
    role: Annotated[Literal["viewer", "editor", "approver", "admin"], typer.Option(help="What it may do.")] = "editor",
) -> None:
    """Make an API key and print it, once: only its hash is kept."""
    from orchestrator.store.audit import COMMAND_LINE
    from orchestrator.store.keys import create_key
    from orchestrator.store.pool import open_pool
    from orchestrator.store.tenant import Tenant

    async def work() -> None:
        pool = await open_pool(_settings(log_format="text"))
        try:
            _say((await create_key(Tenant(pool, workspace), label, role, COMMAND_LINE)).secret)
        finally:
            await pool.close()

    asyncio.run(work())


@app.command()
def explain(
    journey: Annotated[UUID, typer.Argument(help="The journey's id.")],
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    workspace: Annotated[str, typer.Option(help="The workspace they belong to.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole of it as JSON.")] = False,
) -> None:
    """Say why a customer got what they got from a journey, decision by decision."""
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
            out.print_json(found.model_dump_json())
            return
        _say(found.summary)
        for run in found.runs:
            _say(f"\n{run.run_id}, version {run.version}: {run.summary}")
            for decision in run.decisions:
                _say(f"  {decision.at:%Y-%m-%d %H:%M:%S}  {decision.sentence}")
        for refused in found.refused_entries:
            _say(f"  {refused.at:%Y-%m-%d %H:%M:%S}  {refused.sentence}")

    asyncio.run(work())


@schemas.command("write")
def schemas_write(folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("schemas")) -> None:
    """Write the JSON Schemas, AsyncAPI and OpenAPI documents that follow from the code."""
    from orchestrator.contracts import contracts

    folder.mkdir(exist_ok=True)
    for file, document in contracts().items():
        (folder / file).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _say(f"wrote {len(contracts())} documents to {folder}/")
