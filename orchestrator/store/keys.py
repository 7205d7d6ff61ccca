"""API keys: who may call the API, for which workspace, in which role. A key may end by itself.

A key is 256 random bits, so its plain SHA-256 cannot be searched for and needs no salt; looking a digest up in an index
tells an attacker nothing about any key. Only digests are stored.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, get_args
from uuid import UUID

from orchestrator.errors import ConfigurationError
from orchestrator.messages.key import WORKSPACE_FORM, is_workspace_id
from orchestrator.store.audit import Author, note
from orchestrator.store.faults import translated
from orchestrator.store.pool import Pool
from orchestrator.store.queries import load_queries
from orchestrator.store.tenant import Tenant, every_workspace

Role = Literal["publisher", "viewer", "editor", "approver", "admin"]
# Each may do what those before it may, but for the first two: a publisher reads nothing, a viewer publishes nothing.
ROLES: tuple[Role, ...] = get_args(Role)

KEY_PREFIX = "jo_"
_KEY_BYTES = 32
_KEY = re.compile(r"jo_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who calls: the holder of a key, or a person by an access token. ``id`` is that of the key, or the person's."""

    id: str
    workspace_id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key on record, without its secret. Times are UTC.

    In force while ``revoked_at`` is None and ``expires_at``, where there is one, lies ahead.
    """

    key_id: UUID
    workspace_id: str
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. ``secret`` is shown this once: it cannot be read back."""

    secret: str
    key: ApiKey


def includes(role: Role, needed: Role) -> bool:
    """Whether who has ``role`` may do what takes ``needed``."""
    if needed == "publisher":
        return role != "viewer"
    return ROLES.index(role) >= ROLES.index(needed)


def looks_like_key(text: str) -> bool:
    """Whether ``text`` has a key's form; what has not is refused without asking the database."""
    return _KEY.fullmatch(text) is not None


def digest_of(key: str) -> bytes:
    """What is stored of a key: its SHA-256, 32 bytes."""
    return sha256(key.encode()).digest()


async def create_key(
    tenant: Tenant, name: str, role: Role, author: Author, expires_at: datetime | None = None
) -> NewKey:
    """Makes a key for the tenant's workspace.

    Raises:
        ConfigurationError: the workspace id or the role is not one.
        Unavailable: the database does not answer.
    """
    workspace_id = tenant.workspace_id
    if role not in ROLES:
        raise ConfigurationError(f"creating an API key: the role is {role!r}; use one of {', '.join(ROLES)}")
    if not is_workspace_id(workspace_id):
        raise ConfigurationError(f"creating an API key: the workspace id is {workspace_id!r}; use {WORKSPACE_FORM}")
    secret = KEY_PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    with translated("creating an API key"):
        async with tenant.transaction() as connection:
            sql = load_queries("keys")["create_key"]
            row = await connection.fetchrow(sql, workspace_id, name, role, digest_of(secret), expires_at)
            if row is None:
                raise AssertionError("an insert returns its row")  # pragma: no cover
            after = {"name": name, "role": role, "expires_at": expires_at}
            await note(connection, workspace_id, author, "key_created", str(row["id"]), {}, after)
    return NewKey(secret, ApiKey(row["id"], workspace_id, name, role, row["created_at"], expires_at))


async def find_key(pool: Pool, digest: bytes) -> Holder | None:
    """Whom the key with this digest belongs to; None when there is none in force. Notes that it was used."""
    sql = load_queries("keys")
    with translated("looking an API key up"):
        async with every_workspace(pool).connection() as connection:  # the key is what tells the workspace
            row = await connection.fetchrow(sql["find_key"], digest)
            if row is None:
                return None
            await connection.execute(sql["touch_key"], row["id"])
    return Holder(id=str(row["id"]), workspace_id=row["workspace_id"], name=row["name"], role=row["role"])


async def revoke_key(tenant: Tenant, key_id: UUID, author: Author) -> bool:
    """Ends a key; False when the workspace has no such key in force. API processes notice within seconds."""
    with translated("revoking an API key"):
        async with tenant.transaction() as connection:
            name = await connection.fetchval(load_queries("keys")["revoke_key"], tenant.workspace_id, key_id)
            if name is None:
                return False
            was, is_now = {"is_in_force": True, "name": name}, {"is_in_force": False, "name": name}
            await note(connection, tenant.workspace_id, author, "key_revoked", str(key_id), was, is_now)
    return True


async def list_keys(tenant: Tenant) -> list[ApiKey]:
    """Every key of the workspace, also revoked ones, newest first."""
    with translated("listing API keys"):
        rows = await tenant.fetch(load_queries("keys")["list_keys"], tenant.workspace_id)
    return [
        ApiKey(
            key_id=row["id"],
            workspace_id=row["workspace_id"],
            name=row["name"],
            role=row["role"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            last_used_at=row["last_used_at"],
            revoked_at=row["revoked_at"],
        )
        for row in rows
    ]
