"""A mail made of a message: headers that nothing in a variable can add to, and an address that is one."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from orchestrator.adapters.message import Message
from orchestrator.errors import ConfigurationError, OrchestratorError
from orchestrator.messages.ids import derived_id

REFERENCE_HEADER = "X-Orchestrator-Reference"
# No quoted local parts and no comments: who has such an address can be asked for another, and parsers differ on them.
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\()\[\]\x00-\x20\x7f]{1,64}@[^\s@<>,;:\"\\()\[\]\x00-\x20\x7f]{1,253}")
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class NoMail(OrchestratorError):
    """A message cannot be a mail to this recipient."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the mails come from."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The part of the address behind the @."""
        return self.address.rpartition("@")[2]


def sender_of(text: str) -> Sender:
    """The sender in a setting such as ``Shop <news@shop.example>``.

    Raises:
        ConfigurationError: there is none in it.
    """
    name, address = parseaddr(text)
    if not _ADDRESS.fullmatch(address) or not text.isprintable():
        raise ConfigurationError(
            f"reading ORCHESTRATOR_SMTP_FROM: {text[:100]!r} has no address; set it to one such as "
            "'Shop <news@shop.example>'"
        )
    return Sender(name, address)


def recipient_of(value: object) -> str:
    """The address in a variable; a domain that is not ASCII becomes its IDNA form where the rest is ASCII.

    Raises:
        NoMail: there is none.
    """
    if value is None:
        raise NoMail("recipient: the command has no variable with an address")
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value) or not value.isprintable():
        raise NoMail("recipient: the variable is no mail address")
    local, _, domain = value.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise NoMail("recipient: the domain of the address cannot be") from error
    return f"{local}@{domain}"


def make_mail(
    message: Message,
    sender: Sender,
    recipient: str,
    *,
    command_id: str,
    time_s: float,
    reference: str = "",
    unsubscribe_url: str = "",
) -> EmailMessage:
    """The mail. The same command always has the same Message-ID, so that mailboxes that fold repetitions can.

    Raises:
        NoMail: the message has no subject, or something in it that a header cannot have.
    """
    if not message.subject:
        raise NoMail("template: it has no subject, which a mail needs")
    local = command_id if _PLAIN_ID.fullmatch(command_id) else derived_id("message-id", command_id)
    try:
        mail = EmailMessage(policy=SMTP if recipient.isascii() else SMTPUTF8)
        mail["From"] = Address(sender.name, addr_spec=sender.address)
        mail["To"] = recipient if not recipient.isascii() else Address(addr_spec=recipient)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.fromtimestamp(time_s, UTC))
        mail["Message-ID"] = f"<{local}@{sender.domain}>"
        if unsubscribe_url:  # RFC 8058: both headers, and a POST to the address does it
            mail["List-Unsubscribe"] = f"<{unsubscribe_url}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        if reference:
            mail[REFERENCE_HEADER] = reference
        if message.text is not None:
            mail.set_content(message.text, cte=None if message.text.isascii() else "quoted-printable")
        if message.html is not None and message.text is not None:
            mail.add_alternative(message.html, subtype="html")
        elif message.html is not None:
            mail.set_content(message.html, subtype="html")
    except (ValueError, UnicodeError, IndexError) as error:
        raise NoMail(f"the mail cannot be made: {type(error).__name__}") from error
    return mail
