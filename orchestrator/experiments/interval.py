"""An interval, its quantiles, and the search for its ends."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

ALPHA = 0.05  # every interval here has 95 % confidence, every test a 5 % level

_STEPS = 60  # halvings: about as fine as a double


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``; None where there is no bound."""

    low: float | None
    high: float | None

    def excludes(self, value: float) -> bool:
        """Whether ``value`` lies outside."""
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)

    def scaled(self, factor: float) -> "Interval":
        """Both ends times ``factor``, which must not be negative."""
        return Interval(
            None if self.low is None else self.low * factor, None if self.high is None else self.high * factor
        )

    def shifted(self, by: float) -> "Interval":
        """Both ends plus ``by``."""
        return Interval(None if self.low is None else self.low + by, None if self.high is None else self.high + by)


def normal_critical(alpha: float = ALPHA) -> float:
    """The value a standard normal variable exceeds, either way, with probability ``alpha``."""
    return NormalDist().inv_cdf(1 - alpha / 2)


def crossing(function: Callable[[float], float], inside: float, outside: float) -> float:
    """Where ``function`` turns positive on the way from ``inside`` (not positive) to ``outside`` (positive)."""
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        if function(middle) > 0:
            outside = middle
        else:
            inside = middle
    return inside
