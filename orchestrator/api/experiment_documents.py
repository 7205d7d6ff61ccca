"""What the API says of experiments: treatment against holdout, and the arms of a journey's experiment steps."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field


class BaselineDocument(BaseModel):
    """How many did it within the goal's window after the entry, against as long a time before it, with a 95 % interval.

    Of those alone whose window is over. A weaker comparison than with a holdout: whatever else changed meanwhile is in
    it, and so is whatever brought these customers just then.
    """

    customers: int
    rate_before: float
    rate_after: float
    absolute: float
    absolute_low: float | None
    absolute_high: float | None


class ArmDocument(BaseModel):
    """An arm over the journey's whole life; the interval is Wilson's, 95 %. ``conversions`` are distinct customers."""

    customers: int
    conversions: int
    conversion_rate: float | None
    conversion_rate_low: float | None
    conversion_rate_high: float | None
    revenue: float
    revenue_per_customer: float | None
    baseline: BaselineDocument | None = Field(
        description="Null: the goal has no `compare_before`, or has a `where`, or nobody's window is over."
    )


class EffectDocument(BaseModel):
    """Treatment minus holdout, with 95 % intervals: for one planned look, and (anytime) for looking every day."""

    absolute: float
    absolute_low: float | None
    absolute_high: float | None
    absolute_anytime_low: float | None
    absolute_anytime_high: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    relative_anytime_low: float | None
    relative_anytime_high: float | None
    p_value: float


class IncrementalDocument(BaseModel):
    """What the journey brought beyond what the holdout suggests; roi = (incremental revenue - cost) / cost."""

    conversions: float
    conversions_low: float | None
    conversions_high: float | None
    revenue: float | None
    revenue_low: float | None
    revenue_high: float | None
    cost: float
    roi: float | None


class SampleRatioDocument(BaseModel):
    """Whether the arms are as large as the assignment makes them; suspect arms make the comparison worthless."""

    expected_treatment_share: float
    actual_treatment_share: float
    p_value: float
    is_suspect: bool


class AdjustedDocument(BaseModel):
    """Treatment minus holdout with the customers' past taken out, over those whose past was kept: for one planned look.

    The difference is that of ``conversion.absolute``, seen more clearly. ``theta``: how much more often a customer
    converts for each of the goal's events before the entry. ``variance_left``: of the variance without adjustment, as a
    share.
    """

    customers: int
    absolute: float
    absolute_low: float | None
    absolute_high: float | None
    p_value: float
    theta: float
    variance_left: float


class ComparisonDocument(BaseModel):
    """Treatment against holdout over the journey's whole life: a conversion belongs to its entry, whenever it came."""

    first_day: date
    last_day: date
    confidence: float
    treatment: ArmDocument
    holdout: ArmDocument | None
    conversion: EffectDocument | None
    adjusted: AdjustedDocument | None = Field(
        description="Null: the goal has no `compare_before`, or there is too little of a past so far."
    )
    revenue_per_customer: EffectDocument | None
    incremental: IncrementalDocument | None
    sample_ratio: SampleRatioDocument | None
    minimum_detectable_uplift: float | None
    customers_still_needed: int | None
    days_still_needed: int | None = Field(
        description="Until so many have come, at the mean pace from the first to the last day; null: it cannot be said."
    )
    settled_on: date | None = Field(
        description="Of a stopped or archived journey: from this day on no conversion counts any more, since the "
        "goal's window is over for whoever entered last. Null: customers may enter."
    )
    finding: Literal["better", "worse", "no_difference_yet", "not_enough_data", "sample_ratio_mismatch", "no_holdout"]
    verdict: str
    notes: list[str]


class ExperimentArmDocument(BaseModel):
    """One way that an experiment tries: its share of the customers who arrive from now on, in percent.

    ``best``: the probability that it is the best, by the customers whose result is known; null: nothing decided yet.
    """

    name: str
    share: float
    best: float | None
    customers: int
    converted: int


class ExperimentDocument(BaseModel):
    """What an experiment step has learnt. ``epoch`` counts the decisions; 0: none yet, the arms share equally."""

    step: str
    epoch: int
    is_final: bool
    decided_at: datetime | None
    arms: list[ExperimentArmDocument]


class ExperimentList(BaseModel):
    """The experiment steps of a journey's current version."""

    items: list[ExperimentDocument]
