"""API keys over HTTP, for a workspace's admins."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, status

from orchestrator.api.access import Caller, CallersName, CallersTenant, demand
from orchestrator.api.body import StrictRoute
from orchestrator.api.control_documents import CreatedKey, KeyDocument, KeyList, NewApiKey
from orchestrator.api.paths import ROOT
from orchestrator.api.problems import BadRequest
from orchestrator.errors import NotFound
from orchestrator.store.keys import ApiKey, create_key, list_keys, revoke_key

_WHAT = "looking after API keys"

router = APIRouter(prefix=f"{ROOT}/keys", route_class=StrictRoute, tags=["workspace"])


@router.get("", operation_id="listKeys", summary="List API keys")
async def list_all(caller: Caller, tenant: CallersTenant) -> KeyList:
    """Every key of the workspace, also those no longer in force. It needs an admin."""
    demand(caller, "admin", _WHAT)
    now = datetime.now(UTC)
    return KeyList(items=[KeyDocument.model_validate(_fields(key, now)) for key in await list_keys(tenant)])


@router.post("", status_code=status.HTTP_201_CREATED, operation_id="createKey", summary="Make an API key")
async def create(caller: Caller, tenant: CallersTenant, author: CallersName, body: NewApiKey) -> CreatedKey:
    """The secret is in this answer and nowhere else. It needs an admin."""
    demand(caller, "admin", _WHAT)
    now = datetime.now(UTC)
    if body.expires_at is not None and body.expires_at <= now:
        raise BadRequest(f"expires_at is {body.expires_at.isoformat()}, which is over: the key would never hold")
    made = await create_key(tenant, body.name, body.role, author, body.expires_at)
    return CreatedKey.model_validate({**_fields(made.key, now), "secret": made.secret})


@router.delete("/{id}", status_code=status.HTTP_204_NO_CONTENT, operation_id="revokeKey", summary="Revoke an API key")
async def revoke(
    caller: Caller, tenant: CallersTenant, author: CallersName, key_id: Annotated[UUID, Path(alias="id")]
) -> None:
    """Within seconds it is refused everywhere. It needs an admin. The key stays on record."""
    demand(caller, "admin", _WHAT)
    if not await revoke_key(tenant, key_id, author):
        raise NotFound(f"this workspace has no key {key_id} that could be revoked")


def _fields(key: ApiKey, now: datetime) -> dict[str, object]:
    return {
        "id": key.key_id,
        "name": key.name,
        "role": key.role,
        "is_in_force": key.revoked_at is None and (key.expires_at is None or key.expires_at > now),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }
