"""A record of what the orchestrator decided or did: the only source of every figure in a report."""

from typing import Literal

import msgspec

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

    id: str
    workspace_id: str
    customer_id: str
    journey_id: str
    version: int
    run_id: str
    type: ActivityType
    at_ms: int
    step: str = ""
    arm: str = ""
    details: dict[str, object] = {}
    cause: str = ""
