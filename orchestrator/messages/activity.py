"""A record of what the orchestrator decided or did: the only source of every figure in a report."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_MONEY = 1e12  # one conversion or send; the squares of a customer's total must stay exact

ActivityType = Literal[
    "journey_entered",  # details: arm, bucket, entry_event, entry_key, ordinal, before, was_active
    "entry_refused",  # details: rule, reason, next_eligible_ms
    "step_passed",  # details: kind, next, and what decided (path, variant, matched event …)
    "wait_started",  # details: kind, until_ms
    "send_requested",  # details: command_id, channel, template, category, cost, checked
    "send_suppressed",  # details: channel, template, category, rule, reason, counters, next_eligible_ms
    "send_deferred",  # details: channel, rule, reason, until_ms
    "goal_reached",  # details: arm, event_id, event_type, value, after_ms, before (that of the entry)
    "run_exited",  # details: reason, arm
    "run_completed",  # details: reason, arm
    "message_reported",  # details: command_id, channel, outcome, reason
    "webhook_requested",  # details: command_id, endpoint
    "run_migrated",  # details: from_version, from_step, policy, until_ms (step and version: where it goes on)
    "run_adopted",  # details: from_customer_id (the run came with a customer who was merged into this one)
    "customer_erased",  # no journey; details: receipt
]


class Activity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing the orchestrator did or decided for one customer in one journey.

    ``id`` follows from the identity of the decision, so repeating the decision repeats the id. ``at_ms`` is the time
    the decision was made at. ``details`` hold the rule, its inputs and its result, by ``type`` (listed above).
    ``cause`` is where the record that led to it stands: "topic/partition/offset"; empty outside Kafka.
    """

    id: Annotated[
        str, Meta(description="The activity's id: the same decision has the same id, however often it is made.")
    ]
    workspace_id: Annotated[str, Meta(description="The workspace.")]
    customer_id: Annotated[str, Meta(description="The customer it is about.")]
    journey_id: Annotated[str, Meta(description="The journey; empty where it is about none.")]
    version: Annotated[int, Meta(description="The version of the definition that decided.")]
    run_id: Annotated[str, Meta(description="The run of the customer through the journey.")]
    type: Annotated[ActivityType, Meta(description="What was decided or done.")]
    at_ms: Annotated[int, Meta(description="When it was decided, in milliseconds since 1970.")]
    step: Annotated[str, Meta(description="At which step; empty at none.")] = ""
    arm: Annotated[str, Meta(description="treatment or holdout.")] = ""
    details: Annotated[dict[str, object], Meta(description="What the decision rests on, by type.")] = {}
    cause: Annotated[str, Meta(description="Where the record stands that led to it: topic/partition/offset.")] = ""
