"""A mail made of a message: headers that nothing in a variable can add to, and an address that is one."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr

from orchestrator.adapters.message import Message, outer_id
from orchestrator.errors import ConfigurationError, OrchestratorError

REFERENCE_HEADER = "X-Orchestrator-Reference"
UNSUBSCRIBE_HEADERS = ("List-Unsubscribe", "List-Unsubscribe-Post")
MAX_LINE_CHARS = 998  # RFC 5322 2.1.1
# No quoted local parts and no comments: who has such an address can be asked for another, and parsers differ on them.
_LETTERS = r"[^\s@.<>,;:\"\\()\[\]\x00-\x20\x7f]+"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@[^@]{{1,253}}\Z){_LETTERS}(?:\.{_LETTERS})*@{_LETTERS}(?:\.{_LETTERS})*")


class _Unfolded(EmailPolicy):
    """Headers that machines read stay as they are: folding would make encoded words of what has no blank in it."""

    names = frozenset(name.lower() for name in ("Message-ID", *UNSUBSCRIBE_HEADERS, REFERENCE_HEADER))

    def fold(self, name: str, value: str) -> str:
        """The header as lines of a text."""
        return f"{name}: {value}{self.linesep}" if name.lower() in self.names else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as lines of a mail."""
        return self.fold(name, value).encode() if name.lower() in self.names else super().fold_binary(name, value)


_PLAIN = _Unfolded(linesep="\r\n")
_INTERNATIONAL = _PLAIN.clone(utf8=True)


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
    try:
        address = address_of(address)
    except NoMail:
        address = ""
    if not address or not address.isascii() or not text.isprintable():
        raise ConfigurationError(
            f"reading ORCHESTRATOR_SMTP_FROM: {text[:100]!r} has no address that all servers take; set it to one "
            "such as 'Shop <news@shop.example>'"
        )
    return Sender(name, address)


def address_of(value: object) -> str:
    """The address in a value; a domain that is not ASCII becomes its IDNA form where the rest is ASCII.

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
            encoded = domain.encode("idna")
            domain, meant = encoded.decode("ascii"), domain
            # The codec is of 2003, for which straße.example is strasse.example: another domain, of somebody else.
            if encoded.decode("idna") != meant.lower():
                raise UnicodeError
        except UnicodeError as error:
            raise NoMail("recipient: the domain of the address cannot be; if it can, write it as xn--…") from error
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
) -> bytes:
    """The mail, as it is given to a server. The same command always has the same Message-ID, so that mailboxes can fold
    repetitions.

    Raises:
        NoMail: the message has no subject, or something in it that a header cannot have.
    """
    if not message.subject:
        raise NoMail("template: it has no subject, which a mail needs")
    try:
        mail = EmailMessage(policy=_PLAIN if recipient.isascii() else _INTERNATIONAL)
        mail["From"] = Address(sender.name, addr_spec=sender.address)
        mail["To"] = recipient if not recipient.isascii() else Address(addr_spec=recipient)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.fromtimestamp(time_s, UTC))
        mail["Message-ID"] = f"<{outer_id(command_id)}@{sender.domain}>"
        if unsubscribe_url:  # RFC 8058: both headers, and a POST to the address does it
            for name, value in zip(
                UNSUBSCRIBE_HEADERS, (f"<{unsubscribe_url}>", "List-Unsubscribe=One-Click"), strict=True
            ):
                mail[name] = value
        if reference:
            mail[REFERENCE_HEADER] = reference
        if message.text is not None:
            mail.set_content(message.text, cte=_encoding(message.text))
        if message.html is not None and message.text is not None:
            mail.add_alternative(message.html, subtype="html", cte=_encoding(message.html))
        elif message.html is not None:
            mail.set_content(message.html, subtype="html", cte=_encoding(message.html))
        made = mail.as_bytes()
    except (ValueError, IndexError, MessageError) as error:
        raise NoMail(f"the mail cannot be made: {type(error).__name__}") from error
    if max(map(len, made.split(b"\r\n"))) > MAX_LINE_CHARS:
        raise NoMail(f"the mail cannot be made: it would have a line of more than {MAX_LINE_CHARS} characters")
    return made


def _encoding(text: str) -> str | None:
    """Seven bits, whatever is in it: no server need say that it takes eight. None: as the library finds best."""
    return None if text.isascii() else "quoted-printable"
