"""API keys: who may call the API, for which workspace, in which role.

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
from orchestrator.store.faults import translated
from orchestrator.store.pool import Pool
from orchestrator.store.queries import load_queries

Role = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may

KEY_PREFIX = "jo_"
_KEY_BYTES = 32
_KEY = re.compile(r"jo_[A-Za-z0-9_-]{43}")
_WORKSPACE = re.compile(r"[A-Za-z0-9._-]{1,255}")


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whom a key belongs to."""

    key_id: UUID
    workspace_id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key on record, without its secret. Times are UTC; ``revoked_at`` None: in force."""

    key_id: UUID
    workspace_id: str
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def looks_like_key(text: str) -> bool:
    """Whether ``text`` has a key's form; what has not is refused without asking the database."""
    return _KEY.fullmatch(text) is not None


def digest_of(key: str) -> bytes:
    """What is stored of a key: its SHA-256, 32 bytes."""
    return sha256(key.encode()).digest()


async def create_key(pool: Pool, workspace_id: str, name: str, role: Role) -> str:
    """A new key. It is shown this once: it cannot be read back.

    Raises:
        ConfigurationError: the workspace id or the role is not one.
        Unavailable: the database does not answer.
    """
    if role not in ROLES:
        raise ConfigurationError(f"creating an API key: the role is {role!r}; use one of {', '.join(ROLES)}")
    if not _WORKSPACE.fullmatch(workspace_id):
        raise ConfigurationError(
            f"creating an API key: the workspace id is {workspace_id!r}; use 1 to 255 letters, digits, '.', '_' or '-'"
        )
    key = KEY_PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    with translated("creating an API key"):
        await pool.execute(load_queries("keys")["create_key"], workspace_id, name, role, digest_of(key))
    return key


async def find_key(pool: Pool, digest: bytes) -> KeyHolder | None:
    """Whom the key with this digest belongs to; None when there is none in force. Notes that it was used."""
    sql = load_queries("keys")
    with translated("looking an API key up"):
        row = await pool.fetchrow(sql["find_key"], digest)
        if row is None:
            return None
        await pool.execute(sql["touch_key"], row["id"])
    return KeyHolder(key_id=row["id"], workspace_id=row["workspace_id"], name=row["name"], role=row["role"])


async def revoke_key(pool: Pool, workspace_id: str, key_id: UUID) -> bool:
    """Ends a key; False when the workspace has no such key in force. API processes notice within seconds."""
    with translated("revoking an API key"):
        status = await pool.execute(load_queries("keys")["revoke_key"], workspace_id, key_id)
    return status == "UPDATE 1"


async def list_keys(pool: Pool, workspace_id: str) -> list[ApiKey]:
    """Every key of the workspace, also revoked ones, newest first."""
    with translated("listing API keys"):
        rows = await pool.fetch(load_queries("keys")["list_keys"], workspace_id)
    return [
        ApiKey(
            key_id=row["id"],
            workspace_id=row["workspace_id"],
            name=row["name"],
            role=row["role"],
            created_at=row["created_at"],
            last_used_at=row["last_used_at"],
            revoked_at=row["revoked_at"],
        )
        for row in rows
    ]
