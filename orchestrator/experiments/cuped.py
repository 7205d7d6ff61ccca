"""What customers brought before the experiment, used to see more clearly what they bring in it (CUPED).

Each customer's value y in the experiment is reduced by theta (x - mean of x), where x is the same customer's value in a
period before it. x knows nothing of the assignment, so the difference of means stays what it was; its variance falls by
the squared correlation of x and y.

theta = cov(x, y) / var(x), over both arms together (each around its own means, so that an effect does not blur it).

Sources: Deng, Xu, Kohavi & Walker (2013), "Improving the Sensitivity of Online Controlled Experiments by Utilizing
Pre-Experiment Data", WSDM, equations 3 to 5; the pooled theta is the slope of an analysis of covariance.
"""

from dataclasses import dataclass

from orchestrator.experiments.interval import Interval
from orchestrator.experiments.means import Mean, mean_difference_interval, welch_critical, welch_p

_NOTHING = 1e-12  # of the variance: below it x is constant but for rounding


@dataclass(frozen=True, slots=True)
class Paired:
    """Sums over the customers of one arm; x: the value before the experiment, y: in it."""

    customers: int
    x: float
    y: float
    xx: float
    yy: float
    xy: float


NOBODY = Paired(0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Treatment minus control with the past taken out; ``customers`` of both arms were used.

    ``variance_left``: of the variance without adjustment, as a share; 0.6 is worth as much as 1 / 0.6 times as many
    customers. ``p_value`` is that of a single look.
    """

    customers: int
    difference: float
    interval: Interval
    p_value: float
    theta: float
    variance_left: float


def adjust(treatment: Paired, control: Paired) -> Adjusted | None:
    """The adjusted comparison; None where there is no past to take out: too few customers, or x is the same for all."""
    if treatment.customers < 2 or control.customers < 2:
        return None
    sxx = _spread(treatment.customers, treatment.x, treatment.x, treatment.xx) + _spread(
        control.customers, control.x, control.x, control.xx
    )
    if sxx <= _NOTHING * (treatment.xx + control.xx):
        return None
    sxy = _spread(treatment.customers, treatment.x, treatment.y, treatment.xy) + _spread(
        control.customers, control.x, control.y, control.xy
    )
    theta = sxy / sxx
    everyone = treatment.customers + control.customers
    mean_x = (treatment.x + control.x) / everyone
    treated, held_out = _adjusted(treatment, theta, mean_x), _adjusted(control, theta, mean_x)
    plain = _adjusted(treatment, 0.0, mean_x).error_squared + _adjusted(control, 0.0, mean_x).error_squared
    left = treated.error_squared + held_out.error_squared
    return Adjusted(
        customers=everyone,
        difference=treated.mean - held_out.mean,
        interval=mean_difference_interval(treated, held_out, welch_critical(treated, held_out)),
        p_value=welch_p(treated, held_out),
        theta=theta,
        variance_left=left / plain if plain > 0 else 1.0,
    )


def _spread(customers: int, one: float, other: float, products: float) -> float:
    """The sum of products around the means."""
    return products - one * other / customers


def _adjusted(arm: Paired, theta: float, mean_x: float) -> Mean:
    """The mean of y - theta (x - mean_x), with its error."""
    n = arm.customers
    syy, sxy = _spread(n, arm.y, arm.y, arm.yy), _spread(n, arm.x, arm.y, arm.xy)
    sxx = _spread(n, arm.x, arm.x, arm.xx)
    squares = max(0.0, syy - 2 * theta * sxy + theta * theta * sxx)
    return Mean(n, arm.y / n - theta * (arm.x / n - mean_x), squares / (n - 1) / n)
