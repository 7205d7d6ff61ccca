"""Access tokens of an OpenID Connect provider, for people who sign in elsewhere: an alternative to API keys.

Configured by ``ORCHESTRATOR_OIDC_…``. A token counts when the provider signed it, it is for us (audience) and in force;
its claims say who, for which workspace and in which role. Nothing is asked of the provider for each request: its public
keys are fetched when one is first needed, and kept. Of the ID token that comes with a sign-in only that is checked.
"""

import asyncio
from hmac import compare_digest

import jwt
from jwt import PyJWKClient

from orchestrator.api.provider import MAX_TOKEN_CHARS, Provider
from orchestrator.errors import ConfigurationError, Unauthorised, Unavailable
from orchestrator.messages.key import WORKSPACE_FORM, is_workspace_id
from orchestrator.settings import Settings
from orchestrator.store.keys import ROLES, Holder, Role

# Signatures by a private key that we do not have; never those by a shared secret, which a public key could pass for.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
LEEWAY_S = 30  # between the provider's clock and ours
FETCH_TIMEOUT_S = 5.0


class Tokens:
    """Reads access tokens. One for each API process."""

    def __init__(self, settings: Settings, provider: Provider) -> None:
        """Raises ``ConfigurationError`` when the settings name an issuer and no audience."""
        if not settings.oidc_audience:
            raise ConfigurationError("ORCHESTRATOR_OIDC_ISSUER is set, so ORCHESTRATOR_OIDC_AUDIENCE must be set too")
        self._settings = settings
        self._provider = provider
        self._keys: PyJWKClient | None = None

    async def holder(self, token: str) -> Holder:
        """Whom the token is of.

        Raises:
            Unauthorised: it is not one that counts, or does not say what we need to know.
            Unavailable: the provider's keys cannot be fetched now.
        """
        claims = await self._claims(token, self._settings.oidc_audience)
        settings = self._settings
        workspace_id, subject = claims.get(settings.oidc_workspace_claim), claims.get("sub")
        if not isinstance(workspace_id, str) or not workspace_id or not isinstance(subject, str) or not subject:
            raise Unauthorised(f"the access token lacks the claim sub or {settings.oidc_workspace_claim}")
        if not is_workspace_id(workspace_id):  # such as "*", which would be all of them
            raise Unauthorised(
                f"the access token's claim {settings.oidc_workspace_claim} is no workspace; it must be {WORKSPACE_FORM}"
            )
        name = claims.get(settings.oidc_name_claim)
        return Holder(
            id=f"oidc:{subject}"[:255],
            workspace_id=workspace_id,
            name=name[:255] if isinstance(name, str) and name else subject[:255],
            role=self._role(claims.get(settings.oidc_role_claim)),
        )

    async def check_identity(self, token: str, nonce: str) -> None:
        """Does nothing when the provider made this ID token for the dashboard and the sign-in that ``nonce`` names.

        Raises:
            Unauthorised: it did not.
            Unavailable: the provider's keys cannot be fetched now.
        """
        client_id = self._settings.oidc_client_id
        claims = await self._claims(token, client_id)
        if claims.get("azp", client_id) != client_id:
            raise Unauthorised("the ID token was given to another application")
        if not compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            raise Unauthorised("the ID token is of another sign-in")

    async def _claims(self, token: str, audience: str) -> dict[str, object]:
        if len(token) > MAX_TOKEN_CHARS or token.count(".") != 2:
            raise Unauthorised
        if self._keys is None:
            url = self._settings.oidc_jwks_url or (await self._provider.discovery()).jwks_url
            self._keys = PyJWKClient(url, cache_keys=True, timeout=FETCH_TIMEOUT_S)
        return await asyncio.to_thread(self._decoded, self._keys, token, audience)

    def _decoded(self, keys: PyJWKClient, token: str, audience: str) -> dict[str, object]:
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                keys.get_signing_key_from_jwt(token),
                algorithms=list(ALGORITHMS),
                audience=audience,
                issuer=self._settings.oidc_issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.PyJWKClientConnectionError, OSError) as error:
            raise Unavailable(f"reading the keys of {self._settings.oidc_issuer}: {error}") from error
        except (jwt.PyJWTError, ValueError) as error:
            raise Unauthorised(f"the token does not count: {error}") from error
        return claims

    def _role(self, claim: object) -> Role:
        """The highest role that the claim names: one word, or a list of which others may be somebody else's."""
        named = claim if isinstance(claim, list) else [claim]
        found = [role for role in ROLES if role in named]
        if not found:
            raise Unauthorised(
                f"the access token's claim {self._settings.oidc_role_claim} names none of: {', '.join(ROLES)}"
            )
        return found[-1]
