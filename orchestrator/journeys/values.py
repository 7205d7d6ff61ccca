"""Values that come from outside: finding them in an event's data, keeping them, comparing them."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

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


def _are_comparable(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool)
    if isinstance(left, (int, float)):
        return isinstance(right, (int, float))
    return isinstance(left, str) and isinstance(right, str)


_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def comparison(op: str, wanted: Scalar | tuple[Scalar, ...] | None) -> Callable[[object], bool]:
    """A test of a value against ``wanted``. A value that is missing or of another type fails every test but absence."""
    if op == "exists":
        is_wanted = wanted is not False
        return lambda value: (value is not None) == is_wanted
    if op == "in":
        choices = wanted if isinstance(wanted, tuple) else ()
        return lambda value: any(_are_comparable(value, choice) and value == choice for choice in choices)
    if op == "contains":
        return lambda value: _contains(value, wanted)
    compare = _ORDERINGS[op]
    return lambda value: _are_comparable(value, wanted) and compare(value, wanted)


def _contains(value: object, wanted: object) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return wanted in value
    return isinstance(value, list) and any(_are_comparable(item, wanted) and item == wanted for item in value)
