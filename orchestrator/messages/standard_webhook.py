"""Signatures of what we send to other systems, by the rules of Standard Webhooks 1.0.0.

Headers ``webhook-id``, ``webhook-timestamp`` (seconds since 1970) and ``webhook-signature``: ``v1,`` and, in base64,
the HMAC-SHA256 of ``id.timestamp.body``. A secret is ``whsec_`` and 24 to 64 bytes in base64. What comes in is checked
by ``intake/signature.py``.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence

PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES = 24, 64


def secret_of(key: bytes) -> str:
    """How a key is written."""
    return PREFIX + base64.b64encode(key).decode()


def secret_bytes(secret: str) -> bytes:
    """The key that a secret is.

    Raises:
        ValueError: it is none.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"a secret is {PREFIX} and base64") from error
    if not secret.startswith(PREFIX) or not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
        raise ValueError(f"a secret is {PREFIX} and {_LEAST_BYTES} to {_MOST_BYTES} bytes in base64")
    return key


def signed_headers(keys: Sequence[bytes], id_: str, time_s: int, body: bytes) -> dict[str, str]:
    """The three headers; with several keys, which is how a secret is replaced, one signature by each."""
    signed = f"{id_}.{time_s}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(time_s),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
