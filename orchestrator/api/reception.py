"""Where people of a provider come in: what they are offered, and what their code or refresh token is worth there.

The API asks the provider, not the page: so the page's content policy lets it talk to nobody else, and what comes back
is checked before it is given away. The API keeps nothing of it.
"""

import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator.api.provider import Grant, Provider, SignInRefused
from orchestrator.api.tokens import Tokens
from orchestrator.errors import Unauthorised
from orchestrator.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reception:
    """The provider of the settings, and who reads its tokens. One for each API process."""

    provider: Provider
    tokens: Tokens

    @classmethod
    def of(cls, settings: Settings) -> "Reception | None":
        """None: no provider is configured.

        Raises:
            ConfigurationError: the settings name an issuer and no audience.
        """
        if not settings.oidc_issuer:
            return None
        provider = Provider(settings)
        return cls(provider, Tokens(settings, provider))

    async def exchange(self, code: str, verifier: str, nonce: str, redirect_uri: str) -> Grant:
        """The tokens for ``code``, which the provider gave to the page with which the sign-in ``nonce`` began.

        Raises:
            SignInRefused: the provider gives none, or what it gives does not let anybody in here.
            Unavailable: it does not answer.
        """
        grant = await self._granted(
            redirect_uri,
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
        )
        if grant.id_token is None:
            raise SignInRefused(f"{self.provider.name} does not say who signed in: its answer has no ID token")
        try:
            await self.tokens.check_identity(grant.id_token, nonce)
            holder = await self.tokens.holder(grant.access_token)
        except Unauthorised as error:
            log.warning("A sign-in was refused: %s", error, extra={"action": "sign_in_refused"})
            raise SignInRefused(f"{self.provider.name} let you in, and the orchestrator does not: {error}") from error
        extra = {"action": "signed_in", "author_id": holder.id, "workspace_id": holder.workspace_id}
        log.info("Somebody signed in by the provider", extra=extra)
        return grant

    async def renew(self, refresh_token: str, redirect_uri: str) -> Grant:
        """Other tokens for the same person, whose page is at ``redirect_uri``.

        Raises:
            SignInRefused: the provider gives none any more.
            Unavailable: it does not answer.
        """
        return await self._granted(redirect_uri, grant_type="refresh_token", refresh_token=refresh_token)

    async def _granted(self, page: str, **fields: str) -> Grant:
        parts = urlsplit(page)
        try:
            return await self.provider.grant(f"{parts.scheme}://{parts.netloc}", **fields)
        except SignInRefused as error:
            log.warning("A sign-in was refused: %s", error, extra={"action": "sign_in_refused"})
            raise
