"""The transport that hands mails to a mail server: connections kept open, one a thread.

What a reply of the server means is a function of its code and of the stage it came at (:func:`meaning`). The reply's
words are not passed on: they often have the recipient's address in them, and reports go into figures and exports.
"""

import asyncio
import contextlib
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from orchestrator.adapters.mail import NoMail, Sender, address_of, make_mail, sender_of
from orchestrator.adapters.reference import reference_of, seal_of
from orchestrator.adapters.result import Later, Refused, Result, Sent, Unknown
from orchestrator.adapters.templates import TemplateError, Templates
from orchestrator.errors import ConfigurationError
from orchestrator.messages.command import SendCommand
from orchestrator.messages.trace import TraceContext
from orchestrator.settings import Settings

_ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463
_UNSUBSCRIBE_URL = re.compile(r"https://[!-~]*\{reference\}[!-~]*")
_LEADING_DOT = re.compile(rb"(?m)^\.")
SERVICE_CLOSING = 421
OK, WILL_FORWARD, GO_AHEAD = 250, 251, 354


class Stage(StrEnum):
    """How far a mail is."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


class _Ended(Exception):
    """The server has ended the connection before it was given a mail; ``result`` is what that means for the mail."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class SmtpTransport:
    """Sends by the mail server of the settings.

    Raises:
        ConfigurationError: a setting is missing, or cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.adapter_templates_dir is None:
            raise ConfigurationError("starting the SMTP adapter: ORCHESTRATOR_ADAPTER_TEMPLATES_DIR must be set")
        self._templates = Templates(settings.adapter_templates_dir)
        self._sender: Sender = sender_of(settings.smtp_from)
        self._settings = settings
        self._seal = seal_of(settings)
        if settings.smtp_unsubscribe_url and not _UNSUBSCRIBE_URL.fullmatch(settings.smtp_unsubscribe_url):
            raise ConfigurationError(
                "reading ORCHESTRATOR_SMTP_UNSUBSCRIBE_URL: it is no https://… of ASCII letters with {reference} in it"
            )
        if settings.smtp_username and settings.smtp_security == "none":
            raise ConfigurationError(
                "reading ORCHESTRATOR_SMTP_USERNAME: with ORCHESTRATOR_SMTP_SECURITY=none the password would go out "
                "for all to read; set that to starttls or tls, or leave the login out"
            )
        self._tls = _tls_of(settings)
        self._threads = ThreadPoolExecutor(settings.adapter_concurrency, thread_name_prefix="smtp")
        self._own = threading.local()
        self._connections: set[smtplib.SMTP] = set()

    @property
    def is_repeatable(self) -> bool:
        """A mailbox does not know a mail again."""
        return False

    async def found(self, partition: int, ids: Collection[str]) -> Collection[str]:
        """A mail server cannot be asked."""
        return ()

    async def send(self, partition: int, command: SendCommand, trace: TraceContext | None = None) -> Result:
        """Renders, and hands over in a thread."""
        reference = self._seal.seal(reference_of(command)) if self._seal else ""
        try:
            recipient = address_of(command.variables.get(self._settings.smtp_to_variable))
            content = make_mail(
                self._templates.render(command.template, command.variables),
                self._sender,
                recipient,
                command_id=command.id,
                time_s=time.time(),
                reference=reference,
                unsubscribe_url=self._settings.smtp_unsubscribe_url.replace("{reference}", reference),
            )
        except (TemplateError, NoMail) as error:
            return Refused("failed", str(error))
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hand_over, recipient, content)

    async def close(self) -> None:
        """Ends the connections; a mail that is being handed over is waited for."""
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()

    def _hand_over(self, recipient: str, content: bytes) -> Result:
        kept: smtplib.SMTP | None = getattr(self._own, "connection", None)
        try:
            if kept is not None:
                # Servers end connections that have rested, or carried enough: the mail then goes over a new one.
                with contextlib.suppress(_Ended):
                    return self._over(kept, recipient, content)
            return self._over(self._connect(), recipient, content)
        except _Ended as error:
            return error.result
        except smtplib.SMTPAuthenticationError as error:
            return Later(f"smtp login refused: {error.smtp_code}")
        except smtplib.SMTPResponseException as error:
            return Later(f"smtp {error.smtp_code}")
        except (OSError, smtplib.SMTPException) as error:  # SMTPException is an OSError; said for readers
            return Later(f"smtp connection: {type(error).__name__}")

    def _over(self, connection: smtplib.SMTP, recipient: str, content: bytes) -> Result:
        is_usable = False
        try:
            result = _mail(connection, self._sender.address, recipient, content)
            is_usable = isinstance(result, Sent | Refused) and connection.sock is not None
        finally:
            if not is_usable:
                self._drop(connection)
        return result

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.smtp_security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.smtp_host, settings.smtp_port, timeout=settings.smtp_timeout_s, context=self._tls
            )
        else:
            connection = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=settings.smtp_timeout_s)
        try:
            if settings.smtp_security == "starttls":
                connection.starttls(context=self._tls)
            connection.ehlo_or_helo_if_needed()
            if settings.smtp_username:
                connection.login(settings.smtp_username, settings.smtp_password.get_secret_value())
        except BaseException:
            connection.close()
            raise
        self._own.connection = connection
        self._connections.add(connection)
        return connection

    def _drop(self, connection: smtplib.SMTP) -> None:
        connection.close()
        self._connections.discard(connection)
        self._own.connection = None


def meaning(stage: Stage, code: int, reply: bytes) -> Result:
    """What a reply that is no success means for the mail (RFC 5321 4.2.1, RFC 3463).

    A refused recipient is a bounce, for good but where the mailbox is full (5.2.2) or it is a matter of policy (5.7):
    the address is as good as before then.
    """
    reason = f"smtp {code} {_enhanced(reply)}".strip()
    if code < 500:
        return Later(reason)
    if stage is Stage.RECIPIENT:
        is_permanent = _enhanced(reply) != "5.2.2" and not _enhanced(reply).startswith("5.7.")
        return Refused("bounced", reason, is_permanent)
    return Refused("failed", reason)


def _enhanced(reply: bytes) -> str:
    match = _ENHANCED.match(reply)
    return match.group(1).decode() if match else ""


def _mail(connection: smtplib.SMTP, sender: str, recipient: str, content: bytes) -> Result:
    """One mail over an open connection.

    Raises:
        _Ended: the connection ended before it was given anything: another one may be used.
        OSError: it ended before the server could take the mail.
    """
    options = []
    if not recipient.isascii():
        if not connection.has_extn("smtputf8"):
            return Refused("failed", "recipient: the mail server takes no address that is not ASCII")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    code, reply = _begun(connection, sender, options)
    stage = Stage.SENDER
    if code == OK:
        code, reply = connection.rcpt(recipient)
        stage = Stage.RECIPIENT
    if code in (OK, WILL_FORWARD):
        code, reply = connection.docmd("data")
        stage = Stage.CONTENT
    if code != GO_AHEAD:
        if code != SERVICE_CLOSING:
            with contextlib.suppress(OSError):  # the refusal stands, also of a server that has hung up behind it
                connection.rset()
        return meaning(stage, code, reply)
    connection.send(_LEADING_DOT.sub(b"..", content))
    try:
        connection.send(b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")
        code, reply = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        # From its end on the mail may have been taken, and only the reply is missing.
        return Unknown(f"smtp: {type(error).__name__} instead of the reply to the mail")
    match code // 100:
        case 2:
            return Sent()
        case 4 | 5:
            return meaning(Stage.CONTENT, code, reply)
        case _:
            return Unknown(f"smtp: the reply to the mail is neither yes nor no ({code})")


def _begun(connection: smtplib.SMTP, sender: str, options: Sequence[str]) -> tuple[int, bytes]:
    """The reply to the first command of a mail.

    Raises:
        _Ended: there is none, or it ends the connection.
    """
    try:
        code, reply = connection.mail(sender, options)
    except (OSError, smtplib.SMTPException) as error:
        raise _Ended(Later(f"smtp connection: {type(error).__name__}")) from error
    if code == SERVICE_CLOSING:
        raise _Ended(meaning(Stage.SENDER, code, reply))
    return code, reply


def _tls_of(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.smtp_ca_file)
    except OSError as error:
        raise ConfigurationError(f"reading ORCHESTRATOR_SMTP_CA_FILE {settings.smtp_ca_file}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
