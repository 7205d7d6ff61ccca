"""Readers: logins of PostgreSQL for reporting systems, which have the views in the schema ``reporting`` and no more.

Whose rows they see follows from the login (``migrations/…_reporting_views.sql``). A password is sent as the proof that
PostgreSQL keeps of it, never as itself, so that it stands in no log of the server.
"""

import re
import secrets
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import pbkdf2_hmac, sha256
from hmac import digest

import asyncpg

from orchestrator.errors import ConfigurationError, NotFound
from orchestrator.messages.key import WORKSPACE_FORM, is_workspace_id
from orchestrator.store.faults import translated
from orchestrator.store.pool import EVERY_WORKSPACE, Connection, Pool
from orchestrator.store.queries import load_queries

SCRAM_ITERATIONS = 4_096  # PostgreSQL's own number
_SALT_BYTES = 16
_PASSWORD_BYTES = 24
_RESERVED = ("public", "none")
_LOGIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reader:
    """A login and the workspaces that it reads; ``("*",)``: every one."""

    login: str
    workspaces: tuple[str, ...]


def new_password() -> str:
    """A password that nobody can guess, of signs that a connection URL takes as they are."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def scram_of(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL keeps of a password in ASCII: its SCRAM-SHA-256 verifier (RFC 5803; RFC 7677)."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    salted = pbkdf2_hmac("sha256", password.encode("ascii"), salt, SCRAM_ITERATIONS)
    stored = sha256(digest(salted, b"Client Key", "sha256")).digest()
    server = digest(salted, b"Server Key", "sha256")
    written = (b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(SCRAM_ITERATIONS, *written)


async def statements_to_admit(pool: Pool, reader: Reader, password: str) -> list[str]:
    """The statements that ``admit`` runs, for an administrator who has the rights to.

    Raises:
        ConfigurationError: the login or a workspace has a name that is none.
        Unavailable: the database does not answer.
    """
    _check(reader)
    with translated("writing down what makes a reader"):
        async with pool.acquire() as connection:
            return await _statements(connection, reader, password)


async def admit(pool: Pool, reader: Reader, password: str, *, renews_password: bool = False) -> bool:
    """Makes ``reader`` one, or changes what it reads; True: the login is new, and ``password`` is its own.

    Of a login that is there ``password`` becomes the new one only when ``renews_password``.

    Raises:
        ConfigurationError: the login may do more than read the views, or cannot connect, or this program's login has
            not the rights to make it one; nothing has changed then.
        Unavailable: the database does not answer.
    """
    _check(reader)
    sql = load_queries("readers")
    with translated(f"making {reader.login} a reader"), _rights_that_are_needed(reader.login):
        async with pool.acquire() as connection, connection.transaction():
            is_new = not await connection.fetchval(sql["is_there"], reader.login)
            for statement in await _statements(connection, reader, password):
                await connection.execute(statement)
            if renews_password and not is_new:
                await connection.execute(await connection.fetchval(sql["renewal"], reader.login, scram_of(password)))
            await _check_rights(connection, reader.login)
    return is_new


async def dismiss(pool: Pool, login: str) -> None:
    """Takes a reader's rights away; the login itself stays.

    Raises:
        NotFound: there is no such reader.
        ConfigurationError: this program's login has not the rights to.
        Unavailable: the database does not answer.
    """
    if login not in {reader.login for reader in await list_readers(pool)}:
        raise NotFound(f"{login!r} is no reader of this installation; `orchestrator db readers` lists them")
    with translated(f"taking the rights of {login} away"), _rights_that_are_needed(login):
        async with pool.acquire() as connection, connection.transaction():
            for row in await connection.fetch(load_queries("readers")["dismissal"], login):
                await connection.execute(row["statement"])


async def list_readers(pool: Pool) -> list[Reader]:
    """Every reader, by login.

    Raises:
        Unavailable: the database does not answer.
    """
    with translated("listing readers"):
        rows = await pool.fetch(load_queries("readers")["readers"])
    return [Reader(row["login"], tuple(row["workspaces"])) for row in rows]


def _check(reader: Reader) -> None:
    if not _LOGIN.fullmatch(reader.login) or reader.login.startswith("pg_") or reader.login in _RESERVED:
        raise ConfigurationError(
            f"making a reader: the login is {reader.login!r}; use 1 to 63 letters, digits, '_', '.' or '-', "
            "not first a digit, and none of PostgreSQL's own (pg_…, public, none)"
        )
    for workspace_id in reader.workspaces:
        if workspace_id != EVERY_WORKSPACE and not is_workspace_id(workspace_id):
            raise ConfigurationError(f"making a reader: the workspace is {workspace_id!r}; use {WORKSPACE_FORM}")


async def _statements(connection: Connection, reader: Reader, password: str) -> list[str]:
    sql = load_queries("readers")["admission"]
    rows = await connection.fetch(sql, reader.login, list(reader.workspaces), scram_of(password))
    return [row["statement"] for row in rows]


async def _check_rights(connection: Connection, login: str) -> None:
    sql = load_queries("readers")
    excess: Sequence[str] = [row[0] for row in await connection.fetch(sql["excess"], login)]
    if excess:
        raise ConfigurationError(
            f"making {login} a reader: it would have more than the views: {'; '.join(excess)}; take that away, or use "
            "another login"
        )
    if lacks := [row[0] for row in await connection.fetch(sql["lack"], login)]:
        raise ConfigurationError(f"making {login} a reader: {'; '.join(lacks)}")


@contextmanager
def _rights_that_are_needed(login: str) -> Iterator[None]:
    try:
        yield
    except asyncpg.InsufficientPrivilegeError as error:
        raise ConfigurationError(
            f"changing what {login} may read: PostgreSQL refuses: {error}; log in (ORCHESTRATOR_POSTGRES) as the "
            "owner of the tables, with the right to create roles, or give an administrator what --print writes"
        ) from error
