"""Sends messages to other systems, and nothing of what they answer goes further than its status.

The name is resolved once, each address it leads to is looked at, and one of these is called: a name that leads
elsewhere a moment later changes nothing. Redirections are not followed, proxies of the environment not used, and an
answer is bounded in time and size.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx

from orchestrator.api.outgoing_hosts import VARIABLE, Target, forbidden_among, read_hosts, target_of
from orchestrator.api.problems import BadRequest
from orchestrator.settings import Settings

TIMEOUT_S = 10.0  # of a message with its answer
MAX_ANSWER_BYTES = 4 * 1024  # more is not read
MOST_ADDRESSES = 3  # of a host, that are tried one after the other

Resolve = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message. ``status`` None: there was no answer. ``detail``: words, none the answer's."""

    is_delivered: bool
    status: int | None
    detail: str


async def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a host, as this machine knows them.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Outgoing:
    """One for each API process."""

    def __init__(self, settings: Settings, resolve: Resolve = resolve, timeout_s: float = TIMEOUT_S) -> None:
        """Raises:
        ConfigurationError: a host of the setting is not written as one.
        """
        self._hosts = read_hosts(settings.outgoing_hosts)
        self._resolve = resolve
        self._timeout_s = timeout_s
        self._trusted: ssl.SSLContext | None = None

    def check(self, url: str) -> Target:
        """Where a message to ``url`` would go.

        Raises:
            BadRequest: it may not go there, as far as the name tells.
        """
        return target_of(url, self._hosts)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Sends ``body``, which is JSON; an answer of 2xx says that it has arrived."""
        try:
            target = self.check(url)  # the setting may have changed since the address was written
        except BadRequest as error:
            return Delivery(is_delivered=False, status=None, detail=str(error))
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._deliver(target, headers, body)
        except TimeoutError:
            return _undelivered(f"{target.host} did not answer within {self._timeout_s:g} s")
        except OSError as error:
            return _undelivered(f"{target.host} cannot be found: {error.strerror or type(error).__name__}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _undelivered(f"{target.host} cannot be reached: {type(error).__name__}")

    async def _deliver(self, target: Target, headers: Mapping[str, str], body: bytes) -> Delivery:
        addresses = await self._resolve(target.host, target.port)
        if not target.is_private and forbidden_among(addresses):
            return _undelivered(
                f"{target.host} leads to an address that is not of the open Internet; {VARIABLE} allows that only "
                "where the host is marked +private"
            )
        *others, last = addresses[:MOST_ADDRESSES]
        for address in others:
            try:
                return await self._call(target, address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._call(target, last, headers, body)

    async def _call(self, target: Target, address: str, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Asks this one address, under the host's name: that is whose certificate it must have."""
        request_headers = {
            **headers,
            "Host": target.url.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "omnichannel-journey-orchestrator",
        }
        async with (
            httpx.AsyncClient(
                verify=self._trust(), trust_env=False, follow_redirects=False, timeout=self._timeout_s
            ) as client,
            client.stream(
                "POST",
                target.url.copy_with(host=address),
                headers=request_headers,
                content=body,
                extensions={"sni_hostname": target.host},
            ) as answer,
        ):
            read = 0
            async for part in answer.aiter_raw():
                read += len(part)
                if read > MAX_ANSWER_BYTES:
                    break
        return _told(target.host, answer.status_code)

    def _trust(self) -> ssl.SSLContext:
        """The authorities that this machine trusts, a company's own among them."""
        if self._trusted is None:
            self._trusted = ssl.create_default_context()
        return self._trusted


def _told(host: str, status: int) -> Delivery:
    if 200 <= status < 300:
        return Delivery(is_delivered=True, status=status, detail=f"{host} has answered {status}")
    redirects = ", a redirection, which is not followed" if 300 <= status < 400 else ""
    return Delivery(is_delivered=False, status=status, detail=f"{host} has answered {status}{redirects}")


def _undelivered(detail: str) -> Delivery:
    return Delivery(is_delivered=False, status=None, detail=detail)
