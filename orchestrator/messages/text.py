"""What JSON can say and not everything behind it can hold."""

import json
import re
from typing import NoReturn

Scalar = str | int | float | bool

MAX_TEXT_CHARS = 1_000  # longer text is not kept in a customer's state
MAX_INT = 2**63 - 1  # what every JSON and msgpack reader can hold

_HALF = re.compile("[\\ud800-\\udfff]")


def storable(value: object) -> Scalar | None:
    """``value`` if it may be kept in a customer's state: a scalar of bounded size; otherwise None."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT_CHARS else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -MAX_INT <= value <= MAX_INT else None
    return value if isinstance(value, (bool, float)) else None


def has_zero_character(value: object) -> bool:
    """Whether a text anywhere in decoded JSON has the character U+0000, which PostgreSQL cannot hold."""
    match value:
        case str():
            return "\x00" in value
        case dict():
            return any(has_zero_character(each) for pair in value.items() for each in pair)
        case list():
            return any(map(has_zero_character, value))
        case _:
            return False


def is_deeper_than(value: object, levels: int) -> bool:
    """Whether lists and objects stand inside one another in decoded JSON at more than ``levels`` levels."""
    found = [value]
    for _ in range(levels + 1):
        nested = [each for each in found if isinstance(each, (dict, list))]
        if not nested:
            return False
        found = [each for one in nested for each in (one.values() if isinstance(one, dict) else one)]
    return True


def without_halves(raw: bytes) -> bytes | None:
    """The JSON in ``raw`` with U+0000 where a text has half of a surrogate pair; None: there is no such half.

    JavaScript writes such a half where a text was cut through an emoji. It is JSON, and msgspec takes it for none.
    """
    try:
        whole = json.loads(raw.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    written = json.dumps(whole, ensure_ascii=False)
    healed = _HALF.sub(r"\\u0000", written)
    return None if healed == written else healed.encode()


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
