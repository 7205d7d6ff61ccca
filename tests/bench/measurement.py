"""One measured figure, and what becomes of it beside its target."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

Verdict = Literal["reached", "missed", "no target", "not measured"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """``reached`` None: not measured, and ``note`` says why. ``more_is_better`` False: the target is an upper limit."""

    what: str
    unit: str
    target: float | None
    reached: float | None
    note: str = ""
    more_is_better: bool = True
    details: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times the target was reached: 1 or more is good; for upper limits too."""
        if not self.target or not self.reached:
            return None
        return self.reached / self.target if self.more_is_better else self.target / self.reached

    @property
    def verdict(self) -> Verdict:
        """The outcome in words."""
        if self.reached is None:
            return "not measured"
        if self.target is None:
            return "no target"
        is_good = self.reached >= self.target if self.more_is_better else self.reached <= self.target
        return "reached" if is_good else "missed"


def not_measured(
    what: str, unit: str, target: float | None, reason: str, *, more_is_better: bool = True
) -> Measurement:
    """A target that this run says nothing about."""
    return Measurement(what, unit, target, None, reason, more_is_better)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least ``share`` (0..1) of the values do not exceed.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("a percentile of no values")
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
