"""What is done to every request, whatever handles it: an id, headers, timing, and the last word on failures."""

import logging
import time
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.api.problems import answer_to, problem_response
from orchestrator.telemetry.metrics import REQUESTS

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


class Edge:
    """The outermost ASGI layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request; anything that is not HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = uuid4().hex
        started, status = time.perf_counter(), 0
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
        except Exception as error:
            extra = {"action": "request_failed", "request_id": request_id, "path": scope["path"]}
            log.exception("A request met something unforeseen", extra=extra)
            if status:
                raise  # half an answer is out: the server ends the connection
            await problem_response(answer_to(error), scope["path"], request_id)(scope, receive, send_with_headers)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            REQUESTS.labels(_route_of(asked), method, str(status or 499)).observe(time.perf_counter() - started)


def _route_of(scope: Scope) -> str:
    """The template of the route that answered, so that the label has few values."""
    return str(getattr(scope.get("route"), "path", "") or "none")


def _add_headers(headers: MutableHeaders, path: str, request_id: str) -> None:
    is_page = path == "/" or path.startswith("/dashboard/")
    headers["X-Request-Id"] = request_id
    # A report to print is a page of its own, and stricter than the dashboard: it brings its policy with it.
    headers.setdefault("Content-Security-Policy", _PAGE_POLICY if is_page else _API_POLICY)
    headers.setdefault("Cache-Control", "no-cache" if is_page else "no-store")
    for name, value in _HEADERS.items():
        headers[name] = value
