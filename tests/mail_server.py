"""An SMTP server that takes mails, and refuses as it is told to."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """Takes mails, and refuses as it is told to: by recipient, or by the beginning of the content."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.refuse_recipient = ""
        self.refuse_content = ""
        self.hang_up = False
        self.hang_up_when_refused = False
        self.most_mails = 1_000  # over one connection; then it says goodbye
        self.connections = 0

    async def handle_EHLO(self, server: Any, session: Session, envelope: Envelope, host: str, responses: Any) -> Any:
        self.connections += 1
        session.host_name = host
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        session.mails = getattr(session, "mails", 0) + 1
        if session.mails > self.most_mails:
            return "421 4.7.0 enough for one connection"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RSET(self, server: Any, session: Session, envelope: Envelope) -> str:
        if self.hang_up_when_refused:
            server.transport.abort()
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.hang_up:
            server.transport.abort()
            return "250 OK"
        if self.refuse_content:
            return self.refuse_content
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.SMTPUTF8))  # type: ignore[arg-type]
        self.envelopes.append((envelope.mail_from or "", envelope.rcpt_tos))
        return "250 OK"


@asynccontextmanager
async def serving(
    mailbox: Mailbox, *, port: int = 0, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    protocols: list[SMTP] = []

    def connected() -> SMTP:
        protocols.append(SMTP(mailbox, hostname="mail.test", **options))
        return protocols[-1]

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for protocol in protocols:
            if protocol.transport is not None:
                protocol.transport.abort()
        await asyncio.sleep(0)
