"""Calls of a real HTTP server: what they say, what its answers mean, and that nobody else is ever called."""

import base64
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.endpoints import read_endpoints
from orchestrator.adapters.reference import Seal, reference_of
from orchestrator.adapters.result import Later, Refused, Result, Sent, Unknown
from orchestrator.adapters.webhook import WebhookTransport, answer
from orchestrator.errors import ConfigurationError, DecodeError
from orchestrator.messages.command import SendCommand
from orchestrator.messages.trace import parse_trace
from orchestrator.settings import load_settings
from tests.adapter_process import a_command
from tests.http_server import Server, serving

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(KEY[::-1]).decode()


@pytest.fixture
def server() -> Server:
    return Server()


def a_call(**changes: Any) -> SendCommand:
    return a_command(1, channel="webhook", template=changes.pop("template", "crm"), category="system", **changes)


async def called(
    folder: Path, port: int, *commands: SendCommand, channel: str = "webhook", **changes: Any
) -> list[Result]:
    file = folder / "endpoints.yaml"
    file.write_text(f"crm: {{url: 'http://127.0.0.1:{port}/hooks?a=b', secret: {SECRET}, previous_secret: {OTHER}}}\n")
    transport = WebhookTransport(load_settings(webhook_endpoints_file=file, **changes), channel)
    try:
        return [await transport.send(0, command) for command in commands]
    finally:
        await transport.close()


async def test_a_call_is_signed_and_carries_the_command(server: Server, tmp_path: Path) -> None:
    async with serving(server) as port:
        assert await called(tmp_path, port, a_call(), a_call()) == [Sent(), Sent()]
    (line, headers, body), (_, again, _) = server.requests
    assert line == "POST /hooks?a=b HTTP/1.1"
    assert headers["webhook-id"] == again["webhook-id"] == headers["idempotency-key"] == "command-1"
    signed = f"command-1.{headers['webhook-timestamp']}.".encode() + body
    for signature, key in zip(headers["webhook-signature"].split(" "), (KEY, KEY[::-1]), strict=True):
        assert signature == "v1," + base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()
    document = json.loads(body)
    assert document["type"] == "channel.send.requested"
    assert document["timestamp"] == "2026-01-05T12:00:00.000Z"
    assert document["data"]["variables"] == {"number": 1}
    assert "reference" not in document["data"]


def an_answer(status: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} X", "Content-Length: 0", *headers, "", ""]).encode()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (an_answer(204), Sent()),
        (an_answer(400), Refused("failed", "http 400")),
        (an_answer(410), Refused("failed", "http 410")),
        (an_answer(429, "Retry-After: 7"), Later("http 429", 7_000)),
        (an_answer(503), Later("http 503")),
        (None, Unknown("http: RemoteProtocolError")),
        (b"no HTTP at all\r\n\r\n", Unknown("http: RemoteProtocolError")),
    ],
)
async def test_an_answer_says_what_became_of_the_call(
    server: Server, tmp_path: Path, reply: bytes | None, expected: Result
) -> None:
    server.answer = reply
    async with serving(server) as port:
        assert await called(tmp_path, port, a_call()) == [expected]


async def test_a_redirect_is_not_followed(server: Server, tmp_path: Path) -> None:
    other = Server()
    async with serving(server) as port, serving(other) as elsewhere:
        server.answer = an_answer(307, f"Location: http://127.0.0.1:{elsewhere}/")
        assert await called(tmp_path, port, a_call()) == [Refused("failed", "http 307")]
    assert other.requests == []


@pytest.mark.parametrize("name", ["other", "http://127.0.0.1/", "../crm", "", "CRM"])
async def test_only_what_is_configured_is_called(server: Server, tmp_path: Path, name: str) -> None:
    async with serving(server) as port:
        (result,) = await called(tmp_path, port, a_call(template=name))
    assert isinstance(result, Refused)
    assert result.reason.startswith("endpoint: there is none")
    assert server.requests == []


async def test_a_server_that_is_away_or_too_slow_is_called_again(server: Server, tmp_path: Path) -> None:
    async with serving(server) as port:
        pass
    assert await called(tmp_path, port, a_call()) == [Later("http: ConnectError")]
    server.answer = b""
    async with serving(server) as port:
        assert await called(tmp_path, port, a_call(), webhook_timeout_s=2.0) == [Unknown("http: ReadTimeout")]


async def test_an_endpoint_that_answers_byte_by_byte_does_not_keep_a_call_for_ever(
    server: Server, tmp_path: Path
) -> None:
    server.answer, server.drip = b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"
    async with serving(server) as port:
        assert await called(tmp_path, port, a_call(), webhook_timeout_s=0.5) == [Unknown("http: TimeoutError")]


async def test_an_id_that_no_header_can_have_is_called_by_one_that_follows_from_it(
    server: Server, tmp_path: Path
) -> None:
    async with serving(server) as port:
        assert await called(tmp_path, port, a_call(id=" ü "), a_call(id=" ü ")) == [Sent(), Sent()]
    (_, headers, body), (_, again, _) = server.requests
    assert headers["webhook-id"] == headers["idempotency-key"] == again["webhook-id"]
    assert json.loads(body)["data"]["id"] == " ü "


async def test_a_call_belongs_to_the_trace_of_its_command(server: Server, tmp_path: Path) -> None:
    place = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    file = tmp_path / "endpoints.yaml"
    async with serving(server) as port:
        file.write_text(f"crm: {{url: 'http://127.0.0.1:{port}/', secret: {SECRET}}}\n")
        transport = WebhookTransport(load_settings(webhook_endpoints_file=file), "webhook")
        assert await transport.send(0, a_call(), parse_trace(place, "shop=1")) == Sent()
        assert await transport.send(0, a_call()) == Sent()
        await transport.close()
    (_, traced, _), (_, untraced, _) = server.requests
    assert (traced["traceparent"], traced["tracestate"]) == (place, "shop=1")
    assert "traceparent" not in untraced


async def test_a_call_that_cannot_be_made_is_refused_and_not_repeated(server: Server, tmp_path: Path) -> None:
    async with serving(server) as port:
        (result,) = await called(tmp_path, port, a_call(decided_at_ms=2**63))
    assert result == Refused("failed", "the call cannot be made: OverflowError")


async def test_messages_of_other_channels_are_rendered_and_go_to_the_endpoint_of_the_channel(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "hi.txt.liquid").write_text("Hi {{ number }}")
    async with serving(server) as port:
        file = tmp_path / "endpoints.yaml"
        file.write_text(f"sms: {{url: 'http://127.0.0.1:{port}/', secret: {SECRET}}}\n")
        settings = load_settings(
            webhook_endpoints_file=file, adapter_templates_dir=tmp_path, adapter_reports_secret=SECRET
        )
        transport = WebhookTransport(settings, "sms")
        command = a_command(1, channel="sms", template="hi")
        assert await transport.send(0, command) == Sent()
        assert isinstance(await transport.send(0, a_command(1, channel="sms", template="ho")), Refused)
        await transport.close()
    data = json.loads(server.requests[0][2])["data"]
    assert data["message"]["text"] == "Hi 1"
    assert Seal(SECRET).open(data["reference"]) == reference_of(command)


@pytest.mark.parametrize(
    ("header", "pause_ms"),
    [
        ("0", 0),
        ("120", 120_000),
        ("99999999999", 86_400_000),
        ("-1", 0),
        ("soon", 0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40_000),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0),
        ("Thu, 01 Jan 1970 00:01:40 +99999999999999", 0),
        (None, 0),
    ],
)
def test_the_pause_that_is_asked_for_is_read_from_seconds_or_a_date(header: str | None, pause_ms: int) -> None:
    assert answer(429, header, 60.0) == Later("http 429", pause_ms)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("crm: {url: 'ftp://a/', secret: x}", "url"),
        (f"crm: {{url: 'https://a/', secret: {SECRET}, colour: red}}", "colour"),
        ("crm: {url: 'https://a/', secret: whsec_c2hvcnQ=}", "secret"),
        ("crm: {url: 'https://a/'}", "secret"),
        ("[1, 2]", "endpoints"),
        ("a: b: c", "endpoints"),
    ],
)
def test_a_file_of_endpoints_that_cannot_be_used_is_told_without_its_secrets(
    tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "endpoints.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        read_endpoints(file)
    assert "whsec_c2hvcnQ=" not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("text", ["", "AAAA", "é", "A" * 9_000, "!!!!"])
def test_a_reference_cannot_be_made_up(text: str) -> None:
    with pytest.raises(DecodeError):
        Seal(SECRET).open(text)


def test_a_reference_of_another_installation_is_none_of_ours() -> None:
    sealed = Seal(OTHER).seal(reference_of(a_call(customer_id="customer-17")))
    assert "customer-17" not in sealed
    with pytest.raises(DecodeError):
        Seal(SECRET).open(sealed)
