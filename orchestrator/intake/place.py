"""Where a value stands in a request: a JSON pointer (RFC 6901) into its payload, or the name of a header.

``/a/b/0``         in the item at hand: with ``for_each`` one of its list, otherwise the payload
``payload:/a/b``   in the whole payload, whatever the item at hand
``header:X-Topic`` a header, in whatever case its name is written

In a pointer ``~1`` stands for a slash and ``~0`` for a tilde; the empty pointer is the whole.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

MAX_PLACE_CHARS = 500
MAX_PARTS = 32

_HEADER = "header:"
_PAYLOAD = "payload:"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)  # RFC 9110: token
_STRAY_TILDE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A place, read. ``parts``: the names and numbers of its pointer, or the one name of a header, in lower case."""

    text: str
    root: Literal["item", "payload", "header"]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a place may lead to. ``item_at``: the pointer of ``item`` in ``payload``; ``headers``: in lower case."""

    payload: object
    item: object
    item_at: str
    headers: Mapping[str, str]


@lru_cache(maxsize=4_096)
def read_place(text: str) -> Place:
    """The place that ``text`` describes.

    Raises:
        ValueError: it is none, in words for whoever wrote it.
    """
    if text.startswith(_HEADER):
        name = text.removeprefix(_HEADER)
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{text!r} names no header; write header: and its name, such as header:X-Shopify-Topic")
        return Place(text, "header", (name.lower(),))
    pointer = text.removeprefix(_PAYLOAD)
    if pointer and not pointer.startswith("/"):
        raise ValueError(
            f"{text!r} is no place; write a JSON pointer such as /order/lines/0/price, payload: before one that begins "
            "at the whole payload, or header: and a name"
        )
    if _STRAY_TILDE.search(pointer):
        raise ValueError(f"{text!r} has a ~ that stands for nothing; in a JSON pointer ~0 is ~ and ~1 is /")
    parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    if len(parts) > MAX_PARTS:
        raise ValueError(f"{text[:60]!r} is {len(parts)} steps deep; {MAX_PARTS} are allowed")
    return Place(text, "payload" if text.startswith(_PAYLOAD) else "item", parts)


def _checked(text: str) -> str:
    read_place(text)
    return text


PlaceText = Annotated[
    str,
    AfterValidator(_checked),
    Field(max_length=MAX_PLACE_CHARS, examples=["/customer/id", "header:X-Shopify-Topic", "payload:/id"]),
]
"""A place as it is written in a mapping."""


def find(place: Place, scene: Scene) -> object:
    """What stands there; None when nothing does, or null."""
    if place.root == "header":
        return scene.headers.get(place.parts[0])
    value = scene.item if place.root == "item" else scene.payload
    for part in place.parts:
        match value:
            case dict():
                value = value.get(part)
            case list() if _INDEX.fullmatch(part):
                index = int(part)
                value = value[index] if index < len(value) else None
            case _:
                return None
    return value


def where(place: Place, scene: Scene) -> str:
    """The place as it is told: from the beginning of the payload on."""
    return scene.item_at + place.text if place.root == "item" else place.text.removeprefix(_PAYLOAD)
