"""The transport that hands mails to a mail server: connections kept open, one a thread.

What a reply of the server means is a function of its code and of the stage it came at (:func:`meaning`). The reply's
words are not passed on: they often have the recipient's address in them, and reports go into figures and exports.
"""

import asyncio
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from orchestrator.adapters.mail import NoMail, Sender, make_mail, recipient_of, sender_of
from orchestrator.adapters.reference import reference_of, seal_of
from orchestrator.adapters.result import Later, Refused, Result, Sent, Unknown
from orchestrator.adapters.templates import TemplateError, Templates
from orchestrator.errors import ConfigurationError
from orchestrator.messages.command import SendCommand
from orchestrator.settings import Settings

_ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463
_LEADING_DOT = re.compile(rb"(?m)^\.")
SERVICE_CLOSING = 421
_RESTED_S = 1.0  # after that long a connection is asked whether it is still there
GO_AHEAD = 354


class Stage(StrEnum):
    """How far a mail is."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


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
        if settings.smtp_unsubscribe_url and "{reference}" not in settings.smtp_unsubscribe_url:
            raise ConfigurationError("reading ORCHESTRATOR_SMTP_UNSUBSCRIBE_URL: it has no {reference} in it")
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

    async def send(self, partition: int, command: SendCommand) -> Result:
        """Renders, and hands over in a thread."""
        reference = self._seal.seal(reference_of(command)) if self._seal else ""
        try:
            recipient = recipient_of(command.variables.get(self._settings.smtp_to_variable))
            mail = make_mail(
                self._templates.render(command.template, command.variables),
                self._sender,
                recipient,
                command_id=command.id,
                time_s=time.time(),
                reference=reference,
                unsubscribe_url=self._settings.smtp_unsubscribe_url.replace("{reference}", reference),
            )
            content = mail.as_bytes()
        except (TemplateError, NoMail) as error:
            return Refused("failed", str(error))
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hand_over, recipient, content)

    async def close(self) -> None:
        """Ends the connections; a mail that is being handed over is waited for."""
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()

    def _hand_over(self, recipient: str, content: bytes) -> Result:
        connection: smtplib.SMTP | None = getattr(self._own, "connection", None)
        is_rested = connection is not None and time.monotonic() - self._own.used_s > _RESTED_S
        if connection is not None and is_rested and not _is_alive(connection):
            self._drop(connection)
            connection = None
        try:
            if connection is None:
                connection = self._connect()
            result = _mail(connection, self._sender.address, recipient, content)
        except smtplib.SMTPAuthenticationError as error:
            result = Later(f"smtp login refused: {error.smtp_code}")
        except smtplib.SMTPResponseException as error:
            result = Later(f"smtp {error.smtp_code}")
        except (OSError, smtplib.SMTPException) as error:  # SMTPException is an OSError; said for readers
            result = Later(f"smtp connection: {type(error).__name__}")
        self._own.used_s = time.monotonic()
        is_usable = isinstance(result, Sent | Refused)
        if connection is not None and not is_usable:
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
    match = _ENHANCED.match(reply)
    enhanced = match.group(1).decode() if match else ""
    reason = f"smtp {code} {enhanced}".strip()
    if code < 500:
        return Later(reason)
    if stage is Stage.RECIPIENT:
        return Refused("bounced", reason, is_permanent=enhanced != "5.2.2" and not enhanced.startswith("5.7."))
    return Refused("failed", reason)


def _mail(connection: smtplib.SMTP, sender: str, recipient: str, content: bytes) -> Result:
    """One mail over an open connection.

    Raises:
        OSError: the connection ended before the server could take the mail.
    """
    options = []
    if not recipient.isascii():
        if not connection.has_extn("smtputf8"):
            return Refused("failed", "recipient: the mail server takes no address that is not ASCII")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    code, reply = connection.mail(sender, options)
    stage = Stage.SENDER
    if code == 250:
        code, reply = connection.rcpt(recipient)
        stage = Stage.RECIPIENT
    if code in (250, 251):
        code, reply = connection.docmd("data")
        stage = Stage.CONTENT
    if code != GO_AHEAD:
        if code != SERVICE_CLOSING:
            connection.rset()
        return meaning(stage, code, reply)
    connection.send(_LEADING_DOT.sub(b"..", content))
    try:
        connection.send(b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")
        code, reply = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        # From its end on the mail may have been taken, and only the reply is missing.
        return Unknown(f"smtp: {type(error).__name__} instead of the reply to the mail")
    return Sent() if code == 250 else meaning(Stage.CONTENT, code, reply)


def _is_alive(connection: smtplib.SMTP) -> bool:
    """A connection that has rested may have been ended by the server: asked before a mail is given to it."""
    try:
        return connection.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _tls_of(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.smtp_ca_file)
    except OSError as error:
        raise ConfigurationError(f"reading ORCHESTRATOR_SMTP_CA_FILE {settings.smtp_ca_file}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
