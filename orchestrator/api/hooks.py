"""Hooks over HTTP: editors look at them and try mappings, admins make and change them."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Path, Response, status
from pydantic import SecretStr

from orchestrator.api.access import Caller, CallersName, CallersTenant, demand
from orchestrator.api.body import StrictRoute
from orchestrator.api.hook_documents import (
    CheckedHook,
    EventOfHook,
    HookDocument,
    HookItem,
    HookList,
    HookPatch,
    HookRefusal,
    HookToCheck,
    NewHook,
    RefusalOfSample,
    TestOfMapping,
)
from orchestrator.api.hook_reading import read_in_time, rehearsed_in_time
from orchestrator.api.paths import HOOKS
from orchestrator.api.problems import BadRequest, InvalidPart, items_of
from orchestrator.api.repeats import IdOfCreation
from orchestrator.api.services import ServicesOfApp
from orchestrator.definitions.moment import moment_at
from orchestrator.errors import ConfigurationError, Conflict, DefinitionError, Problem
from orchestrator.intake.events import Understood
from orchestrator.intake.mapping import EventMapping
from orchestrator.intake.parse import parse_mapping
from orchestrator.intake.reading import Refusal
from orchestrator.intake.signature import secret_problem
from orchestrator.settings import Settings
from orchestrator.store.hooks import (
    Hook,
    HookChange,
    change_hook,
    create_hook,
    delete_hook,
    find_hook,
    list_hooks,
)
from orchestrator.store.seal import Seal

_READING = "reading hooks"
_CHANGING = "changing hooks"
_ABOUT_SIGNING = frozenset({"mapping", "secret"})

HookId = Annotated[UUID, Path(alias="id", description="The hook's id.")]

router = APIRouter(prefix=HOOKS, route_class=StrictRoute, tags=["hooks"])


@router.get("", operation_id="listHooks", summary="List hooks")
async def list_all(caller: Caller, tenant: CallersTenant) -> HookList:
    """Every hook of the workspace. It needs an editor."""
    demand(caller, "editor", _READING)
    return HookList(items=[_item(hook) for hook in await list_hooks(tenant)])


@router.post("", status_code=status.HTTP_201_CREATED, operation_id="createHook", summary="Make a hook")
async def create(
    caller: Caller,
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    id_of_creation: IdOfCreation,
    response: Response,
    body: NewHook,
) -> HookDocument:
    """From now on the other system may send to its `address`. It needs an admin.

    409: there is no key to seal secrets with, or the workspace has as many hooks as it may.
    """
    demand(caller, "admin", _CHANGING)
    mapping = _checked(body.mapping)
    name = body.name if "name" in body.model_fields_set else mapping.name
    sealed = _sealed(services.settings, mapping, body.secret)
    hook = await create_hook(tenant, id_of_creation, name, body.mapping, sealed, author, is_enabled=body.is_enabled)
    response.headers["Location"] = f"{HOOKS}/{hook.id}"
    return _document(hook)


@router.post("/check", operation_id="checkHook", summary="Try a mapping without keeping it")
async def check(caller: Caller, body: HookToCheck) -> CheckedHook:
    """The events that a payload would be by a mapping, or why it would be none. Nothing is kept. It needs an editor."""
    demand(caller, "editor", "trying mappings")
    try:
        mapping = parse_mapping(body.mapping)
    except DefinitionError as error:
        problems = items_of(error.problems)
        return CheckedHook(is_right=False, problems=problems, tests=[], events=[], left_out=[], refusal=None)
    return await asyncio.to_thread(_tried, mapping, body, datetime.now(UTC))


@router.get("/{id:uuid}", operation_id="getHook", summary="Read a hook")
async def read(caller: Caller, tenant: CallersTenant, hook_id: HookId) -> HookDocument:
    """With its mapping, and what it could not use lately. It needs an editor."""
    demand(caller, "editor", _READING)
    return _document(await find_hook(tenant, hook_id))


@router.patch("/{id:uuid}", operation_id="changeHook", summary="Change a hook")
async def change(
    caller: Caller,
    tenant: CallersTenant,
    author: CallersName,
    services: ServicesOfApp,
    hook_id: HookId,
    body: HookPatch,
) -> HookDocument:
    """Changes what the body names, from the next webhook on. It needs an admin.

    A new `secret` ends the old one, unless `old_secret_until` says how long that still counts.
    """
    demand(caller, "admin", _CHANGING)
    given = body.model_fields_set
    until = body.old_secret_until if "old_secret_until" in given else None
    if until is not None and until <= datetime.now(UTC):
        raise BadRequest(
            f"old_secret_until is {until.isoformat()}, which is over; leave it out to end the old secret now"
        )
    hook = await find_hook(tenant, hook_id)
    # Not read for the rest: a hook whose mapping a later program wrote, or an earlier one, can still be turned off.
    mapping = _checked(body.mapping if "mapping" in given else hook.mapping) if given & _ABOUT_SIGNING else None
    if mapping is not None and "secret" not in given:
        _check_that_secrets_fit(services.settings, mapping, hook)
    wanted = HookChange(
        name=body.name if "name" in given else None,
        mapping=body.mapping if "mapping" in given else None,
        is_enabled=body.is_enabled if "is_enabled" in given else None,
        secret=_sealed(services.settings, mapping, body.secret) if mapping and "secret" in given else None,
        old_secret_until=until,
    )
    return _document(await change_hook(tenant, hook_id, wanted, author))


@router.delete("/{id:uuid}", status_code=status.HTTP_204_NO_CONTENT, operation_id="deleteHook", summary="Delete a hook")
async def delete(caller: Caller, tenant: CallersTenant, author: CallersName, hook_id: HookId) -> None:
    """Its address takes nothing any more, and its secrets are gone. It needs an admin."""
    demand(caller, "admin", _CHANGING)
    await delete_hook(tenant, hook_id, author)


def _checked(mapping: dict[str, Any]) -> EventMapping:
    try:
        return parse_mapping(mapping)
    except DefinitionError as error:
        raise InvalidPart("$.mapping", error) from error


def _sealed(settings: Settings, mapping: EventMapping, secret: SecretStr) -> bytes:
    text = secret.get_secret_value()
    if problem := secret_problem(mapping.signature, text):
        raise InvalidPart(
            "$.secret", DefinitionError([Problem("$", "secret", problem, "take the secret as it was given")])
        )
    try:
        return Seal.of(settings).close(text)
    except ConfigurationError as error:
        raise Conflict(str(error)) from error


def _check_that_secrets_fit(settings: Settings, mapping: EventMapping, hook: Hook) -> None:
    """A mapping may change how the other system signs, and the secret on record be none for that."""
    try:
        text = Seal.of(settings).open(hook.secret)
    except ConfigurationError as error:
        raise Conflict(str(error)) from error
    if problem := secret_problem(mapping.signature, text):
        message = f"the secret of the hook is none for such signatures: {problem}"
        raise InvalidPart(
            "$.mapping", DefinitionError([Problem("$.signature", "secret", message, "give a new secret with it")])
        )


def _item(hook: Hook) -> HookItem:
    return HookItem(
        id=hook.id,
        name=hook.name,
        is_enabled=hook.is_enabled,
        signature=str(hook.mapping["signature"]["kind"]),
        address=f"{HOOKS}/{hook.id}/receive",
        old_secret_until=hook.old_secret_until,
        created_at=hook.created_at,
        updated_at=hook.updated_at,
    )


def _document(hook: Hook) -> HookDocument:
    refusals = [
        HookRefusal(at=each.at, reason=cast(Any, each.reason), place=each.place, path=each.path, detail=each.message)
        for each in hook.refusals
    ]
    return HookDocument(**_item(hook).model_dump(), mapping=hook.mapping, refusals=refusals)


def _tried(mapping: EventMapping, body: HookToCheck, now: datetime) -> CheckedHook:
    tests = [TestOfMapping(name=test.name, differences=list(test.differences)) for test in rehearsed_in_time(mapping)]
    is_right = not any(test.differences for test in tests)
    checked = CheckedHook(is_right=is_right, problems=[], tests=tests, events=[], left_out=[], refusal=None)
    if "payload" not in body.model_fields_set:
        return checked
    match read_in_time(mapping, body.payload, body.headers, now, "check"):
        case Refusal() as refusal:
            return checked.model_copy(update={"is_right": False, "refusal": _told(refusal)})
        case Understood(events=events, left_out=left_out):
            told = [
                EventOfHook(
                    id=event.id,
                    source=event.source,
                    type=event.type,
                    time=moment_at(event.time_ms),
                    customer_id=event.customer_id,
                    data=event.data,
                )
                for event in events
            ]
            return checked.model_copy(update={"events": told, "left_out": [_told(each) for each in left_out]})


def _told(refusal: Refusal) -> RefusalOfSample:
    return RefusalOfSample(reason=refusal.reason, place=refusal.place, path=refusal.path, detail=refusal.message)
