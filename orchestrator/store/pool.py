"""Connections to PostgreSQL, all of them alike: sessions in UTC, jsonb as Python values, times that know their zone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from urllib.parse import urlsplit

import asyncpg
import msgspec

from orchestrator.errors import ConfigurationError, Unavailable
from orchestrator.settings import Settings
from orchestrator.store.faults import translated
from orchestrator.store.queries import load_queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
else:  # asyncpg's classes take type parameters only in its annotations
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 60.0
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
# The server notices a vanished client within 25 s and gives up its session, with the locks that the session holds.
_KEEPALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
# What a session says that works for all workspaces; see store/tenant.py.
EVERY_WORKSPACE = "*"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # where PostgreSQL counts timestamps from
_MICROSECOND = timedelta(microseconds=1)
_T = TypeVar("_T")


async def open_pool(
    settings: Settings,
    *,
    min_size: int = 1,
    max_size: int = 10,
    patience_s: float | None = None,
    for_tenants: bool = False,
) -> Pool:
    """A pool of connections, as soon as the database answers.

    Until then each try is one log line, with growing pauses; ``patience_s`` None waits for ever. ``for_tenants``: its
    connections see nothing until a workspace is entered (``store/tenant.py``); for a database that is migrated.

    Raises:
        Unavailable: the database did not answer within ``patience_s``.
        ConfigurationError: the URL cannot be used, or the server refuses this user.
    """
    workspace_id = "" if for_tenants else EVERY_WORKSPACE

    async def prepare(connection: Connection) -> None:
        await _set_codecs(connection)
        if for_tenants:
            await _step_down(connection)

    async def attempt() -> Pool:
        return await asyncpg.create_pool(
            settings.postgres.get_secret_value(),
            min_size=min_size,
            max_size=max_size,
            init=prepare,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings=_server_settings("pool", workspace_id),
        )

    return await _when_it_answers(attempt, settings, patience_s)


async def connect(settings: Settings, *, application: str, patience_s: float | None = None) -> Connection:
    """One connection for a process that must know its session (locks) and works for all workspaces.

    Waits and raises as ``open_pool`` does.
    """

    async def attempt() -> Connection:
        connection = await asyncpg.connect(
            settings.postgres.get_secret_value(),
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings=_server_settings(application, EVERY_WORKSPACE),
        )
        await _set_codecs(connection)
        return connection

    return await _when_it_answers(attempt, settings, patience_s)


def _server_settings(application: str, workspace_id: str) -> dict[str, str]:
    return {
        "timezone": "UTC",
        "application_name": f"orchestrator-{application}",
        "orchestrator.workspace_id": workspace_id,
        **_KEEPALIVE,
    }


async def _step_down(connection: Connection) -> None:
    """Makes the connection one that row-level security binds, for as long as it lives.

    Raises:
        ConfigurationError: the login is above row-level security, and the role to work as is not there.
    """
    sql = load_queries("tenant")
    if not await connection.fetchval(sql["is_above"]):
        return
    try:
        await connection.execute(sql["step_down"])
    except (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError) as error:
        raise ConfigurationError(
            f"logging in to PostgreSQL: {error}; the login is above row-level security, so the API works as that role: "
            "create it and grant it what store/migrations/0004 grants, or let the API log in as another"
        ) from error


async def _when_it_answers(attempt: Callable[[], Awaitable[_T]], settings: Settings, patience_s: float | None) -> _T:
    """The result of the first ``attempt`` that succeeds."""
    address = _address(settings)
    deadline = None if patience_s is None else asyncio.get_running_loop().time() + patience_s
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await _connected(attempt, address)
        except Unavailable as error:
            if deadline is not None and asyncio.get_running_loop().time() + pause_s > deadline:
                raise
            extra = {"action": "postgres_awaited", "address": address, "pause_s": pause_s}
            log.warning("%s; trying again in %.2g s", error, pause_s, extra=extra)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


async def _connected(attempt: Callable[[], Awaitable[_T]], address: str) -> _T:
    what = f"connecting to PostgreSQL at {address}"
    with translated(what):
        try:
            return await attempt()
        except asyncpg.InvalidCatalogNameError as error:
            raise Unavailable(f"{what}: {error}; create it with createdb") from error
        except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.ClientConfigurationError) as error:
            raise ConfigurationError(f"{what}: {error}; look at ORCHESTRATOR_POSTGRES") from error


def _address(settings: Settings) -> str:
    """host:port/database of the URL, without user and password."""
    try:
        url = urlsplit(settings.postgres.get_secret_value())
        return f"{url.hostname or 'the local socket'}:{url.port or 5432}{url.path}"
    except ValueError as error:
        raise ConfigurationError(f"reading ORCHESTRATOR_POSTGRES: {error}") from error


async def _set_codecs(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_json, decoder=msgspec.json.decode, format="text"
    )
    await connection.set_type_codec(
        "timestamp", schema="pg_catalog", encoder=_encode_time, decoder=_decode_time, format="tuple"
    )


def _encode_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _encode_time(value: datetime) -> tuple[int]:
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}; give it datetime.UTC")
    return ((value - _EPOCH) // _MICROSECOND,)


def _decode_time(microseconds: tuple[int]) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds[0])
