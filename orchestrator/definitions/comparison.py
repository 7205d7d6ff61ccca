"""What the operators of a comparison mean, wherever one is written: in a journey, or in a mapping of payloads."""

import operator
from collections.abc import Callable
from typing import Any

from orchestrator.definitions.document import Scalar


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
