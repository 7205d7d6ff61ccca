"""Signing in by the provider over HTTP, for the dashboard: open to everybody, as whoever comes here has no key yet."""

from dataclasses import asdict
from typing import Annotated, cast

from fastapi import APIRouter, Depends
from starlette.requests import Request

from orchestrator.api.body import OpenRoute
from orchestrator.api.paths import SIGN_IN
from orchestrator.api.reception import Reception
from orchestrator.api.services import ServicesOfApp
from orchestrator.api.sign_in_documents import CodeExchange, ProviderOffer, Renewal, SignedIn, SignInOffer
from orchestrator.errors import NotFound, Unavailable

router = APIRouter(prefix=SIGN_IN, route_class=OpenRoute, tags=["sign-in"])


def _reception(request: Request, services: ServicesOfApp) -> Reception | None:
    """None: there is none for the dashboard; access tokens may be taken all the same."""
    return cast("Reception | None", request.app.state.reception) if services.settings.oidc_client_id else None


OfDashboard = Annotated[Reception | None, Depends(_reception)]


@router.get("", operation_id="getSignIn", summary="See how one may sign in to the dashboard")
async def offered(reception: OfDashboard, services: ServicesOfApp) -> SignInOffer:
    """Whether there is a provider at which people sign in, and what to ask it for. It needs no key."""
    if reception is None:
        return SignInOffer(provider=None)
    settings, discovery = services.settings, await reception.provider.discovery()
    if discovery.authorization_endpoint is None:
        raise Unavailable(f"{settings.oidc_issuer} names no authorization_endpoint, so nobody can sign in there")
    return SignInOffer(
        provider=ProviderOffer(
            name=reception.provider.name,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            scope=" ".join(settings.oidc_scopes.split()),
            audience=settings.oidc_audience,
            authorization_endpoint=discovery.authorization_endpoint,
            end_session_endpoint=discovery.end_session_endpoint,
        )
    )


@router.post("/exchange", operation_id="exchangeCode", summary="End a sign-in at the provider")
async def exchange(reception: OfDashboard, body: CodeExchange) -> SignedIn:
    """Gives the provider's tokens for the code it sent the page back with, if they let somebody in. It needs no key."""
    granted = await _there(reception).exchange(body.code, body.code_verifier, body.nonce, body.redirect_uri)
    return SignedIn.model_validate(asdict(granted))


@router.post("/renew", operation_id="renewSignIn", summary="Go on being signed in")
async def renew(reception: OfDashboard, body: Renewal) -> SignedIn:
    """Gives other tokens when the access token has run out. What is null stays as it was. It needs no key."""
    granted = await _there(reception).renew(body.refresh_token, body.redirect_uri)
    return SignedIn.model_validate(asdict(granted))


def _there(reception: Reception | None) -> Reception:
    if reception is None:
        raise NotFound("no provider is set up for signing in here; sign in with an API key")
    return reception
