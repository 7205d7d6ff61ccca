"""In which order journeys are listed, page by page. Pure.

Newest first, a cursor is the place of the last journey. In any other order a journey may change its place while the
list is read: customers enter, names are changed. So there a cursor tells which journeys were on the pages before, a bit
for each journey of the workspace in the order in which they were made; a page is the first of all others, as they stand
then. Each journey comes exactly once, whatever changes meanwhile.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Literal, TypeAlias, get_args
from unicodedata import normalize
from uuid import UUID

from fastapi import Query

from orchestrator.errors import RequestError
from orchestrator.store.journeys import Candidate
from orchestrator.store.reports import CURSOR_PATTERN

OwnOrder: TypeAlias = Literal["newest", "name"]
Order: TypeAlias = Literal[
    OwnOrder, "entered", "under_way", "sends", "conversions", "customers_converted", "revenue", "cost"
]

_RANKED = "|".join(order for order in get_args(Order) if order != "newest")
_MOST_CHARS = 16_000  # bits of 96,000 journeys
_SEEN_PATTERN = rf"^({_RANKED})\.((?:[A-Za-z0-9_-]{{4}}){{0,{_MOST_CHARS // 4}}})$"
_CHUNK_BITS = 24  # so many are four characters, without padding

ListCursor = Annotated[
    str | None,
    Query(
        pattern=f"{CURSOR_PATTERN}|{_SEEN_PATTERN}",
        description="`next_cursor` of the page before, which was asked for in the same order.",
    ),
]
OfOwnOrder = Annotated[OwnOrder, Query(description="In which order: newest first, or by name.")]
OfOrder = Annotated[
    Order,
    Query(
        description="In which order: newest first, by name, or by a figure, the largest first (of equals, the newest)."
    ),
]


def ranked_page(
    every: Sequence[Candidate], order: Order, figures: Mapping[UUID, float], cursor: str | None, limit: int
) -> tuple[list[UUID], str | None]:
    """The journeys of a page, in order, and the cursor of the next; None: it is the last.

    ``every`` journey of the workspace, in the order in which they were made. ``figures``: what the order is by; one
    that is absent has 0.

    Raises:
        RequestError: the cursor is of another order.
    """
    seen = set() if cursor is None else _seen(cursor, order)
    left = [(number, each) for number, each in enumerate(every) if each.is_sought and number not in seen]
    left.sort(key=_by_name if order == "name" else _by_figure(figures))
    page = left[:limit]
    more = None if len(left) <= limit else _write(order, seen | {number for number, _ in page})
    return [each.id for _, each in page], more


def check_newest(cursor: str) -> str:
    """The cursor, if it is of the list with the newest first.

    Raises:
        RequestError: it is of another order.
    """
    if not re.fullmatch(CURSOR_PATTERN, cursor, re.ASCII):
        raise _of_another_order("newest")
    return cursor


def _by_name(numbered: tuple[int, Candidate]) -> tuple[str, int]:
    """Whatever the case, and accents behind their letter."""
    number, journey = numbered
    return normalize("NFKD", journey.name).casefold(), -number


def _by_figure(figures: Mapping[UUID, float]) -> Callable[[tuple[int, Candidate]], tuple[float, int]]:
    return lambda numbered: (-figures.get(numbered[1].id, 0), -numbered[0])


def _write(order: Order, seen: Collection[int]) -> str:
    chunks = max(seen) // _CHUNK_BITS + 1
    bits = sum(1 << number for number in seen)
    return f"{order}.{urlsafe_b64encode(bits.to_bytes(chunks * _CHUNK_BITS // 8, 'little')).decode()}"


def _seen(cursor: str, order: Order) -> set[int]:
    found = re.fullmatch(_SEEN_PATTERN, cursor, re.ASCII)
    if found is None or found[1] != order:
        raise _of_another_order(order)
    raw = urlsafe_b64decode(found[2])
    return {8 * place + bit for place, byte in enumerate(raw) for bit in range(8) if byte >> bit & 1}


def _of_another_order(order: Order) -> RequestError:
    return RequestError(f"the cursor is not one of a list with sort={order}; leave it out to start")
