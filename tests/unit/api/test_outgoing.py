"""Messages go to hosts that the installation names, on the open Internet, and nothing else is ever asked."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from orchestrator.api.outgoing import MAX_ANSWER_BYTES, Delivery, Outgoing, resolve
from orchestrator.api.outgoing_hosts import AllowedHost, forbidden_among, read_hosts, target_of
from orchestrator.api.problems import BadRequest
from orchestrator.errors import ConfigurationError
from orchestrator.settings import load_settings

HOSTS = read_hosts("hooks.example.com, relay.internal:8443+private, 127.0.0.1:9000+private+http")
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def test_hosts_are_read_with_their_ports_and_marks() -> None:
    assert (
        AllowedHost("hooks.example.com"),
        AllowedHost("relay.internal", 8443, is_private=True),
        AllowedHost("127.0.0.1", 9000, is_plain=True, is_private=True),
    ) == HOSTS
    assert read_hosts("[::1]:8080+http")[0] == AllowedHost("::1", 8080, is_plain=True)
    assert read_hosts(" , ") == ()
    assert read_hosts("a.example.,b_c.d-e")[0] == AllowedHost("a.example.")
    for text in (
        *("https://a.example", "a.example/path", "*.example.com", "a.example+secret", "a.example:0", "a b"),
        *("a..example", ".", "x" * 64 + ".example"),  # which nobody could resolve
    ):
        with pytest.raises(ConfigurationError, match="ORCHESTRATOR_OUTGOING_HOSTS"):
            read_hosts(text)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.com/x", "must begin with https://"),
        ("http://hooks.example.com:443/x", "hooks.example.com:443 is not among"),
        ("https://hooks.example.com:8443/x", "hooks.example.com:8443 is not among"),
        ("https://evil.example/x", "evil.example:443 is not among"),
        ("https://hooks.example.com.evil.example/", "not among"),
        ("https://hooks.example.com@evil.example/", "no user"),
        ("https://user:password@hooks.example.com/", "no user"),
        ("https://hooks.example.com/#part", "no part behind #"),
        ("https://evil.example\\@hooks.example.com/", "cannot be read|no user|not among"),
        ("http://relay.internal:8443/x", "must begin with https://"),
        ("ftp://hooks.example.com/", "must begin with https://"),
        ("//hooks.example.com/", "must begin with https://"),
        ("https:///x", "must begin with https://|cannot be read"),
        ("https://hooks.example.com/a b", "without spaces"),
        ("https://hooks.example.com/\r\nHost: x", "without spaces"),
        ("https://hooks.example.com:99999/", "cannot be read|not among"),
        ("https://hooks.example.com/" + "x" * 2_000, "1 to 2000"),
        ("file:///etc/passwd", "must begin with https://"),
        ("", "1 to 2000"),
    ],
)
def test_any_other_address_is_refused(url: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        target_of(url, HOSTS)


def test_a_host_that_is_named_is_taken_as_it_is_named() -> None:
    assert target_of("https://HOOKS.example.com/x?y=1", HOSTS).host == "hooks.example.com"
    assert target_of("https://relay.internal:8443/", HOSTS).is_private
    assert target_of("http://127.0.0.1:9000/", HOSTS).port == 9000
    with pytest.raises(BadRequest, match="ORCHESTRATOR_OUTGOING_HOSTS is empty"):
        target_of("https://hooks.example.com/", ())


def test_only_addresses_of_the_open_internet_are() -> None:
    private = [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ]
    assert forbidden_among(private) == private
    assert forbidden_among(["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"]) == []


@asynccontextmanager
async def receiver(answer: Answer, ssl: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that takes the head of each request down and answers as it is told; its port, and what came."""
    came: list[bytes] = []
    answers: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            came.append(await reader.readuntil(b"\r\n\r\n"))
            await answer(writer)
        finally:
            writer.close()
            await writer.wait_closed()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        answers.append(asyncio.create_task(respond(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=ssl)
    async with server:
        try:
            yield server.sockets[0].getsockname()[1], came
        finally:
            for task in answers:
                task.cancel()
            await asyncio.gather(*answers, return_exceptions=True)  # a caller may have heard enough meanwhile
            for each in writers:
                each.transport.abort()
            await asyncio.sleep(0)


def answering(status: str, body: bytes = b"", *headers: str) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""])
        writer.write(head.encode() + body)
        await writer.drain()

    return answer


def outgoing(hosts: str, **options: object) -> Outgoing:
    return Outgoing(load_settings(outgoing_hosts=hosts), **options)  # type: ignore[arg-type]


async def posted(hosts: str, url: str, **options: object) -> Delivery:
    return await outgoing(hosts, **options).post(url, {"webhook-id": "m1"}, b"{}")


async def test_a_message_arrives_under_the_hosts_name_with_its_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # of the environment, which is not asked
    async with receiver(answering("204 No Content")) as (port, came):
        found = await posted(f"localhost:{port}+private+http", f"http://localhost:{port}/hook?x=1")
    assert found == Delivery(is_delivered=True, status=204, detail="localhost has answered 204")
    head = came[0].decode().lower()
    assert head.startswith("post /hook?x=1 http/1.1")
    assert f"\r\nhost: localhost:{port}\r\n" in head
    assert "\r\nwebhook-id: m1\r\n" in head


async def test_a_name_that_leads_inside_is_not_called_unless_it_is_marked() -> None:
    async with receiver(answering("200 OK")) as (port, came):
        found = await posted(f"localhost:{port}+http", f"http://localhost:{port}/")
        assert not found.is_delivered
        assert "not of the open Internet" in found.detail

        async def both(host: str, at: int) -> list[str]:
            return ["93.184.215.14", "127.0.0.1"]

        found = await posted(f"hooks.example.com:{port}+http", f"http://hooks.example.com:{port}/", resolve=both)
        assert "not of the open Internet" in found.detail
    assert came == []


async def test_a_name_is_resolved_once_and_what_was_looked_at_is_called() -> None:
    """A name that leads inside the second time it is asked about (DNS rebinding) leads nowhere else."""
    asked: list[str] = []

    async def first_here(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async with receiver(answering("200 OK")) as (port, came):
        url = f"http://hooks.example.com:{port}/"
        found = await posted(f"hooks.example.com:{port}+private+http", url, resolve=first_here)
    assert found.is_delivered
    assert (asked, len(came)) == (["hooks.example.com"], 1)


async def test_a_redirection_is_a_failure_and_is_not_followed() -> None:
    async with (
        receiver(answering("200 OK")) as (inner, unasked),
        receiver(answering("307 Temporary Redirect", b"", f"Location: http://127.0.0.1:{inner}/")) as (port, _),
    ):
        hosts = f"127.0.0.1:{port}+private+http,127.0.0.1:{inner}+private+http"
        found = await posted(hosts, f"http://127.0.0.1:{port}/")
    assert (found.is_delivered, found.status) == (False, 307)
    assert "a redirection, which is not followed" in found.detail
    assert unasked == []


async def test_what_a_receiver_answers_is_not_told_and_not_read_to_its_end() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 Internal Server Error\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"400\r\n" + b"secret! " * 128 + b"\r\n")
            await asyncio.sleep(0)
            await writer.drain()

    async with receiver(endless) as (port, _):
        found = await posted(f"127.0.0.1:{port}+private+http", f"http://127.0.0.1:{port}/")
    assert MAX_ANSWER_BYTES < 10_000
    assert (found.is_delivered, found.status, found.detail) == (False, 500, "127.0.0.1 has answered 500")


async def test_a_receiver_that_does_not_answer_is_left_after_a_while() -> None:
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with receiver(silent) as (port, _):
        url = f"http://127.0.0.1:{port}/"
        found = await posted(f"127.0.0.1:{port}+private+http", url, timeout_s=0.2)
    assert (found.status, found.detail) == (None, "127.0.0.1 did not answer within 0.2 s")


async def test_what_cannot_be_reached_is_said_in_words() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError(2, "Name or service not known")

    found = await posted("hooks.example.com", "https://hooks.example.com/", resolve=nowhere)
    assert found.detail == "hooks.example.com cannot be found: Name or service not known"
    async with receiver(answering("200 OK")) as (port, _):
        pass  # nobody listens there any more
    found = await posted(f"127.0.0.1:{port}+private+http", f"http://127.0.0.1:{port}/")
    assert found.detail == "127.0.0.1 cannot be reached: ConnectError"
    found = await posted("hooks.example.com", f"http://127.0.0.1:{port}/")  # which the setting names no more
    assert "is not among the hosts" in found.detail


async def test_of_several_addresses_the_first_that_answers_is_taken() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with receiver(answering("200 OK")) as (port, came):
        url = f"http://hooks.example.com:{port}/"
        assert (await posted(f"hooks.example.com:{port}+private+http", url, resolve=two)).is_delivered
    assert len(came) == 1
    assert "127.0.0.1" in await resolve("127.0.0.1", 80)


@pytest.mark.parametrize(("named", "is_delivered"), [("hooks.example.com", True), ("other.example.com", False)])
async def test_by_https_the_certificate_must_be_the_hosts(
    named: str, is_delivered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although it is an IP address that is called."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(self_signed(named))
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with receiver(answering("200 OK"), ssl=context) as (port, came):
        url = f"https://hooks.example.com:{port}/"
        found = await posted(f"hooks.example.com:{port}+private", url, resolve=here)
    assert (found.is_delivered, len(came)) == (is_delivered, int(is_delivered))


def self_signed(host: str) -> bytes:
    """A key and its certificate for a host, as PEM; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
