"""Secrets that must be readable again, such as what another system signs with: they stand in PostgreSQL sealed.

A digest is enough where only a comparison is wanted (``store/keys.py``). A signature needs the secret itself; so a copy
of the database must not be enough to make one. Keys come from the environment, never from the database.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from orchestrator.errors import ConfigurationError
from orchestrator.settings import Settings

VARIABLE = "ORCHESTRATOR_SEALING_KEYS"


class Seal:
    """Seals with the first of the keys and opens what any of them has sealed: so keys can be changed one by one."""

    def __init__(self, keys: str) -> None:
        """``keys``: Fernet keys, separated by commas; empty: nothing can be sealed.

        Raises:
            ConfigurationError: one of them is no such key.
        """
        try:
            fernets = [Fernet(key.strip()) for key in keys.split(",") if key.strip()]
        except ValueError as error:
            raise ConfigurationError(
                f"reading {VARIABLE}: a key is not 32 bytes in url-safe base64; make one with `orchestrator config key`"
            ) from error
        self._keys = MultiFernet(fernets) if fernets else None

    @classmethod
    def of(cls, settings: Settings) -> "Seal":
        """The seal of an installation."""
        return cls(settings.sealing_keys.get_secret_value())

    @property
    def is_ready(self) -> bool:
        """Whether there is a key."""
        return self._keys is not None

    def close(self, secret: str) -> bytes:
        """``secret``, sealed.

        Raises:
            ConfigurationError: there is no key.
        """
        return self._ready().encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """What was sealed.

        Raises:
            ConfigurationError: there is no key, or none of them has sealed this.
        """
        try:
            return self._ready().decrypt(sealed).decode()
        except InvalidToken as error:
            raise ConfigurationError(
                f"opening a sealed secret: none of the keys in {VARIABLE} has sealed it; put the key that did behind "
                "the others, or store the secret anew"
            ) from error

    def _ready(self) -> MultiFernet:
        if self._keys is None:
            raise ConfigurationError(
                f"a secret cannot be kept: {VARIABLE} is not set; make a key with `orchestrator config key`"
            )
        return self._keys


def new_key() -> str:
    """A key for ``ORCHESTRATOR_SEALING_KEYS``."""
    return Fernet.generate_key().decode()
