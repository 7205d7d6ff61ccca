"""PostgreSQL as the program uses it: waiting for it, migrating it, reading reports from it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from orchestrator.errors import ConfigurationError, Conflict, RequestError, Unavailable
from orchestrator.settings import Settings
from orchestrator.store import reports
from orchestrator.store.faults import translated
from orchestrator.store.migrate import migrate, pending, shipped_migrations
from orchestrator.store.pool import Pool, connect, open_pool
from orchestrator.store.tenant import Tenant

pytestmark = pytest.mark.integration

NOBODY_THERE = "postgresql://someone:hunter2@127.0.0.1:1/somewhere"
ALL = [migration.name for migration in shipped_migrations()]


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    """A pool on a fresh, empty database."""
    pool = await open_pool(settings, patience_s=30)
    yield pool
    await pool.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped migrations, to change."""
    with as_file(files("orchestrator.store").joinpath("migrations")) as shipped:
        return Path(shutil.copytree(shipped, tmp_path / "migrations"))


# ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def first_migration(folder: Path, tmp_path: Path) -> Path:
    """A folder that has only the first migration."""
    alone = tmp_path / "first"
    alone.mkdir()
    shutil.copy(next(folder.glob("0001_*")), alone)
    return alone


async def test_a_database_that_does_not_answer_is_unavailable_and_its_password_stays_secret() -> None:
    with pytest.raises(Unavailable, match=r"connecting to PostgreSQL at 127\.0\.0\.1:1/somewhere") as caught:
        await open_pool(Settings(postgres=NOBODY_THERE), patience_s=0)
    assert "hunter2" not in str(caught.value)


async def test_each_try_is_one_line_and_the_pauses_grow(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Unavailable):
        await open_pool(Settings(postgres=NOBODY_THERE), patience_s=1.2)
    assert [record.pause_s for record in caplog.records] == [0.25, 0.5]
    assert all("hunter2" not in record.getMessage() for record in caplog.records)


async def test_a_url_that_asks_for_what_there_is_not_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        await connect(Settings(postgres="postgresql://127.0.0.1/x?sslmode=sometimes"), application="test", patience_s=0)


async def test_a_user_the_server_does_not_know_is_a_configuration_error(database: str) -> None:
    stranger = database.replace("//", "//stranger:hunter2@").replace(
        database.partition("//")[2].partition("@")[0] + "@", ""
    )
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_POSTGRES") as caught:
        await connect(Settings(postgres=stranger), application="test", patience_s=0)
    assert "hunter2" not in str(caught.value)


async def test_a_database_made_later_is_waited_for(database: str) -> None:
    later = f"later_{uuid4().hex}"
    url = database.rpartition("/")[0] + "/" + later
    with pytest.raises(Unavailable, match="create it with createdb"):
        await open_pool(Settings(postgres=url), patience_s=0)
    opening = asyncio.create_task(open_pool(Settings(postgres=url), patience_s=30))
    server = await asyncpg.connect(database)
    try:
        await asyncio.sleep(0)  # the first try begins
        await server.execute(f"create database {later}")
        await (await opening).close()
        await server.execute(f"drop database {later}")
    finally:
        await server.close()


# ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_documents_and_times_go_in_and_come_out_as_python_values(pool: Pool) -> None:
    document = {"a": [1, 2.5, None, True], "é": {"b": "c"}}
    assert await pool.fetchval("select $1::jsonb", document) == document
    in_tokyo = datetime.fromisoformat("2026-03-01T09:00:00.123456+09:00")
    stored = await pool.fetchval("select $1::timestamp", in_tokyo)
    assert (stored, stored.tzinfo) == (in_tokyo, UTC)
    assert await pool.fetchval("select $1::timestamp::text", in_tokyo) == "2026-03-01 00:00:00.123456"
    assert await pool.fetchval("show timezone") == "UTC"


async def test_a_row_that_exists_already_is_a_conflict(pool: Pool) -> None:
    await pool.execute("create table t (id int primary key)")
    await pool.execute("insert into t values (1)")
    with pytest.raises(Conflict, match=r"adding a row: Key \(id\)=\(1\) already exists"), translated("adding a row"):
        await pool.execute("insert into t values (1)")


# ── migrations ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_empty_database_is_migrated_once(pool: Pool) -> None:
    assert await pending(pool) == ALL
    assert await migrate(pool) == ALL
    assert await migrate(pool) == []
    assert await pending(pool) == []


async def test_processes_that_migrate_at_once_do_not_disturb_each_other(pool: Pool) -> None:
    applied = await asyncio.gather(*(migrate(pool) for _ in range(4)))
    assert sorted(applied, key=len) == [[], [], [], ALL]


async def test_a_changed_migration_is_refused(pool: Pool, folder: Path) -> None:
    await migrate(pool, folder)
    with (folder / ALL[0]).open("a") as file:
        file.write("-- a second thought\n")
    for refused in (migrate(pool, folder), pending(pool, folder)):
        with pytest.raises(ConfigurationError, match=f"{ALL[0]} was changed after the database applied it"):
            await refused


async def test_a_database_that_a_newer_release_has_added_to_is_gone_on_with(
    pool: Pool, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """While an upgrade is under way, and on the way back."""
    later = f"{len(ALL) + 1:04}_later.sql"
    (folder / later).write_text("select 1;")
    await migrate(pool, folder)
    assert await pending(pool) == []
    assert await migrate(pool) == []
    assert f"The database has {later} of a newer release" in caplog.text


async def test_a_migration_that_breaks_leaves_nothing_of_itself_and_the_next_try_works(
    pool: Pool, folder: Path
) -> None:
    broken = folder / f"{len(ALL) + 1:04}_broken.sql"
    broken.write_text("create table half (); select no_such_function();")
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await migrate(pool, folder)
    assert await pool.fetchval("select to_regclass('half')") is None
    broken.write_text("create table half ();")
    assert await migrate(pool, folder) == [broken.name]


async def test_runs_that_began_before_their_table_was_there_are_found_in_the_activities(
    pool: Pool, first_migration: Path
) -> None:
    await migrate(pool, first_migration)
    journey, waiting, gone = (uuid4() for _ in range(3))
    table = '"033_omnichannel_journey_orchestrator_{}"'
    await pool.execute(
        f"insert into {table.format('configs')} (id, workspace_id, config) values ($1, 'acme', '{{}}')", journey
    )
    story = [
        (waiting, "journey_entered", "", {}),
        (waiting, "step_passed", "hello", {"next": "pause"}),
        (gone, "journey_entered", "", {}),
        (gone, "run_exited", "pause", {"reason": "goal"}),
        (gone, "step_passed", "late", {"next": "later"}),
        (None, "entry_refused", "", {"rule": "re_entry"}),
    ]
    for place, (run, kind, step, details) in enumerate(story):
        await pool.execute(
            f"insert into {table.format('activities')} (config_id, workspace_id, activity_type, details, created_at, "
            "customer_id, run_id, version, step, arm) values ($1, 'acme', $2, $3, $4, 'c1', $5, 1, $6, 'treatment')",
            *(journey, kind, details, datetime(2026, 1, 1, place, tzinfo=UTC), run, step),
        )
    await migrate(pool)
    rows = await pool.fetch(f"select run_id, step, status, reason, entered_at from {table.format('runs')}")
    assert {tuple(row.values()) for row in rows} == {
        (waiting, "pause", "under_way", "", datetime(2026, 1, 1, 0, tzinfo=UTC)),
        (gone, "", "ended", "goal", datetime(2026, 1, 1, 2, tzinfo=UTC)),
    }


async def test_an_outbox_insert_wakes_whoever_listens(pool: Pool) -> None:
    await migrate(pool)
    woken = asyncio.Event()
    async with pool.acquire() as connection:
        await connection.add_listener("journey_outbox", lambda *_: woken.set())
        await pool.execute(
            'insert into "033_omnichannel_journey_orchestrator_outbox" (key, value) values ($1, $2)', "acme:x", b"{}"
        )
        async with asyncio.timeout(10):
            await woken.wait()
        await connection.remove_listener("journey_outbox", lambda *_: None)
        await connection.reset(timeout=5)


# ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────────

DAYS = {
    date(2026, 1, 1): {"entered": 2, "arms": {"treatment": {"customers_entered": 2, "cost": 0.5}}},
    date(2026, 1, 3): {
        "entered": 1,
        "arms": {
            "holdout": {"customers_entered": 1},
            "treatment": {"customers_converted": 1, "goals": 2, "value": 12.5, "value_squares": 156.25},
        },
    },
}


@pytest.fixture
async def journey(pool: Pool) -> UUID:
    """A journey of the workspace acme with two days of figures and five activities, two of them at one moment."""
    await migrate(pool)
    journey: UUID = await pool.fetchval(
        'insert into "033_omnichannel_journey_orchestrator_configs" (workspace_id, config) '
        "values ('acme', '{}') returning id"
    )
    for day, metrics in DAYS.items():
        await pool.execute(
            'insert into "033_omnichannel_journey_orchestrator_metrics" (config_id, workspace_id, date, metrics) '
            "values ($1, $2, $3, $4)",
            journey,
            "acme",
            day,
            metrics,
        )
    for number, (kind, customer, hour) in enumerate(
        [("a", "ada", 0), ("b", "ada", 1), ("a", "bob", 2), ("a", "ada", 2), ("b", "bob", 3)]
    ):
        await pool.execute(
            'insert into "033_omnichannel_journey_orchestrator_activities" '
            "(id, config_id, workspace_id, activity_type, details, created_at, customer_id, run_id, version) "
            "values ($1, $2, 'acme', $3, $4, $5, $6, $7, 1)",
            UUID(int=number),
            journey,
            kind,
            {"number": number},
            datetime(2026, 1, 1, hour, tzinfo=UTC),
            customer,
            UUID(int=99),
        )
    return journey


async def test_days_are_given_in_order_with_both_ends(pool: Pool, journey: UUID) -> None:
    days = await reports.daily_metrics(Tenant(pool, "acme"), journey, date(2026, 1, 1), date(2026, 1, 3))
    assert {day.date: day.metrics for day in days} == DAYS
    assert [day.date for day in await reports.daily_metrics(Tenant(pool, "acme"), journey, until=date(2026, 1, 2))] == [
        date(2026, 1, 1)
    ]
    assert await reports.date_span(Tenant(pool, "acme"), journey) == (date(2026, 1, 1), date(2026, 1, 3))


async def test_totals_and_arms_add_the_days_up(pool: Pool, journey: UUID) -> None:
    assert (await reports.totals(Tenant(pool, "acme"), journey))["entered"] == 3
    assert await reports.arms(Tenant(pool, "acme"), journey) == [
        reports.Arm("holdout", 1, 0, 0, 0.0, 0.0, 0.0),
        reports.Arm("treatment", 2, 1, 2, 12.5, 156.25, 0.5),
    ]


async def numbers(pool: Pool, journey: UUID, **filters: object) -> list[int]:
    """Which activities are listed, walking page by page."""
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = await reports.activities_page(Tenant(pool, "acme"), journey, limit=2, cursor=cursor, **filters)
        found += [item.details["number"] for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def test_pages_list_every_activity_once_newest_first(pool: Pool, journey: UUID) -> None:
    assert await numbers(pool, journey) == [4, 3, 2, 1, 0]


async def test_activities_are_found_by_type_customer_and_time(pool: Pool, journey: UUID) -> None:
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    assert await numbers(pool, journey, activity_type="a") == [3, 2, 0]
    assert await numbers(pool, journey, customer_id="ada") == [3, 1, 0]
    assert await numbers(pool, journey, customer_id="ada", activity_type="a") == [3, 0]
    assert await numbers(pool, journey, since=midnight + timedelta(hours=1)) == [4, 3, 2, 1]
    assert await numbers(pool, journey, until=midnight + timedelta(hours=1)) == [0]
    assert await numbers(pool, journey, customer_id="nobody") == []


async def test_an_activity_is_listed_with_all_it_says(pool: Pool, journey: UUID) -> None:
    page = await reports.activities_page(Tenant(pool, "acme"), str(journey), limit=1)
    assert page.items == (
        reports.ActivityItem(
            id=UUID(int=4),
            activity_type="b",
            created_at=datetime(2026, 1, 1, 3, tzinfo=UTC),
            customer_id="bob",
            run_id=UUID(int=99),
            version=1,
            step="",
            arm="",
            details={"number": 4},
            cause="",
            sequence=page.items[0].sequence,
        ),
    )


async def test_another_workspace_sees_nothing(pool: Pool, journey: UUID) -> None:
    assert await reports.daily_metrics(Tenant(pool, "other"), journey) == []
    assert await reports.date_span(Tenant(pool, "other"), journey) is None
    assert await reports.arms(Tenant(pool, "other"), journey) == []
    assert (await reports.activities_page(Tenant(pool, "other"), journey)).items == ()


async def test_a_page_of_no_or_too_many_rows_is_refused(pool: Pool, journey: UUID) -> None:
    for limit in (0, reports.MAX_PAGE + 1):
        with pytest.raises(RequestError, match=f"the limit is {limit}"):
            await reports.activities_page(Tenant(pool, "acme"), journey, limit=limit)
