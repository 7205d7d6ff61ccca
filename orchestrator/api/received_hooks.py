"""Where webhooks come in: the signature over the bytes is the key, and is checked before anything is read.

Whatever a sender tries that has no right to is told in one and the same way: an address that is none, a hook that is
turned off, a signature that is wrong, missing or old. Events are known by their ids, which come from the payload: a
webhook that is sent again is the same events.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, cast, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response, status
from starlette.requests import Request

from orchestrator.api.body import SignedRoute, check_coding
from orchestrator.api.events import EventWriterOfApp
from orchestrator.api.hook_documents import HookAnswer
from orchestrator.api.hook_reading import read_in_time
from orchestrator.api.paths import HOOKS
from orchestrator.api.problems import InvalidPart
from orchestrator.api.quota import Quota, TooManyRequests
from orchestrator.api.services import Services, ServicesOfApp
from orchestrator.errors import ConfigurationError, DefinitionError, Problem, Unauthorised, Unavailable
from orchestrator.intake.events import Understood, read_payload
from orchestrator.intake.mapping import EventMapping
from orchestrator.intake.parse import parse_mapping
from orchestrator.intake.reading import Refusal
from orchestrator.intake.signature import SignatureFault, signature_fault
from orchestrator.messages.codec import encode_event
from orchestrator.store.hooks import Hook, RefusalOnRecord, find_hook_of_anyone, keep_refusals
from orchestrator.store.seal import Seal
from orchestrator.store.tenant import Tenant
from orchestrator.telemetry.metrics import HOOK_EVENTS, HOOK_REQUESTS

log = logging.getLogger(__name__)

MOST_MAPPINGS = 1_000
_UNSIGNED = (
    "no hook here takes this request: look at its address, at the secret that both sides have, at the header with the "
    "signature, and at the sender's clock"
)

Fault = SignatureFault | Literal["unknown_hook"]
Result = Fault | Literal["accepted", "no_rule", "refused", "limited", "unavailable"]

router = APIRouter(prefix=HOOKS, route_class=SignedRoute, tags=["hooks"])


class Doorkeeper:
    """One for each API process: how often a hook is used, and the mappings as they were read last."""

    def __init__(self, per_minute: int) -> None:
        self.quota = Quota(per_minute)
        for literal in get_args(Result):
            for result in get_args(literal):
                HOOK_REQUESTS.labels(result)  # of a count that begins at 1, Prometheus sees no increase
        self._mappings: dict[UUID, tuple[datetime, EventMapping]] = {}

    def mapping_of(self, hook: Hook) -> EventMapping:
        """The hook's mapping; it is read anew when the hook has changed.

        Raises:
            Unavailable: it was written by another program than this one, which cannot read it.
        """
        read_at, mapping = self._mappings.get(hook.id, (None, None))
        if mapping is None or read_at != hook.updated_at:
            try:
                mapping = parse_mapping(hook.mapping)
            except DefinitionError as error:
                extra = {"action": "hook_mapping_unreadable", "hook_id": str(hook.id)}
                log.error("A hook's mapping cannot be read: %s", error, extra=extra)
                raise Unavailable("the hook cannot be used now; send it again later") from error
            if len(self._mappings) >= MOST_MAPPINGS:
                self._mappings.clear()
            self._mappings[hook.id] = hook.updated_at, mapping
        return mapping


def _doorkeeper(request: Request) -> Doorkeeper:
    return cast(Doorkeeper, request.app.state.doorkeeper)


DoorkeeperOfApp = Annotated[Doorkeeper, Depends(_doorkeeper)]


@router.post(
    "/{id}/receive",
    status_code=status.HTTP_202_ACCEPTED,
    operation_id="receiveHook",
    summary="Take a webhook of another system",
    response_description="Its events are in Kafka.",
    responses={200: {"model": HookAnswer, "description": "By the hook's mapping it is no event."}},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}},
)
async def receive(
    request: Request,
    response: Response,
    services: ServicesOfApp,
    writer: EventWriterOfApp,
    doorkeeper: DoorkeeperOfApp,
    # Text, not a UUID: what is no id at all is answered as an id of no hook is.
    hook_id: Annotated[str, Path(alias="id", description="The hook's id.")],
) -> HookAnswer:
    """It needs no key: the signature that the hook's mapping names is checked instead, over the bytes of the body.

    The answer comes when Kafka has the events. 401: the hook is not there or turned off, or the signature does not
    hold. 422: the mapping cannot make events of it; the hook's `refusals` say where and why. 503: send it again.
    """
    body = await request.body()
    now = datetime.now(UTC)
    hook = await _admitted(services, doorkeeper, hook_id, dict(request.headers), body, now)
    try:
        doorkeeper.quota.take(str(hook.id))
    except TooManyRequests:
        HOOK_REQUESTS.labels("limited").inc()
        raise
    check_coding(request.headers)
    outcome = await asyncio.to_thread(_outcome, doorkeeper.mapping_of(hook), dict(request.headers), body, now, hook)
    tenant = Tenant(services.database.pool, hook.workspace_id)
    match outcome:
        case Refusal() as refusal:
            await _note(tenant, hook, [refusal], now)
            raise _refused([refusal])
        case Understood(events=(), left_out=()):
            HOOK_REQUESTS.labels("no_rule").inc()
            response.status_code = status.HTTP_200_OK
            return HookAnswer(accepted=0, left_out=0)
        case Understood(events=(), left_out=left_out):
            await _note(tenant, hook, left_out, now)
            raise _refused(left_out)
        case Understood(events=events, left_out=left_out):
            try:
                await writer.write([encode_event(event) for event in events])
            except Unavailable:
                HOOK_REQUESTS.labels("unavailable").inc()
                raise
            if left_out:
                await _note(tenant, hook, left_out, now)
            HOOK_REQUESTS.labels("accepted").inc()
            HOOK_EVENTS.labels("accepted").inc(len(events))
            return HookAnswer(accepted=len(events), left_out=len(left_out))


async def _admitted(
    services: Services, doorkeeper: Doorkeeper, hook_id: str, headers: dict[str, str], body: bytes, now: datetime
) -> Hook:
    """The hook, whose secret has signed the body.

    Raises:
        Unauthorised: whatever does not hold.
        Unavailable: it cannot be found out now.
    """
    hook = None if (id_ := _uuid(hook_id)) is None else await find_hook_of_anyone(services.database.pool, id_)
    fault: Fault | None = "unknown_hook"
    if hook is not None and hook.is_enabled:
        try:
            seal = Seal.of(services.settings)
            secrets = [seal.open(sealed) for sealed in hook.sealed_secrets(now)]
        except ConfigurationError as error:
            extra = {"action": "hook_secret_unreadable", "hook_id": str(hook.id), "workspace_id": hook.workspace_id}
            log.error("A webhook cannot be checked: %s", error, extra=extra)
            HOOK_REQUESTS.labels("unavailable").inc()
            raise Unavailable("the signature cannot be checked now; send it again later") from error
        mapping = doorkeeper.mapping_of(hook)
        fault = signature_fault(mapping.signature, secrets, headers, body, now.timestamp())
        if fault is None:
            return hook
    HOOK_REQUESTS.labels(fault).inc()
    raise Unauthorised(_UNSIGNED)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _outcome(
    mapping: EventMapping, headers: dict[str, str], body: bytes, now: datetime, hook: Hook
) -> Understood | Refusal:
    payload = read_payload(body)
    if isinstance(payload, Refusal):
        return payload
    return read_in_time(mapping, payload, headers, now, hook.workspace_id)


async def _note(tenant: Tenant, hook: Hook, refusals: Sequence[Refusal], now: datetime) -> None:
    """Counts what could not be used, and puts it where a person sees it."""
    first = refusals[0]
    extra = {
        "action": "hook_refused",
        "hook_id": str(hook.id),
        "workspace_id": hook.workspace_id,
        "reason": first.reason,
        "path": first.path,
        "refusals": len(refusals),
    }
    log.warning("A webhook, or a part of it, cannot be used by its mapping", extra=extra)
    HOOK_EVENTS.labels("left_out").inc(len(refusals))
    kept = [RefusalOnRecord(now, each.reason, each.place, each.path, each.message) for each in refusals]
    await keep_refusals(tenant, hook.id, kept)


def _refused(refusals: Sequence[Refusal]) -> InvalidPart:
    HOOK_REQUESTS.labels("refused").inc()
    fix = "mend the payload, or {} of the hook's mapping"
    problems = [
        Problem(each.place or "$", each.reason, each.message, fix.format(each.path) if each.path else "send JSON")
        for each in refusals
    ]
    return InvalidPart("", DefinitionError(problems))
