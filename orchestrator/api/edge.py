"""What is done to every request, whatever handles it: an id, headers, timing, and the last word on failures."""

import logging
import time
from typing import Annotated
from uuid import uuid4

from fastapi import Depends
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.api.problems import answer_to, problem_response
from orchestrator.messages.trace import TraceContext, read_trace
from orchestrator.telemetry.metrics import REQUESTS
from orchestrator.telemetry.spans import Span, new_span
from orchestrator.telemetry.traces import Traces

log = logging.getLogger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def request_id_of(request: Request) -> str:
    """The id under which this request is logged and answered."""
    return str(request.scope["request_id"])


def trace_of(request: Request) -> TraceContext | None:
    """The trace in which what follows from this request belongs: the span of the request, or what the caller sent."""
    trace: TraceContext | None = request.scope["trace"]
    return trace


TraceOfRequest = Annotated[TraceContext | None, Depends(trace_of)]


class Edge:
    """The outermost ASGI layer. ``traces``: where the spans of requests go; None: traces are only passed on."""

    def __init__(self, app: ASGIApp, traces: Traces | None = None) -> None:
        self._app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request; anything that is not HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = uuid4().hex
        started, status, started_ns = time.perf_counter(), 0, time.time_ns()
        # The names of headers are in lower case already: ASGI asks for it.
        sent = read_trace([(name.decode("latin-1"), value) for name, value in scope["headers"]])
        own = None if self._traces is None else new_span(sent, self._traces.share)
        scope["trace"] = own if own is not None and own.is_sampled else sent
        # What is asked for by HEAD is worked out as by GET; the server leaves the body out.
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(MutableHeaders(scope=message), scope["path"], request_id)
            await send(message)

        try:
            await self._app(asked, receive, send_with_headers)
        except ClientDisconnect:
            pass  # there is nobody to be answered; it is counted as 499
        except Exception as error:
            extra = {"action": "request_failed", "request_id": request_id, "path": scope["path"]}
            log.exception("A request met something unforeseen", extra=extra)
            if status:
                raise  # half an answer is out: the server ends the connection
            await problem_response(answer_to(error), scope["path"], request_id)(scope, receive, send_with_headers)
        finally:
            method, route = scope["method"] if scope["method"] in _METHODS else "OTHER", _route_of(asked)
            REQUESTS.labels(route, method, str(status or 499)).observe(time.perf_counter() - started)
            if self._traces is not None and own is not None and own.is_sampled:
                self._traces.export([_span(own, sent, method, route, status or 499, started_ns)])


def _route_of(scope: Scope) -> str:
    """The template of the route that answered, so that the label has few values."""
    return str(getattr(scope.get("route"), "path", "") or "none")


def _span(own: TraceContext, sent: TraceContext | None, method: str, route: str, status: int, started_ns: int) -> Span:
    return Span(
        f"{method} {route}",
        "server",
        own,
        sent.span_id if sent else "",
        started_ns,
        time.time_ns(),
        {"http.request.method": method, "http.route": route, "http.response.status_code": status},
        problem=f"HTTP {status}" if status >= 500 else "",
    )


def _add_headers(headers: MutableHeaders, path: str, request_id: str) -> None:
    is_page = path == "/" or path.startswith("/dashboard/")
    headers["X-Request-Id"] = request_id
    # A report to print is a page of its own, and stricter than the dashboard: it brings its policy with it.
    headers.setdefault("Content-Security-Policy", _PAGE_POLICY if is_page else _API_POLICY)
    headers.setdefault("Cache-Control", "no-cache" if is_page else "no-store")
    for name, value in _HEADERS.items():
        headers[name] = value
