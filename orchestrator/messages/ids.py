"""Ids that follow from identity, never from the clock or from chance: the same decision always has the same id.

An id is the first 128 bits of BLAKE2b over the named parts, written as a UUID of version 8 (RFC 9562: "custom"),
so that PostgreSQL and every adapter can store it as a uuid.
"""

from hashlib import blake2b

_VARIANT = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
# A copy of one that is set up costs half of setting one up, and ids are made several times a signal.
_ID = blake2b(digest_size=16)
_FINGERPRINT = blake2b(digest_size=8)
SEPARATOR = "\x1f"  # occurs in no id: keys and events that have it are refused at the door


def derived_id(*parts: str) -> str:
    """The UUID that belongs to ``parts``; the first part names the kind of thing ("run", "command", …)."""
    hashing = _ID.copy()
    hashing.update(SEPARATOR.join(parts).encode())
    text = hashing.hexdigest()
    # The version, 8, takes the place of digit 12; the variant, binary 10, that of the upper half of digit 16.
    return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:]}"


def fingerprint(*parts: str) -> bytes:
    """Eight bytes that stand for ``parts`` in a list of what was seen; collisions: about n²/2⁶⁵ among n."""
    hashing = _FINGERPRINT.copy()
    hashing.update(SEPARATOR.join(parts).encode())
    return hashing.digest()
