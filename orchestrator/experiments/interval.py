"""An interval, its quantiles, and the search for its ends."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite
from statistics import NormalDist

ALPHA = 0.05  # every interval here has 95 % confidence, every test a 5 % level

_STEPS = 200  # more than halving alone takes, whatever the function
_FINEST = 2.0**-52  # of a double, relative to it


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
    """Where ``function`` turns positive on the way from ``inside`` (not positive) to ``outside`` (positive).

    Chandrupatla's method (1997, Advances in Engineering Software 28(3)): an inverse parabola through the last three
    points where they lie so that it can be trusted, else a halving. Some ten steps instead of the sixty of halving
    alone, which matters where a page shows a hundred comparisons. The function is not asked at the two ends.
    """
    at, value = inside, -inf
    other, of_other = outside, inf
    before, of_before = outside, inf
    share = 0.5
    for _ in range(_STEPS):
        between = at + share * (other - at)
        if between in (at, other):
            break
        found = function(between)
        if (found > 0) == (value > 0):
            before, of_before = at, value
        else:
            before, of_before = other, of_other
            other, of_other = at, value
        at, value = between, found
        width = abs(other - at)
        finest = _FINEST * max(abs(at), abs(other))
        if value == 0 or width <= 2 * finest:
            break
        share = _next_share((at, value), (other, of_other), (before, of_before))
        share = min(1 - finest / width, max(finest / width, share))
    return other if value > 0 else at


def _next_share(at: tuple[float, float], other: tuple[float, float], before: tuple[float, float]) -> float:
    """How far to go from ``at`` towards ``other``, which are on two sides; each is (where, what the function is)."""
    (x1, f1), (x2, f2), (x3, f3) = at, other, before
    if not (isfinite(f1) and isfinite(f2) and isfinite(f3)) or x3 == x2 or f3 in (f1, f2):
        return 0.5
    xi, phi = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)
    if phi * phi >= xi or (1 - phi) * (1 - phi) >= 1 - xi:
        return 0.5
    return f1 / (f2 - f1) * f3 / (f2 - f3) + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
