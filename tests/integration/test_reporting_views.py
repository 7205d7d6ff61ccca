"""The views show the numbers of the API, to each reader those of their workspace, and nobody gets around that."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from orchestrator.api.documents import MetricsDocument
from orchestrator.api.metrics import Span, figures_over
from orchestrator.api.overview import added_up
from orchestrator.demo.load import LoadOptions, load
from orchestrator.errors import ConfigurationError, NotFound
from orchestrator.guardrails.zone import known_zone
from orchestrator.settings import Settings
from orchestrator.sink.fold import fold
from orchestrator.store.figures import add_figures
from orchestrator.store.journeys import Sought
from orchestrator.store.migrate import migrate
from orchestrator.store.overview import counts_of_period
from orchestrator.store.pool import Pool, open_pool
from orchestrator.store.readers import Reader, admit, dismiss, list_readers, new_password, statements_to_admit
from orchestrator.store.tenant import Tenant
from tests.command_line import run_command
from tests.integration.test_load import activities_of
from tests.worker_process import unconfigured

pytestmark = pytest.mark.integration

WORKSPACE, OTHER = "load", "globex"
OPTIONS = LoadOptions(6, 12, 2_000, WORKSPACE, 5, datetime(2026, 1, 20, 9, 30, tzinfo=UTC))
SPAN = Span(date(2026, 1, 1), date(2026, 2, 1), "UTC", whole_life=False)
PREFIX = "033_omnichannel_journey_orchestrator_"
VIEWS = (
    "journeys",
    "journey_versions",
    "journey_days",
    "journey_arm_days",
    "journey_channel_days",
    "journey_rule_days",
    "journey_exit_days",
    "journey_step_days",
    "variant_days",
    "results",
    "activities",
    "runs",
    "participants",
    "exposures",
)
# The examples of the document, which a reader runs.
QUESTIONS = re.findall(r"```sql\n(.+?)```", Path("docs/reporting.md").read_text("utf-8"), re.DOTALL)
Sums = dict[tuple[Any, ...], dict[str, Any]]


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    """Figures of a workspace, and half of its journeys given to another one."""
    await load(settings, OPTIONS, lambda what, there: None)
    pool = await open_pool(settings)
    try:
        async with pool.acquire() as connection:
            await connection.execute(
                f'create temporary table given as select id from "{PREFIX}configs" order by id limit 3'
            )
            await connection.execute(
                f"update \"{PREFIX}configs\" set workspace_id = 'globex' where id in (table given)"
            )
            for table in ("metrics", "activities", "runs"):
                await connection.execute(
                    f"update \"{PREFIX}{table}\" set workspace_id = 'globex' where config_id in (table given)"
                )
            # An experiment in each journey: of three customers, one of whom converted on the day after.
            await connection.execute(
                f"insert into \"{PREFIX}exposures\" select id, 'try', customer, 'a', gen_random_uuid(), "
                "timestamp '2026-01-10 23:50', case customer when 'c1' then timestamp '2026-01-11 00:10' end "
                f"from \"{PREFIX}configs\", unnest(array['c1', 'c2', 'c3']) as customer"
            )
            await connection.execute(
                f"insert into \"{PREFIX}variants\" select id, at, 'try', 'a', came, converted "
                f'from "{PREFIX}configs", '
                "(values (timestamp '2026-01-10 23:45', 3, 0), (timestamp '2026-01-11 00:00', 0, 1)) "
                "as quarter (at, came, converted)"
            )
        yield pool
    finally:
        await pool.close()


@pytest.fixture
async def login(settings: Settings) -> AsyncIterator[str]:
    """The name of a login that is gone after the test: logins are those of the whole server."""
    name = f"reader_{uuid4().hex[:12]}"
    yield name
    connection = await asyncpg.connect(settings.postgres.get_secret_value())
    if await connection.fetchval("select exists (select from pg_roles where rolname = $1)", name):
        await connection.execute(f"drop owned by {name}; drop role {name}")
    await connection.close()


async def connected(settings: Settings, login: str, password: str) -> "asyncpg.Connection[asyncpg.Record]":
    url = urlsplit(settings.postgres.get_secret_value())
    netloc = f"{login}:{quote(password)}@{url.hostname}:{url.port}"
    return await asyncpg.connect(urlunsplit(url._replace(netloc=netloc)))


async def rows_of(pool: Pool, sql: str, *arguments: object) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch(sql, *arguments)]


async def summed(pool: Pool, view: str, by: str, journey_id: UUID, names: Mapping[str, object]) -> dict[Any, Any]:
    """Sums over the days of a journey, by one column."""
    sums = ", ".join(f"sum({name})::float8 as {name}" for name in names)
    rows = await pool.fetch(
        f"select {by}, {sums} from reporting.{view} where journey_id = $1 group by {by}", journey_id
    )
    return {row[by]: dict(row.items()) for row in rows}


async def test_every_figure_of_the_views_is_the_apis(pool: Pool) -> None:
    folded = fold(await activities_of(pool), {})
    journeys = await rows_of(pool, "select workspace_id, journey_id from reporting.journeys")
    assert len(journeys) == OPTIONS.journeys
    for journey in journeys:
        journey_id = journey["journey_id"]
        metrics = await figures_over(Tenant(pool, journey["workspace_id"]), journey_id, SPAN, "day")
        await compare_days(pool, journey_id, metrics)
        await compare_groups(pool, journey_id, metrics)
        await compare_results(pool, journey_id, metrics)
        recount: dict[str, Any] = {}
        for (journey_of_day, _), figures in folded.days.items():
            if journey_of_day == str(journey_id):
                add_figures(recount, figures)
        arms = await rows_of(pool, "select * from reporting.results where journey_id = $1", journey_id)
        assert {row["arm"]: row["customers"] for row in arms} == {
            arm: figures.get("customers_entered", 0) for arm, figures in recount["arms"].items()
        }
        assert {row["arm"]: row["revenue_squares"] for row in arms} == pytest.approx(
            {arm: float(figures.get("value_squares", 0)) for arm, figures in recount["arms"].items()}
        )
    await compare_with_the_overview(pool)


async def compare_days(pool: Pool, journey_id: UUID, metrics: MetricsDocument) -> None:
    days = {
        row["date"]: row
        for row in await rows_of(pool, "select * from reporting.journey_days where journey_id = $1", journey_id)
    }
    named = [name for name in next(iter(days.values())) if name not in ("workspace_id", "journey_id", "date")]
    assert len(named) == 12
    for day in metrics.days:
        row = days.pop(day.date, dict.fromkeys(named, 0))
        assert {name: float(row[name]) for name in named} == {name: float(getattr(day, name)) for name in named}
    assert not days


async def compare_groups(pool: Pool, journey_id: UUID, metrics: MetricsDocument) -> None:
    totals = metrics.totals
    for view, by, groups in (
        ("journey_channel_days", "channel", totals.channels),
        ("journey_step_days", "step", totals.steps),
        ("journey_arm_days", "arm", totals.arms),
    ):
        expected = {name: {by: name, **group.model_dump()} for name, group in groups.items()}
        names = next(iter(groups.values())).model_dump()
        assert await summed(pool, view, by, journey_id, names) == expected, view
    rules = await summed(
        pool,
        "journey_rule_days",
        "rule",
        journey_id,
        dict.fromkeys(("sends_suppressed", "sends_deferred", "entries_refused")),
    )
    for column, of_rules in (
        ("sends_suppressed", totals.suppressed_by_rule),
        ("sends_deferred", totals.deferred_by_rule),
        ("entries_refused", totals.refused_by_rule),
    ):
        assert {rule: row[column] for rule, row in rules.items() if row[column]} == of_rules
    reasons = await summed(pool, "journey_exit_days", "reason", journey_id, {"runs": 0})
    assert {reason: row["runs"] for reason, row in reasons.items()} == totals.exits_by_reason
    variants = await pool.fetch(
        "select step, arm, sum(customers) as customers, sum(customers_converted) as customers_converted "
        "from reporting.variant_days where journey_id = $1 group by 1, 2",
        journey_id,
    )
    assert {(row["step"], row["arm"]): (row["customers"], row["customers_converted"]) for row in variants} == {
        (step, arm): (each.customers, each.customers_converted)
        for step, arms in totals.variants.items()
        for arm, each in arms.items()
    }
    exposed = "select count(*) from reporting.exposures where journey_id = $1"
    assert await pool.fetchval(exposed, journey_id) == sum(row["customers"] for row in variants)


async def compare_results(pool: Pool, journey_id: UUID, metrics: MetricsDocument) -> None:
    arms = {
        row["arm"]: row
        for row in await rows_of(pool, "select * from reporting.results where journey_id = $1", journey_id)
    }
    comparison = metrics.comparison
    assert comparison is not None
    for arm, told in (("treatment", comparison.treatment), ("holdout", comparison.holdout)):
        assert (arm in arms) == (told is not None and told.customers > 0)
        if told is not None and told.customers:
            row = arms[arm]
            assert (row["customers"], row["customers_converted"]) == (told.customers, told.conversions)
            assert float(row["revenue"]) == told.revenue
            assert row["customers_converted"] / row["customers"] == told.conversion_rate
    if (effect := comparison.conversion) is not None:  # the uplift can be made again of what the view has
        rates = {arm: row["customers_converted"] / row["customers"] for arm, row in arms.items()}
        assert rates["treatment"] - rates["holdout"] == pytest.approx(effect.absolute)
    participants = await pool.fetch(
        "select arm, count(*) as customers, count(*) filter (where conversions > 0) as converted, "
        "sum(conversions) as conversions, sum(revenue) as revenue, sum(revenue * revenue)::float8 as squares "
        "from reporting.participants where journey_id = $1 group by arm",
        journey_id,
    )
    for row in participants:
        arm = arms[row["arm"]]
        assert (row["customers"], row["converted"], row["conversions"], row["revenue"]) == (
            arm["customers"],
            arm["customers_converted"],
            arm["conversions"],
            arm["revenue"],
        )
        assert row["squares"] == pytest.approx(arm["revenue_squares"])


async def compare_with_the_overview(pool: Pool) -> None:
    zone = known_zone("UTC")
    assert zone is not None
    for workspace in (WORKSPACE, OTHER):
        counts = await counts_of_period(Tenant(pool, workspace), Sought(), zone, date(2026, 1, 1), date(2026, 2, 1))
        total = added_up(counts.by_journey.values())
        row = await pool.fetchrow(
            "select sum(entered) as entered, sum(sends) as sends, sum(revenue)::float8 as revenue "
            "from reporting.journey_days where workspace_id = $1",
            workspace,
        )
        assert row is not None
        assert (row["entered"], row["sends"], row["revenue"]) == (total.entered, total.sends, total.revenue)


async def test_a_reader_sees_one_workspace_whatever_it_tries(pool: Pool, settings: Settings, login: str) -> None:
    password = new_password()
    assert await admit(pool, Reader(login, (WORKSPACE,)), password)
    connection = await connected(settings, login, password)
    try:
        await sees_one_workspace(connection)
        for attack in (
            "set orchestrator.workspace_id = '*'",
            "set orchestrator.workspace_id = 'globex'",
            "set row_security = off",
            "set default_transaction_read_only = off",
            "set search_path = public",
        ):
            await connection.execute(attack)
            await sees_one_workspace(connection)
        await connection.execute("set search_path = reporting")
        assert len(QUESTIONS) > 5
        for question in QUESTIONS:
            assert await connection.fetch(question), question
        await gets_no_further(connection, login)
        await tells_no_leaky_function(connection, OPTIONS.journeys - 3)
    finally:
        await connection.close()


async def sees_one_workspace(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    for view in VIEWS:
        seen = await connection.fetch(f"select workspace_id, count(*) from reporting.{view} group by 1")
        assert [row["workspace_id"] for row in seen] == [WORKSPACE], view
    assert await connection.fetchval("select count(*) from reporting.journeys") == OPTIONS.journeys - 3


async def gets_no_further(connection: "asyncpg.Connection[asyncpg.Record]", login: str) -> None:
    denied = (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)
    tables = [
        row[0]
        for row in await connection.fetch(
            "select relname from pg_class where relname ~ '^033_' and relkind in ('r', 'v')"
        )
    ]
    assert len(tables) > 15
    for statement in (
        *(f'select * from public."{table}"' for table in tables),
        "set role journey_orchestrator_tenant",
        "set session authorization orchestrator",
        "reset session authorization; set role orchestrator",
        "create table public.mine (x int)",
        "create view reporting.mine as select 1",
        "create function reporting.leak(text) returns boolean language sql return true",
        "create or replace view reporting.journeys as select 1",
        "alter view reporting.journeys set (security_barrier = false)",
        "drop view reporting.exposures",
        "update reporting.journeys set name = 'x'",
        "delete from reporting.journeys",
        f"insert into public.\"{PREFIX}readers\" values (session_user, '*')",
        f"alter role {login} superuser",
        "create role another",
        "copy reporting.journeys to program 'cat'",
        "select pg_read_file('/etc/passwd')",
    ):
        with pytest.raises(denied):
            await connection.execute(statement)
    # What the planner has gathered about the values of columns is of the tables, which they have not.
    gathered = "select count(*) from pg_stats where tablename ~ '^033_' or schemaname = 'reporting'"
    assert await connection.fetchval(gathered) == 0


async def tells_no_leaky_function(connection: "asyncpg.Connection[asyncpg.Record]", journeys: int) -> None:
    """A function in a condition is shown no row of others, however cheap it says it is."""
    told: list[str] = []
    connection.add_log_listener(lambda _, message: told.append(str(message)))
    await connection.execute("set default_transaction_read_only = off")  # which only guards against mistakes
    await connection.execute(
        "create function pg_temp.leak(text) returns boolean language plpgsql cost 0.0000001 as "
        "$$ begin raise notice 'seen %', $1; return true; end $$"
    )
    for view in VIEWS:
        await connection.fetch(f"select count(*) from reporting.{view} where pg_temp.leak(workspace_id)")
    assert told
    assert not [line for line in told if OTHER in line]
    with pytest.raises(asyncpg.InvalidTextRepresentationError):  # an error tells nothing but of its own rows
        await connection.fetch("select * from reporting.journeys where (name || workspace_id)::int > 0")
    hidden = (
        "select count(*) from reporting.journeys where 1 / (case when workspace_id = 'globex' then 0 else 1 end) = 1"
    )
    assert await connection.fetchval(hidden) == journeys


async def test_a_reader_of_all_sees_all_until_it_is_none(pool: Pool, settings: Settings, login: str) -> None:
    environment = {**unconfigured(), "ORCHESTRATOR_POSTGRES": settings.postgres.get_secret_value()}

    def typed(*words: str) -> tuple[int, str]:
        ended = run_command(("db", *words), environment, Path.cwd())
        return ended.code, ended.out.strip()

    code, printed = await asyncio.to_thread(typed, "reader", login, "--all", "--print")
    assert (code, "SCRAM-SHA-256$" in printed) == (0, True)
    assert await list_readers(pool) == []  # it was printed and not done
    code, password = await asyncio.to_thread(typed, "reader", login, "--all")
    assert code == 0
    assert password not in printed
    assert await asyncio.to_thread(typed, "readers") == (0, f"login\tworkspaces\n{login}\tevery workspace")
    connection = await connected(settings, login, password)
    try:
        seen = await connection.fetch(
            "select workspace_id from journeys group by 1 order by 1"
        )  # found without a schema
        assert [row["workspace_id"] for row in seen] == [OTHER, WORKSPACE]
        assert await connection.fetchval("show statement_timeout") == "1min"
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("create temporary table mine (x int)")
        assert not await admit(pool, Reader(login, (OTHER,)), new_password())  # its password stays
        assert await connection.fetchval("select count(*) from journeys") == 3
        assert Reader(login, (OTHER,)) in await list_readers(pool)
        assert await asyncio.to_thread(typed, "reader", login, "--remove") == (0, "")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from reporting.journeys")
    finally:
        await connection.close()
    with pytest.raises(NotFound):
        await dismiss(pool, login)


async def test_a_login_that_has_more_is_made_no_reader(pool: Pool, login: str) -> None:
    await pool.execute(f"create role {login} login")
    for gives, takes, said in (
        (f"alter role {login} createdb", f"alter role {login} nocreatedb", "superuser, or may create databases"),
        (f"grant pg_read_all_data to {login}", f"revoke pg_read_all_data from {login}", "pg_read_all_data"),
        (f'grant select on "{PREFIX}configs" to {login}', f'revoke all on "{PREFIX}configs" from {login}', "configs"),
        (f"grant create on schema public to {login}", f"revoke create on schema public from {login}", "schema public"),
        (f"alter role {login} nologin", f"alter role {login} login", "may not log in"),
    ):
        await pool.execute(gives)
        with pytest.raises(ConfigurationError, match=said):
            await admit(pool, Reader(login, (WORKSPACE,)), new_password())
        assert await list_readers(pool) == []
        await pool.execute(takes)
    assert not await admit(pool, Reader(login, (WORKSPACE,)), new_password())
    for name in ("", "pg_mine", "public", "none", "a b", 'x"; drop', "ü"):
        with pytest.raises(ConfigurationError, match="the login is"):
            await statements_to_admit(pool, Reader(name, (WORKSPACE,)), new_password())


# A journey of each workspace, with a row in every table that a view reads.
BY_HAND = f"""
insert into "{PREFIX}configs" (workspace_id, name, config)
select workspace, workspace, '{{"holdout": {{"percent": 10}}}}' from unnest(array['load', 'globex']) as workspace;
insert into "{PREFIX}config_versions" (config_id, version, config) select id, 1, config from "{PREFIX}configs";
insert into "{PREFIX}metrics" (config_id, workspace_id, date, metrics)
select id, workspace_id, '2026-01-10', '{{
    "entered": 2, "exited": {{"goal": 1}}, "send_suppressed": {{"cap": 3}}, "send_requested": {{"email": 4}},
    "steps": {{"hello": {{"sends": 4}}}}, "arms": {{"treatment": {{"customers_entered": 2}}}}
}}'
from "{PREFIX}configs";
insert into "{PREFIX}activities" (config_id, workspace_id, activity_type, details)
select id, workspace_id, 'x', '{{}}' from "{PREFIX}configs";
insert into "{PREFIX}runs" (
    run_id, config_id, workspace_id, customer_id, version, step, arm, status, entered_at, moved_at
)
select gen_random_uuid(), id, workspace_id, 'c1', 1, 'hello', 'treatment', 'under_way', now(), now()
from "{PREFIX}configs";
insert into "{PREFIX}participants" (config_id, customer_id, arm, entries, conversions, value)
select id, 'c1', 'treatment', 1, 0, 0 from "{PREFIX}configs";
insert into "{PREFIX}exposures" (config_id, step, customer_id, arm, run_id, exposed_at)
select id, 'try', 'c1', 'a', gen_random_uuid(), now() from "{PREFIX}configs";
insert into "{PREFIX}variants" select id, '2026-01-10', 'try', 'a', 1, 0 from "{PREFIX}configs";
"""


async def test_without_a_superuser_the_views_and_their_wall_are_the_same(settings: Settings, login: str) -> None:
    """As with a managed PostgreSQL: an owner of the tables whom row-level security binds, and who may make logins."""
    url = urlsplit(settings.postgres.get_secret_value())
    owner = f"owner_{uuid4().hex[:12]}"
    superuser = await asyncpg.connect(settings.postgres.get_secret_value())
    await superuser.execute(f"create role {owner} login createrole password 'x'")
    await superuser.execute(f"grant create on schema public to {owner}")
    theirs = urlunsplit(url._replace(netloc=f"{owner}:x@{url.hostname}:{url.port}"))
    of_owner = await open_pool(settings.model_copy(update={"postgres": SecretStr(theirs)}))
    try:
        with pytest.raises(ConfigurationError, match=f"create schema reporting authorization {owner}"):
            await migrate(of_owner)
        await superuser.execute(f"create schema reporting authorization {owner}")
        assert await migrate(of_owner)
        await of_owner.execute(BY_HAND)
        password = new_password()
        assert await admit(of_owner, Reader(login, (WORKSPACE,)), password)
        connection = await connected(settings, login, password)
        try:
            for attack in (
                "select 1",
                "set orchestrator.workspace_id = '*'",
                "set orchestrator.workspace_id = 'globex'",
            ):
                await connection.execute(attack)
                for view in VIEWS:
                    seen = await connection.fetch(f"select workspace_id from reporting.{view}")
                    assert [row["workspace_id"] for row in seen] == [WORKSPACE], (view, attack)
            await tells_no_leaky_function(connection, 1)
        finally:
            await connection.close()
        # The program's own login sees by the views what the wall shows it in the tables.
        for workspace, journeys in ((WORKSPACE, 1), (OTHER, 1), ("nobody", 0), ("*", 2)):
            async with Tenant(of_owner, workspace).connection() as inside:
                for view, table in (("journeys", "configs"), ("participants", "participants"), ("runs", "runs")):
                    assert await inside.fetchval(f"select count(*) from reporting.{view}") == journeys
                    assert await inside.fetchval(f'select count(*) from "{PREFIX}{table}"') == journeys
        await dismiss(of_owner, login)
    finally:
        await of_owner.close()
        await superuser.execute(f"reassign owned by {owner} to current_user; drop owned by {owner}; drop role {owner}")
        await superuser.close()


async def test_what_is_asked_of_one_journey_is_found_along_an_index(pool: Pool, settings: Settings, login: str) -> None:
    password = new_password()
    await admit(pool, Reader(login, (WORKSPACE,)), password)
    journey_id = await pool.fetchval(
        "select journey_id from reporting.journeys where workspace_id = $1 limit 1", WORKSPACE
    )
    connection = await connected(settings, login, password)
    try:
        await connection.execute(
            "set enable_seqscan = off"
        )  # these tables are small: what counts is that it can be had
        for view in ("journey_days", "journey_arm_days", "journey_channel_days", "journey_step_days", "results"):
            plan = await connection.fetch(
                f"explain select * from reporting.{view} where journey_id = $1"
                + ("" if view == "results" else " and date between '2026-01-08' and '2026-02-06'"),
                journey_id,
            )
            assert along_index(plan, f"{PREFIX}metrics_config_id_date_key", "config_id = "), view
        plan = await connection.fetch(
            "explain select * from reporting.activities "
            "where journey_id = $1 and at >= '2026-01-10' and at < '2026-01-11'",
            journey_id,
        )
        assert along_index(plan, f"{PREFIX}activities_latest", "created_at >= ")
        [of_activities] = [question for question in QUESTIONS if "reporting.activities" in question]
        assert along_index(
            await connection.fetch(f"explain {of_activities}"), f"{PREFIX}activities_latest", "created_at >= "
        )
    finally:
        await connection.close()


def along_index(plan: "list[asyncpg.Record]", index: str, condition: str) -> bool:
    """Whether rows are found by this condition in the index, not looked through."""
    text = "\n".join(row[0] for row in plan).replace('"', "")
    conditions = [line for line in text.splitlines() if "Index Cond:" in line]
    return index[:60] in text and any(condition in line for line in conditions)
