"""Brings the database's tables up to what this program needs.

Migrations are the files ``migrations/NNNN_subject.sql``. What was applied is on record with its checksum: a file that
is changed afterwards is refused, because nobody could tell any more what the database looks like.

Migrations only ever add what the release before can go on with (docs/upgrading.md). So what a newer release has applied
is left alone: this one goes on beside it while an upgrade is under way, and on the way back.
"""

import logging
import re
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

import asyncpg

from orchestrator.errors import ConfigurationError
from orchestrator.store.faults import translated
from orchestrator.store.pool import Connection, Pool
from orchestrator.store.queries import load_queries

log = logging.getLogger(__name__)

_FILE_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number gives the order, ``digest`` is the SHA-256 of its text."""

    number: int
    name: str
    sql: str
    digest: bytes


def shipped_migrations(folder: Traversable | None = None) -> tuple[Migration, ...]:
    """The migrations in ``folder`` (default: those of this program) in order.

    Raises:
        ConfigurationError: a file's name does not follow the pattern, or the numbers are not 1, 2, 3, …
    """
    folder = folder or files("orchestrator.store").joinpath("migrations")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    migrations = tuple(_read(file) for file in found)
    numbers = [migration.number for migration in migrations]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ConfigurationError(f"reading migrations: numbers must be 1, 2, 3, … without holes, found {numbers}")
    return migrations


def _read(file: Traversable) -> Migration:
    match = _FILE_NAME.fullmatch(file.name)
    if match is None:
        raise ConfigurationError(f"reading migrations: {file.name} must be called like 0002_add_budgets.sql")
    sql = file.read_text()
    return Migration(int(match["number"]), file.name, sql, sha256(sql.encode()).digest())


async def pending(pool: Pool, folder: Traversable | None = None) -> list[str]:
    """Names of the migrations that the database still needs, in order; raises like ``migrate``."""
    async with pool.acquire() as connection:
        return await pending_on(connection, folder)


async def pending_on(connection: Connection, folder: Traversable | None = None) -> list[str]:
    """``pending``, by a connection that the caller has already."""
    with translated("reading which migrations were applied"):
        return [migration.name for migration in await _missing(connection, shipped_migrations(folder))]


async def migrate(pool: Pool, folder: Traversable | None = None) -> list[str]:
    """Applies what is missing, each file in a transaction of its own; returns the names applied.

    Several processes may call this at once: an advisory lock lets one work while the others wait.

    Raises:
        ConfigurationError: an applied migration was changed, or the login lacks a right.
        Unavailable: the database does not answer.
    """
    shipped = shipped_migrations(folder)
    sql = load_queries("migrate")
    with translated("applying migrations"):
        async with pool.acquire() as connection:
            await connection.execute(sql["lock"], timeout=None)
            try:
                return await _apply_missing(connection, shipped)
            finally:
                # A session that ended has given the lock up by itself.
                if not connection.is_closed():
                    await connection.execute(sql["unlock"])


async def _apply_missing(connection: Connection, shipped: tuple[Migration, ...]) -> list[str]:
    sql = load_queries("migrate")
    await connection.execute(sql["create_history"])
    missing = await _missing(connection, shipped)
    if newer := [row["name"] for row in await connection.fetch(sql["history"]) if row["number"] > len(shipped)]:
        extra = {"action": "database_is_newer", "migrations": newer}
        log.warning("The database has %s of a newer release; they are left as they are", ", ".join(newer), extra=extra)
    for migration in missing:
        try:
            async with connection.transaction():
                await connection.execute(migration.sql, timeout=None)
                await connection.execute(sql["record"], migration.number, migration.name, migration.digest)
        except asyncpg.InsufficientPrivilegeError as error:
            raise ConfigurationError(
                f"applying {migration.name}: PostgreSQL refuses: {error}. Nothing of it was applied; give this login "
                "the right, or have an administrator do it, and run `orchestrator db migrate` again"
            ) from error
        extra = {"action": "migration_applied", "migration": migration.name}
        log.info("Applied migration %s", migration.name, extra=extra)
    return [migration.name for migration in missing]


async def _missing(connection: Connection, shipped: tuple[Migration, ...]) -> list[Migration]:
    sql = load_queries("migrate")
    if not await connection.fetchval(sql["has_history"]):
        return list(shipped)
    applied = await connection.fetch(sql["history"])
    known = {migration.number: migration for migration in shipped}
    for row in applied:
        migration = known.get(row["number"])
        if migration is not None and migration.digest != row["sha256"]:
            raise ConfigurationError(
                f"reading which migrations were applied: {migration.name} was changed after the database applied it; "
                "restore the file and write a new migration for the change"
            )
    done = {row["number"] for row in applied}
    return [migration for migration in shipped if migration.number not in done]
