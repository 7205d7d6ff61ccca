"""What signing in by a provider takes and gives."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from orchestrator.api.documents import RequestDocument
from orchestrator.api.provider import MAX_TOKEN_CHARS

# One printable word of ASCII: as codes and tokens are, and nothing that could end a line of a request.
_Word = StringConstraints(pattern=r"^[!-~]+$", min_length=1, max_length=MAX_TOKEN_CHARS)
Code = Annotated[str, _Word, Field(description="What the provider sent the page back with.")]
RefreshToken = Annotated[str, _Word, Field(description="That of the last answer.")]
Verifier = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._~-]{43,128}$"),
    Field(description="The secret whose SHA-256 went to the provider when the sign-in began (RFC 7636)."),
]
Nonce = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._~-]{16,128}$"),
    Field(description="The chance text that went to the provider when the sign-in began, and must come back."),
]
PageAddress = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+/[!-~]*$", max_length=2_000),
    Field(description="Where the provider sends people back to: the page's address, as registered there."),
]


class ProviderOffer(BaseModel):
    """Where people sign in, and what to ask there. ``audience``: of the access token, for providers that ask for it."""

    name: str
    issuer: str
    client_id: str
    scope: str
    audience: str
    authorization_endpoint: str
    end_session_endpoint: str | None = Field(description="Where people sign out of the provider too, if it says.")


class SignInOffer(BaseModel):
    """How one may sign in besides by an API key. ``provider`` null: not at all."""

    provider: ProviderOffer | None


class CodeExchange(RequestDocument):
    """The end of a sign-in at the provider."""

    code: Code
    code_verifier: Verifier
    nonce: Nonce
    redirect_uri: PageAddress


class Renewal(RequestDocument):
    """A sign-in that goes on."""

    refresh_token: RefreshToken
    redirect_uri: PageAddress


class SignedIn(BaseModel):
    """Tokens of the provider. ``access_token`` goes where an API key would; ``expires_in_s``: for so many seconds."""

    access_token: str
    refresh_token: str | None
    id_token: str | None
    expires_in_s: int | None
