"""Migrations only expand, so that the release before goes on with tables of the next (docs/upgrading.md).

The SQL is read, not run: each way of taking something away that PostgreSQL has is looked for, also inside of what is
built by ``format``. What is meant after all stands below, with the reason why the release before does not mind.
"""

import re
from collections.abc import Iterator

import pytest

from orchestrator.store.migrate import Migration, shipped_migrations

PREFIX = "033_omnichannel_journey_orchestrator_"
# By file: what is found there, and why it may be. Nothing was released before 0.1.0, which has 0001 to 0011.
MEANT = {
    "0002_runs_versions_erasures.sql": {
        "changes rows: configs": "fills columns that the same file adds",
    },
    "0004_walls_audit_proposals.sql": {
        "hides rows: %i": "no release was before it that does not say for which workspace it works",
    },
    "0005_quarters_variants.sql": {"hides rows: %i": "of the tables that the same file makes"},
    "0006_backtests.sql": {"hides rows: %i": "of the table that the same file makes"},
    "0008_proposed_settings.sql": {
        "drops not null: proposals": "a writer that fills it goes on; no release reads proposals and lacks this file",
        "adds a constraint: proposals": "holds for every row that a writer without the column makes",
    },
    "0009_reporting_views.sql": {"hides rows: %i": "of the table that the same file makes"},
    "0010_hooks.sql": {"hides rows: %i": "of the table that the same file makes"},
    "0011_subscriptions.sql": {"hides rows: %i": "of the table that the same file makes"},
}

_NAME = rf'(?:only )?(?:if exists )?(?:public\.)?"?(?:{PREFIX})?(?P<table>[\w%]+)"?'
_ON_ONE_TABLE = re.compile(rf"\balter table {_NAME} (?P<rest>.*)")
_CREATED = re.compile(rf"\bcreate table (?:if not exists )?{_NAME}")
_ANYWHERE = {
    "drops": re.compile(
        r"\bdrop (?:table|view|materialized view|function|procedure|index|trigger|policy|schema|type|domain|sequence|"
        r"role|extension|rule|owned)\b"
    ),
    "renames": re.compile(r"\brename (?:to|column|constraint|attribute|value)\b|\bset schema\b"),
    "takes a right": re.compile(r"\brevoke\b|\balter default privileges\b|\bowner to\b"),
    "replaces": re.compile(r"\bcreate or replace\b"),
}
_ROWS = re.compile(rf"\b(?:delete from|truncate(?: table)?|update) {_NAME}")
_UNIQUE = re.compile(rf"\bcreate unique index .*?\bon {_NAME}")
_TRIGGER = re.compile(rf"\bcreate (?:constraint )?trigger .*?\bon {_NAME}")
# What ALTER TABLE does to what is there already; "add column" is looked at by itself.
_ALTERED = {
    "drops": re.compile(r"\bdrop (?:column|constraint)\b|\bdrop (?!default|not null|expression|identity)\w"),
    "drops not null": re.compile(r"\bdrop not null\b"),
    "drops a default": re.compile(r"\bdrop (?:default|expression|identity)\b"),
    "demands a value": re.compile(r"\bset not null\b"),
    "changes a type": re.compile(r"\balter (?:column )?\S+ (?:set data )?type\b"),
    "adds a constraint": re.compile(r"\badd (?:constraint|check|unique|primary key|foreign key|exclude)\b"),
    "hides rows": re.compile(r"\b(?:enable|force) row level security\b"),
}
_ADDED_COLUMN = re.compile(r"add (?:column|(?!constraint|check|unique|primary|foreign|exclude)\w)")
_GIVEN_BY_ITSELF = re.compile(r"\bdefault\b|\bgenerated\b|\b(?:big|small)?serial\b")
_DEMANDED = re.compile(r"\bnot null\b|\bprimary key\b")  # any other constraint lets null pass


def taken_away(sql: str) -> list[str]:
    """Everything in a migration by which a release that does not know it may fail."""
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL).lower()
    text = " ".join(text.split())
    made_here = {found["table"] for found in _CREATED.finditer(text)}
    return sorted({each for statement in text.split(";") for each in _found(statement, made_here)})


def _found(statement: str, made_here: set[str]) -> Iterator[str]:
    yield from (what for what, pattern in _ANYWHERE.items() if pattern.search(statement))
    for what, pattern in (("changes rows", _ROWS), ("demands uniqueness", _UNIQUE), ("adds a trigger", _TRIGGER)):
        for found in pattern.finditer(statement):
            if found["table"] not in made_here | {"set", "on", "of", "or", "to"}:
                yield f"{what}: {found['table']}"
    if (altered := _ON_ONE_TABLE.search(statement)) and altered["table"] not in made_here:
        table, rest = altered["table"], altered["rest"]
        yield from (f"{what}: {table}" for what, pattern in _ALTERED.items() if pattern.search(_without_columns(rest)))
        for column in _columns(rest):
            if _DEMANDED.search(column) and not _GIVEN_BY_ITSELF.search(column):
                yield f"demands a value: {table}"


def _parts(text: str) -> list[str]:
    """Split at commas that stand in no brackets and no quotes."""
    parts, depth, is_quoted = [""], 0, False
    for sign in text:
        is_quoted ^= sign == "'"
        depth += 0 if is_quoted else (sign in "([") - (sign in ")]")
        if sign == "," and not depth and not is_quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _columns(rest: str) -> list[str]:
    return [part for part in _parts(rest) if _ADDED_COLUMN.match(part)]


def _without_columns(rest: str) -> str:
    return ", ".join(part for part in _parts(rest) if not _ADDED_COLUMN.match(part))


@pytest.mark.parametrize("migration", shipped_migrations(), ids=lambda each: each.name)
def test_a_migration_takes_nothing_away_that_the_release_before_needs(migration: Migration) -> None:
    assert set(taken_away(migration.sql)) == set(MEANT.get(migration.name, ()))


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (f'drop view "{PREFIX}readable";', ["drops"]),
        (f'alter table "{PREFIX}runs" drop column step;', ["drops: runs"]),
        (f'alter table "{PREFIX}runs" drop step;', ["drops: runs"]),
        (f'alter table "{PREFIX}runs" add column a int, drop column step;', ["drops: runs"]),
        (f'ALTER TABLE ONLY public."{PREFIX}runs"\n    RENAME COLUMN step TO place;', ["renames"]),
        (f'alter table "{PREFIX}runs" add column place text not null;', ["demands a value: runs"]),
        (f'alter table "{PREFIX}runs" add column a int default 1, add b int not null;', ["demands a value: runs"]),
        (f'alter table "{PREFIX}runs" alter column step set not null;', ["demands a value: runs"]),
        (f'alter table "{PREFIX}runs" alter column step type varchar(10);', ["changes a type: runs"]),
        (f'alter table "{PREFIX}runs" alter step set data type int;', ["changes a type: runs"]),
        (f'alter table "{PREFIX}runs" alter column step drop default;', ["drops a default: runs"]),
        (f'alter table "{PREFIX}runs" add constraint one unique (step);', ["adds a constraint: runs"]),
        (f'alter table "{PREFIX}runs" add check (step <> \'\');', ["adds a constraint: runs"]),
        (f'create unique index one on "{PREFIX}runs" (step);', ["demands uniqueness: runs"]),
        (f'create trigger t before insert on "{PREFIX}runs" execute function f();', ["adds a trigger: runs"]),
        (f'revoke select on "{PREFIX}runs" from journey_orchestrator_tenant;', ["takes a right"]),
        ("do $$ begin execute format('revoke insert on %I from %I', part, tenant); end $$;", ["takes a right"]),
        ("do $$ begin execute format('alter table %I force row level security', part); end $$;", ["hides rows: %i"]),
        (f'delete from "{PREFIX}runs";', ["changes rows: runs"]),
        (f'update "{PREFIX}runs" set step = \'\';', ["changes rows: runs"]),
        (f'truncate "{PREFIX}runs";', ["changes rows: runs"]),
        (f'create or replace function "{PREFIX}f"() returns int language sql return 1;', ["replaces"]),
    ],
)  # fmt: skip
def test_every_way_of_taking_something_away_is_found(sql: str, found: list[str]) -> None:
    assert taken_away(sql) == found


@pytest.mark.parametrize(
    "sql",
    [
        f'create table "{PREFIX}new" (id int not null unique); alter table "{PREFIX}new" add check (id > 0);',
        f'create table "{PREFIX}new" (id int); create unique index one on "{PREFIX}new" (id);',
        f'alter table "{PREFIX}runs" add column place text;',
        f'alter table "{PREFIX}runs" add column a text not null default \'drop column\';',
        f'alter table "{PREFIX}runs" add column n bigserial not null, add column m bigint;',
        f'alter table "{PREFIX}runs" add column past int check (past >= 0);',
        f'alter table "{PREFIX}runs" add column n int not null generated always as (coalesce(a, 0)) stored;',
        f'create index on "{PREFIX}runs" (step); -- drop table, rename to, revoke',
        "grant select, insert, update, delete on a to journey_orchestrator_tenant;",
        f'comment on table "{PREFIX}runs" is \'what is new\';',
    ],
)  # fmt: skip
def test_what_only_adds_is_left_alone(sql: str) -> None:
    assert taken_away(sql) == []
