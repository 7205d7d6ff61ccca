"""Ids that follow from identity, never from the clock or from chance: the same decision always has the same id.

An id is the first 128 bits of BLAKE2b over the named parts, written as a UUID of version 8 (RFC 9562: "custom"),
so that PostgreSQL and every adapter can store it as a uuid.
"""

from hashlib import blake2b

_SEPARATOR = "\x1f"  # cannot occur in a workspace, customer or step id (see definitions.identifiers)


def derived_id(*parts: str) -> str:
    """The UUID that belongs to ``parts``; the first part names the kind of thing ("run", "command", …)."""
    digest = bytearray(blake2b(_SEPARATOR.join(parts).encode(), digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def fingerprint(*parts: str) -> bytes:
    """Eight bytes that stand for ``parts`` in a list of what was seen; collisions: about n²/2⁶⁵ among n."""
    return blake2b(_SEPARATOR.join(parts).encode(), digest_size=8).digest()
