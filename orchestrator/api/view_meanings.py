"""What every view in the schema ``reporting`` shows, and what each of its columns means. Pure.

A column that a report has too means the same there and here, and is told by ``figure_meanings``; what only the views
have stands here. The database has these sentences as comments, which a test compares.
"""

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.api.figure_meanings import UNITS, Meaning, meaning_of

VIEWS: Mapping[str, str] = MappingProxyType(
    {
        "journeys": "The journeys as they are now. One row a journey.",
        "journey_versions": "Their published definitions. One row a version.",
        "journey_days": "What happened, over all arms. One row a journey and UTC day.",
        "journey_arm_days": "What happened, by arm, with the sums that statistics are made of. One row a journey, UTC "
        "day and arm.",
        "journey_channel_days": "What became of messages. One row a journey, UTC day and channel.",
        "journey_rule_days": "What guardrails did. One row a journey, UTC day and rule.",
        "journey_exit_days": "Why runs ended early. One row a journey, UTC day and reason.",
        "journey_step_days": "What happened at each step, over all arms. One row a journey, UTC day and step.",
        "variant_days": "How the arms of experiments fared. One row a journey, UTC day, experiment step and arm.",
        "results": "Treatment and holdout over the whole life of a journey: the counts and sums of which every "
        "comparison can be made. Intervals, p-values and the verdict are the API's "
        "(GET /api/v1/033-omnichannel-journey-orchestrator/{id}/metrics). One row a journey and arm.",
        "activities": "Every decision and outcome on record; older ones are deleted where the installation says so. "
        "Ask about one journey and a stretch of time. One row an activity.",
        "runs": "Where each run stands, or how it ended. One row a run.",
        "participants": "What each customer has brought a journey, over all runs. One row a journey and customer.",
        "exposures": "Which arm of an experiment a customer was given first. One row a journey, step and customer.",
    }
)

_PAST = "Of customers whose past is known: "
_OF_ALL_VIEWS = {
    "workspace_id": Meaning("Workspace", "text", "The workspace that it belongs to."),
    "date": Meaning("Day", "day", "The UTC day."),
    "goal_event": Meaning("Goal", "text", "The type of the event that is the goal; null: there is none."),
    "goal_window": Meaning("Window", "text", "How long after the entry the goal counts, as an ISO 8601 duration."),
    "holdout_percent": Meaning("Holdout", "percent", "Of the customers who enter, those who get nothing."),
    "revenue_squares": Meaning(
        "Squares of revenue",
        "number",
        "By how much the sum of the squares of the customers' total values changed; over all days it is that sum.",
    ),
    "past_customers": Meaning("With a past", "count", f"{_PAST}those who first entered."),
    "past_events": Meaning("Events before", "count", f"{_PAST}the goal's events before they entered."),
    "past_squares": Meaning("Squares of events before", "count", f"{_PAST}the sum of each one's number squared."),
    "past_converted": Meaning("Converted, with a past", "count", f"{_PAST}those who reached the goal."),
    "past_events_of_converted": Meaning(
        "Events before, of converted", "count", f"{_PAST}the goal's events before, of those who reached the goal."
    ),
    "baseline_customers": Meaning(
        "Comparable with before", "count", "Of those who first entered on this day, those whose time before is known."
    ),
    "baseline_before": Meaning(
        "Did it before", "count", "Those of them who did it within the goal's window before the entry."
    ),
    "baseline_after": Meaning(
        "Did it after", "count", "Those of them who did it within the goal's window after it, on whatever day."
    ),
    "baseline_both": Meaning("Did it both times", "count", "Those of them who did it before and after."),
}
_OF_VIEWS = {
    "journeys.version": Meaning("Version", "count", "The number of the definition that is in force."),
    "journeys.paused_reason": Meaning("Paused because", "text", "Which brake paused it; empty: none did."),
    "journeys.created_at": Meaning("Created at", "moment", "When it was created."),
    "journeys.activated_at": Meaning("Activated at", "moment", "When it first became ACTIVE; null: not yet."),
    "journeys.updated_at": Meaning("Updated at", "moment", "When it was last changed."),
    "journey_versions.definition": Meaning("Definition", "text", "All of it, as JSON."),
    "journey_arm_days.entered": Meaning("Entered", "count", "Runs begun, by the arm of the run."),
    "journey_arm_days.customers": Meaning(
        "Customers", "count", "Customers whose first entry this is, by the arm of that entry."
    ),
    "journey_arm_days.cost": Meaning("Cost", "money", "What the sends to the arm cost."),
    "journey_arm_days.revenue": Meaning("Revenue", "money", "Value of the goals of the arm's customers."),
    "variant_days.customers": meaning_of("variants", "customers"),
    "variant_days.customers_converted": meaning_of("variants", "customers_converted"),
    "variant_days.arm": Meaning("Arm", "text", "The arm of the experiment step."),
    "results.first_day": Meaning("First day", "day", "The first UTC day on which the arm has figures."),
    "results.last_day": Meaning("Last day", "day", "The last UTC day on which the arm has figures."),
    "results.customers": meaning_of("comparison_arms", "customers"),
    "results.customers_converted": meaning_of("comparison_arms", "conversions"),
    "results.conversions": Meaning("Conversions", "count", "Goals reached by the arm's customers."),
    "results.revenue": meaning_of("comparison_arms", "revenue"),
    "results.cost": Meaning("Cost", "money", "What all sends to the arm have cost."),
    "results.revenue_squares": Meaning(
        "Squares of revenue", "number", "The sum over the customers of their total value squared."
    ),
    "activities.sequence": Meaning("Order", "count", "The order in which activities of one moment were made."),
    "activities.recorded_at": Meaning("Recorded at", "moment", "When it was written down."),
    "runs.version": Meaning("Version", "count", "The version of the definition it is on."),
    "runs.step": Meaning("Step", "text", "Where it waits; empty: it has ended, or is of the holdout."),
    "runs.status": Meaning("Status", "text", "under_way or ended."),
    "runs.reason": Meaning("Reason", "text", "Why it ended; empty: it has not."),
    "runs.entered_at": Meaning("Entered at", "moment", "When it began."),
    "runs.moved_at": Meaning("Moved at", "moment", "When it was last told of."),
    "runs.arrived_at": Meaning("Arrived at", "moment", "Since when it stands at its step, at the latest."),
    "participants.arm": Meaning("Arm", "text", "The arm they first entered in; it never changes."),
    "participants.first_entered_at": Meaning(
        "First entered at", "moment", "When they first entered; null: a goal is on record and no entry."
    ),
    "participants.entries": Meaning("Entries", "count", "How often they entered."),
    "participants.conversions": Meaning("Conversions", "count", "How often they reached the goal."),
    "participants.revenue": Meaning("Revenue", "money", "Value of the goals they reached."),
    "participants.events_before": Meaning(
        "Events before", "count", "The goal's events before the first entry, 16 at most; null: that was not kept."
    ),
    "participants.was_active": Meaning(
        "Was active", "yes_no", "Whether one of them came within the goal's window before it; null: that was not kept."
    ),
    "exposures.step": Meaning("Step", "text", "The experiment step."),
    "exposures.arm": Meaning("Arm", "text", "The arm that the customer was given first."),
    "exposures.run_id": Meaning("Run", "text", "The run in which it was given."),
    "exposures.exposed_at": Meaning("Exposed at", "moment", "When it was given."),
    "exposures.converted_at": Meaning(
        "Converted at", "moment", "When that run reached the goal after it; null: it has not."
    ),
}


def meaning_in_view(view: str, column: str) -> Meaning:
    """What ``column`` of the view ``reporting.<view>`` means.

    Raises:
        KeyError: nobody has said so; every column of every view is here, which a test sees to.
    """
    return _OF_VIEWS.get(f"{view}.{column}") or _OF_ALL_VIEWS.get(column) or meaning_of(view, column)


def comment_on(view: str, column: str) -> str:
    """The comment that the database has: the meaning with its unit."""
    meaning = meaning_in_view(view, column)
    return meaning.text if meaning.kind in ("text", "day") else f"{meaning.text} [{UNITS[meaning.kind]}]"
