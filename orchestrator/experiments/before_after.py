"""How many did it after the entry, against how many of the same customers did it in as long a time before.

Weaker than a holdout: season, prices, other campaigns and whatever brought the customers just then change from one time
to the other as well, and nothing here tells them from the journey. Where there is a holdout, its own change shows how
much of it comes by itself.

Each customer is compared with themselves, so what counts is who did it in one of the two times only. Source of the
interval: Bonett & Price (2012), "Adjusted Wald confidence interval for a difference of binomial proportions based on
paired data", J. Educational and Behavioral Statistics 37; recommended for its coverage by Fagerland, Lydersen & Laake
(2014), Statistics in Medicine 33.
"""

from dataclasses import dataclass
from math import sqrt

from orchestrator.experiments.interval import Interval, normal_critical


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Of ``customers``, how many did it ``before`` the entry, ``after`` it, and at ``both`` times.

    Raises:
        ValueError: the numbers cannot be true.
    """

    customers: int
    before: int
    after: int
    both: int

    def __post_init__(self) -> None:
        fewest = max(0, self.before + self.after - self.customers)
        if not fewest <= self.both <= min(self.before, self.after) <= self.customers:
            raise ValueError(f"comparing before and after: {self} cannot be true")


@dataclass(frozen=True, slots=True)
class Change:
    """Rates before and after, and after minus before with its 95 % interval."""

    customers: int
    rate_before: float
    rate_after: float
    absolute: float
    interval: Interval


def change_of(counts: BeforeAfter) -> Change | None:
    """The change; None without customers."""
    n = counts.customers
    if n == 0:
        return None
    began, ceased = counts.after - counts.both, counts.before - counts.both
    only_after, only_before = (began + 1) / (n + 2), (ceased + 1) / (n + 2)
    centre = only_after - only_before
    half = normal_critical() * sqrt((only_after + only_before - centre * centre) / (n + 2))
    return Change(
        customers=n,
        rate_before=counts.before / n,
        rate_after=counts.after / n,
        absolute=(began - ceased) / n,
        interval=Interval(max(-1.0, centre - half), min(1.0, centre + half)),
    )
