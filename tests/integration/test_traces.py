"""One trace from a publisher's event to the command of a real worker, as a collector of traces gets it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.local.ports import LOOPBACK
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_config, encode_event
from orchestrator.messages.key import partition_of
from orchestrator.messages.trace import TraceContext, read_trace
from orchestrator.settings import Settings
from tests.builders import JOURNEY, a_journey, a_standing, a_version
from tests.worker_process import WorkerProcess, an_event, produce, read_all, until

pytestmark = pytest.mark.integration

SENT = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", is_sampled=True)


class Collector(ThreadingHTTPServer):
    """Takes spans by OTLP over HTTP; answers 503 while it is not ``willing``."""

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Taking)
        self.spans: dict[str, Span] = {}
        self.names: set[str] = set()
        self.asked = 0
        self.willing = False


class _Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        is_taken = self.server.willing and self.path == "/v1/traces"
        if is_taken:
            for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for attribute in of_resource.resource.attributes:
                    if attribute.key == "service.name":
                        self.server.names.add(attribute.value.string_value)
                for span in (span for scope in of_resource.scope_spans for span in scope.spans):
                    self.server.spans[span.name] = span
        self.send_response(200 if is_taken else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = Thread(target=collector.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.shutdown()
        collector.server_close()
        thread.join()


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    with collecting() as running:
        yield running


async def signs_up(settings: Settings, customer: str, context: TraceContext) -> None:
    catalog = Catalog(settings)
    event = encode_event(an_event(1, customer, type="customer.signed_up"))
    record = Encoded(event.key, event.value, [*event.headers, *context.headers()])
    await produce(settings, catalog.events, {partition_of(record.key, catalog.customer_partitions): [record]})


async def test_an_event_its_decision_and_its_command_are_one_trace_and_a_collector_that_fails_holds_nothing_up(
    settings: Settings, topics: Catalog, collector: Collector
) -> None:
    async with closing(await open_producer(settings, "test")) as producer:
        for config in (a_version(a_journey()), a_standing()):
            encoded = encode_config(config)
            await producer.send_and_wait(topics.configs, encoded.value, encoded.key)
    worker = WorkerProcess(
        settings,
        command=("-m", "orchestrator", "worker"),
        ORCHESTRATOR_TRACES_ENDPOINT=f"http://{LOOPBACK}:{collector.server_port}",
        ORCHESTRATOR_TRACES_SHARE="0",
    ).start()
    try:
        commands = topics.commands("email")
        await signs_up(settings, "early", SENT)
        await until(lambda: collector.asked > 0, worker)  # and it refuses
        assert [read.key for read in await read_all(settings, commands)] == [b"acme:early"]
        collector.willing = True
        await signs_up(settings, "anna", SENT)
        await until(lambda: f"send {commands}" in collector.spans, worker)
        [command] = [read for read in await read_all(settings, commands) if read.key == b"acme:anna"]
        assert await worker.stop() == 0
    finally:
        worker.close()
    process, send = collector.spans[f"process {topics.events}"], collector.spans[f"send {commands}"]
    assert set(collector.spans) == {process.name, "receive", "decide", "commit", send.name}
    assert {span.trace_id.hex() for span in collector.spans.values()} == {SENT.trace_id}
    assert process.parent_span_id.hex() == SENT.span_id
    for name in ("receive", "decide", "commit", send.name):
        assert collector.spans[name].parent_span_id == process.span_id
    carried = read_trace(list(command.headers.items()))
    assert carried == TraceContext(SENT.trace_id, send.span_id.hex(), is_sampled=True)
    said = {each.key: each.value.string_value for each in send.attributes}
    assert (said["orchestrator.journey_id"], said["orchestrator.step"]) == (JOURNEY, "hello")
    assert said["orchestrator.command_id"] == command.headers["ce_id"].decode()
    assert collector.names == {"orchestrator-worker"}
    assert worker.said("spans_lost") == 1
