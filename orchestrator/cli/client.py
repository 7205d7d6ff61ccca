"""Calls the API: writes carry an Idempotency-Key, and what was lost on the way is asked for again."""

import json
import time
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from orchestrator import __version__
from orchestrator.cli.credentials import Credentials
from orchestrator.cli.operations import OPERATIONS, Operation
from orchestrator.cli.patience import Attempt, Course, pause_before_next
from orchestrator.cli.refusals import Unreachable, refusal
from orchestrator.errors import OrchestratorError

# A read may take a while (a report over 400 days); a server that does not even take the connection is away.
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
SHORT_TIMEOUT = httpx.Timeout(2.0)  # for who will not wait
NOT_MADE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Document = dict[str, Any]
Parts = Mapping[str, object]  # of a path, by name
Query = Mapping[str, object | None]  # None: left out
NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of success: its ``text`` as it came, and the ``document`` in it (empty for one without a body)."""

    status: int
    text: str
    document: Document
    etag: str | None


class Client:
    """The API of one address, called with one key (none: where none is needed).

    ``say``: takes a line for the person who waits. Without ``is_patient`` nothing is asked for again.
    """

    def __init__(
        self,
        credentials: Credentials,
        say: Callable[[str], None],
        *,
        is_patient: bool = True,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"User-Agent": f"orchestrator-cli/{__version__}"}
        if credentials.key:
            headers["Authorization"] = f"Bearer {credentials.key}"
        self._address = credentials.address
        timeout = TIMEOUT if is_patient else SHORT_TIMEOUT
        self._http = httpx.Client(headers=headers, timeout=timeout, transport=transport, follow_redirects=False)
        self._is_patient = is_patient
        self._say = say
        self._sleep = sleep

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()

    def call(
        self,
        operation_id: str,
        path: Parts = NOTHING,
        *,
        query: Query = NOTHING,
        body: object = None,
        content: bytes | None = None,
        if_match: str | None = None,
        takes: Container[int] = (),
    ) -> Answer:
        """The answer to the operation, whose path takes ``path`` and whose query takes what is not None of ``query``.

        ``content``: a JSON body that is there as bytes already. ``takes``: statuses that are answers as well, though
        they are no success.

        Raises:
            Refused: the API has answered with an error.
            Unreachable: it has not answered for as long as was waited.
            ConfigurationError: its address leads elsewhere.
        """
        operation = OPERATIONS[operation_id]
        request = self._request(operation, path, query, if_match, _json(body) if content is None else content)
        response = self._carry_out(operation, request, takes=takes)
        if not response.is_success and response.status_code not in takes:
            raise self._refusal(response)
        return Answer(response.status_code, response.text, self._document(response), response.headers.get("etag"))

    def pages(self, operation_id: str, path: Parts, query: Query) -> Iterator[Answer]:
        """The page that ``query`` asks for, and every one after it.

        Raises:
            Refused, Unreachable, ConfigurationError: as :meth:`call`.
        """
        cursor: object | None = query.get("cursor")
        while True:
            answer = self.call(operation_id, path, query={**query, "cursor": cursor})
            yield answer
            cursor = answer.document.get("next_cursor")
            if cursor is None:
                return

    @contextmanager
    def download(self, operation_id: str, path: Parts, query: Query) -> Iterator[httpx.Response]:
        """The answer with its body still to come. What is lost after it has begun is not asked for again.

        Raises:
            Refused, Unreachable, ConfigurationError: as :meth:`call`; Unreachable also when it breaks off.
        """
        operation = OPERATIONS[operation_id]
        response = self._carry_out(operation, self._request(operation, path, query, None, None), is_stream=True)
        try:
            if not response.is_success:
                response.read()
                raise self._refusal(response)
            yield response
        except httpx.TransportError as error:
            raise Unreachable(f"the answer of {self._address} broke off ({_why(error)}); ask again") from error
        finally:
            response.close()

    def _request(
        self, operation: Operation, path: Parts, query: Query, if_match: str | None, content: bytes | None
    ) -> httpx.Request:
        headers = {}
        if not operation.is_reading and operation.is_kept:
            headers["Idempotency-Key"] = str(uuid4())
        if if_match is not None:
            headers["If-Match"] = if_match
        if content is not None:
            headers["Content-Type"] = "application/json"
        params = {name: str(value) for name, value in query.items() if value is not None}
        url = self._address + operation.path_with(path)
        return self._http.build_request(operation.method, url, params=params, headers=headers, content=content)

    def _carry_out(
        self, operation: Operation, request: httpx.Request, *, is_stream: bool = False, takes: Container[int] = ()
    ) -> httpx.Response:
        """The last answer, success or not, after as many attempts as are worth it."""
        course = Course()
        while True:
            response, error = self._attempt(request, is_stream)
            if response is not None and response.status_code in takes:
                return response
            attempt = _attempt(response, error)
            course = course.after(attempt, operation.is_reading)
            pause_s = pause_before_next(attempt, course, operation.is_repeatable)
            if pause_s is None or _is_final(error) or not self._is_patient:
                break
            if response is not None:
                response.close()
            self._say(f"{self._trouble(response, error)}; trying again in {pause_s:g} s")
            self._sleep(pause_s)
            course = course.waiting(pause_s, attempt)
        if response is None:
            hint = "is it running, and is that its address (--api, ORCHESTRATOR_API_URL)?"
            if course.is_in_doubt:
                hint = "the request may have been carried out all the same: look before you make it again"
            raise Unreachable(f"{self._trouble(response, error)}; {hint}") from error
        return response

    def _attempt(
        self, request: httpx.Request, is_stream: bool
    ) -> tuple[httpx.Response | None, httpx.TransportError | None]:
        try:
            return self._http.send(request, stream=is_stream), None
        except httpx.TransportError as error:
            return None, error

    def _trouble(self, response: httpx.Response | None, error: httpx.TransportError | None) -> str:
        if response is None:
            return f"{self._address} does not answer ({_why(error)})"
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return f"{self._address} takes no more requests just now"
        return f"{self._address} cannot answer now (HTTP {response.status_code})"

    def _refusal(self, response: httpx.Response) -> OrchestratorError:
        return refusal(response.status_code, response.headers.get("content-type", ""), response.text, self._address)

    def _document(self, response: httpx.Response) -> Document:
        if not response.content:
            return {}
        try:
            document = response.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise refusal(response.status_code, "", response.text, self._address)
        return document


def _json(body: object) -> bytes | None:
    return None if body is None else json.dumps(body, allow_nan=False, ensure_ascii=False).encode()


def _attempt(response: httpx.Response | None, error: httpx.TransportError | None) -> Attempt:
    if response is None:
        return Attempt(status=None, was_sent=not isinstance(error, NOT_MADE))
    return Attempt(response.status_code, retry_after_s=_seconds(response.headers.get("retry-after", "")))


def _seconds(text: str) -> float | None:
    """A Retry-After in seconds; its other form, a date, is one that our API does not use."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _is_final(error: httpx.TransportError | None) -> bool:
    """Whether no other attempt would end otherwise: the server's certificate is not trusted."""
    return error is not None and "CERTIFICATE" in str(error).upper()


def _why(error: httpx.TransportError | None) -> str:
    return " ".join(str(error).split()) or type(error).__name__
