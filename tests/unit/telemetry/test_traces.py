"""Spans reach their exporter, and an exporter that fails or hangs reaches nobody else."""

import threading
import time
from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from prometheus_client import REGISTRY

from orchestrator.errors import ConfigurationError
from orchestrator.messages.trace import TraceContext
from orchestrator.settings import Settings, load_settings
from orchestrator.telemetry import traces as room
from orchestrator.telemetry.spans import Span, SpanEvent, new_span
from orchestrator.telemetry.traces import Traces, open_traces

OWN = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", is_sampled=True, state="congo=1")
PARENT = "00f067aa0ba902b7"


def a_span(problem: str = "", parent_id: str = PARENT) -> Span:
    happened = (SpanEvent("send_suppressed", 15, {"orchestrator.rule": "consent"}),)
    return Span("decide", "producer", OWN, parent_id, 10, 20, {"orchestrator.step": "hello"}, happened, problem)


def sending(exporter: SpanExporter) -> Traces:
    return Traces(exporter, Resource({"service.name": "orchestrator-worker"}), 0.5)


def count(result: str) -> float:
    return REGISTRY.get_sample_value("orchestrator_trace_spans_total", {"result": result}) or 0.0


def test_a_span_arrives_as_it_was_made() -> None:
    exporter = InMemorySpanExporter()
    before = count("exported")
    traces = sending(exporter)
    traces.export([a_span(), a_span(problem="malformed", parent_id="")])
    traces.close()
    sent, failed = exporter.get_finished_spans()
    assert (sent.name, sent.kind, sent.start_time, sent.end_time) == ("decide", SpanKind.PRODUCER, 10, 20)
    assert sent.context is not None
    assert sent.parent is not None
    assert f"{sent.context.trace_id:032x}" == OWN.trace_id
    assert (f"{sent.context.span_id:016x}", f"{sent.parent.span_id:016x}") == (OWN.span_id, PARENT)
    assert sent.context.trace_state.get("congo") == "1"
    assert dict(sent.attributes or {}) == {"orchestrator.step": "hello"}
    assert [(each.name, each.timestamp, dict(each.attributes or {})) for each in sent.events] == [
        ("send_suppressed", 15, {"orchestrator.rule": "consent"})
    ]
    assert sent.status.is_unset
    assert sent.resource.attributes["service.name"] == "orchestrator-worker"
    assert (failed.status.description, failed.parent) == ("malformed", None)
    assert count("exported") == before + 2


class Failing(SpanExporter):
    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self.error is not None:
            raise self.error
        return SpanExportResult.FAILURE


@pytest.mark.parametrize("error", [None, OSError("connection refused"), ValueError("a defect")])
def test_a_collector_that_takes_nothing_costs_the_spans_and_is_told_once(
    error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    before = count("failed")
    traces = sending(Failing(error))
    for _ in range(3):
        traces.export([a_span()] * room.MOST_AT_ONCE)
    traces.close()
    assert count("failed") == before + 3 * room.MOST_AT_ONCE
    assert [record.__dict__["action"] for record in caplog.records if record.levelname == "WARNING"] == ["spans_lost"]


class Hanging(SpanExporter):
    def __init__(self) -> None:
        self.called, self.go_on = threading.Event(), threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.called.set()
        self.go_on.wait(30)
        return SpanExportResult.SUCCESS


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    monkeypatch.setattr(room, "CLOSE_S", 0.05)
    exporter = Hanging()
    yield exporter
    exporter.go_on.set()


def test_while_a_collector_hangs_no_more_than_so_many_spans_wait_and_nobody_waits_for_them(hanging: Hanging) -> None:
    before = count("dropped")
    traces = sending(hanging)
    traces.export([a_span()] * room.MOST_AT_ONCE)
    assert hanging.called.wait(30)
    traces.export([a_span()] * (room.MOST_WAITING + 7))
    assert count("dropped") == before + 7
    began = time.monotonic()
    traces.close()
    assert time.monotonic() - began < 30


def test_without_a_collector_there_is_nothing() -> None:
    assert open_traces(Settings(), "worker") is None


def test_a_collector_without_the_extra_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigurationError, match=r"\[tracing\]"):
        open_traces(load_settings(traces_endpoint="http://collector:4318"), "api")


@pytest.mark.parametrize(
    ("endpoint", "asked"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("https://traces.example.com/otlp/v1/traces", "https://traces.example.com/otlp/v1/traces"),
    ],
)
def test_a_collector_is_asked_where_otlp_has_it(endpoint: str, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def exporter(endpoint: str, timeout: float) -> SimpleNamespace:
        seen.append(endpoint)
        return SimpleNamespace(shutdown=lambda: None)

    monkeypatch.setattr("opentelemetry.exporter.otlp.proto.http.trace_exporter.OTLPSpanExporter", exporter)
    traces = open_traces(load_settings(traces_endpoint=endpoint, traces_share=0.25), "worker")
    assert traces is not None
    assert (seen, traces.share) == ([asked], 0.25)
    traces.close()


@pytest.mark.parametrize("endpoint", ["collector:4318", "ftp://collector", "http://"])
def test_an_endpoint_that_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="TRACES_ENDPOINT"):
        load_settings(traces_endpoint=endpoint)


def test_a_span_by_chance_keeps_the_trace_and_the_decision_of_its_parent() -> None:
    child = new_span(OWN, 0.0)
    assert (child.trace_id, child.is_sampled, child.state) == (OWN.trace_id, True, "congo=1")
    assert child.span_id != OWN.span_id
    assert new_span(None, 1.0).is_sampled
    assert not new_span(None, 0.0).is_sampled
