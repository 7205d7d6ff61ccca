"""Signatures of messages to other systems, as the Standard Webhooks specification 1.0.0 has them. Pure.

Headers ``webhook-id``, ``webhook-timestamp`` (seconds since 1970) and ``webhook-signature``: ``v1,`` and, in base64,
the HMAC-SHA256 of ``id.timestamp.body``. A secret is ``whsec_`` and its bytes in base64.
"""

from base64 import b64decode, b64encode
from hmac import digest

PREFIX = "whsec_"


def secret_of(key: bytes) -> str:
    """How a key is written; the specification wants 24 to 64 bytes."""
    return PREFIX + b64encode(key).decode()


def signature_of(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """The value of ``webhook-signature``.

    Raises:
        ValueError: the secret is not written as ``secret_of`` writes it.
    """
    if not secret.startswith(PREFIX):
        raise ValueError(f"a secret begins with {PREFIX}")
    key = b64decode(secret.removeprefix(PREFIX), validate=True)
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + b64encode(digest(key, signed, "sha256")).decode()


def headers_of(secret: str, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers that go with a message.

    Raises:
        ValueError: as ``signature_of``.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signature_of(secret, message_id, timestamp_s, body),
    }
