"""Settings as they may be printed: what lets somebody in is not in them, whatever it stands inside of.

Where a text cannot be told apart with certainty, nothing of it is shown: a little less to read is the cheaper mistake.
"""

import re

from orchestrator.settings import POSTGRES_URL

HIDDEN = "***"

# What a connection URL may say beside names and addresses; the value of anything else is hidden.
_PLAIN_PARAMETERS = frozenset(
    {"application_name", "connect_timeout", "dbname", "database", "host", "port", "user", "target_session_attrs"}
    | {"sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "ssl_min_protocol_version", "ssl_max_protocol_version"}
)
# Up to the last @: a password may have any sign in it, also one that ought to have been written otherwise.
_LOGIN = re.compile(r"(?<=//)\S*@")
_LOGIN_WITHOUT_SCHEME = re.compile(r"^\S*@")
_PARAMETER = re.compile(
    r"(?P<name>[\w-]*(?:password|passwd|pwd|secret|token|key|auth|credential|signature)[\w-]*)=[^&;\s]*", re.IGNORECASE
)


def without_password(url: str) -> str:
    """A PostgreSQL connection URL with everything but its password; ``***`` for what is no plain URL of that kind."""
    found = POSTGRES_URL.fullmatch(url)
    if found is None:
        return HIDDEN if url else ""
    login = ""
    if found["user"] is not None:
        login = found["user"] + (f":{HIDDEN}" if found["password"] else "") + "@"
    parameters = "" if found["parameters"] is None else "?" + _parameters(found["parameters"])
    return f"{found['scheme']}://{login}{found['hosts']}{found['path'] or ''}{parameters}"


def without_credentials(text: str) -> str:
    """A text that is no secret by itself, without a login that somebody has written into an address in it."""
    bare = _LOGIN.sub(f"{HIDDEN}@", text)
    if "//" not in bare and ":" in bare:
        bare = _LOGIN_WITHOUT_SCHEME.sub(f"{HIDDEN}@", bare)
    return _PARAMETER.sub(lambda found: f"{found['name']}={HIDDEN}", bare)


def _parameters(text: str) -> str:
    return "&".join(_parameter(each) for each in text.split("&"))


def _parameter(text: str) -> str:
    name, sign, _ = text.partition("=")
    return text if name in _PLAIN_PARAMETERS or not sign else f"{name}={HIDDEN}"
