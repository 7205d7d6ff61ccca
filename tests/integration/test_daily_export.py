"""Files of days have the rows of the views, the same again for the same rows, and memory does not grow with them."""

import asyncio
import json
import shutil
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from orchestrator.demo.load import LoadOptions, load
from orchestrator.errors import NotFound
from orchestrator.reporting.daily import DailyExport, days_between, export_days
from orchestrator.reporting.formats import FileFormat
from orchestrator.reporting.parts import LOCK, MANIFEST, Part, digest_of
from orchestrator.reporting.tables import TABLES, chosen_tables
from orchestrator.settings import Settings
from orchestrator.store.pool import Pool, open_pool
from tests.command_line import run_command
from tests.worker_process import unconfigured

pytestmark = pytest.mark.integration

WORKSPACE = "load"
OPTIONS = LoadOptions(3, 6, 1_500, WORKSPACE, 5, datetime(2026, 1, 20, 9, 30, tzinfo=UTC))
FIRST, LAST = date(2026, 1, 14), date(2026, 1, 20)
DAY = date(2026, 1, 18)
PREFIX = "033_omnichannel_journey_orchestrator_"
MANY, BYTES_EACH = 30_000, 2_000
MOST_BYTES = MANY * BYTES_EACH // 3


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    await load(settings, OPTIONS, lambda what, there: None)
    pool = await open_pool(settings)
    try:
        yield pool
    finally:
        await pool.close()


def of(folder: Path, file_format: FileFormat = "jsonl", days: list[date] | None = None, *tables: str) -> DailyExport:
    chosen = chosen_tables(tables, with_customers=True)
    return DailyExport(folder, file_format, days or days_between(FIRST, LAST), chosen)


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): digest_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (LOCK, MANIFEST)
    }


def rows_in(folder: Path, parts: list[Part], table: str) -> list[dict[str, Any]]:
    lines = [line for part in parts if part.table == table for line in (folder / part.path).read_text().splitlines()]
    return [json.loads(line) for line in lines]


async def test_files_have_every_row_of_the_views_once_and_are_the_same_again(
    pool: Pool, settings: Settings, tmp_path: Path
) -> None:
    parts = await export_days(pool, of(tmp_path))
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert [file["path"] for file in manifest["files"]] == [part.path for part in parts]
    assert {file["path"]: file["sha256"] for file in manifest["files"]} == files(tmp_path)
    assert {table["name"] for table in manifest["tables"]["journeys"]} > {"journey_id", "status"}
    for table in TABLES:
        expected = await pool.fetchval(f"select count(*) from reporting.{table}")
        found = rows_in(tmp_path, parts, table)
        assert len(found) == expected == sum(part.rows for part in parts if part.table == table), table
        assert expected or table in ("variant_days", "exposures")  # no journey of these tries anything out
    days = {(row["journey_id"], row["date"]): row for row in rows_in(tmp_path, parts, "journey_days")}
    for row in await pool.fetch("select * from reporting.journey_days"):
        exported = days[str(row["journey_id"]), row["date"].isoformat()]
        assert (exported["entered"], exported["sends"]) == (row["entered"], row["sends"])
        assert exported["revenue"] == float(row["revenue"])
    for part in parts:
        if part.table == "activities":
            lines = [json.loads(line) for line in (tmp_path / part.path).read_text().splitlines()]
            assert {line["at"][:10] for line in lines} == {str(part.day)}
    before, said = files(tmp_path), (tmp_path / MANIFEST).read_bytes()
    assert await export_days(pool, of(tmp_path)) == parts
    assert (files(tmp_path), (tmp_path / MANIFEST).read_bytes()) == (before, said)
    await the_command_writes_the_same(settings, tmp_path)
    await late_and_erased_activities_change_their_day_alone(pool, tmp_path)
    await a_workspace_is_exported_by_itself(pool, tmp_path)


async def late_and_erased_activities_change_their_day_alone(pool: Pool, folder: Path) -> None:
    before = files(folder)
    late = await pool.fetchrow(
        f'insert into "{PREFIX}activities" (config_id, workspace_id, activity_type, details, created_at, customer_id) '
        f"select config_id, workspace_id, 'step_passed', '{{}}', timestamp '2026-01-18 23:59:59.999999', 'late' "
        f'from "{PREFIX}activities" limit 1 returning id'
    )
    await export_days(pool, of(folder, "jsonl", days_between(LAST - timedelta(days=2), LAST)))
    changed = {path for path, digest in files(folder).items() if before.get(path) != digest}
    assert changed == {f"activities/day={DAY}/workspace={WORKSPACE}/part.jsonl"}
    assert str(late["id"]) in (folder / changed.pop()).read_text()
    # Who was erased is gone from a day when it is exported again; a day that has nothing left has no file.
    await pool.execute(f"delete from \"{PREFIX}activities\" where created_at::date = '2026-01-18'")
    await export_days(pool, of(folder, "jsonl", [DAY]))
    assert not (folder / f"activities/day={DAY}").exists()
    assert (folder / f"journey_days/day={DAY}").exists()


async def the_command_writes_the_same(settings: Settings, folder: Path) -> None:
    environment = {**unconfigured(), "ORCHESTRATOR_POSTGRES": settings.postgres.get_secret_value()}
    words = ("reports", "daily", "--day", str(LAST), "--format", "jsonl", "--output", str(folder / "typed"))
    ended = await asyncio.to_thread(run_command, words, environment, folder)
    assert ended.code == 0, ended.err
    typed = files(folder / "typed")
    assert typed
    assert typed.items() <= files(folder).items()
    shutil.rmtree(folder / "typed")


async def a_workspace_is_exported_by_itself(pool: Pool, folder: Path) -> None:
    await pool.execute(
        f"update \"{PREFIX}configs\" set workspace_id = 'a/b' where id = (select min(id::text)::uuid from "
        f'"{PREFIX}configs")'
    )
    export = DailyExport(folder / "one", "csv", [DAY], chosen_tables(["journeys"], with_customers=False), ("a/b",))
    (part,) = await export_days(pool, export)
    assert (part.path, part.rows) == ("journeys/workspace=a%2Fb/part.csv", 1)
    # The last day that can be written has no day after it.
    assert [each.table for each in await export_days(pool, of(folder / "last", "csv", [date.max], "activities"))] == []
    with pytest.raises(NotFound, match="no journey of the workspace globex"):
        await export_days(pool, DailyExport(folder, "jsonl", [DAY], export.tables, ("globex",)))


async def test_many_rows_are_written_in_memory_that_does_not_grow(pool: Pool, tmp_path: Path) -> None:
    await pool.execute(
        f'insert into "{PREFIX}activities" (config_id, workspace_id, activity_type, details, created_at, customer_id) '
        "select (select min(id::text)::uuid from "
        f"\"{PREFIX}configs\"), '{WORKSPACE}', 'step_passed', jsonb_build_object('text', repeat('x', {BYTES_EACH})), "
        f"timestamp '2026-01-18 12:00' + number * interval '1 millisecond', 'c' || number "
        f"from generate_series(1, {MANY}) as number"
    )
    tracemalloc.start()
    try:
        (part,) = await export_days(pool, of(tmp_path, "jsonl", [DAY], "activities"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert part.rows >= MANY
    assert (tmp_path / part.path).stat().st_size > MANY * BYTES_EACH
    assert peak < MOST_BYTES
    parts = await export_days(pool, of(tmp_path / "parquet", "parquet", [DAY], "activities", "journey_days"))
    tables = {each.table: pyarrow.parquet.read_table(tmp_path / "parquet" / each.path) for each in parts}
    assert tables["activities"].num_rows == part.rows
    assert str(tables["journey_days"].schema.field("revenue").type) == "decimal128(38, 6)"
