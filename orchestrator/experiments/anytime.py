"""Intervals that stay valid however often one looks.

A 95 % interval looked at every day until it excludes 0 will do so far more often than 5 % of the time though there is
no effect. A confidence *sequence* covers the truth at all looks together with 95 % probability: stop when you like.

Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), "Time-uniform central limit theory and asymptotic
confidence sequences", Annals of Statistics 52, theorem 2.2; the tuning is that of GrowthBook's documentation. The
interval reaches ``estimate ± standard error x anytime_critical``, so every interval here becomes anytime-valid by using
this critical value instead of the normal one. It is asymptotic: do not read it below a hundred customers an arm.
"""

from math import log, sqrt

from orchestrator.experiments.interval import ALPHA

TUNED_FOR = 5_000  # customers, both arms together, at which the sequence is about as narrow as it can be


def anytime_critical(customers: int, alpha: float = ALPHA, tuned_for: int = TUNED_FOR) -> float:
    """How many standard errors the sequence reaches to either side with ``customers`` in both arms together."""
    tail = -2 * log(alpha)
    rho_squared = (tail + log(tail + 1)) / tuned_for
    grown = customers * rho_squared + 1
    return sqrt(2 * grown / (customers * rho_squared) * log(sqrt(grown) / alpha))
