"""The small HTTP server on which an adapter takes its provider's reports: ``POST /reports``, ``POST /unsubscribe/…``.

A report is answered when Kafka has it. It may come again: the same report has the same id, and counts once.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from orchestrator.adapters.partition import clock_ms
from orchestrator.adapters.provider_report import Reception
from orchestrator.errors import ConfigurationError, DecodeError, Unauthorised, Unavailable
from orchestrator.messages.event import DeliveryEvent
from orchestrator.telemetry.metrics import ADAPTER_REPORTS
from orchestrator.telemetry.small_server import SmallServer, respond, serve_small

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

MAX_BODY_BYTES = 1_048_576
AT_ONCE = 32
PUBLISH_S = 30.0
UNSUBSCRIBE = "/unsubscribe/"
_LENGTH = re.compile(r"[0-9]{1,9}")

Publish = Callable[[Sequence[DeliveryEvent]], None]


def serve_reports(host: str, port: int, channel: str, secret: str, publish: Publish) -> SmallServer:
    """Serves from a daemon thread; ``publish`` is called from threads, and comes back when Kafka has the events.

    Raises:
        ConfigurationError: the secret is none, or the port cannot be had.
    """
    try:
        reception = Reception(channel, secret)
    except ValueError as error:
        raise ConfigurationError(f"reading ORCHESTRATOR_ADAPTER_REPORTS_SECRET: {error}") from error
    room = threading.BoundedSemaphore(AT_ONCE)

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not room.acquire(blocking=False):
            return respond(start_response, HTTPStatus.SERVICE_UNAVAILABLE, {"detail": "too many requests at once"})
        try:
            status, said = _answer(reception, environ, publish)
        finally:
            room.release()
        ADAPTER_REPORTS.labels(channel, "taken" if status is HTTPStatus.ACCEPTED else "refused").inc()
        return respond(start_response, status, {"detail": said})

    try:
        return serve_small("reports", host, port, application)
    except OSError as error:
        raise ConfigurationError(
            f"taking reports on port {port}: {error.strerror or error}; "
            "choose another ORCHESTRATOR_ADAPTER_REPORTS_PORT"
        ) from error


def _answer(reception: Reception, environ: "WSGIEnvironment", publish: Publish) -> tuple[HTTPStatus, str]:
    path = str(environ.get("PATH_INFO", ""))
    if path != "/reports" and not path.startswith(UNSUBSCRIBE):
        return HTTPStatus.NOT_FOUND, "there is POST /reports, and POST /unsubscribe/REFERENCE"
    # Mail scanners follow every link by GET: that must unsubscribe nobody.
    if environ.get("REQUEST_METHOD") != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED, "only POST is taken"
    if "HTTP_TRANSFER_ENCODING" in environ:
        return HTTPStatus.LENGTH_REQUIRED, "send the body whole, with its Content-Length"
    length = str(environ.get("CONTENT_LENGTH") or "0")
    if not _LENGTH.fullmatch(length) or int(length) > MAX_BODY_BYTES:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_BODY_BYTES} bytes are taken"
    try:
        body = environ["wsgi.input"].read(int(length))
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT, "the body did not come"
    try:
        if path.startswith(UNSUBSCRIBE):
            events = [reception.unsubscription(path.removeprefix(UNSUBSCRIBE), clock_ms())]
        else:
            events = reception.read(_headers(environ), body, clock_ms())
        publish(events)
    except Unauthorised as error:
        return HTTPStatus.UNAUTHORIZED, str(error)
    except DecodeError as error:
        return HTTPStatus.UNPROCESSABLE_ENTITY, str(error)
    except (Unavailable, TimeoutError):
        return HTTPStatus.SERVICE_UNAVAILABLE, "Kafka does not answer; send it again"
    return HTTPStatus.ACCEPTED, f"{len(events)} taken"


def publishing(
    loop: asyncio.AbstractEventLoop, publish: Callable[[Sequence[DeliveryEvent]], Coroutine[Any, Any, None]]
) -> Publish:
    """Carries events from a thread to the loop that owns the client of Kafka, and waits there."""

    def from_thread(events: Sequence[DeliveryEvent]) -> None:
        asyncio.run_coroutine_threadsafe(publish(events), loop).result(PUBLISH_S)

    return from_thread


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
