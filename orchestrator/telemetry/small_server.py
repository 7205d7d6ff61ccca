"""A small HTTP server in a thread of its own: it answers also when the event loop of the process does not turn."""

import json
import threading
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication

REQUEST_S = 10.0  # a client that says nothing does not keep a thread


class SmallServer:
    """A running server; ``port`` is the one it listens on."""

    def __init__(self, server: WSGIServer, thread: threading.Thread) -> None:
        self.port: int = server.server_port
        self._server = server
        self._thread = thread

    def stop(self) -> None:
        """Answers no more, and gives the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve_small(name: str, host: str, port: int, application: "WSGIApplication") -> SmallServer:
    """Serves on ``port`` (0: any free one) from a daemon thread called ``name``, each request from one more.

    Raises:
        OSError: the port cannot be had.
    """
    server = make_server(host, port, application, server_class=_ThreadingServer, handler_class=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, name=name, daemon=True)
    thread.start()
    return SmallServer(server, thread)


def respond(start_response: "StartResponse", status: HTTPStatus, document: Mapping[str, object]) -> Iterable[bytes]:
    """An answer as JSON that nobody keeps."""
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    start_response(f"{status.value} {status.phrase}", headers)
    return [json.dumps(document).encode()]


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    timeout = REQUEST_S

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a probe every few seconds is no news, and addresses do not belong into the log."""
