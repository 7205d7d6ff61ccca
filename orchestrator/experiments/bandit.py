"""How an experiment step shares out customers: by the probability that each arm is the best (Thompson sampling).

Each arm's conversion rate has a Beta(1 + converted, 1 + others) posterior. The probability that an arm is the best is
the integral of its density times the other arms' distribution functions; customers are shared out in proportion to it,
but for a floor that keeps every arm observed. Nothing is drawn: the same counts give the same shares.

Arms must be compared at one age: customers count from a stated time after they came to the arm, converted or not by
then. To count everyone who has converted already would favour the arm whose customers convert early. That is for the
caller to see to (``api/allotment.py``).

An arm may be called the winner at its probability to be the best (``certain_at``), looked at as often as one likes.
That is a decision about where to send the next customers, at which a mistake between nearly equal arms costs nearly
nothing. It is no proof of a difference: two equal arms come to 95 % now and then. What is *reported* of the winner is
therefore the anytime-valid interval of :mod:`orchestrator.experiments.comparison`.

Sources: Thompson (1933), Biometrika 25, 285-294; Scott (2010), Applied Stochastic Models in Business and Industry 26,
639-658, equations 2 and 6 (randomised probability matching).
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

from orchestrator.experiments.rates import Count

_POINTS = 160  # of each arm's density
_REACH = 8.0  # standard deviations to either side of its mean
_HUNDREDTHS = 10_000  # of all customers: shares have two decimals of a percent


@dataclass(frozen=True, slots=True)
class BanditSettings:
    """``floor_percent``: below it no arm falls before the end. ``certain_at``: the probability to be the best that ends
    the experiment, once each arm has ``fewest_customers``.
    """

    floor_percent: float
    certain_at: float = 0.95
    fewest_customers: int = 100


@dataclass(frozen=True, slots=True)
class Allocation:
    """Shares in percent (they add up to 100), and the probability that each arm is the best.

    ``is_final``: one arm has all, for ``reason`` ``horizon`` or ``certain``; else ``reason`` is ``learning``.
    """

    shares: dict[str, float]
    best: dict[str, float]
    is_final: bool
    reason: str


def share_out(arms: Mapping[str, Count], settings: BanditSettings, *, is_horizon_over: bool) -> Allocation:
    """Who of the next customers goes where.

    Raises:
        ValueError: there are fewer than two arms, or the floors leave nothing.
    """
    if len(arms) < 2:
        raise ValueError(f"an experiment has at least two arms, not {len(arms)}")
    if not 0 <= settings.floor_percent * len(arms) <= 100:
        raise ValueError(f"{len(arms)} floors of {settings.floor_percent} % are more than there is")
    best = probabilities_of_best(arms)
    leader = max(best, key=lambda name: best[name])
    are_known = all(arm.customers >= settings.fewest_customers for arm in arms.values())
    if is_horizon_over or (are_known and best[leader] >= settings.certain_at):
        shares = {name: 100.0 if name == leader else 0.0 for name in arms}
        return Allocation(shares, best, is_final=True, reason="horizon" if is_horizon_over else "certain")
    free = 100 - settings.floor_percent * len(arms)
    shares = _rounded({name: settings.floor_percent + free * best[name] for name in arms})
    return Allocation(shares, best, is_final=False, reason="learning")


def probabilities_of_best(arms: Mapping[str, Count]) -> dict[str, float]:
    """The probability that each arm has the highest rate, correct to about 0.001; they add up to 1.

    The densities are summed on one grid that is fine wherever any of them is high.
    """
    posteriors = [_Posterior(arm) for arm in arms.values()]
    grid = sorted({point for posterior in posteriors for point in posterior.points()})
    cumulated = [posterior.cumulated(grid) for posterior in posteriors]
    found = [0.0] * len(posteriors)
    for left in range(len(grid) - 1):
        # Within a cell each distribution function is taken at its middle.
        middles = [(values[left] + values[left + 1]) / 2 for values in cumulated]
        for index, values in enumerate(cumulated):
            mass = values[left + 1] - values[left]
            if mass > 0:
                for other, middle in enumerate(middles):
                    if other != index:
                        mass *= middle
                found[index] += mass
    total = sum(found)
    return {name: value / total for name, value in zip(arms, found, strict=True)}


class _Posterior:
    """Beta(1 + converted, 1 + the others)."""

    def __init__(self, arm: Count) -> None:
        self._a, self._b = 1.0 + arm.converted, 1.0 + arm.customers - arm.converted
        both = self._a + self._b
        mean = self._a / both
        deviation = sqrt(mean * (1 - mean) / (both + 1))
        self._low, self._high = max(0.0, mean - _REACH * deviation), min(1.0, mean + _REACH * deviation)
        self._log_front = lgamma(both) - lgamma(self._a) - lgamma(self._b)

    def points(self) -> list[float]:
        """Where the density is worth looking at."""
        step = (self._high - self._low) / _POINTS
        return [self._low + step * number for number in range(_POINTS)] + [self._high]

    def cumulated(self, grid: Sequence[float]) -> list[float]:
        """The distribution function at each point of the grid, by Simpson's rule over its cells."""
        values = [0.0] * len(grid)
        first, last = bisect_left(grid, self._low), bisect_left(grid, self._high)
        total, before = 0.0, self._density(grid[first])
        for place in range(first + 1, last + 1):
            left, right = grid[place - 1], grid[place]
            here = self._density(right)
            total += (right - left) * (before + 4 * self._density((left + right) / 2) + here) / 6
            values[place], before = total, here
        for place in range(first, len(grid)):
            values[place] = min(1.0, values[place] / total) if place <= last else 1.0
        return values

    def _density(self, rate: float) -> float:
        if rate <= 0 or rate >= 1:
            # At the edge a density of converted = 0 (or = customers) is finite, and any other is 0.
            if (rate <= 0 and self._a == 1) or (rate >= 1 and self._b == 1):
                return exp(self._log_front)
            return 0.0
        return exp(self._log_front + (self._a - 1) * log(rate) + (self._b - 1) * log(1 - rate))


def _rounded(shares: Mapping[str, float]) -> dict[str, float]:
    """Shares in hundredths of a percent that add up to exactly 100: the largest remainders are rounded up."""
    parts = {name: share * _HUNDREDTHS / 100 for name, share in shares.items()}
    whole = {name: int(part + 1e-9) for name, part in parts.items()}
    missing = _HUNDREDTHS - sum(whole.values())
    for name in sorted(parts, key=lambda name: whole[name] - parts[name])[:missing]:
        whole[name] += 1
    return {name: part / 100 for name, part in whole.items()}
