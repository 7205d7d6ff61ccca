"""Where the API is and with which key it is called: from the environment, never the key from an argument.

Arguments stand in the list of processes, which everybody on a machine may read, and in the shell's history.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.errors import ConfigurationError

KEY = "ORCHESTRATOR_API_KEY"
KEY_FILE = "ORCHESTRATOR_API_KEY_FILE"
URL = "ORCHESTRATOR_API_URL"
USUAL_URL = "http://127.0.0.1:8080"
MOST_KEY_CHARS = 8_192  # an access token of a provider is longer than a key of ours

_VISIBLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The API's ``address``, without a slash at its end, and the key; a printed one does not show the key."""

    address: str
    key: str = field(repr=False)


def read_credentials(address: str, environment: Mapping[str, str]) -> Credentials:
    """The address and the key that ``environment`` has, or the file it names.

    Raises:
        ConfigurationError: the address is none, or there is no key, or none that can be sent.
    """
    return Credentials(checked_address(address), _key(environment))


def checked_address(address: str) -> str:
    """The address without a slash at its end.

    Raises:
        ConfigurationError: it is not one of an HTTP server.
    """
    what = f"the API's address is {address[:200]!r} (--api or {URL})"
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"{what}: {error}; write it as {USUAL_URL}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or port == 0:
        raise ConfigurationError(f"{what}; write it as {USUAL_URL}, with a path only where a proxy needs one")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"the API's address names a user (--api or {URL}); the key goes in {KEY}")
    return address.strip().rstrip("/")


def _key(environment: Mapping[str, str]) -> str:
    key, source = environment.get(KEY, "").strip(), KEY
    if not key:
        file = environment.get(KEY_FILE, "").strip()
        if not file:
            raise ConfigurationError(
                f"no API key: put it in {KEY}, or in a file that {KEY_FILE} names; "
                "'orchestrator keys create WORKSPACE', where the database is at hand, makes the first one"
            )
        key, source = _read(file), f"the file {file}"
    if not _VISIBLE.fullmatch(key) or len(key) > MOST_KEY_CHARS:
        raise ConfigurationError(f"{source} has no key: one line of letters, digits and signs is expected")
    return key


def _read(file: str) -> str:
    try:
        with Path(file).open(encoding="ascii") as source:
            return source.read(MOST_KEY_CHARS + 1).strip()
    except OSError as error:
        raise ConfigurationError(f"{KEY_FILE} names {file}, which cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{KEY_FILE} names {file}, which has no key: it is not plain text") from error
