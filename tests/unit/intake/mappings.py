"""Mappings for tests, as people write them."""

from typing import Any

from orchestrator.intake.events import Understood, events_of
from orchestrator.intake.mapping import EventMapping
from orchestrator.intake.parse import parse_mapping
from orchestrator.intake.reading import Refusal

NOW_MS = 1_767_614_400_000  # 2026-01-05T12:00:00Z


def a_rule(**fields: Any) -> dict[str, Any]:
    """An event of each payload that has an id and a customer."""
    return {"type": "order.placed", "customer": "/customer", "id": "/id", **fields}


def a_mapping(*rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A mapping of these rules."""
    signature = {"kind": "hmac", "header": "X-Signature"}
    return {"name": "Shop", "signature": signature, "source": "/shop", "rules": list(rules or (a_rule(),)), **fields}


def mapping_of(*rules: dict[str, Any], **fields: Any) -> EventMapping:
    """The same, read."""
    return parse_mapping(a_mapping(*rules, **fields))


def understood(payload: Any, *rules: dict[str, Any], headers: dict[str, str] | None = None) -> Understood:
    """What the payload is by these rules; it must not be refused."""
    outcome = events_of(mapping_of(*rules), payload, headers or {}, NOW_MS, "acme")
    assert isinstance(outcome, Understood), outcome
    return outcome


def refused(payload: Any, *rules: dict[str, Any]) -> Refusal:
    """Why the payload is refused by these rules."""
    outcome = events_of(mapping_of(*rules), payload, {}, NOW_MS, "acme")
    assert isinstance(outcome, Refusal), outcome
    return outcome
