"""What became of one attempt to send: a transport says it, and ``decision.py`` makes of it what is to follow."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has taken the message."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not go out, and trying again would not help; it surely was not sent."""

    outcome: Literal["bounced", "failed"]
    reason: str
    is_permanent: bool = False  # of a bounce: the address will never work


@dataclass(frozen=True, slots=True)
class Later:
    """It was not taken now and may be later; it surely was not sent. ``after_ms``: the pause the provider asks for."""

    reason: str
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell whether it was taken: the connection ended, or no answer came, after the message was given."""

    reason: str


Result = Sent | Refused | Later | Unknown
