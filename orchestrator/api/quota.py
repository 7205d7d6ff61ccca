"""How many requests a caller may make: a moving window a minute long, in each API process of its own.

Somebody who keeps asking takes nothing from the others. Who has no valid credential is not counted: by address alone,
those behind one proxy would shut each other out. Such a request costs one look into an index, and a key of 256 random
bits is not found by trying. What is open to strangers, signing in, is counted by address all the same: it lets the API
ask somebody else.
"""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from orchestrator.errors import RequestError

STRANGERS_PER_MINUTE = 300  # requests to sign in from one address; a whole office may have one


class TooManyRequests(RequestError):
    """The caller has made more requests than are allowed in a minute; wait, then go on."""

    status_hint = 429

    def __init__(self, message: str, retry_after_s: int = 60) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller has left: ``remaining`` of ``limit``, all of it again in ``reset_s`` seconds."""

    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """The same as the headers of an answer."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }


class Quota:
    """Counts the requests of every caller. ``per_minute`` 0: there is no limit."""

    def __init__(self, per_minute: int) -> None:
        self._requests = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def take(self, caller: str) -> Allowance | None:
        """Counts one request of ``caller``; None: nothing is limited.

        Raises:
            TooManyRequests: it is one too many.
        """
        if self._requests is None:
            return None
        is_allowed = self._window.hit(self._requests, "caller", caller)
        left = self._window.get_window_stats(self._requests, "caller", caller)
        allowance = Allowance(self._requests.amount, left.remaining, max(1, ceil(left.reset_time - time())))
        if not is_allowed:
            raise TooManyRequests(
                f"this caller may make {allowance.limit} requests a minute; wait {allowance.reset_s} s",
                allowance.reset_s,
            )
        return allowance


def neighbourhood_of(host: str | None) -> str:
    """Who counts as one among strangers: an address; of IPv6 its network, for a household has all of that."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return "unknown"
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
