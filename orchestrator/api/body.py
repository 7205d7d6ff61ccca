"""Requests are read strictly: known query parameters, and JSON of bounded size and depth that has one meaning."""

import asyncio
import json
import math
from collections.abc import Callable, Coroutine, Iterable, Mapping, Set
from typing import Any, NoReturn

from fastapi import Response
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import Message, Receive

from orchestrator.api.access import READING, admit, admit_signed, admit_stranger, tenant_of
from orchestrator.api.problems import BadRequest, TooLarge, TooSlow, UnsupportedMediaType
from orchestrator.api.repeats import key_of, once

MAX_BODY_BYTES = 1 << 20
MAX_DEPTH = 64
BODY_S = 30.0  # for the whole of a body to come in: 1 MiB over a line of a third of a megabit a second
_INT64 = 1 << 63
# Operations whose answers are not kept for who asks again: those of the first two have a secret, and a second key or
# subscription does no harm; what the third publishes is known by the ids of the events; the fourth answers with what
# customers did.
NOT_KEPT = frozenset({"createKey", "createSubscription", "publishEvents", "checkHook"})


class StrictRoute(APIRoute):
    """A route that first asks who is calling, then reads strictly; only then does FastAPI look at the request."""

    is_open = False
    is_signed = False
    is_raw = False  # the body is not parsed: the handler reads it, as bytes of whatever type

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with these steps before it."""
        handle = super().get_route_handler()
        has_body = self.is_raw or self.body_field is not None
        may_be_empty = self.body_field is not None and not self.body_field.field_info.is_required()
        known = frozenset(field.alias for field in self.dependant.query_params)

        is_kept = self.operation_id not in NOT_KEPT and not self.is_open
        let_in = admit_signed if self.is_signed else admit_stranger if self.is_open else admit

        async def strictly(request: Request) -> Response:
            allowance = await let_in(request)
            check_query(request.query_params.keys(), known)
            body = b""
            if has_body:
                request = Request(request.scope, _limited(request.receive))
                body = await _in_time(request)
                if not self.is_raw and (body or not may_be_empty):
                    check_media_type(request.headers)
                    parse_strictly(body)
            key = key_of(request) if is_kept and request.method not in READING else None
            response = (
                await handle(request) if key is None else await once(request, key, body, tenant_of(request), handle)
            )
            if allowance is not None:
                response.headers.update(allowance.headers())
            return response

        return strictly


class RawRoute(StrictRoute):
    """The same for bodies that are not one JSON document: they are bounded in size and time, and left as they are."""

    is_raw = True


class SignedRoute(RawRoute):
    """The same for what carries a signature over its bytes instead of a key: the handler checks it before all else."""

    is_open = True
    is_signed = True


class OpenRoute(StrictRoute):
    """The same for what comes before there is a caller: anybody may ask, and no answer is kept."""

    is_open = True


def check_query(names: Iterable[str], known: Set[str]) -> None:
    """Takes the parameters that the route knows: a filter that is misspelt would silently filter nothing.

    Raises:
        BadRequest: naming those it does not know.
    """
    unknown = sorted(set(names) - known)
    if unknown:
        takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
        raise BadRequest(f"this path has no query parameter {_short(', '.join(unknown))}; {takes}")


def check_media_type(headers: Mapping[str, str]) -> None:
    """Takes what is declared as ``application/json`` or ``application/…+json``, and is not compressed.

    Raises:
        UnsupportedMediaType: the request's ``headers`` declare anything else, or nothing.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        found = f"is declared as {_short(kind)}" if kind else "has no Content-Type"
        raise UnsupportedMediaType(f"the request body {found}; send JSON with Content-Type: application/json")
    check_coding(headers)


def check_coding(headers: Mapping[str, str]) -> None:
    """Takes what is not compressed.

    Raises:
        UnsupportedMediaType: the request's ``headers`` declare a coding.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedMediaType(f"the request body has the Content-Encoding {_short(coding)}; send it as it is")


def parse_strictly(body: bytes) -> object:
    """The JSON in ``body``.

    Refused although Python reads it: a key twice in one object (readers differ in which one counts), NaN and
    infinities, numbers that 64 bits do not hold, depth over 64, and text that is no Unicode or has a zero character.

    Raises:
        BadRequest: naming what was found.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_without_twins,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_int64,
        )
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise _too_deep() from error
    _check(value)
    return value


async def _in_time(request: Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_S):
            return await request.body()
    except TimeoutError as error:
        raise TooSlow(f"the request body has not come in whole in {BODY_S:g} s; send it again, faster") from error


def _limited(receive: Receive) -> Receive:
    """``receive`` that stops a body over the limit as soon as it is over it, whatever its declared length."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > MAX_BODY_BYTES:
                raise TooLarge(f"the request body has more than {MAX_BODY_BYTES} bytes, the most that is taken")
        return message

    return limited


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise BadRequest(f"the key {_short(twin)} occurs twice in one object; keep one")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequest(f"{name} is not JSON; use a number or null")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadRequest(f"the number {_short(text)} is too large")
    return value


def _int64(text: str) -> int:
    # Length first: Python takes quadratic time for long numbers, and refuses very long ones with an error of its own.
    if len(text) > 20 or not -_INT64 <= int(text) < _INT64:
        raise BadRequest(f"the number {_short(text)} does not fit in 64 bits")
    return int(text)


def _check(value: object) -> None:
    """Depth and text of everything in ``value``, without recursion."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[object] = []
        for item in level:
            match item:
                case dict():
                    below.extend(item.keys())
                    below.extend(item.values())
                case list():
                    below.extend(item)
                case str():
                    _check_text(item)
        if not below:
            return
        level = below
    raise _too_deep()


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise BadRequest(f"the text {_short(text)} has a zero character (U+0000)")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadRequest(f"the text {_short(text)} has half of a surrogate pair (such as \\ud800)") from error


def _too_deep() -> BadRequest:
    return BadRequest(f"the body nests deeper than {MAX_DEPTH} levels")


def _short(text: str) -> str:
    return ascii(text[:60])
