"""Treatment against holdout, as the API tells it. The arithmetic is in ``experiments``. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from orchestrator.api.experiment_documents import (
    AdjustedDocument,
    ArmDocument,
    BaselineDocument,
    ComparisonDocument,
    EffectDocument,
    IncrementalDocument,
    SampleRatioDocument,
)
from orchestrator.experiments.before_after import BeforeAfter, change_of
from orchestrator.experiments.comparison import (
    FEWEST_CONVERSIONS,
    FEWEST_CUSTOMERS,
    ArmResult,
    ArmSummary,
    Comparison,
    Effect,
    Gain,
    compare,
)
from orchestrator.experiments.cuped import NOBODY, Adjusted
from orchestrator.experiments.interval import ALPHA, Interval
from orchestrator.experiments.sample_ratio import MISTRUST_BELOW
from orchestrator.experiments.sample_size import days_needed
from orchestrator.journeys.state import HOLDOUT, RECENT_TIMES, TREATMENT
from orchestrator.store.reports import Arm

_NO_ARM = ArmSummary(0, 0)
# Every look at the list of journeys asks again, mostly about arms that have not changed since.
_compared = lru_cache(maxsize=2_048)(compare)
_OPEN = Interval(None, None)
_HOLDOUT_CHANGED = (
    "The share of the holdout has changed between versions, so whether the arms have the right sizes cannot be checked."
)
_BY_ASSIGNMENT = "Every customer counts in the arm drawn at the first entry, whether a message was sent or not."
_LOOK_DAILY = "Trust the anytime intervals when you look more than once; the others and p hold for one planned look."
_BASELINE_IS_WEAK = (
    "After against before is weaker than a holdout: season, prices and whatever brought these customers just then are "
    "in it as well. It is of those whose window is over; how the holdout changed shows what comes by itself."
)
_NO_PAST_YET = (
    f"The past is not taken out of the difference yet: that takes {FEWEST_CUSTOMERS} customers in each arm whose past "
    f"was kept, {FEWEST_CONVERSIONS} conversions of theirs, and pasts that differ."
)


def comparison_of(
    arms: Sequence[Arm],
    holdout_percents: Collection[float],
    first_day: date,
    last_day: date,
    *,
    compares_before: bool = False,
    settled_on: date | None = None,
    baselines: Mapping[str, BeforeAfter] = MappingProxyType({}),
) -> ComparisonDocument | None:
    """The comparison of a journey's arms; None while nobody has entered.

    ``holdout_percents``: the different shares of the holdout over the journey's versions. ``compares_before``: whether
    the journey asks to take the past out of the comparison. ``settled_on``: from when on nothing changes any more,
    where nobody enters. ``baselines``: before and after, by arm.
    """
    by_name: Mapping[str, Arm] = {arm.arm: arm for arm in arms}
    treatment, holdout = (_summary(by_name.get(name), compares_before) for name in (TREATMENT, HOLDOUT))
    customers = treatment.customers + holdout.customers
    if customers == 0:
        return None
    planned = 1 - max(holdout_percents, default=0.0) / 100
    is_steady = len(set(holdout_percents)) == 1
    observed = treatment.customers / customers
    if is_steady and 0 < planned < 1:
        expected = planned
    elif 0 < observed < 1:
        expected = observed  # nothing to check against: the arms are taken as they are
    else:
        return _without_holdout(treatment, (first_day, last_day), settled_on, baselines)
    result = _compared(treatment, holdout, expected)
    notes = [_BY_ASSIGNMENT, _LOOK_DAILY]
    if compares_before:
        notes.append(_NO_PAST_YET if result.adjusted is None else _what_adjusted_is(result.adjusted))
    if not is_steady:
        notes.append(_HOLDOUT_CHANGED)
    if any(counts.customers for counts in baselines.values()):
        notes.append(_BASELINE_IS_WEAK)
    return _document(result, by_name, expected, is_steady, (first_day, last_day), settled_on, notes, baselines)


def _baseline(counts: BeforeAfter | None) -> BaselineDocument | None:
    change = None if counts is None else change_of(counts)
    if change is None:
        return None
    return BaselineDocument(
        customers=change.customers,
        rate_before=change.rate_before,
        rate_after=change.rate_after,
        absolute=change.absolute,
        absolute_low=change.interval.low,
        absolute_high=change.interval.high,
    )


def _document(
    result: Comparison,
    arms: Mapping[str, Arm],
    expected: float,
    is_steady: bool,
    span: tuple[date, date],
    settled_on: date | None,
    notes: list[str],
    baselines: Mapping[str, BeforeAfter],
) -> ComparisonDocument:
    customers = result.treatment.customers + result.control.customers
    days = (span[1] - span[0]).days + 1
    ratio = SampleRatioDocument(
        expected_treatment_share=expected,
        actual_treatment_share=result.treatment.customers / customers,
        p_value=result.sample_ratio_p,
        is_suspect=result.sample_ratio_p < MISTRUST_BELOW,
    )
    return ComparisonDocument(
        first_day=span[0],
        last_day=span[1],
        confidence=1 - ALPHA,
        treatment=_arm(result.treatment, baselines.get(TREATMENT)),
        holdout=_arm(result.control, baselines.get(HOLDOUT)),
        conversion=_effect(result.conversion),
        adjusted=_adjusted(result.adjusted),
        revenue_per_customer=_effect(result.value),
        incremental=_incremental(result.incremental_conversions, result.incremental_value, _cost(arms)),
        sample_ratio=ratio if is_steady else None,
        minimum_detectable_uplift=result.minimum_detectable_uplift,
        customers_still_needed=result.customers_still_needed,
        days_still_needed=days_needed(result.customers_still_needed, customers / days) if settled_on is None else None,
        settled_on=settled_on,
        finding=result.finding,
        verdict=result.verdict,
        notes=notes,
    )


def _without_holdout(
    treatment: ArmSummary, span: tuple[date, date], settled_on: date | None, baselines: Mapping[str, BeforeAfter]
) -> ComparisonDocument:
    alone = _arm(compare(treatment, _NO_ARM, 0.5).treatment, baselines.get(TREATMENT))
    return ComparisonDocument(
        first_day=span[0],
        last_day=span[1],
        confidence=1 - ALPHA,
        treatment=alone,
        holdout=None,
        conversion=None,
        adjusted=None,
        revenue_per_customer=None,
        incremental=None,
        sample_ratio=None,
        minimum_detectable_uplift=None,
        customers_still_needed=None,
        days_still_needed=None,
        settled_on=settled_on,
        finding="no_holdout",
        verdict="Everybody gets the messages, so what they bring cannot be told; give the journey a holdout.",
        notes=[] if alone.baseline is None else [_BASELINE_IS_WEAK],
    )


def _summary(arm: Arm | None, compares_before: bool) -> ArmSummary:
    if arm is None:
        return _NO_ARM
    past = arm.past if compares_before else NOBODY
    return ArmSummary(arm.customers, arm.converted, arm.value, arm.value_squares, past)


def _cost(arms: Mapping[str, Arm]) -> float:
    return sum(arm.cost for arm in arms.values())


def _arm(arm: ArmResult, baseline: BeforeAfter | None) -> ArmDocument:
    interval = arm.rate_interval or _OPEN
    return ArmDocument(
        customers=arm.customers,
        conversions=arm.converted,
        conversion_rate=arm.rate,
        conversion_rate_low=interval.low,
        conversion_rate_high=interval.high,
        revenue=arm.value,
        revenue_per_customer=arm.value_per_customer,
        baseline=_baseline(baseline),
    )


def _effect(effect: Effect | None) -> EffectDocument | None:
    if effect is None:
        return None
    relative, relative_anytime = effect.relative_interval or _OPEN, effect.relative_anytime or _OPEN
    return EffectDocument(
        absolute=effect.absolute,
        absolute_low=effect.absolute_interval.low,
        absolute_high=effect.absolute_interval.high,
        absolute_anytime_low=effect.absolute_anytime.low,
        absolute_anytime_high=effect.absolute_anytime.high,
        relative=effect.relative,
        relative_low=relative.low,
        relative_high=relative.high,
        relative_anytime_low=relative_anytime.low,
        relative_anytime_high=relative_anytime.high,
        p_value=effect.p_value,
    )


def _adjusted(adjusted: Adjusted | None) -> AdjustedDocument | None:
    if adjusted is None:
        return None
    return AdjustedDocument(
        customers=adjusted.customers,
        absolute=adjusted.difference,
        absolute_low=adjusted.interval.low,
        absolute_high=adjusted.interval.high,
        p_value=adjusted.p_value,
        theta=adjusted.theta,
        variance_left=adjusted.variance_left,
    )


def _what_adjusted_is(adjusted: Adjusted) -> str:
    return (
        "The difference with the past taken out (adjusted) allows for how many of the goal's events each of "
        f"{adjusted.customers:,} customers brought before entering, counted up to {RECENT_TIMES}; that leaves "
        f"{adjusted.variance_left:.0%} of the variance. It holds for one planned look: it has no anytime interval."
    )


def _incremental(conversions: Gain | None, revenue: Gain | None, cost: float) -> IncrementalDocument | None:
    if conversions is None:
        return None
    return IncrementalDocument(
        conversions=conversions.amount,
        conversions_low=conversions.interval.low,
        conversions_high=conversions.interval.high,
        revenue=None if revenue is None else revenue.amount,
        revenue_low=None if revenue is None else revenue.interval.low,
        revenue_high=None if revenue is None else revenue.interval.high,
        cost=cost,
        roi=None if revenue is None or cost == 0 else (revenue.amount - cost) / cost,
    )
