"""What every figure of a report means: one mapping, which all formats of an export print. Pure.

A figure is called as its column is. Where a table uses a name in a sense of its own, ``table.column`` stands here too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["text", "yes_no", "count", "estimate", "money", "share", "percent", "number", "day", "moment"]
UNITS: Mapping[Kind, str] = MappingProxyType(
    {
        "text": "text",
        "yes_no": "yes or no",
        "count": "count",
        "estimate": "count, estimated",
        "money": "money, in the unit of the events",
        "share": "share of 1",
        "percent": "percent",
        "number": "number",
        "day": "day",
        "moment": "UTC",
    }
)
_95 = "95 % interval for one planned look"
_ANYTIME = "95 % interval that holds however often one looks"


@dataclass(frozen=True, slots=True)
class Meaning:
    """``title`` for people, ``kind`` for the unit and how it is written, ``text``: a sentence or two."""

    title: str
    kind: Kind
    text: str


_WHAT_HAPPENED = {
    "entered": Meaning("Entered", "count", "Runs begun, in all arms."),
    "customers": Meaning("Customers", "count", "Customers whose first entry into the journey this is."),
    "completed": Meaning("Completed", "count", "Runs that reached an exit step."),
    "exited": Meaning("Exited early", "count", "Runs that ended before an exit step."),
    "entry_refused": Meaning("Entries refused", "count", "Entries that a rule forbade."),
    "conversions": Meaning("Conversions", "count", "Goals reached, within the goal's window."),
    "customers_converted": Meaning("Customers converted", "count", "Customers who reached the goal the first time."),
    "revenue": Meaning(
        "Revenue", "money", "Value of the goals reached, in all arms; it is not what the journey added."
    ),
    "sends": Meaning("Sends", "count", "Send commands given to the channels."),
    "suppressed": Meaning("Suppressed", "count", "Sends that a guardrail forbade."),
    "deferred": Meaning("Deferred", "count", "Times a guardrail put a send off; one send may be put off repeatedly."),
    "cost": Meaning("Cost", "money", "What the sends cost."),
    "under_way": Meaning(
        "Under way", "count", "Runs under way now, without the holdout; counted within the last minute."
    ),
}
_OUTCOMES = {
    "sent": Meaning("Sent", "count", "Messages that the channel says it has passed on."),
    "delivered": Meaning("Delivered", "count", "Messages that the channel says have arrived."),
    "opened": Meaning("Opened", "count", "Reports of an opened message."),
    "clicked": Meaning("Clicked", "count", "Reports of a click in a message."),
    "bounced": Meaning("Bounced", "count", "Messages that could not be delivered."),
    "complained": Meaning("Complaints", "count", "Messages that were called unwanted."),
    "unsubscribed": Meaning("Unsubscriptions", "count", "Messages that were answered by unsubscribing."),
    "failed": Meaning("Failed", "count", "Messages that the channel could not handle."),
}
_PLACES = {
    "figure": Meaning("Figure", "text", "The figure whose value stands beside it."),
    "value": Meaning("Value", "text", "Of the figure named before it, in that figure's unit."),
    "date": Meaning("Day", "day", "A day of the zone that the report names."),
    "by_week.date": Meaning("Week from", "day", "The first day of a week, which is a Monday, or of the period."),
    "by_month.date": Meaning("Month from", "day", "The first day of a month, or of the period."),
    "arm": Meaning("Arm", "text", "Treatment takes the journey's way, holdout gets nothing; of a step: its variants."),
    "step": Meaning("Step", "text", "A step of the journey's definition."),
    "channel": Meaning("Channel", "text", "By which messages go."),
    "rule": Meaning("Rule", "text", "The rule that forbade or put off."),
    "reason": Meaning("Reason", "text", "Why runs ended early."),
    "passed": Meaning("Passed", "count", "How often a run went on from the step, or reached it where it is an exit."),
    "waits": Meaning("Waits", "count", "How often a run began to wait at the step."),
    "exits": Meaning("Exits", "count", "Runs that ended early while at the step."),
    "runs": Meaning("Runs", "count", "Runs that ended early for this reason."),
    "sends_suppressed": Meaning("Sends suppressed", "count", "Sends that the rule forbade."),
    "sends_deferred": Meaning("Sends deferred", "count", "Times the rule put a send off."),
    "entries_refused": Meaning("Entries refused", "count", "Entries that the rule forbade."),
}
_RESULT = {
    "in_words": Meaning("In words", "text", "What the messages brought, as far as it can be told."),
    "with_messages": Meaning("Customers with messages", "count", "Who entered, but for the holdout."),
    "with_messages_converted": Meaning("… of them reached the goal", "count", "Within the goal's window."),
    "with_messages_rate": Meaning("… as a rate", "share", "Of all of them, whether a message reached them or not."),
    "without_messages": Meaning("Customers without messages", "count", "The holdout: drawn by lot, and sent nothing."),
    "without_messages_converted": Meaning("… of them reached the goal", "count", "Within the goal's window."),
    "without_messages_rate": Meaning("… as a rate", "share", "Of all of them: what comes without messages."),
    "uplift": Meaning("Uplift", "share", "By how much the rate with messages is above that without."),
    "uplift_low": Meaning("Uplift, from", "share", f"Lower end of its {_ANYTIME}."),
    "uplift_high": Meaning("Uplift, to", "share", f"Upper end of its {_ANYTIME}."),
    "return_per_1": Meaning("Return for each 1 spent", "money", "Extra revenue / cost, over the whole life."),
    "return_per_1_low": Meaning("Return for each 1 spent, from", "money", f"Lower end of its {_95}."),
    "return_per_1_high": Meaning("Return for each 1 spent, to", "money", f"Upper end of its {_95}."),
}
_COMPARISON = {
    "finding": Meaning("Finding", "text", "What the comparison says, as a word to program against."),
    "verdict": Meaning("Verdict", "text", "What treatment against holdout shows, over the journey's whole life."),
    "first_day": Meaning("First day", "day", "The first UTC day of the journey that has figures."),
    "last_day": Meaning("Last day", "day", "The last UTC day of the journey that has figures."),
    "confidence": Meaning("Confidence", "share", "How often the intervals contain the truth."),
    "incremental_conversions": Meaning(
        "Extra conversions", "estimate", "Customers converted beyond what the holdout lets expect."
    ),
    "incremental_conversions_low": Meaning("Extra conversions, from", "estimate", f"Lower end of its {_95}."),
    "incremental_conversions_high": Meaning("Extra conversions, to", "estimate", f"Upper end of its {_95}."),
    "incremental_revenue": Meaning("Extra revenue", "money", "Revenue beyond what the holdout lets expect."),
    "incremental_revenue_low": Meaning("Extra revenue, from", "money", f"Lower end of its {_95}."),
    "incremental_revenue_high": Meaning("Extra revenue, to", "money", f"Upper end of its {_95}."),
    "whole_cost": Meaning("Cost, whole life", "money", "What all sends of the journey have cost."),
    "roi": Meaning("ROI", "share", "(extra revenue - cost) / cost, over the whole life; 1 is 100 %."),
    "sample_ratio_expected": Meaning("Expected share of treatment", "share", "As the definition's holdout has it."),
    "sample_ratio_actual": Meaning("Actual share of treatment", "share", "Of the customers who entered."),
    "sample_ratio_p": Meaning("p of the sample ratio", "number", "Below 0.001 the arms are not what they should be."),
    "sample_ratio_is_suspect": Meaning("Arms are suspect", "yes_no", "Yes: the comparison is worth nothing."),
    "minimum_detectable_uplift": Meaning(
        "Least uplift to be seen", "share", "The relative uplift that so many customers show in 80 % of cases."
    ),
    "customers_still_needed": Meaning("Customers still needed", "count", "Until the uplift seen would be sure."),
    "settled_on": Meaning("Final from", "day", "Nobody enters any more, and from this day on no conversion counts."),
    "days_still_needed": Meaning("Days still needed", "count", "Until so many have come, at the mean pace so far."),
    "note": Meaning("Note", "text", "What must be known to read the comparison."),
    "conversion_rate": Meaning("Conversion rate", "share", "Customers converted / customers, over the whole life."),
    "conversion_rate_low": Meaning("Conversion rate, from", "share", "Lower end of Wilson's 95 % interval."),
    "conversion_rate_high": Meaning("Conversion rate, to", "share", "Upper end of Wilson's 95 % interval."),
    "revenue_per_customer": Meaning("Revenue per customer", "money", "Revenue / customers, over the whole life."),
    "measure": Meaning(
        "Measure",
        "text",
        "conversion: difference of the conversion rates; adjusted: the same with the customers' past taken out "
        "(CUPED); revenue_per_customer: difference of the revenue per customer.",
    ),
    "absolute": Meaning("Difference", "number", "Treatment minus holdout, in the measure's own unit."),
    "absolute_low": Meaning("Difference, from", "number", f"Lower end of its {_95}."),
    "absolute_high": Meaning("Difference, to", "number", f"Upper end of its {_95}."),
    "absolute_anytime_low": Meaning("Difference, from (anytime)", "number", f"Lower end of its {_ANYTIME}."),
    "absolute_anytime_high": Meaning("Difference, to (anytime)", "number", f"Upper end of its {_ANYTIME}."),
    "relative": Meaning("Uplift", "share", "The difference / what the holdout has."),
    "relative_low": Meaning("Uplift, from", "share", f"Lower end of its {_95}."),
    "relative_high": Meaning("Uplift, to", "share", f"Upper end of its {_95}."),
    "relative_anytime_low": Meaning("Uplift, from (anytime)", "share", f"Lower end of its {_ANYTIME}."),
    "relative_anytime_high": Meaning("Uplift, to (anytime)", "share", f"Upper end of its {_ANYTIME}."),
    "p_value": Meaning(
        "p", "number", "How often so large a difference comes by chance alone; holds for one planned look."
    ),
    "rate_before": Meaning("Rate before", "share", "Who did it within the goal's window before the entry."),
    "rate_after": Meaning("Rate after", "share", "Who did it within the goal's window after the entry."),
    "comparison_arms.customers": Meaning("Customers", "count", "Who have entered, by the arm of their first entry."),
    "comparison_arms.conversions": Meaning("Customers converted", "count", "Distinct customers who reached the goal."),
    "comparison_arms.revenue": Meaning("Revenue", "money", "Value of the arm's goals, over the whole life."),
    "before_and_after.customers": Meaning("Customers", "count", "Of the arm, those whose goal's window is over."),
    "before_and_after.absolute": Meaning(
        "Difference", "number", "Rate after - rate before; weaker evidence than a holdout."
    ),
}
_OTHERS = {
    "is_final": Meaning("Is decided", "yes_no", "Yes: the experiment has a winner, or its time is over."),
    "epoch": Meaning("Decisions", "count", "How often the shares have been decided anew; 0: the arms share equally."),
    "decided_at": Meaning("Decided at", "moment", "When the shares were last decided."),
    "share": Meaning("Share", "share", "Of what is allowed, what is used."),
    "best": Meaning("Probability of being best", "share", "By the customers whose result is known."),
    "experiments.share": Meaning("Share", "percent", "Of the customers who arrive from now on."),
    "experiments.customers": Meaning("Customers", "count", "Customers whose result counted in the last decision."),
    "experiments.customers_converted": Meaning("Customers converted", "count", "Those of them who converted."),
    "variants.customers": Meaning("Customers", "count", "Customers who were given the variant first in the period."),
    "variants.customers_converted": Meaning(
        "Customers converted", "count", "Customers with the variant whose same run reached the goal in the period."
    ),
    "kind": Meaning("Kind", "text", "The kind of guardrail."),
    "of": Meaning("Of", "text", "Whether the journey or the workspace says so."),
    "sentence": Meaning("In words", "text", "The rule as a sentence."),
    "limit": Meaning("Limit", "number", "What the rule allows, in its own unit."),
    "used": Meaning("Used", "number", "How much of it is used in the rule's period."),
    "since": Meaning("Since", "moment", "The beginning of that period."),
    "until": Meaning("Until", "moment", "The end of that period."),
    "held_back": Meaning("Held back", "count", "What rules of this kind forbade or put off in the last 24 hours."),
    "is_off_plan": Meaning("Is off the plan", "yes_no", "Of a holdout: its share differs by more than chance does."),
    "is_reached": Meaning("Is reached", "yes_no", "Yes: it stops something now. No also where that is not known."),
    "positions.customers": Meaning("Customers", "count", "Runs that stand at the step now."),
    "positions.since": Meaning("Since", "moment", "When who has stood there longest came."),
    "version": Meaning("Version", "count", "The number of the published definition."),
    "created_at": Meaning("Created at", "moment", "When it was written."),
    "policy": Meaning("Customers under way", "text", "pin: stay on theirs; follow, map, drain: go over to this one."),
    "versions.until": Meaning("Until", "moment", "Of a drain: who is still on an older version then leaves."),
    "journey_id": Meaning("Journey id", "text", "By which the API knows the journey."),
    "name": Meaning("Name", "text", "The journey's name."),
    "campaign_id": Meaning("Campaign", "text", "The campaign that the journey belongs to."),
    "status": Meaning("Status", "text", "DRAFT, ACTIVE, PAUSED, STOPPED or ARCHIVED."),
}
_OF_ACTIVITIES = {
    "id": Meaning("Id", "text", "Of the activity; the same activity never has two."),
    "at": Meaning("At", "moment", "When the decision was made."),
    "type": Meaning("Type", "text", "What was decided or done."),
    "customer_id": Meaning("Customer", "text", "Whom it concerns."),
    "run_id": Meaning("Run", "text", "One passage of a customer through the journey."),
    "activities.version": Meaning("Version", "count", "The version of the definition it was decided by."),
    "activities.arm": Meaning("Arm", "text", "The arm of the run."),
    "activities.step": Meaning("Step", "text", "The step it was decided at; empty: at none."),
    "details": Meaning("Details", "text", "All that the engine put on record, as JSON."),
    "cause": Meaning("Cause", "text", "topic/partition/offset of the record that led to it."),
}

MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {**_WHAT_HAPPENED, **_OUTCOMES, **_PLACES, **_RESULT, **_COMPARISON, **_OTHERS, **_OF_ACTIVITIES}
)


def meaning_of(table: str, column: str) -> Meaning:
    """What ``column`` means in ``table``.

    Raises:
        KeyError: nobody has said so; every column of every report is here, which a test sees to.
    """
    return MEANINGS.get(f"{table}.{column}") or MEANINGS[column]
