"""Mails to a real SMTP server: what is handed over, and what its refusals mean."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orchestrator.adapters.result import Later, Refused, Result, Sent, Unknown
from orchestrator.adapters.smtp import SmtpTransport, Stage, meaning
from orchestrator.errors import ConfigurationError
from orchestrator.messages.command import SendCommand
from orchestrator.settings import Settings, load_settings
from tests.adapter_process import a_command
from tests.mail_server import Mailbox, serving

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"


class _Login:
    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"shop", b"open sesame"))


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1, with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "mail.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    parts = {
        "welcome.subject": "Grüße, {{ name }}",
        "welcome.txt": "Dear {{ name }}\n.leading dot\n{{ word | default: '' }}",
        "welcome.html": "<p>Dear {{ name }}</p>",
        "bare.txt": "no subject",
    }
    for name, text in parts.items():
        (tmp_path / f"{name}.liquid").write_text(text)
    return tmp_path


def settings(folder: Path, port: int, **changes: Any) -> Settings:
    fields: dict[str, Any] = {
        "adapter_templates_dir": folder,
        "adapter_concurrency": 2,
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "smtp_from": "Der Läden <news@shop.example>",
        "smtp_timeout_s": 10.0,
    }
    return load_settings(**{**fields, **changes})


def to(address: object = "ana@example.org", **changes: Any) -> SendCommand:
    variables = {"email": address, "name": "Ana", **changes.pop("variables", {})}
    return a_command(1, channel="email", variables=variables, **changes)


async def sent(folder: Path, port: int, *commands: SendCommand, **changes: Any) -> list[Result]:
    transport = SmtpTransport(settings(folder, port, **changes))
    try:
        return [await transport.send(0, command) for command in commands]
    finally:
        await transport.close()


async def test_a_mail_has_both_parts_and_an_id_that_follows_from_the_command(mailbox: Mailbox, folder: Path) -> None:
    async with serving(mailbox) as port:
        assert await sent(folder, port, to(), to()) == [Sent(), Sent()]
    mail, again = mailbox.mails
    assert mail["Subject"] == "Grüße, Ana"
    assert mail["From"] == "Der Läden <news@shop.example>"
    assert mail["To"] == "ana@example.org"
    assert mail["Message-ID"] == again["Message-ID"] == "<command-1@shop.example>"
    plain, html = (mail.get_body((kind,)).get_content().splitlines() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert plain == ["Dear Ana", ".leading dot"]
    assert html == ["<p>Dear Ana</p>"]
    assert mail["List-Unsubscribe"] is None
    assert mailbox.envelopes[0] == ("news@shop.example", ["ana@example.org"])
    assert mailbox.connections == 1  # kept open


async def test_unsubscribing_takes_one_click_where_an_address_is_configured(mailbox: Mailbox, folder: Path) -> None:
    url = "https://shop.example/unsubscribe/{reference}"
    async with serving(mailbox) as port:
        await sent(folder, port, to(customer_id="customer-17"), smtp_unsubscribe_url=url, adapter_reports_secret=SECRET)
    (mail,) = mailbox.mails
    assert mail["List-Unsubscribe"].startswith("<https://shop.example/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["X-Orchestrator-Reference"] in mail["List-Unsubscribe"]
    assert "customer-17" not in mail["X-Orchestrator-Reference"]
    # As they are, also for who does not know encoded words: mailboxes look for exactly these.
    assert f"List-Unsubscribe: {mail['List-Unsubscribe']}\r\n".encode() in mailbox.raw[0]
    assert f"X-Orchestrator-Reference: {mail['X-Orchestrator-Reference']}\r\n".encode() in mailbox.raw[0]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 5.1.1 <ana@example.org> unknown", Refused("bounced", "smtp 550 5.1.1", is_permanent=True)),
        ("550 no such user", Refused("bounced", "smtp 550", is_permanent=True)),
        ("552 5.2.2 mailbox full", Refused("bounced", "smtp 552 5.2.2")),
        ("550 5.7.1 relaying denied", Refused("bounced", "smtp 550 5.7.1")),
        ("450 4.2.1 try later", Later("smtp 450 4.2.1")),
        ("421 4.3.2 closing", Later("smtp 421 4.3.2")),
    ],
)
async def test_a_refused_recipient_is_a_bounce_and_a_temporary_refusal_is_not(
    mailbox: Mailbox, folder: Path, reply: str, expected: Result
) -> None:
    mailbox.refuse_recipient = reply
    async with serving(mailbox) as port:
        results = await sent(folder, port, to(), to())
    assert results == [expected, expected]
    assert mailbox.mails == []


async def test_refused_content_says_nothing_of_the_address(mailbox: Mailbox, folder: Path) -> None:
    mailbox.refuse_content = "554 5.6.0 looks like spam"
    async with serving(mailbox) as port:
        assert await sent(folder, port, to()) == [Refused("failed", "smtp 554 5.6.0")]
    mailbox.refuse_content = "451 4.7.1 greylisted"
    async with serving(mailbox) as port:
        assert await sent(folder, port, to()) == [Later("smtp 451 4.7.1")]


async def test_a_refusal_stands_also_of_a_server_that_hangs_up_behind_it(mailbox: Mailbox, folder: Path) -> None:
    mailbox.refuse_recipient, mailbox.hang_up_when_refused = "550 5.1.1 no such user", True
    async with serving(mailbox) as port:
        results = await sent(folder, port, to(), to(), adapter_concurrency=1)
    assert results == [Refused("bounced", "smtp 550 5.1.1", is_permanent=True)] * 2


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("200 taken", Sent()),
        ("251 OK", Sent()),
        ("354 go on", Unknown("smtp: the reply to the mail is neither yes nor no (354)")),
        ("never mind", Unknown("smtp: the reply to the mail is neither yes nor no (-1)")),
    ],
)
async def test_a_mail_that_may_have_been_taken_is_never_sent_again(
    mailbox: Mailbox, folder: Path, reply: str, expected: Result
) -> None:
    mailbox.refuse_content = reply
    async with serving(mailbox) as port:
        assert await sent(folder, port, to()) == [expected]


async def test_a_server_that_wants_a_connection_for_each_mail_gets_it_without_a_pause(
    mailbox: Mailbox, folder: Path
) -> None:
    mailbox.most_mails = 1
    async with serving(mailbox) as port:
        assert await sent(folder, port, to(), to(), to(), adapter_concurrency=1) == [Sent()] * 3
        mailbox.most_mails = 0
        assert await sent(folder, port, to()) == [Later("smtp 421 4.7.0")]
    assert len(mailbox.mails) == 3


async def test_a_connection_that_ends_behind_the_mail_leaves_it_unknown(mailbox: Mailbox, folder: Path) -> None:
    mailbox.hang_up = True
    async with serving(mailbox) as port:
        (result,) = await sent(folder, port, to())
    assert isinstance(result, Unknown)


async def test_a_server_that_is_away_is_tried_later_and_one_that_comes_back_is_used(
    mailbox: Mailbox, folder: Path
) -> None:
    async with serving(mailbox) as port:
        transport = SmtpTransport(settings(folder, port))
        assert await transport.send(0, to()) == Sent()
    assert isinstance(await transport.send(0, to()), Later)
    async with serving(mailbox, port=port):
        assert await transport.send(0, to()) == Sent()
        await transport.close()
    assert len(mailbox.mails) == 2


async def test_with_starttls_and_a_login_the_mail_goes_and_the_password_never_goes_plainly(
    mailbox: Mailbox, folder: Path, certificate: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    options = {"tls_context": context, "authenticator": _Login(), "auth_required": True}
    login = {"smtp_security": "starttls", "smtp_username": "shop", "smtp_ca_file": certificate}
    async with serving(mailbox, **options) as port:
        assert await sent(folder, port, to(), smtp_password="open sesame", **login) == [Sent()]
        (refused,) = await sent(folder, port, to(), smtp_password="wrong", **login)
        assert isinstance(refused, Later)  # a matter of settings: no command is given up for it at once
        (untrusted,) = await sent(folder, port, to(), smtp_security="starttls", smtp_username="shop")
        assert untrusted == Later("smtp connection: SSLCertVerificationError")


async def test_with_tls_from_the_first_byte_on_the_mail_goes(mailbox: Mailbox, folder: Path, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with serving(mailbox, tls=context) as port:
        assert await sent(folder, port, to(), smtp_security="tls", smtp_ca_file=certificate) == [Sent()]
    assert len(mailbox.mails) == 1


async def test_addresses_and_names_of_all_alphabets_arrive(mailbox: Mailbox, folder: Path) -> None:
    async with serving(mailbox, enable_SMTPUTF8=True) as port:
        results = await sent(
            folder, port, to("josé@example.org"), to("ana@bücher.example", variables={"name": "Ана 🌱"})
        )
    assert results == [Sent(), Sent()]
    assert [recipients for _, recipients in mailbox.envelopes] == [["josé@example.org"], ["ana@xn--bcher-kva.example"]]
    assert mailbox.mails[1]["Subject"] == "Grüße, Ана 🌱"
    assert mailbox.raw[1].isascii()  # no server need take eight bits for it
    async with serving(mailbox, enable_SMTPUTF8=False) as port:
        (result,) = await sent(folder, port, to("josé@example.org"))
    assert result == Refused("failed", "recipient: the mail server takes no address that is not ASCII")


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "ana",
        "@example.org",
        "ana@",
        "a@b@c",
        "ana@example.org\r\nBcc: all@example.org",
        "ana@example.org, bob@example.org",
        "<ana@example.org>",
        "ana@example.org>\r\nDATA",
        "ana @example.org",
        "ana@exa\x00mple.org",
        ["ana@example.org"],
        {"email": "ana@example.org"},
        "a" * 70 + "@example.org",
        "ana@" + "ü" * 80 + ".example",
        "ana@example..org",
        "ana@example.org.",
        ".ana@example.org",
        "ana@straße.example",  # for the codec: strasse.example, which is somebody else's
    ],
)
async def test_what_is_no_address_is_not_sent_to(mailbox: Mailbox, folder: Path, address: object) -> None:
    async with serving(mailbox) as port:
        (result,) = await sent(folder, port, to(address))
    assert isinstance(result, Refused)
    assert result.outcome == "failed"
    assert result.reason.startswith("recipient: ")
    assert mailbox.mails == []


async def test_nothing_in_a_variable_adds_a_header_or_ends_a_mail(mailbox: Mailbox, folder: Path) -> None:
    hostile = "x\r\nBcc: all@example.org\r\n\r\n.\r\nMAIL FROM:<evil@example.org>\r\n"
    async with serving(mailbox) as port:
        assert await sent(folder, port, to(variables={"name": hostile, "word": "\r\n.\r\n"})) == [Sent()]
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert mailbox.envelopes == [("news@shop.example", ["ana@example.org"])]


async def test_a_command_id_that_no_header_can_have_still_makes_one_message_id(mailbox: Mailbox, folder: Path) -> None:
    async with serving(mailbox) as port:
        assert await sent(folder, port, to(id="a b>\u2028<c")) == [Sent()]
    assert mailbox.mails[0]["Message-ID"].count("@") == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"template": "bare"}, "template: it has no subject"),
        ({"template": "none"}, "template: there"),
        ({"customer_id": "ü" * 512}, "the mail cannot be made: it would have a line of more than 998"),
    ],
)
async def test_a_message_that_cannot_be_made_is_reported(
    mailbox: Mailbox, folder: Path, changes: dict[str, Any], reason: str
) -> None:
    async with serving(mailbox) as port:
        (result,) = await sent(folder, port, to(**changes), adapter_reports_secret=SECRET)
    assert isinstance(result, Refused)
    assert result.reason.startswith(reason)


async def test_mails_are_handed_over_side_by_side(mailbox: Mailbox, folder: Path) -> None:
    async with serving(mailbox) as port:
        transport = SmtpTransport(settings(folder, port))
        results = await asyncio.gather(*(transport.send(0, to(id=f"c{number}")) for number in range(20)))
        await transport.close()
    assert results == [Sent()] * 20
    assert mailbox.connections == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"smtp_from": ""}, "ORCHESTRATOR_SMTP_FROM"),
        ({"smtp_from": "Shop <news@shop.example>\r\nBcc: x@y.z"}, "ORCHESTRATOR_SMTP_FROM"),
        ({"smtp_from": "Shop <läden@shop.example>"}, "ORCHESTRATOR_SMTP_FROM"),
        ({"adapter_templates_dir": None}, "ORCHESTRATOR_ADAPTER_TEMPLATES_DIR"),
        ({"smtp_ca_file": "/nowhere.pem"}, "ORCHESTRATOR_SMTP_CA_FILE"),
        ({"smtp_username": "shop", "smtp_password": "open sesame"}, "for all to read"),
        ({"adapter_reports_secret": "open sesame"}, "ORCHESTRATOR_ADAPTER_REPORTS_SECRET"),
        (
            {"smtp_unsubscribe_url": "https://shop.example/", "adapter_reports_secret": SECRET},
            "ORCHESTRATOR_SMTP_UNSUBSCRIBE_URL",
        ),
        (
            {"smtp_unsubscribe_url": "https://lädchen.example/{reference}", "adapter_reports_secret": SECRET},
            "ORCHESTRATOR_SMTP_UNSUBSCRIBE_URL",
        ),
    ],
)
def test_settings_that_cannot_work_are_told_at_the_start(folder: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        SmtpTransport(settings(folder, 25, **changes))


def test_a_refused_sender_is_no_bounce_of_the_recipient() -> None:
    assert meaning(Stage.SENDER, 550, b"5.1.8 bad sender") == Refused("failed", "smtp 550 5.1.8")
