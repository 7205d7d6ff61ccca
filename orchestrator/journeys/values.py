"""Values that come from outside: finding them in an event's data, and reckoning with them."""

from collections.abc import Mapping

from orchestrator.messages.text import MAX_INT


def find(data: Mapping[str, object], path: tuple[str, ...]) -> object:
    """The value at ``path`` in nested ``data``; None when something on the way is missing."""
    value: object = data
    for name in path:
        if not isinstance(value, dict):  # decoded JSON; asking for a Mapping would cost ten times as much
            return None
        value = value.get(name)
    return value


def number(value: object) -> float | None:
    """``value`` as a number; None when it is something else (true and false are not numbers)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) <= MAX_INT else None
