"""Chance that repeats: a number that follows from names, in place of a random generator and its state."""

from hashlib import blake2b

_PARTS = 1 << 64


def share(*names: str) -> float:
    """A number from 0 up to (not including) 1 that belongs to ``names``; over many names they are evenly spread."""
    digest = blake2b("\x1f".join(names).encode(), digest_size=8, person=b"simulator").digest()
    return int.from_bytes(digest, "big") / _PARTS


def between(low: int, high: int, *names: str) -> int:
    """A whole number from ``low`` up to (not including) ``high`` that belongs to ``names``."""
    return low + int(share(*names) * (high - low))
