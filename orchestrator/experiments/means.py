"""Two means compared, such as revenue per customer, from counts, sums and sums of squares.

The interval for the difference is Welch's; that for the ratio is Fieller's with the same errors and the same critical
value, so that one excludes "no uplift" exactly when the other does.

Sources: Welch (1947), Biometrika 34; Fieller (1954), J. R. Stat. Soc. B 16; Student's t through the incomplete beta
function by its continued fraction (Abramowitz & Stegun 26.5.8 and 26.7.1, evaluated after Lentz 1976).
"""

from dataclasses import dataclass
from math import erfc, exp, inf, lgamma, log, sqrt

from orchestrator.experiments.interval import ALPHA, Interval, crossing, normal_critical

_TINY = 1e-300
_CLOSE = 1e-15
_MAX_TERMS = 10_000
_WIDEST_T = 1e9
_MANY = 500.0  # degrees of freedom from which on an expansion is good to 12 digits, at a hundredth of the time
_NEARLY_NORMAL = 1e7  # degrees of freedom from which on the normal distribution is as good to 7 digits


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a sample and the square of its standard error; ``customers`` is its size, at least 2."""

    customers: int
    mean: float
    error_squared: float


def mean_of(customers: int, total: float, squares: float) -> Mean | None:
    """The mean from the sum and the sum of squares; None for fewer than two customers, which have no variance."""
    if customers < 2:
        return None
    # Rounding can leave a little less than nothing where all values are the same.
    variance = max(0.0, squares - total * total / customers) / (customers - 1)
    return Mean(customers, total / customers, variance / customers)


def welch_freedom(treatment: Mean, control: Mean) -> float:
    """The degrees of freedom of Welch and Satterthwaite; infinite when nothing varies."""
    both = treatment.error_squared + control.error_squared
    parts = treatment.error_squared**2 / (treatment.customers - 1) + control.error_squared**2 / (control.customers - 1)
    return both * both / parts if parts > 0 else inf


def welch_p(treatment: Mean, control: Mean) -> float:
    """The two-sided p-value of "both means are the same" (Welch's t test)."""
    difference = abs(treatment.mean - control.mean)
    error = sqrt(treatment.error_squared + control.error_squared)
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return t_tails(difference / error, welch_freedom(treatment, control))


def welch_critical(treatment: Mean, control: Mean) -> float:
    """How many standard errors Welch's interval reaches to either side."""
    return t_critical(welch_freedom(treatment, control))


def mean_difference_interval(treatment: Mean, control: Mean, critical: float) -> Interval:
    """Treatment mean minus control mean, ``critical`` standard errors to either side."""
    difference = treatment.mean - control.mean
    half = critical * sqrt(treatment.error_squared + control.error_squared)
    return Interval(difference - half, difference + half)


def mean_relative_interval(treatment: Mean, control: Mean, critical: float) -> Interval | None:
    """Fieller's interval for treatment mean / control mean - 1, ``critical`` standard errors wide.

    None when the control mean may be 0 or is negative: the ratio then means nothing.
    """
    squared = critical * critical
    a = control.mean**2 - squared * control.error_squared
    if control.mean <= 0 or a <= 0:
        return None
    b = treatment.mean * control.mean
    c = treatment.mean**2 - squared * treatment.error_squared
    root = sqrt(max(0.0, b * b - a * c))
    return Interval((b - root) / a - 1, (b + root) / a - 1)


def t_tails(t: float, freedom: float) -> float:
    """The probability that Student's t with ``freedom`` degrees of freedom is beyond ``t`` (0 or more) either way."""
    if freedom > _NEARLY_NORMAL:
        return erfc(t / sqrt(2))
    return _incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def t_critical(freedom: float, alpha: float = ALPHA) -> float:
    """The value Student's t exceeds, either way, with probability ``alpha``."""
    if freedom >= _MANY:
        return _t_critical_of_many(freedom, normal_critical(alpha))
    outside = 1.0
    while t_tails(outside, freedom) > alpha and outside < _WIDEST_T:
        outside *= 2
    return crossing(lambda t: alpha - t_tails(t, freedom), 0.0, outside)


def _t_critical_of_many(freedom: float, z: float) -> float:
    """Its expansion around the normal value ``z`` (Abramowitz & Stegun, 26.7.5)."""
    squared = z * z
    terms = (
        z * (squared + 1) / 4,
        z * (squared * (5 * squared + 16) + 3) / 96,
        z * (squared * (squared * (3 * squared + 19) + 17) - 15) / 384,
        z * (squared * (squared * (squared * (79 * squared + 776) + 1_482) - 1_920) - 945) / 92_160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return min(1.0, max(0.0, x))
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x > (a + 1) / (a + b + 2):  # where the fraction converges fast for the other side
        return 1 - front * _beta_fraction(1 - x, b, a) / b
    return front * _beta_fraction(x, a, b) / a


def _beta_fraction(x: float, a: float, b: float) -> float:
    c = 1.0
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MAX_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
