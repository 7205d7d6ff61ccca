"""The page of the activities: every type with its details, every rule that refuses, every reason that ends a run.

The tables stand here, since the engine writes details as it goes; tests/contract/test_reference.py compares them with
what it has written in the recorded histories, and with every rule and reason that its sources name.
"""

from collections.abc import Mapping
from typing import NamedTuple

from orchestrator.messages.activity import ActivityType
from orchestrator.reference.markdown import code, page, table

ABOUT = (
    "An activity is what the orchestrator decided or did. Every figure is counted from activities. They stand on the "
    "topic [journeys.activities.v1](topics.md#journeysactivitiesv1), in PostgreSQL, and are told by "
    "[listJourneyActivities](http-api.md#listjourneyactivities). Their fields: [activity.v1](topics.md#activityv1). "
    "What `details` holds, by type; more may be added, nothing is renamed."
)


class Meaning(NamedTuple):
    """What an activity of a type says, and each of its details."""

    about: str
    details: Mapping[str, str]


_ENDED = {"reason": "why: see below; of an exit step its `reason`"}
_EVENT = {"event_id": "the event that led to it", "event_type": "and its type"}
_MESSAGE = {
    "channel": "over which channel",
    "template": "which message",
    "category": "of which category",
}
_HELD = {
    "rule": "which rule: see below",
    "reason": "the reason, as a sentence",
    "inputs": "what the rule compared: counters, limits, the customer's clock, the consent and since when",
    "put_off_by": "of `message_expired`: the rule that would have put it off for too long",
}
_SOURCE = {
    **_EVENT,
    "segment": "of an entry by segment: true",
    "occasion_ms": "of an entry by schedule: the moment",
    "source_run_id": "of an entry from another journey: the run that asked for it",
}

ACTIVITIES: Mapping[ActivityType, Meaning] = {
    "journey_entered": Meaning(
        "A customer entered; `arm` is `treatment` or `holdout`.",
        {
            "bucket": "the customer's number among 10,000 for this journey's holdout; below its percent × 100 is "
            "held out",
            "workspace_bucket": "the same for the workspace's holdout, where there is one",
            "holdout": "`workspace`: held out by the workspace's holdout",
            "ordinal": "the how-manyth entry of the customer into this journey",
            "entry_key": "the value of `entry.key`",
            "before": "with `goal.compare_before`: events of the goal's type before the entry",
            "was_active": "with `goal.compare_before`: whether there was one within as long a time as the goal's "
            "window",
            **_SOURCE,
        },
    ),
    "entry_refused": Meaning(
        "A customer would have entered, and was not let in.",
        {
            "rule": "which rule: see below",
            "reason": "the reason, as a sentence",
            "next_eligible_ms": "when the rule will no longer refuse",
            "last_entry_ms": "of `re_entry`: when the customer last entered",
            "entry_key": "of `re_entry`: the value of `entry.key` that was there before",
            "closed_ms": "of `closed`: since when",
            "journey_id": "of `exclusion_group`: the journey the customer is in",
            "inputs": "of `capacity`: what was compared",
            **_SOURCE,
        },
    ),
    "step_passed": Meaning(
        "A run went on from a step, with what decided.",
        {
            "kind": "the step's kind",
            "next": "the step it went on to",
            "way": "how: `timeout`, `happened`, `already happened`, `already holds`, `already past`, `in the window`, "
            "`missing`, `kept`, `refused`, `fallback`",
            "path": "of a branch, split or experiment: which path or arm",
            "bucket": "of a split or experiment: the customer's number among 10,000",
            "shares": "of an experiment: the shares of the arms then",
            "epoch": "of an experiment: the how-manyth decision about shares",
            "taken": "of a loop: how often it was taken, this time included",
            "times": "of a loop: how often it may be",
            "event_id": "the event that was waited for, or emitted",
            "event_type": "of an emitted event: its type",
            "source": "of an emitted event: its source",
            "set": "of an update: the attributes that were set",
            "removed": "of an update: those that were removed",
            "attribute": "of a wait for a date: the attribute that lacks it",
            "until_ms": "the moment that had passed already",
            "next_channel": "of a send whose report did not come: the channel tried next",
            "journey_id": "of `start_journey`: the other journey",
            "reason": "of `refused`: why",
            "outcome": "of a send with fallback: what was reported",
        },
    ),
    "wait_started": Meaning(
        "A run stands at a step.", {"kind": "the step's kind", "until_ms": "when it goes on at the latest"}
    ),
    "send_requested": Meaning(
        "A send command was published.",
        {
            **_MESSAGE,
            "command_id": "the command's id, by which adapters know it again and report",
            "cost": "what the send costs",
            "checked": "every rule that was asked, with what it compared",
            "report_until_ms": "with a fallback: until when a report is waited for",
        },
    ),
    "send_suppressed": Meaning(
        "A message was not sent; the run goes on.",
        {
            **_MESSAGE,
            **_HELD,
            "next_eligible_ms": "when the rule alone would no longer refuse; absent: no time heals it",
            "next_channel": "with a fallback: the channel tried next",
        },
    ),
    "send_deferred": Meaning(
        "A message was put off; the run waits at the step.", {**_MESSAGE, **_HELD, "until_ms": "until when"}
    ),
    "goal_reached": Meaning(
        "A customer, treated or held out, reached the goal within its window.",
        {
            **_EVENT,
            "after_ms": "how long after the entry, in milliseconds",
            "value": "the value of the event, where the goal names a field",
            "before": "that of the entry",
        },
    ),
    "run_exited": Meaning("A run ended early.", _ENDED),
    "run_completed": Meaning("A run came to an exit step.", _ENDED),
    "message_reported": Meaning(
        "A channel reported what became of a message.",
        {
            "command_id": "the command that is reported about",
            "channel": "over which channel",
            "outcome": "`sent`, `delivered`, `opened`, `clicked`, `bounced`, `complained`, `unsubscribed` or `failed`",
            "reason": "what the channel says about it",
            "reported_at_ms": "the report's own time",
        },
    ),
    "webhook_requested": Meaning(
        "A webhook command was published.",
        {"command_id": "its id", "endpoint": "the endpoint's name", "next": "the step it went on to"},
    ),
    "run_migrated": Meaning(
        "A new version took over a run; `step` and `version` say where it goes on.",
        {
            "from_version": "the version before",
            "from_step": "the step before",
            "policy": "`follow`, `map` or `drain`",
            "until_ms": "of `drain`: when it leaves at the latest",
        },
    ),
    "run_adopted": Meaning(
        "A run came with a customer who was merged into this one.", {"from_customer_id": "the customer it was of"}
    ),
    "customer_erased": Meaning(
        "A customer was forgotten; of no journey.",
        {"receipt": "the number of the erasure's receipt", "requested_at_ms": "when it was asked for"},
    ),
}

REFUSES_ENTRY = {
    "journey_paused": "the journey, or all sending of the workspace, is paused",
    "not_open": "before `opens_at`",
    "closed": "from `closes_at` on",
    "missing_key": "the event lacks the field of `entry.key`",
    "under_way": "the customer is in this journey already (with this key)",
    "goal_open": "with a holdout: the goal of the last entry may still be reached",
    "re_entry": "`re_entry` does not allow it",
    "audience": "the customer is not in the audience",
    "excluded": "the customer is one of those to leave out",
    "exclusion_group": "the customer is in another journey of the group, of the same or a higher priority",
    "capacity": "`capacity` is used up",
}
HOLDS_BACK = {
    "channel_suppressed": "the channel is closed for the customer: it bounced for good, or they unsubscribed or "
    "complained",
    "consent": "consent is missing or was withdrawn",
    "frequency_cap": "a cap is reached",
    "minimum_gap": "the last message is too recent: put off",
    "quiet_hours": "it is quiet for the customer: put off, or not sent with `on_quiet: skip`",
    "rate": "the rate of the period is used up: put off",
    "budget": "the budget is spent: put off to the next day, or not sent",
    "message_expired": "`expires_after` is past, or would be when it may be sent",
}
ENDS = {
    "completed": "an exit step without a reason of its own",
    "goal_reached": "the goal was reached",
    "expired": "`expires_after` of the run is past",
    "journey_stopped": "the journey was stopped, and customers under way leave",
    "version_drained": "the version was drained, and its moment has come",
    "step_removed": "the new version has no step to go on at",
    "displaced": "a journey of the same exclusion group and a higher priority took over",
    "merged": "the customer was merged into another who is in the journey too",
    "too_many_steps": "so many steps in one go that something must be wrong with the journey",
}


def activities_page() -> str:
    """The page as Markdown."""
    parts = []
    for type_, meaning in ACTIVITIES.items():
        parts += [f"## {type_}", meaning.about, table(("detail", "meaning"), _rows(meaning.details))]
    for title, about, rows in (
        ("Rules that refuse an entry", "`rule` of `entry_refused`.", REFUSES_ENTRY),
        ("Rules that hold a message back", "`rule` of `send_suppressed` and `send_deferred`.", HOLDS_BACK),
        (
            "Why runs end",
            "`reason` of `run_exited` and `run_completed`, beside those that a journey names itself.",
            ENDS,
        ),
    ):
        parts += [f"## {title}", about, table(("", "when"), _rows(rows))]
    return page("Activities", ABOUT, parts)


def _rows(meanings: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(code(name), meaning) for name, meaning in meanings.items()]
