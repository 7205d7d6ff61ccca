"""Whether the process lives, and whether it can do its work."""

from typing import Literal

from fastapi import APIRouter, Response, status
from pydantic import BaseModel

from orchestrator.api.services import ServicesOfApp


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Check(BaseModel):
    """One thing the API needs, and what is the matter with it."""

    ok: bool
    detail: str


class Readiness(BaseModel):
    """``ready`` when every check is ok."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, Check]


router = APIRouter(tags=["health"])


@router.get("/livez", operation_id="getLiveness", summary="Whether the process lives")
async def live() -> Alive:
    """Needs neither PostgreSQL nor Kafka: restarting this process would not bring them back."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Whether the API can do its work",
    responses={503: {"model": Readiness, "description": "Something is missing; `checks` says what."}},
)
async def ready(services: ServicesOfApp, response: Response) -> Readiness:
    """Asks PostgreSQL, and the relay whether config changes reach Kafka."""
    fault = await services.database.fault()
    relay = services.relay.status
    checks = {"postgres": Check(ok=not fault, detail=fault), "relay": Check(ok=relay.is_ok, detail=relay.detail)}
    is_ready = all(check.ok for check in checks.values())
    if not is_ready:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Readiness(status="ready" if is_ready else "not_ready", checks=checks)
