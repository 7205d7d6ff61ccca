"""From what foreign systems write to what events hold: numbers in text, times in seconds, and hashes for addresses."""

import re
from collections.abc import Sequence
from hashlib import blake2b, sha256
from typing import Literal

from orchestrator.errors import DecodeError
from orchestrator.messages.cloudevents import format_time, parse_time_ms

Conversion = Literal["text", "number", "trim", "lower", "time", "seconds", "milliseconds", "sha256", "blake2b"]
HASHES: frozenset[Conversion] = frozenset(("sha256", "blake2b"))
MIN_SALT_CHARS = 16
MAX_SALT_CHARS = 64  # what BLAKE2b takes as a key, in bytes

Reason = Literal[
    "malformed",
    "missing",
    "not_text",
    "not_a_number",
    "not_a_time",
    "not_an_object",
    "not_an_id",
    "same_id",
    "not_a_customer",
    "not_a_type",
    "not_a_source",
    "reserved",
    "unusable",
    "too_many",
    "too_large",
    "unwritable",
]

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_YEAR_2200_S = 7_258_118_400
_YEAR_1900_S = -2_208_988_800


class Unfit(Exception):
    """A value is not what it is taken for. It never leaves the room; the message says nothing of the value itself."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason: Reason = reason
        super().__init__(message)


def convert(value: object, conversions: Sequence[Conversion], salt: str) -> object:
    """``value`` after every conversion, one after the other.

    Raises:
        Unfit: one of them cannot be made of it.
    """
    for conversion in conversions:
        value = _convert(value, conversion, salt)
    return value


def _convert(value: object, conversion: Conversion, salt: str) -> object:
    match conversion:
        case "text":
            return as_text(value)
        case "number":
            return _number(value)
        case "trim":
            return as_text(value).strip()
        case "lower":
            return as_text(value).lower()
        case "time":
            return format_time(as_time_ms(value))
        case "seconds":
            return format_time(_since_1970(value, 1_000))
        case "milliseconds":
            return format_time(_since_1970(value, 1))
        case "sha256":
            return sha256(_bytes(salt) + _bytes(as_text(value))).hexdigest()
        case "blake2b":
            return blake2b(_bytes(as_text(value)), key=_bytes(salt), digest_size=32).hexdigest()


def as_text(value: object) -> str:
    """``value`` as text: whole numbers are written out, as ids often are numbers.

    Raises:
        Unfit: it is neither text nor a whole number.
    """
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool) and abs(value) < 1 << 63:
            return str(value)
        case _:
            raise Unfit("not_text", "there is neither text nor a whole number here")


def as_time_ms(value: object) -> int:
    """The moment that text in RFC 3339 tells, in milliseconds since 1970.

    Raises:
        Unfit: it is something else, or a moment out of bounds.
    """
    if not isinstance(value, str):
        message = "there is no text in RFC 3339 here; convert a number by seconds or milliseconds"
        raise Unfit("not_a_time", message)
    try:
        return parse_time_ms(value)
    except DecodeError as error:  # its words have the value
        message = "the text here is no moment in RFC 3339 with its offset from UTC, between 1900 and 2200"
        raise Unfit("not_a_time", message) from error


def _number(value: object) -> int | float:
    match value:
        case bool():
            pass
        case int() | float():
            return value
        case str() if _NUMBER.fullmatch(value.strip()):
            text = value.strip()
            return float(text) if "." in text else int(text)
    raise Unfit("not_a_number", "there is no number here, and no text that is one, such as 19.90")


def _since_1970(value: object, unit_ms: int) -> int:
    number = _number(value)
    if not _YEAR_1900_S * 1_000 <= number * unit_ms < _YEAR_2200_S * 1_000:
        raise Unfit("not_a_time", "the number here is no moment between 1900 and 2200; is its unit another?")
    return round(number * unit_ms)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # half of a surrogate pair is refused later, with the whole event
