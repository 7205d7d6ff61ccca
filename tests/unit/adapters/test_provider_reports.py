"""What providers say afterwards, over HTTP: who may say it, what becomes of it, and what is refused."""

import base64
import json
import socket
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from orchestrator.adapters.partition import clock_ms
from orchestrator.adapters.reference import Seal, reference_of
from orchestrator.adapters.reports_server import serve_reports
from orchestrator.errors import ConfigurationError, Unavailable
from orchestrator.messages.event import DeliveryEvent
from orchestrator.messages.standard_webhook import secret_bytes, signed_headers
from orchestrator.telemetry.small_server import SmallServer
from tests.adapter_process import a_command

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
COMMAND = a_command(1, channel="email")
REFERENCE = Seal(SECRET).seal(reference_of(COMMAND))
BEARER = {"Authorization": f"Bearer {SECRET}"}


class Kafka:
    """Takes events, unless it is away."""

    def __init__(self) -> None:
        self.events: list[DeliveryEvent] = []
        self.is_away = False

    def publish(self, events: Sequence[DeliveryEvent]) -> None:
        if self.is_away:
            raise Unavailable
        self.events += events


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
def server(kafka: Kafka) -> Iterator[SmallServer]:
    running = serve_reports("127.0.0.1", 0, "email", SECRET, kafka.publish)
    yield running
    running.stop()


def post(server: SmallServer, body: Any, headers: dict[str, str], path: str = "/reports") -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(f"http://127.0.0.1:{server.port}{path}", content=content, headers=headers)


def a_report(**changes: Any) -> dict[str, Any]:
    return {"reference": REFERENCE, "outcome": "bounced", "reason": "5.1.1", "is_permanent": True, **changes}


def test_a_report_with_the_secret_becomes_a_delivery_event_of_the_command(server: SmallServer, kafka: Kafka) -> None:
    assert post(server, a_report(time="2026-01-05T12:00:00Z"), BEARER).status_code == 202
    (event,) = kafka.events
    assert event == DeliveryEvent(
        id="command-1/bounced",
        source="/orchestrator/adapters/email",
        time_ms=1_767_614_400_000,
        workspace_id="acme",
        customer_id="c1",
        command_id="command-1",
        journey_id="journey-1",
        run_id="run-1",
        step="hello",
        channel="email",
        outcome="bounced",
        category="marketing",
        is_permanent=True,
        reason="5.1.1",
    )


def test_a_signed_report_is_taken_and_several_of_one_outcome_are_told_apart(server: SmallServer, kafka: Kafka) -> None:
    links = [a_report(outcome="clicked", which=which) for which in ("a", "b", "a")]
    body = json.dumps([*links, a_report(outcome="opened")]).encode()
    headers = signed_headers([secret_bytes(SECRET)], "m1", clock_ms() // 1_000, body)
    assert post(server, body, headers).status_code == 202
    assert [event.id for event in kafka.events] == [
        *("command-1/clicked/a", "command-1/clicked/b", "command-1/clicked/a", "command-1/opened")
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": f"Bearer {OTHER}"},
        {"Authorization": SECRET},
        signed_headers([secret_bytes(OTHER)], "m1", clock_ms() // 1_000, json.dumps(a_report()).encode()),
        signed_headers([secret_bytes(SECRET)], "m1", clock_ms() // 1_000 - 900, json.dumps(a_report()).encode()),
        signed_headers([secret_bytes(SECRET)], "m1", clock_ms() // 1_000, b"another body"),
    ],
)
def test_who_is_not_the_provider_is_refused(server: SmallServer, kafka: Kafka, headers: dict[str, str]) -> None:
    assert post(server, a_report(), headers).status_code == 401
    assert kafka.events == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        {},
        a_report(outcome="sent"),
        a_report(outcome="eaten"),
        a_report(reference="made-up"),
        a_report(reference=Seal(OTHER).seal(reference_of(COMMAND))),
        a_report(reference=Seal(SECRET).seal(reference_of(a_command(1, channel="sms")))),
        a_report(time="yesterday"),
        a_report(colour="red"),
        a_report(which="x" * 41),
        a_report(which="a\nb"),
        [a_report()] * 501,
        [a_report(), a_report(reference="made-up")],
    ],
)
def test_what_is_no_report_of_ours_is_refused_whole(server: SmallServer, kafka: Kafka, body: Any) -> None:
    assert post(server, body, BEARER).status_code == 422
    assert kafka.events == []


def test_one_click_unsubscribes_by_post_and_no_link_scanner_does_by_get(server: SmallServer, kafka: Kafka) -> None:
    path = f"/unsubscribe/{REFERENCE}"
    assert httpx.get(f"http://127.0.0.1:{server.port}{path}").status_code == 405
    assert kafka.events == []
    assert post(server, b"List-Unsubscribe=One-Click", {}, path).status_code == 202
    assert [(event.outcome, event.customer_id) for event in kafka.events] == [("unsubscribed", "c1")]
    assert post(server, b"", {}, "/unsubscribe/made-up").status_code == 422


def test_while_kafka_is_away_the_provider_is_told_to_send_again(server: SmallServer, kafka: Kafka) -> None:
    kafka.is_away = True
    assert post(server, a_report(), BEARER).status_code == 503


def test_other_paths_and_large_bodies_are_refused(server: SmallServer) -> None:
    assert post(server, a_report(), BEARER, "/other").status_code == 404
    assert post(server, b"x" * 1_100_000, BEARER).status_code == 413


@pytest.mark.parametrize("length", ["9" * 5_000, "-1", "٣", "1 000"])
def test_a_length_that_cannot_be_is_refused(server: SmallServer, length: str) -> None:
    assert by_hand(server, f"Content-Length: {length}").startswith(b"HTTP/1.0 413")


def test_a_body_in_parts_is_asked_for_whole(server: SmallServer, kafka: Kafka) -> None:
    assert by_hand(server, "Transfer-Encoding: chunked").startswith(b"HTTP/1.0 411")
    assert kafka.events == []


def test_a_body_that_does_not_come_is_not_waited_for_for_ever(
    server: SmallServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.telemetry.small_server._QuietHandler.timeout", 0.2)
    assert by_hand(server, "Content-Length: 100").startswith(b"HTTP/1.0 408")


def by_hand(server: SmallServer, header: str) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(f"POST /reports HTTP/1.1\r\nAuthorization: Bearer {SECRET}\r\n{header}\r\n\r\n".encode())
        return client.recv(1_024)


def test_a_port_or_a_secret_that_cannot_be_is_told(server: SmallServer, kafka: Kafka) -> None:
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_ADAPTER_REPORTS_PORT"):
        serve_reports("127.0.0.1", server.port, "email", SECRET, kafka.publish)
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_ADAPTER_REPORTS_SECRET"):
        serve_reports("127.0.0.1", 0, "email", "open sesame", kafka.publish)
