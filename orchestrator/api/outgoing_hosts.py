"""To which addresses of other systems the API may send what somebody has subscribed to. Pure.

Who may write an address could else make the API ask the machines beside it. So only hosts that the installation names
are called, by HTTPS, and only where their name leads to the open Internet; a mark lets off one or the other.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from orchestrator.api.problems import BadRequest
from orchestrator.errors import ConfigurationError

VARIABLE = "ORCHESTRATOR_OUTGOING_HOSTS"
MAX_URL_CHARS = 2_000
_PORTS = {"https": 443, "http": 80}
_ENTRY = re.compile(
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<marks>(?:\+(?:private|http))*)",
    re.IGNORECASE,
)
_URL = re.compile(r"[\x21-\x7e]+")
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A host of the setting. ``port`` None: the usual one. ``is_plain``: also without TLS; ``is_private``: its name may
    lead to addresses that are not of the open Internet.
    """

    host: str
    port: int | None = None
    is_plain: bool = False
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be called, as far as its name tells."""

    url: httpx.URL
    host: str
    port: int
    is_private: bool


def read_hosts(text: str) -> tuple[AllowedHost, ...]:
    """The hosts of ``ORCHESTRATOR_OUTGOING_HOSTS``: ``host[:port][+private][+http]``, separated by commas.

    Raises:
        ConfigurationError: one of them is not written so.
    """
    return tuple(_entry(part.strip()) for part in text.split(",") if part.strip())


def target_of(url: str, hosts: Sequence[AllowedHost]) -> Target:
    """Where a message to ``url`` goes.

    Raises:
        BadRequest: it is no address of the Web, or none that this installation may call; what to do is told.
    """
    if len(url) > MAX_URL_CHARS or not _URL.fullmatch(url):
        raise BadRequest(f"the url is not 1 to {MAX_URL_CHARS} printable ASCII signs without spaces")
    try:
        parsed = httpx.URL(url)
        port = parsed.port or _PORTS.get(parsed.scheme, 0)
    except (httpx.InvalidURL, ValueError) as error:
        raise BadRequest(f"the url cannot be read: {error}") from error
    if parsed.scheme not in _PORTS or not parsed.host:
        raise BadRequest("the url must begin with https:// and a host")
    if parsed.userinfo or parsed.fragment:
        raise BadRequest("the url must have no user, no password and no part behind #")
    host = parsed.raw_host.decode("ascii").lower()
    if not hosts:
        raise BadRequest(
            f"this installation sends nothing to other systems: {VARIABLE} is empty; whoever runs it can name {host} "
            "there"
        )
    named = next((each for each in hosts if each.host == host and port in (each.port or _PORTS[parsed.scheme],)), None)
    if named is None:
        raise BadRequest(
            f"{host}:{port} is not among the hosts in {VARIABLE}; whoever runs the installation can add it"
        )
    if parsed.scheme == "http" and not named.is_plain:
        raise BadRequest(f"the url must begin with https://; {VARIABLE} allows http only where {host} is marked +http")
    return Target(parsed, host, port, named.is_private)


def forbidden_among(addresses: Iterable[str]) -> list[str]:
    """Those of the IP addresses that are not of the open Internet."""
    return [text for text in addresses if not _is_public(ip_address(text.partition("%")[0]))]


def _entry(text: str) -> AllowedHost:
    match = _ENTRY.fullmatch(text)
    if match is None or int(match["port"] or 1) not in range(1, 65_536):
        raise ConfigurationError(
            f"reading {VARIABLE}: {text.rpartition('@')[2][:100]!r} is not written as host, host:port, or either with "
            "+private or +http behind; it has no https:// before it, and there are no wildcards"
        )
    marks = match["marks"].lower()
    return AllowedHost(
        host=match["host"].lower().strip("[]"),
        port=int(match["port"]) if match["port"] else None,
        is_plain="+http" in marks,
        is_private="+private" in marks,
    )


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address, and one that it carries inside, is of the open Internet."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
