"""A treatment compared with its control: what the journey brought, and how sure that is.

Analyse by assignment: every customer assigned to an arm counts, sent to or not, or the comparison is biased.
"""

from dataclasses import dataclass
from typing import Literal

from orchestrator.experiments.anytime import anytime_critical
from orchestrator.experiments.cuped import NOBODY, Adjusted, Paired, adjust
from orchestrator.experiments.interval import Interval
from orchestrator.experiments.means import (
    Mean,
    mean_difference_interval,
    mean_of,
    mean_relative_interval,
    welch_critical,
    welch_p,
)
from orchestrator.experiments.rates import Count, difference_interval, relative_interval, two_rates_p, wilson_interval
from orchestrator.experiments.sample_ratio import MISTRUST_BELOW, sample_ratio_p
from orchestrator.experiments.sample_size import customers_needed, minimum_detectable_uplift

FEWEST_CUSTOMERS = 100  # in each arm, before anything is said: the intervals are asymptotic
FEWEST_CONVERSIONS = 10  # in both arms together
PLANNED_UPLIFT = 0.20  # the effect a journey is expected to show (SC-001), for "customers still needed"

Finding = Literal["better", "worse", "no_difference_yet", "not_enough_data", "sample_ratio_mismatch"]


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """One arm: customers assigned, how many converted, and their value.

    ``value`` is the sum over customers, ``value_squares`` the sum of the squares of each customer's total value, in
    the journey's currency. ``past`` has the sums over those customers whose past is known (y: 1 if converted, else 0).

    Raises:
        ValueError: the numbers cannot be true (a count below 0, or more conversions than customers).
    """

    customers: int
    converted: int
    value: float = 0.0
    value_squares: float = 0.0
    past: Paired = NOBODY

    def __post_init__(self) -> None:
        if not 0 <= self.converted <= self.customers or self.value_squares < 0:
            raise ValueError(f"an arm of {self.customers} customers cannot have {self.converted} conversions ({self})")


@dataclass(frozen=True, slots=True)
class ArmResult:
    """An arm's conversion rate with its Wilson interval, and value per customer; None without customers."""

    customers: int
    converted: int
    rate: float | None
    rate_interval: Interval | None
    value: float
    value_per_customer: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """Treatment against control. Intervals have 95 % confidence; ``…_anytime`` hold however often one looks.

    ``relative`` is the uplift as a share of control (0.2: +20 %); None when control is 0. ``p_value`` is that of a
    single look at a planned time.
    """

    absolute: float
    absolute_interval: Interval
    absolute_anytime: Interval
    relative: float | None
    relative_interval: Interval | None
    relative_anytime: Interval | None
    p_value: float


@dataclass(frozen=True, slots=True)
class Gain:
    """What the treated customers brought beyond what control suggests they would have, with its intervals."""

    amount: float
    interval: Interval
    anytime: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that a report says of two arms. Parts that the data cannot support are None.

    ``adjusted`` is the absolute difference of ``conversion`` over customers whose past is known, with it taken out.
    ``minimum_detectable_uplift`` is the relative uplift that so many customers show with 80 % power.
    ``customers_needed`` (both arms together) is how many it takes for the planned uplift; ``customers_still_needed``
    how many of them are missing, 0 once a difference has been shown. ``finding`` and ``verdict`` go by the
    anytime-valid interval.
    """

    treatment: ArmResult
    control: ArmResult
    conversion: Effect | None
    adjusted: Adjusted | None
    value: Effect | None
    incremental_conversions: Gain | None
    incremental_value: Gain | None
    sample_ratio_p: float
    minimum_detectable_uplift: float | None
    customers_needed: int | None
    customers_still_needed: int | None
    finding: Finding
    verdict: str


def compare(
    treatment: ArmSummary, control: ArmSummary, expected_share: float, planned_uplift: float = PLANNED_UPLIFT
) -> Comparison:
    """Compare two arms.

    Args:
        treatment: the customers who got the journey.
        control: the holdout.
        expected_share: the share of both arms that the assignment gives to treatment, between 0 and 1.
        planned_uplift: the relative uplift for which ``customers_needed`` is computed.

    Raises:
        ValueError: ``expected_share`` is not between 0 and 1.
    """
    if not 0 < expected_share < 1:
        raise ValueError(f"the expected share of treatment must lie between 0 and 1, not at {expected_share}")
    conversion = _conversion_effect(treatment, control)
    value = _value_effect(treatment, control)
    ratio_p = sample_ratio_p(treatment.customers, control.customers, expected_share)
    control_rate = control.converted / control.customers if control.customers else 0.0
    customers = treatment.customers + control.customers
    needed = customers_needed(control_rate, planned_uplift, expected_share)
    finding = _finding(treatment, control, conversion, ratio_p)
    return Comparison(
        treatment=_arm(treatment),
        control=_arm(control),
        conversion=conversion,
        adjusted=_adjusted(treatment.past, control.past),
        value=value,
        incremental_conversions=_gain(conversion, treatment.customers),
        incremental_value=_gain(value, treatment.customers),
        sample_ratio_p=ratio_p,
        minimum_detectable_uplift=minimum_detectable_uplift(control_rate, customers, expected_share),
        customers_needed=needed,
        customers_still_needed=0
        if finding in ("better", "worse")
        else None
        if needed is None
        else max(0, needed - customers),
        finding=finding,
        verdict=_sentence(finding, treatment, control, conversion),
    )


def _arm(arm: ArmSummary) -> ArmResult:
    has_any = arm.customers > 0
    return ArmResult(
        customers=arm.customers,
        converted=arm.converted,
        rate=arm.converted / arm.customers if has_any else None,
        rate_interval=wilson_interval(Count(arm.customers, arm.converted)),
        value=arm.value,
        value_per_customer=arm.value / arm.customers if has_any else None,
    )


def _conversion_effect(treatment: ArmSummary, control: ArmSummary) -> Effect | None:
    if treatment.customers == 0 or control.customers == 0:
        return None
    t, c = Count(treatment.customers, treatment.converted), Count(control.customers, control.converted)
    anytime = anytime_critical(t.customers + c.customers)
    return Effect(
        absolute=t.rate - c.rate,
        absolute_interval=difference_interval(t, c),
        absolute_anytime=difference_interval(t, c, anytime),
        relative=t.rate / c.rate - 1 if c.converted else None,
        relative_interval=relative_interval(t, c),
        relative_anytime=relative_interval(t, c, anytime),
        p_value=two_rates_p(t, c),
    )


def _adjusted(treatment: Paired, control: Paired) -> Adjusted | None:
    """None before there are so many that the normal approximation holds for a rate: its interval knows no caution."""
    too_few = min(treatment.customers, control.customers) < FEWEST_CUSTOMERS
    return None if too_few or treatment.y + control.y < FEWEST_CONVERSIONS else adjust(treatment, control)


def _value_effect(treatment: ArmSummary, control: ArmSummary) -> Effect | None:
    t: Mean | None = mean_of(treatment.customers, treatment.value, treatment.value_squares)
    c: Mean | None = mean_of(control.customers, control.value, control.value_squares)
    if t is None or c is None:
        return None
    once, anytime = welch_critical(t, c), anytime_critical(t.customers + c.customers)
    return Effect(
        absolute=t.mean - c.mean,
        absolute_interval=mean_difference_interval(t, c, once),
        absolute_anytime=mean_difference_interval(t, c, anytime),
        relative=t.mean / c.mean - 1 if c.mean > 0 else None,
        relative_interval=mean_relative_interval(t, c, once),
        relative_anytime=mean_relative_interval(t, c, anytime),
        p_value=welch_p(t, c),
    )


def _gain(effect: Effect | None, treated: int) -> Gain | None:
    if effect is None:
        return None
    return Gain(
        effect.absolute * treated, effect.absolute_interval.scaled(treated), effect.absolute_anytime.scaled(treated)
    )


def _finding(treatment: ArmSummary, control: ArmSummary, conversion: Effect | None, ratio_p: float) -> Finding:
    """One word, by the anytime-valid interval: a report is looked at every day."""
    if ratio_p < MISTRUST_BELOW:
        return "sample_ratio_mismatch"
    too_few = min(treatment.customers, control.customers) < FEWEST_CUSTOMERS
    if conversion is None or too_few or treatment.converted + control.converted < FEWEST_CONVERSIONS:
        return "not_enough_data"
    if not conversion.absolute_anytime.excludes(0.0):
        return "no_difference_yet"
    return "better" if conversion.absolute > 0 else "worse"


def _sentence(finding: Finding, treatment: ArmSummary, control: ArmSummary, conversion: Effect | None) -> str:
    """What a manager needs to know. Whoever wants to know by which interval finds it beside the sentence."""
    match finding:
        case "sample_ratio_mismatch":
            return (
                f"Do not trust this comparison: {treatment.customers:,} customers with messages and "
                f"{control.customers:,} without is not the split that was planned."
            )
        case "not_enough_data":
            return (
                f"Not enough data: with messages {treatment.converted:,} of {treatment.customers:,} customers "
                f"reached the goal, without them {control.converted:,} of {control.customers:,}. To tell more, "
                f"it takes {FEWEST_CONVERSIONS} who reach it, and {FEWEST_CUSTOMERS} customers in each group."
            )
        case "no_difference_yet":
            return f"{_rates(treatment, control)} That may be chance: the uplift so far is {_uplift(conversion)}."
        case "better" | "worse":
            return f"{_rates(treatment, control)} That is no chance: the uplift is {_uplift(conversion)}."


def _rates(treatment: ArmSummary, control: ArmSummary) -> str:
    treated, held_out = (arm.converted / arm.customers for arm in (treatment, control))
    return f"With messages {treated:.1%} of the customers reached the goal, without them {held_out:.1%}."


def _uplift(conversion: Effect | None) -> str:
    """The uplift in words with its anytime-valid interval: relative where there is one, else in points."""
    if conversion is None:
        return "unknown"
    if conversion.relative is not None and conversion.relative_anytime is not None:
        return f"{conversion.relative * 100:+.1f}% ({_range(conversion.relative_anytime, '%')})"
    return f"{conversion.absolute * 100:+.2f} points ({_range(conversion.absolute_anytime, ' points')})"


def _range(interval: Interval, unit: str) -> str:
    low, high = (None if end is None else f"{end * 100:+.1f}{unit}" for end in (interval.low, interval.high))
    match low, high:
        case None, None:
            return "whatever it may be in truth"
        case None, _:
            return f"in truth {high} or less"
        case _, None:
            return f"in truth {low} or more"
        case _:
            return f"in truth between {low} and {high}"
