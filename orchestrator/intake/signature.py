"""Whether a request comes from whom it says: signatures over the bytes of its body, checked before these are read.

``hmac``              a header with the HMAC of the body (RFC 2104): GitHub, Shopify, Segment and most others
``timestamped``       ``t=1700000000,v1=…``: HMAC-SHA256 of the time, a point and the body, as Stripe signs
``standard_webhooks`` Standard Webhooks 1.0: ``webhook-id``, ``webhook-timestamp``, ``webhook-signature``

The two with a time refuse what is more than five minutes from ours, so that a recorded request cannot be sent again
later. Of two secrets either may have signed: so a secret can be changed while both are in use.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from orchestrator.definitions.document import Document

TOLERANCE_S = 300
MIN_SECRET_CHARS = 8
MAX_SECRET_CHARS = 512
_MAX_SIGNATURES = 10  # in one header: each is compared
_MAX_TIME_DIGITS = 12
_SECRET_PREFIX = "whsec_"  # noqa: S105 - what every such secret begins with

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
SignatureFault = Literal["no_signature", "stale_signature", "wrong_signature"]


class Hmac(Document):
    """One header with the HMAC of the body, perhaps behind a prefix such as ``sha256=``."""

    kind: Literal["hmac"]
    header: HeaderName = Field(description="The header, such as `X-Hub-Signature-256`.")
    algorithm: Literal["sha256", "sha1"] = Field("sha256", description="The hash within it.")
    encoding: Literal["hex", "base64"] = Field("hex", description="How it is written.")
    prefix: Annotated[str, StringConstraints(pattern=r"^[!-~]{0,20}$")] = Field(
        "", description="What stands before it, such as `sha256=`."
    )


class Timestamped(Document):
    """One header with a time and signatures, as Stripe has it: ``t=…,v1=…``."""

    kind: Literal["timestamped"]
    header: HeaderName = Field(description="The header, such as `Stripe-Signature`.")


class StandardWebhooks(Document):
    """Three headers as Standard Webhooks has them; the secret is ``whsec_`` and base64."""

    kind: Literal["standard_webhooks"]
    headers: Literal["webhook", "svix"] = Field(
        "webhook", description="What the headers' names begin with; some senders still use the older `svix`."
    )


Signature = Annotated[Hmac | Timestamped | StandardWebhooks, Field(discriminator="kind")]
"""How a sender signs."""


def secret_problem(signature: Signature, secret: str) -> str:
    """Why ``secret`` cannot be one for such signatures; empty when it can."""
    if not MIN_SECRET_CHARS <= len(secret) <= MAX_SECRET_CHARS or not secret.isprintable():
        return f"a secret has {MIN_SECRET_CHARS} to {MAX_SECRET_CHARS} visible characters"
    if isinstance(signature, StandardWebhooks) and _key_of(secret) is None:
        return f"a secret of Standard Webhooks is {_SECRET_PREFIX} and at least {MIN_SECRET_CHARS} bytes in base64"
    return ""


def signature_fault(
    signature: Signature, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now_s: float
) -> SignatureFault | None:
    """What is wrong with how the request is signed; None: one of the ``secrets`` has signed it.

    ``headers``: names in lower case. ``now_s``: seconds since 1970.
    """
    match signature:
        case Hmac():
            return _fault_of_hmac(signature, secrets, headers, body)
        case Timestamped(header=header):
            return _fault_of_timestamped(header, secrets, headers, body, now_s)
        case StandardWebhooks():
            return _fault_of_standard(signature, secrets, headers, body, now_s)


def _fault_of_hmac(
    signature: Hmac, secrets: Sequence[str], headers: Mapping[str, str], body: bytes
) -> SignatureFault | None:
    given = headers.get(signature.header.lower(), "").strip()
    if not given.startswith(signature.prefix) or given == signature.prefix:
        return "no_signature"
    given = given.removeprefix(signature.prefix)
    digests = [hmac.digest(_bytes(secret), body, signature.algorithm) for secret in secrets]
    if signature.encoding == "base64":
        return _fault_of([given], [b64encode(digest).decode() for digest in digests])
    return _fault_of([given.lower()], [digest.hex() for digest in digests])


def _fault_of_timestamped(
    header: str, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now_s: float
) -> SignatureFault | None:
    pairs = [part.strip().partition("=") for part in headers.get(header.lower(), "").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    given = [value.lower() for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not given:
        return "no_signature"
    if not _is_near(times[0], now_s):
        return "stale_signature"
    signed = _bytes(times[0]) + b"." + body
    return _fault_of(given, [hmac.digest(_bytes(secret), signed, "sha256").hex() for secret in secrets])


def _fault_of_standard(
    signature: StandardWebhooks, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now_s: float
) -> SignatureFault | None:
    id_, time, signatures = (
        headers.get(f"{signature.headers}-{name}", "") for name in ("id", "timestamp", "signature")
    )
    given = [value for version, _, value in (part.partition(",") for part in signatures.split()) if version == "v1"]
    if not id_ or not time or not given:
        return "no_signature"
    if not _is_near(time, now_s):
        return "stale_signature"
    signed = _bytes(f"{id_}.{time}.") + body
    keys = [key for key in map(_key_of, secrets) if key is not None]
    return _fault_of(given, [b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys])


def _fault_of(given: Sequence[str], right: Sequence[str]) -> SignatureFault | None:
    """Compares each with each, in a time that does not tell how much of one was right."""
    pairs = [(_bytes(one), _bytes(other)) for one in given[:_MAX_SIGNATURES] for other in right]
    are_same = [hmac.compare_digest(one, other) for one, other in pairs]
    return None if any(are_same) else "wrong_signature"


def _is_near(time: str, now_s: float) -> bool:
    is_number = time.isascii() and time.isdecimal() and len(time) <= _MAX_TIME_DIGITS
    return is_number and abs(now_s - int(time)) <= TOLERANCE_S


def _key_of(secret: str) -> bytes | None:
    """The bytes of a secret of Standard Webhooks; None: it is none."""
    if not secret.startswith(_SECRET_PREFIX):
        return None
    try:
        key = b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except ValueError:
        return None
    return key if len(key) >= MIN_SECRET_CHARS else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
