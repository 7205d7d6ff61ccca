"""A request's trace: passed on to what follows, and a span of its own where requests are traced."""

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from starlette.requests import Request
from starlette.types import Message

from orchestrator.api.edge import Edge, TraceOfRequest
from orchestrator.messages.trace import TraceContext
from orchestrator.telemetry.traces import Traces

SENT = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", is_sampled=True)
LEFT_OUT = TraceContext(SENT.trace_id, SENT.span_id, is_sampled=False)


async def answered(
    sent: TraceContext | None, share: float | None, path: str = "/things/17"
) -> tuple[object, list[ReadableSpan]]:
    """What a handler saw of the trace, and the spans of the request; ``share`` None: requests are not traced."""
    exporter = InMemorySpanExporter()
    traces = None if share is None else Traces(exporter, Resource({}), share)
    app = FastAPI()
    app.add_middleware(Edge, traces=traces)

    @app.get("/things/{id}")
    async def thing(trace: TraceOfRequest) -> dict[str, object]:
        return {} if trace is None else {"trace": trace.trace_id, "span": trace.span_id, "sampled": trace.is_sampled}

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("a defect")

    headers = {} if sent is None else {name: value.decode() for name, value in sent.headers()}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        document = (await client.get(path, headers=headers)).json()
    if traces is not None:
        traces.close()
    return document, list(exporter.get_finished_spans())


@pytest.mark.parametrize("sent", [SENT, LEFT_OUT])
async def test_without_tracing_the_callers_trace_goes_on(sent: TraceContext) -> None:
    document, spans = await answered(sent, None)
    assert document == {"trace": sent.trace_id, "span": sent.span_id, "sampled": sent.is_sampled}
    assert spans == []


async def test_without_any_trace_there_is_none() -> None:
    assert await answered(None, None) == ({}, [])
    assert await answered(None, 0.0) == ({}, [])


async def test_a_request_is_a_span_beneath_its_callers_named_by_its_route_and_not_by_what_it_asks_for() -> None:
    document, [span] = await answered(SENT, 0.0)
    assert span.context is not None
    assert span.parent is not None
    assert document == {"trace": SENT.trace_id, "span": f"{span.context.span_id:016x}", "sampled": True}
    assert f"{span.parent.span_id:016x}" == SENT.span_id
    assert span.name == "GET /things/{id}"
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/things/{id}",
        "http.response.status_code": 200,
    }


async def test_what_the_caller_left_out_is_left_out() -> None:
    document, spans = await answered(LEFT_OUT, 1.0)
    assert document == {"trace": SENT.trace_id, "span": SENT.span_id, "sampled": False}
    assert spans == []


async def test_a_request_without_a_trace_begins_one_if_it_is_in_the_share() -> None:
    _, [span] = await answered(None, 1.0)
    assert span.parent is None


async def test_a_fault_of_ours_is_marked_as_one() -> None:
    _, [span] = await answered(SENT, 0.0, "/broken")
    assert span.status.description == "HTTP 500"


async def test_a_caller_who_hangs_up_in_the_middle_of_a_body_is_no_fault_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = FastAPI()
    app.add_middleware(Edge)

    @app.post("/things")
    async def thing(request: Request) -> int:
        return len(await request.body())

    coming: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/things",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    before = requests_ended_with("499")
    await app(scope, receive, send)
    assert sent == []
    assert "request_failed" not in [getattr(record, "action", "") for record in caplog.records]
    assert requests_ended_with("499") == before + 1


def requests_ended_with(status: str) -> float:
    labels = {"route": "/things", "method": "POST", "status": status}
    return REGISTRY.get_sample_value("orchestrator_http_request_seconds_count", labels) or 0.0
