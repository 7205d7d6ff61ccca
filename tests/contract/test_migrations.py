"""The migrated database has the tables that were promised, by name, column, type, nullability and default."""

import pytest

from orchestrator.settings import Settings
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool

pytestmark = pytest.mark.integration

PREFIX = "033_omnichannel_journey_orchestrator_"
UUID = ("uuid", None, "NO", "gen_random_uuid()")
NOW = ("timestamp without time zone", None, "NO", "now()")
WORKSPACE = ("character varying", 255, "NO", None)
PROMISED = {
    "configs": {
        "id": UUID,
        "workspace_id": WORKSPACE,
        "campaign_id": ("character varying", 255, "YES", None),
        "config": ("jsonb", None, "NO", None),
        "status": ("character varying", 50, "NO", "'ACTIVE'::character varying"),
        "created_at": NOW,
        "updated_at": NOW,
    },
    "activities": {
        "id": UUID,
        "config_id": ("uuid", None, "NO", None),
        "workspace_id": WORKSPACE,
        "activity_type": ("character varying", 100, "NO", None),
        "details": ("jsonb", None, "NO", None),
        "created_at": NOW,
    },
    "metrics": {
        "id": UUID,
        "config_id": ("uuid", None, "NO", None),
        "workspace_id": WORKSPACE,
        "date": ("date", None, "NO", None),
        "metrics": ("jsonb", None, "NO", None),
        "created_at": NOW,
    },
}
COLUMNS = """
select column_name, data_type, character_maximum_length, is_nullable, column_default
from information_schema.columns where table_name = $1 order by ordinal_position
"""
CONSTRAINTS = """
select contype::text as kind, conrelid::regclass::text as on_table, confrelid::regclass::text as to_table,
    pg_get_constraintdef(oid) as definition
from pg_constraint where conrelid = to_regclass($1) and contype in ('p', 'f')
"""


async def test_the_promised_tables_are_there_to_the_letter(settings: Settings) -> None:
    pool = await open_pool(settings)
    try:
        await migrate(pool)
        for table, promised in PROMISED.items():
            rows = await pool.fetch(COLUMNS, PREFIX + table)
            actual = {row["column_name"]: tuple(row.values())[1:] for row in rows}
            assert {name: actual.get(name) for name in promised} == promised, table
            # The promised columns come first, in the promised order.
            assert list(actual)[: len(promised)] == list(promised), table
            constraints = await pool.fetch(CONSTRAINTS, f'"{PREFIX}{table}"')
            assert [row["definition"] for row in constraints if row["kind"] == "p"] == ["PRIMARY KEY (id)"]
            references = [
                (row["definition"].split(" REFERENCES")[0], row["to_table"])
                for row in constraints
                if row["kind"] == "f"
            ]
            assert references == ([] if table == "configs" else [("FOREIGN KEY (config_id)", f'"{PREFIX}configs"')])
    finally:
        await pool.close()


async def test_the_database_itself_runs_in_utc(settings: Settings) -> None:
    pool = await open_pool(settings)
    try:
        await migrate(pool)
        stored = await pool.fetchval(
            "select setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase "
            "where d.datname = current_database()"
        )
        assert stored == ["TimeZone=UTC"]
    finally:
        await pool.close()
