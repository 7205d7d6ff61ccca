"""The filters that templates may use, each with bounds on what goes in and what comes out.

python-liquid limits loops and output, not what a filter makes in memory: ``{{ (1..30000000) | join: ',' | size }}`` ran
for 41 s into 3 GiB with every limit of the library set. So a filter is taken only from the list below, nothing larger
than ``MAX_CHARS`` or ``MAX_ITEMS`` passes through one, numbers have 64 bits, and all filters of a message share a time.
"""

import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import wraps
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError, UndefinedError
from liquid.undefined import is_undefined

MAX_CHARS = 65_536
MAX_ITEMS = 1_000
_MAX_BITS = 64
_FORMAT = re.compile(r"(?:%[aAbBdDeFHIjmMpSTuyYZ%-]|%-[dHIjmMS]|[^%\x00])*")
_MAX_FORMAT_CHARS = 100

FILTERS = (
    *("abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times"),
    *("append", "capitalize", "downcase", "escape", "newline_to_br", "prepend", "remove", "replace", "slice", "split"),
    *("squish", "strip", "strip_html", "truncate", "truncatewords", "upcase", "url_encode"),
    *("concat", "compact", "first", "join", "last", "map", "reverse", "size", "sort", "sum", "uniq", "where"),
    *("default", "date"),
)

# Until when, in seconds of the monotonic clock, the message that is being made must be ready.
deadline_s: ContextVar[float] = ContextVar("deadline_s")


class NotTaken(LiquidError):
    """A filter does not take what it is given. The message never has a value in it: reports go into exports."""


class TooMuch(NotTaken):
    """A template asks for more than a message may take."""


def check_time() -> None:
    """Whether the message that is being made may take longer.

    Raises:
        TooMuch: it has had its time.
    """
    if time.monotonic() > deadline_s.get():
        raise TooMuch("it takes too long", token=None)


def bounded(name: str, made: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, with the bounds of this file around it."""

    @wraps(made)
    def checked(value: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - values of templates are anything
        check_time()
        given = (value, *arguments)
        for each in given:
            _check(name, each)
        if name != "default":
            for each in given:
                if is_undefined(each):
                    raise UndefinedError(f"'{each.name}' is undefined", token=None)
        if name == "replace":
            _check_replacement(*given)
        result = made(value, *arguments, **named)
        _check(name, result)
        return result

    # What the library asks a filter for stands in attributes, which ``wraps`` has copied.
    return checked


def limited_filters(environment: Environment) -> dict[str, Callable[..., Any]]:
    """The filters of the list, as the library or this file has them."""
    ours: Mapping[str, Callable[..., Any]] = {**environment.filters, "date": date}
    return {name: bounded(name, ours[name]) for name in FILTERS}


def date(value: object, format_: object) -> str:
    """A moment by a format of its own day, hour …: ISO 8601 in, no zone is converted.

    The library's takes whatever dateutil guesses, and "now"; a message should say the same whenever it is made.
    """
    format_text = str(format_)
    if len(format_text) > _MAX_FORMAT_CHARS or not _FORMAT.fullmatch(format_text):
        raise NotTaken("the format of date has something that is not taken", token=None)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise NotTaken("date needs a moment such as 2026-01-31T09:30:00Z", token=None) from error
    return moment.strftime(format_text)


def _check(name: str, value: object) -> None:
    match value:
        case str() if len(value) > MAX_CHARS:
            raise TooMuch(f"{name} has a text of more than {MAX_CHARS} characters", token=None)
        case bool() | str() | None:
            pass
        case range():
            raise TooMuch(f"{name} has a range, which only 'for' may have", token=None)
        case int() if value.bit_length() > _MAX_BITS:
            raise TooMuch(f"{name} has a number of more than {_MAX_BITS} bits", token=None)
        case list() | tuple() if len(value) > MAX_ITEMS:
            raise TooMuch(f"{name} has a list of more than {MAX_ITEMS} items", token=None)
        case list() | tuple():
            if sum(len(each) for each in value if isinstance(each, str)) > MAX_CHARS:
                raise TooMuch(f"{name} has a list of more than {MAX_CHARS} characters", token=None)
        case _:
            pass


def _check_replacement(value: object, old: object, new: object = "") -> None:
    text, other = str(value), str(new)
    growth = text.count(str(old)) * len(other)
    if len(text) + growth > MAX_CHARS:
        raise TooMuch(f"replace would make a text of more than {MAX_CHARS} characters", token=None)
