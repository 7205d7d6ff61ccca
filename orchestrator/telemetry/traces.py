"""Spans on their way to a collector by OTLP over HTTP (extra ``tracing``); off unless a collector is named.

A thread of its own sends them. What it does not get rid of in time is dropped and counted: nothing waits for a
collector, and nothing fails because of one.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from orchestrator import __version__
from orchestrator.errors import ConfigurationError
from orchestrator.messages.trace import TraceContext
from orchestrator.settings import Settings
from orchestrator.telemetry.metrics import SPANS
from orchestrator.telemetry.presence import Role
from orchestrator.telemetry.spans import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext

log = logging.getLogger(__name__)

MOST_WAITING = 10_000  # spans; some ten MiB
MOST_AT_ONCE = 512
EVERY_S = 1.0
TIMEOUT_S = 5.0  # for one request, with its repetitions
CLOSE_S = 2.0
SAID_EVERY_S = 30.0
_PATH = "/v1/traces"  # where OTLP over HTTP has it, when the setting names a collector only


class Traces:
    """``share``: of what comes without a trace of its own, the share that is followed."""

    def __init__(self, exporter: "SpanExporter", resource: "Resource", share: float) -> None:
        self.share = share
        self._exporter = exporter
        self._resource = resource
        self._waiting: deque[Span] = deque()
        self._wake = threading.Event()
        self._is_closing = False
        self._said_s = float("-inf")
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    def export(self, spans: Iterable[Span]) -> None:
        """Has finished spans sent, some time; at once, from any thread, and without ever failing."""
        for span in spans:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(span)
            else:
                SPANS.labels("dropped").inc()
        if len(self._waiting) >= MOST_AT_ONCE:
            self._wake.set()

    def close(self) -> None:
        """Sends what waits, for ``CLOSE_S`` at most."""
        self._is_closing = True
        self._wake.set()
        self._thread.join(CLOSE_S)
        self._exporter.shutdown()

    def _run(self) -> None:
        while True:
            self._wake.wait(EVERY_S)
            self._wake.clear()
            while self._waiting:
                self._send([self._waiting.popleft() for _ in range(min(MOST_AT_ONCE, len(self._waiting)))])
            if self._is_closing:
                return

    def _send(self, spans: Sequence[Span]) -> None:
        from opentelemetry.sdk.trace.export import SpanExportResult

        try:
            is_taken = self._exporter.export([_readable(span, self._resource) for span in spans]) is (
                SpanExportResult.SUCCESS
            )
        except Exception as error:  # a library's; the thread must go on
            is_taken = False
            log.debug("Sending spans failed: %r", error)
        SPANS.labels("exported" if is_taken else "failed").inc(len(spans))
        if not is_taken and time.monotonic() - self._said_s > SAID_EVERY_S:
            self._said_s = time.monotonic()
            extra = {"action": "spans_lost", "spans": len(spans)}
            log.warning("The collector of traces does not take spans; they are lost, and nothing else", extra=extra)


def open_traces(settings: Settings, role: Role) -> Traces | None:
    """The way to the collector that the settings name; None when they name none.

    Raises:
        ConfigurationError: the extra ``tracing`` is not installed.
    """
    if not settings.traces_endpoint:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
    except ImportError as error:
        raise ConfigurationError(
            f"sending traces to {settings.traces_endpoint}: {error.name} is not installed; install the extra: "
            "pip install 'omnichannel-journey-orchestrator[tracing]', or unset ORCHESTRATOR_TRACES_ENDPOINT"
        ) from error
    endpoint = settings.traces_endpoint.rstrip("/")
    if urlsplit(endpoint).path in ("", "/"):
        endpoint += _PATH
    resource = Resource.create(
        {
            "service.name": f"orchestrator-{role}",
            "service.version": __version__,
            **({"service.instance.id": settings.slot} if role == "worker" else {}),
        }
    )
    return Traces(OTLPSpanExporter(endpoint=endpoint, timeout=TIMEOUT_S), resource, settings.traces_share)


def _readable(span: Span, resource: "Resource") -> "ReadableSpan":
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.status import Status, StatusCode

    context = span.context
    parent = TraceContext(context.trace_id, span.parent_id, is_sampled=True, state=context.state)
    return ReadableSpan(
        span.name,
        context=_context(context),
        parent=_context(parent) if span.parent_id else None,
        resource=resource,
        attributes=dict(span.attributes),
        events=[Event(event.name, dict(event.attributes), event.at_ns) for event in span.events],
        kind=SpanKind[span.kind.upper()],
        status=Status(StatusCode.ERROR, span.problem) if span.problem else Status(),
        start_time=span.start_ns,
        end_time=span.end_ns,
        instrumentation_scope=InstrumentationScope("orchestrator", __version__),
    )


def _context(context: TraceContext) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags, TraceState

    return SpanContext(
        int(context.trace_id, 16),
        int(context.span_id, 16),
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
        trace_state=TraceState.from_header([context.state] if context.state else []),
    )
