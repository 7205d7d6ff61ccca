"""Access tokens of an OpenID Connect provider, for people who sign in elsewhere: an alternative to API keys.

Configured by ``ORCHESTRATOR_OIDC_…``. A token counts when the provider signed it, it is for us (audience) and in force;
its claims say who, for which workspace and in which role. Nothing is asked of the provider for each request: its public
keys are fetched when one is first needed, and kept.
"""

import asyncio
import json
from urllib.request import Request, urlopen

import jwt
from jwt import PyJWKClient

from orchestrator.errors import ConfigurationError, Unauthorised, Unavailable
from orchestrator.settings import Settings
from orchestrator.store.keys import ROLES, Holder, Role

# Signatures by a private key that we do not have; never those by a shared secret, which a public key could pass for.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
LEEWAY_S = 30  # between the provider's clock and ours
FETCH_TIMEOUT_S = 5.0
_MAX_TOKEN_CHARS = 8_192
_DISCOVERY = "/.well-known/openid-configuration"


class Tokens:
    """Reads access tokens. One for each API process."""

    def __init__(self, settings: Settings) -> None:
        """Raises ``ConfigurationError`` when the settings name an issuer and no audience."""
        if not settings.oidc_audience:
            raise ConfigurationError("ORCHESTRATOR_OIDC_ISSUER is set, so ORCHESTRATOR_OIDC_AUDIENCE must be set too")
        self._settings = settings
        self._keys: PyJWKClient | None = None

    async def holder(self, token: str) -> Holder:
        """Whom the token is of.

        Raises:
            Unauthorised: it is not one that counts, or does not say what we need to know.
            Unavailable: the provider's keys cannot be fetched now.
        """
        if len(token) > _MAX_TOKEN_CHARS or token.count(".") != 2:
            raise Unauthorised
        claims = await asyncio.to_thread(self._claims, token)
        settings = self._settings
        workspace_id, subject = claims.get(settings.oidc_workspace_claim), claims.get("sub")
        if not isinstance(workspace_id, str) or not workspace_id or not isinstance(subject, str) or not subject:
            raise Unauthorised(f"the access token lacks the claim sub or {settings.oidc_workspace_claim}")
        name = claims.get(settings.oidc_name_claim)
        return Holder(
            id=f"oidc:{subject}"[:255],
            workspace_id=workspace_id,
            name=name[:255] if isinstance(name, str) and name else subject[:255],
            role=self._role(claims.get(settings.oidc_role_claim)),
        )

    def _claims(self, token: str) -> dict[str, object]:
        try:
            if self._keys is None:
                self._keys = PyJWKClient(self._jwks_url(), cache_keys=True, timeout=FETCH_TIMEOUT_S)
            key = self._keys.get_signing_key_from_jwt(token)
            claims: dict[str, object] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._settings.oidc_audience,
                issuer=self._settings.oidc_issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.PyJWKClientConnectionError, OSError) as error:
            raise Unavailable(f"reading the keys of {self._settings.oidc_issuer}: {error}") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise Unauthorised(f"the access token does not count: {error}") from error
        return claims

    def _jwks_url(self) -> str:
        if self._settings.oidc_jwks_url:
            return self._settings.oidc_jwks_url
        address = self._settings.oidc_issuer.rstrip("/") + _DISCOVERY
        with urlopen(Request(address), timeout=FETCH_TIMEOUT_S) as answer:  # noqa: S310 - the settings' own address
            return str(json.load(answer)["jwks_uri"])

    def _role(self, claim: object) -> Role:
        """The highest role that the claim names: one word, or a list of which others may be somebody else's."""
        named = claim if isinstance(claim, list) else [claim]
        found = [role for role in ROLES if role in named]
        if not found:
            raise Unauthorised(
                f"the access token's claim {self._settings.oidc_role_claim} names none of: {', '.join(ROLES)}"
            )
        return found[-1]
