"""Values that come from outside: finding them in an event's data, and keeping them."""

from collections.abc import Mapping

Scalar = str | int | float | bool

MAX_TEXT_CHARS = 1_000  # longer text is not kept in a customer's state
_MAX_INT = 2**63 - 1  # what every JSON and msgpack reader can hold


def find(data: Mapping[str, object], path: tuple[str, ...]) -> object:
    """The value at ``path`` in nested ``data``; None when something on the way is missing."""
    value: object = data
    for name in path:
        if not isinstance(value, dict):  # decoded JSON; asking for a Mapping would cost ten times as much
            return None
        value = value.get(name)
    return value


def storable(value: object) -> Scalar | None:
    """``value`` if it may be kept in a customer's state: a scalar of bounded size; otherwise None."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT_CHARS else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -_MAX_INT <= value <= _MAX_INT else None
    return value if isinstance(value, (bool, float)) else None


def number(value: object) -> float | None:
    """``value`` as a number; None when it is something else (true and false are not numbers)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) <= _MAX_INT else None
