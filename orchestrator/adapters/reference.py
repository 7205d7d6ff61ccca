"""The reference that goes out with a message and comes back with a report: the command's ids, sealed.

Whoever carries it (a provider, a mail server) can neither read customer ids in it nor make one up; and the adapter need
not keep millions of commands for a week to know which of them a click belongs to.
"""

import base64
import binascii
import hashlib
import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestrator.errors import ConfigurationError, DecodeError
from orchestrator.messages.command import SendCommand
from orchestrator.messages.standard_webhook import secret_bytes
from orchestrator.settings import Settings

_NONCE_BYTES = 12
_MOST_CHARS = 8_192


class Reference(msgspec.Struct, frozen=True, array_like=True):
    """What every report of a command repeats of it."""

    command_id: str
    workspace_id: str
    customer_id: str
    journey_id: str
    run_id: str
    step: str
    channel: str
    category: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Reference).decode


def reference_of(command: SendCommand) -> Reference:
    """The reference of a command."""
    return Reference(
        command.id,
        command.workspace_id,
        command.customer_id,
        command.journey_id,
        command.run_id,
        command.step,
        command.channel,
        command.category,
    )


class Seal:
    """Seals and opens references by AES-GCM, with a key derived from the reports' secret.

    Raises:
        ValueError: the secret is none.
    """

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(hashlib.blake2b(secret_bytes(secret), digest_size=32, person=b"adapter-ref").digest())

    def seal(self, reference: Reference) -> str:
        """The reference as letters, digits, ``-`` and ``_``."""
        nonce = os.urandom(_NONCE_BYTES)
        return (
            base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, _encode(reference), None)).decode().rstrip("=")
        )

    def open(self, text: str) -> Reference:
        """The reference that was sealed.

        Raises:
            DecodeError: with reason ``malformed``: it is none of ours.
        """
        try:
            if len(text) > _MOST_CHARS:
                raise ValueError("it is too long")
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return _decode(self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None))
        except (ValueError, binascii.Error, InvalidTag, msgspec.MsgspecError) as error:
            raise DecodeError("malformed", "the reference is none that this adapter gave out") from error


def seal_of(settings: Settings) -> Seal | None:
    """What seals references, where there is a secret for it.

    Raises:
        ConfigurationError: the secret is none.
    """
    secret = settings.adapter_reports_secret.get_secret_value()
    try:
        return Seal(secret) if secret else None
    except ValueError as error:
        raise ConfigurationError(f"reading ORCHESTRATOR_ADAPTER_REPORTS_SECRET: {error}") from error
