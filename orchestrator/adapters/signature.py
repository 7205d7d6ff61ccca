"""Signatures of HTTP messages by the rules of Standard Webhooks 1.0 (headers webhook-id, -timestamp, -signature; v1).

Signed is ``id.timestamp.body`` by HMAC-SHA256; a secret is ``whsec_`` and 24 to 64 bytes in base64.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence

TOLERANCE_S = 300  # how far the time of a signature may be off, in either direction
PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES = 24, 64


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
    signatures = " ".join(f"v1,{_signature(key, id_, str(time_s), body)}" for key in keys)
    return {"webhook-id": id_, "webhook-timestamp": str(time_s), "webhook-signature": signatures}


def is_signed(keys: Sequence[bytes], id_: str, timestamp: str, signatures: str, body: bytes, now_s: int) -> bool:
    """Whether one of these keys signed the body at a time that is near."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    if abs(int(timestamp) - now_s) > TOLERANCE_S:
        return False
    wanted = [f"v1,{_signature(key, id_, timestamp, body)}".encode() for key in keys]
    given = [each.encode() for each in signatures.split(" ")[:16]]
    return any([hmac.compare_digest(one, other) for one in wanted for other in given])


def _signature(key: bytes, id_: str, timestamp: str, body: bytes) -> str:
    signed = f"{id_}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
