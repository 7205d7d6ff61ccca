"""The contract of a channel adapter as an AsyncAPI document, from the adapter's side: what it receives, what it sends.

In words: docs/adapters.md. The rules of the document are those that ``orchestrator adapters check`` looks at.
"""

import json
from typing import Any, get_args

from orchestrator import __version__
from orchestrator.adapters.conformance.judgement import RULES
from orchestrator.adapters.decision import Answer
from orchestrator.adapters.records import report, report_id
from orchestrator.catalog import CHANNELS, CUSTOMER_KEY, DELIVERIES, commands_topic
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import COMMAND_TYPE, DELIVERY_TYPE, encode_command, encode_delivery
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import DeliveryEvent, Outcome
from orchestrator.messages.ids import derived_id
from orchestrator.messages.report import report_of

Document = dict[str, Any]

_AT_MS = 1_767_614_400_000  # 2026-01-05T12:00:00Z
_SECOND_MS = 1_000

# What each outcome says, and when an adapter says it.
OUTCOMES: dict[Outcome, str] = {
    "sent": "The provider has taken the message. Exactly one of sent, failed and bounced answers every command.",
    "failed": "The message was not sent and will not be; `reason` says why (expired, unknown_outcome, gave_up …).",
    "bounced": "The address did not take it; with `is_permanent` it never will. As an answer, or after `sent`.",
    "delivered": "The recipient's side has taken it.",
    "opened": "The recipient has looked at it.",
    "clicked": "The recipient has followed a link in it.",
    "complained": "The recipient has called it unwanted.",
    "unsubscribed": "The recipient wants no more of its category.",
}

EXAMPLE_COMMAND = SendCommand(
    id=derived_id("command", "example"),
    workspace_id="acme",
    customer_id="customer-17",
    journey_id=derived_id("journey", "example"),
    version=3,
    run_id=derived_id("run", "example"),
    step="remind",
    visit=0,
    channel="email",
    template="cart-reminder",
    category="marketing",
    variables={"email": "ana@example.org", "first_name": "Ana", "cart_total": 30},
    decided_at_ms=_AT_MS,
    expires_at_ms=_AT_MS + 86_400_000,
    cost=0.001,
)


def example_reports() -> list[DeliveryEvent]:
    """A report of each outcome, about the example's command."""
    answers = {
        "sent": Answer("sent"),
        "failed": Answer("failed", "expired"),
        "bounced": Answer("bounced", "smtp 550 5.1.1", is_permanent=True),
    }
    at_ms = _AT_MS + 2 * _SECOND_MS
    return [
        report(EXAMPLE_COMMAND, answers[outcome], at_ms)
        if outcome in answers
        else report_of(
            EXAMPLE_COMMAND,
            outcome,
            at_ms + 60 * _SECOND_MS,
            id=report_id(EXAMPLE_COMMAND.id, outcome),
            source="/orchestrator/adapters/email",
        )
        for outcome in get_args(Outcome)
    ]


def adapter_document(headers: Document) -> Document:
    """The AsyncAPI 3 document. ``headers``: the schema of the headers of a binary CloudEvent."""
    command: Document = {
        "name": "send-command.v1",
        "title": "Send command",
        "summary": f"A binary CloudEvent of type {COMMAND_TYPE}: deliver this, once, before expires_at_ms.",
        "headers": headers,
        "payload": {"$ref": "./send-command.v1.schema.json"},
        "bindings": _KEYED,
        "examples": [_example("a reminder", encode_command(EXAMPLE_COMMAND))],
    }
    delivery: Document = {
        "name": "delivery-event.v1",
        "title": "Delivery event",
        "summary": f"A binary CloudEvent of type {DELIVERY_TYPE}. Structured CloudEvents and the plain "
        "envelope are taken as well.",
        "headers": headers,
        "payload": {"$ref": "./delivery-event.v1.schema.json#/$defs/DeliveryReport"},
        "bindings": _KEYED,
        "examples": [_example(OUTCOMES[each.outcome], encode_delivery(each)) for each in example_reports()],
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Channel adapter of the Omnichannel Journey Orchestrator",
            "version": __version__,
            "description": "What an adapter reads and writes. The rules in words: docs/adapters.md; "
            "`orchestrator adapters check` tries them out on a running adapter.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "commands": {
                "address": commands_topic("{channel}"),
                "description": "Requests to deliver. Read it in a consumer group, with isolation level read_committed.",
                "parameters": {
                    "channel": {"enum": list(CHANNELS), "description": "The channel that the adapter is of."}
                },
                "messages": {"command": command},
            },
            "deliveries": {
                "address": DELIVERIES,
                "description": "What became of each command.",
                "messages": {"delivery": delivery},
            },
        },
        "operations": {
            "carryOut": {
                "action": "receive",
                "channel": {"$ref": "#/channels/commands"},
                "summary": "Sends each command once, in the order of its customer; commits its offset only when the "
                "report is durable.",
            },
            "report": {
                "action": "send",
                "channel": {"$ref": "#/channels/deliveries"},
                "summary": "Says what became of a command. The same report has the same source and id: it counts once.",
            },
        },
        "x-outcomes": OUTCOMES,
        "x-rules": {rule: wanted for rule, (wanted, _) in RULES.items()},
    }


_KEYED: Document = {"kafka": {"key": {"type": "string", "description": CUSTOMER_KEY}}}


def _example(summary: str, record: Encoded) -> Document:
    return {
        "summary": summary,
        "headers": {name: value.decode() for name, value in record.headers},
        "payload": json.loads(record.value),
        "x-key": record.key.decode(),
    }
