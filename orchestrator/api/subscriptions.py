"""Subscriptions over HTTP, for a workspace's admins: who is sent the figures of each day."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Path, status
from starlette.requests import Request

from orchestrator.api.access import Caller, CallersName, CallersTenant, demand
from orchestrator.api.body import StrictRoute
from orchestrator.api.courier import Courier
from orchestrator.api.metrics import zone_of
from orchestrator.api.outgoing import Outgoing
from orchestrator.api.paths import ROOT
from orchestrator.api.problems import BadRequest
from orchestrator.api.subscription_documents import (
    CreatedSubscription,
    NewSubscription,
    SubscriptionDocument,
    SubscriptionList,
    SubscriptionTest,
)
from orchestrator.api.subscription_times import next_due
from orchestrator.errors import ConfigurationError, Conflict
from orchestrator.messages.standard_webhook import secret_of
from orchestrator.store import subscriptions as store
from orchestrator.store.journeys import journeys_of
from orchestrator.store.seal import Seal
from orchestrator.store.tenant import Tenant

SECRET_BYTES = 32
_WHAT = "looking after subscriptions"

router = APIRouter(prefix=f"{ROOT}/subscriptions", route_class=StrictRoute, tags=["reports"])

SubscriptionId = Annotated[UUID, Path(alias="id", description="The subscription's id.")]


def _courier(request: Request) -> Courier:
    return cast(Courier, request.app.state.courier)


def _outgoing(request: Request) -> Outgoing:
    return cast(Outgoing, request.app.state.outgoing)


def _seal(request: Request) -> Seal:
    return cast(Seal, request.app.state.seal)


@router.get("", operation_id="listSubscriptions", summary="Who is sent the figures of each day")
async def list_all(caller: Caller, tenant: CallersTenant) -> SubscriptionList:
    """Every subscription of the workspace, and how its last message went. It needs an admin."""
    demand(caller, "admin", _WHAT)
    found = await store.list_subscriptions(tenant)
    return SubscriptionList(items=[SubscriptionDocument.model_validate(_fields(each)) for each in found])


@router.post(
    "", status_code=status.HTTP_201_CREATED, operation_id="createSubscription", summary="Have figures sent each day"
)
async def create(
    caller: Caller,
    tenant: CallersTenant,
    author: CallersName,
    outgoing: Annotated[Outgoing, Depends(_outgoing)],
    seal: Annotated[Seal, Depends(_seal)],
    body: NewSubscription,
) -> CreatedSubscription:
    """The secret that messages are signed with is in this answer and nowhere else. It needs an admin.

    The body of a message is described by `daily-figures.v1.schema.json`; how it is signed, by Standard Webhooks.
    """
    demand(caller, "admin", _WHAT)
    target = outgoing.check(body.url)
    await _check_journeys(tenant, body.journeys)
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    try:
        sealed = seal.close(secret)
    except ConfigurationError as error:
        raise Conflict(str(error)) from error
    due_at = next_due(body.at, zone_of(body.zone), datetime.now(UTC))
    new = store.NewSubscription(body.url, body.at, body.zone, body.journeys, sealed, due_at)
    made = await store.create_subscription(tenant, new, target.host, author)
    return CreatedSubscription.model_validate({**_fields(made), "secret": secret})


@router.delete(
    "/{id}", status_code=status.HTTP_204_NO_CONTENT, operation_id="deleteSubscription", summary="End a subscription"
)
async def delete(caller: Caller, tenant: CallersTenant, author: CallersName, subscription_id: SubscriptionId) -> None:
    """Nothing is sent any more. It needs an admin."""
    demand(caller, "admin", _WHAT)
    await store.delete_subscription(tenant, subscription_id, author)


@router.post("/{id}/test", operation_id="testSubscription", summary="Send a sample now")
async def send_sample(
    caller: Caller,
    tenant: CallersTenant,
    courier: Annotated[Courier, Depends(_courier)],
    subscription_id: SubscriptionId,
) -> SubscriptionTest:
    """Yesterday's figures, marked `is_sample`; what is due is sent all the same. It needs an admin."""
    demand(caller, "admin", _WHAT)
    subscription = await store.find_subscription(tenant, subscription_id)
    try:
        delivery = await courier.sample(subscription, datetime.now(UTC))
    except ConfigurationError as error:
        raise Conflict(str(error)) from error
    return SubscriptionTest(is_delivered=delivery.is_delivered, status=delivery.status, detail=delivery.detail)


async def _check_journeys(tenant: Tenant, journeys: list[UUID] | None) -> None:
    known = {journey.id for journey in await journeys_of(tenant, journeys)} if journeys else set()
    if unknown := [str(each) for each in journeys or () if each not in known]:
        raise BadRequest(f"this workspace has no journey {unknown[0]}")


def _fields(subscription: store.Subscription) -> dict[str, object]:
    return {
        "id": subscription.id,
        "url": subscription.url,
        "at": subscription.at,
        "zone": subscription.zone,
        "journeys": subscription.journeys,
        "author": subscription.author.name,
        "created_at": subscription.created_at,
        "next_at": subscription.next_attempt_at,
        "attempts": subscription.attempts,
        "last_sent_at": subscription.last_sent_at,
        "last_day": subscription.last_day,
        "last_error": subscription.failure or None,
        "failed_day": subscription.failed_day,
    }
