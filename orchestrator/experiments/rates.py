"""One conversion rate, and two compared.

Test, absolute and relative interval belong to one family, the *score* methods, which take the variance under the
hypothesis looked at. For "no difference" all three then use one and the same statistic, so p < 0.05, "the absolute
interval excludes 0" and "the relative interval excludes 0" are one statement: a report cannot contradict itself, as it
can with Newcombe's or Wald's interval for the difference beside Katz's for the ratio. They also hold with few or no
conversions, where those do not.

Sources: Wilson (1927), JASA 22; Mee (1984), Biometrics 40, and Farrington & Manning (1990), Statistics in Medicine 9
(difference); Koopman (1984), Biometrics 40 (ratio); compared in Fagerland, Lydersen & Laake (2015), Stat. Methods Med.
Res. 24.
"""

from dataclasses import dataclass
from math import acos, copysign, cos, erfc, inf, pi, sqrt

from orchestrator.experiments.interval import Interval, crossing, normal_critical

_HIGHEST_RATIO = 1e9  # a ratio that may be higher has no upper bound worth printing


@dataclass(frozen=True, slots=True)
class Count:
    """``converted`` of ``customers``."""

    customers: int
    converted: int

    @property
    def rate(self) -> float:
        """The share that converted; there must be customers."""
        return self.converted / self.customers


def wilson_interval(count: Count, critical: float | None = None) -> Interval | None:
    """Wilson's score interval of a rate; None without customers."""
    if count.customers == 0:
        return None
    z = normal_critical() if critical is None else critical
    n, rate = count.customers, count.rate
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # At the ends of the scale the formula gives 0 and 1 but for rounding.
    low = 0.0 if count.converted == 0 else max(0.0, centre - half)
    high = 1.0 if count.converted == n else min(1.0, centre + half)
    return Interval(low, high)


def two_rates_p(treatment: Count, control: Count) -> float:
    """The two-sided p-value of "both rates are the same": two-proportion z test, pooled variance."""
    return erfc(abs(_difference_score(treatment, control, 0.0)) / sqrt(2))


def difference_interval(treatment: Count, control: Count, critical: float | None = None) -> Interval:
    """Mee's score interval for treatment rate minus control rate. Both arms need customers.

    ``critical``: how many standard errors to go; that of 95 % confidence when not given.
    """
    z = normal_critical() if critical is None else critical
    observed = treatment.rate - control.rate
    return Interval(
        crossing(lambda delta: _difference_score(treatment, control, delta) - z, observed, -1.0),
        crossing(lambda delta: -_difference_score(treatment, control, delta) - z, observed, 1.0),
    )


def relative_interval(treatment: Count, control: Count, critical: float | None = None) -> Interval | None:
    """Koopman's score interval for the relative uplift, treatment rate / control rate - 1. Both arms need customers.

    None when nobody converted in either arm; no upper bound when the control rate may be 0.
    """
    if treatment.converted == 0 and control.converted == 0:
        return None
    z = normal_critical() if critical is None else critical
    observed = treatment.rate / control.rate if control.converted else _HIGHEST_RATIO

    def too_low(ratio: float) -> float:
        return _ratio_score(treatment, control, ratio) - z

    def too_high(ratio: float) -> float:
        return -_ratio_score(treatment, control, ratio) - z

    low = crossing(too_low, observed, 0.0) if treatment.converted else 0.0
    outside = max(observed, 1.0)
    while outside < _HIGHEST_RATIO and too_high(outside) <= 0:
        outside *= 2
    high = crossing(too_high, observed, outside) if control.converted and outside < _HIGHEST_RATIO else None
    return Interval(low, high).shifted(-1.0)


def _difference_score(treatment: Count, control: Count, delta: float) -> float:
    """How many standard errors the observed difference lies above ``delta``, were ``delta`` true."""
    rate_t, rate_c = _rates_with_difference(treatment, control, delta)
    variance = _variance(rate_t, treatment) + _variance(rate_c, control)
    return _in_errors(treatment.rate - control.rate - delta, variance)


def _ratio_score(treatment: Count, control: Count, ratio: float) -> float:
    """How many standard errors treatment rate - ``ratio`` x control rate lies above 0, were ``ratio`` true."""
    # The likeliest control rate if the ratio is true solves a quadratic (Koopman 1984); written so as not to cancel.
    a = (treatment.customers + control.customers) * ratio
    b = ratio * (treatment.customers + control.converted) + treatment.converted + control.customers
    c = treatment.converted + control.converted
    rate_c = 2 * c / (b + sqrt(max(0.0, b * b - 4 * a * c)))
    variance = _variance(min(1.0, ratio * rate_c), treatment) + ratio * ratio * _variance(rate_c, control)
    return _in_errors(treatment.rate - ratio * control.rate, variance)


def _rates_with_difference(treatment: Count, control: Count, delta: float) -> tuple[float, float]:
    """The likeliest rates that differ by ``delta``: a cubic in closed form (Farrington & Manning 1990, appendix)."""
    if delta == 0:
        pooled = (treatment.converted + control.converted) / (treatment.customers + control.customers)
        return pooled, pooled
    theta = control.customers / treatment.customers
    a = 1 + theta
    b = -(1 + theta + treatment.rate + theta * control.rate + delta * (theta + 2))
    c = delta * delta + delta * (2 * treatment.rate + theta + 1) + treatment.rate + theta * control.rate
    d = -treatment.rate * delta * (1 + delta)
    v = (b / (3 * a)) ** 3 - b * c / (6 * a * a) + d / (2 * a)
    u = copysign(sqrt(max(0.0, (b / (3 * a)) ** 2 - c / (3 * a))), v)
    angle = (pi + acos(max(-1.0, min(1.0, v / u**3 if u else 0.0)))) / 3
    rate_t = 2 * u * cos(angle) - b / (3 * a)
    rate_t = max(0.0, delta, min(1.0, 1.0 + delta, rate_t))
    return rate_t, max(0.0, min(1.0, rate_t - delta))


def _variance(rate: float, count: Count) -> float:
    return rate * (1 - rate) / count.customers


def _in_errors(distance: float, variance: float) -> float:
    if variance > 0:
        return distance / sqrt(variance)
    return 0.0 if distance == 0 else copysign(inf, distance)
