"""What a process tells those who watch it, on one port: ``/metrics``, ``/livez`` and ``/readyz``.

``/livez`` 503: it hangs, and only a restart helps. ``/readyz`` 503: it cannot do its work now; ``checks`` says what is
missing. A server that is away makes a process not ready, never not alive: a restart would not bring it back.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import make_wsgi_app

from orchestrator.errors import ConfigurationError
from orchestrator.telemetry.small_server import SmallServer, respond, serve_small

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ANY_ADDRESS = "0.0.0.0"  # noqa: S104  Prometheus and the supervisor are elsewhere


class Check(NamedTuple):
    """One thing that must be so; ``detail`` says how it is."""

    ok: bool
    detail: str


Checks = Mapping[str, Check]

# Far longer than anything that keeps an event loop: the largest batch takes well under a second.
LONGEST_TURN_S = 30.0


def event_loop(turned_s: float, now_s: float) -> Checks:
    """Whether an event loop still turns, by when it last said so; both in seconds of the monotonic clock."""
    still_s = now_s - turned_s
    return {"event_loop": Check(still_s <= LONGEST_TURN_S, f"turned {still_s:.0f} s ago")}


class Probes(NamedTuple):
    """What is asked at each probe, from the server's thread: both must be quick and safe to call from there."""

    live: Callable[[], Checks]
    ready: Callable[[], Checks]


def serve_telemetry(port: int, probes: Probes | None = None) -> SmallServer:
    """Serves on ``port`` (0: any free one) of all addresses, from a daemon thread. Without ``probes``: metrics only.

    Raises:
        ConfigurationError: the port cannot be had.
    """
    try:
        return serve_small("telemetry", ANY_ADDRESS, port, _application(probes))
    except OSError as error:
        raise ConfigurationError(
            f"serving metrics on port {port}: {error.strerror or error}; choose another ORCHESTRATOR_METRICS_PORT"
        ) from error


def _application(probes: Probes | None) -> "WSGIApplication":
    metrics = make_wsgi_app()

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            page: Iterable[bytes] = metrics(environ, start_response)
            return page
        if probes is not None and path == "/livez":
            return _answer(start_response, "alive", probes.live())
        if probes is not None and path == "/readyz":
            return _answer(start_response, "ready", probes.ready())
        return respond(start_response, HTTPStatus.NOT_FOUND, {"status": "not_found"})

    return application


def _answer(start_response: "StartResponse", what: str, checks: Checks) -> Iterable[bytes]:
    is_ok = all(check.ok for check in checks.values())
    document = {
        "status": what if is_ok else f"not_{what}",
        "checks": {name: check._asdict() for name, check in checks.items()},
    }
    return respond(start_response, HTTPStatus.OK if is_ok else HTTPStatus.SERVICE_UNAVAILABLE, document)
