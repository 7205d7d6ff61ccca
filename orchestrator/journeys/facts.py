"""What an event tells about the customer: attributes, consent, and that it happened."""

from orchestrator.guardrails.consent import apply_consent
from orchestrator.journeys.state import (
    MAX_ATTRIBUTES,
    MAX_COUNTS,
    MAX_EVENT_TYPES,
    RECENT_TIMES,
    Attribute,
    Occurrences,
)
from orchestrator.journeys.turn import Turn
from orchestrator.messages.event import ANY, CONSENT_GRANTED, CONSENT_REVOKED, CUSTOMER_UPDATED, EngagementEvent
from orchestrator.messages.text import storable

_OF_CONSENT = (CONSENT_GRANTED, CONSENT_REVOKED)


def learn(turn: Turn, event: EngagementEvent, occurred_ms: int) -> None:
    """Takes over what the event says; what is known from a later event stays."""
    if event.type == CUSTOMER_UPDATED:
        _update_attributes(turn, event, occurred_ms)
    elif event.type in _OF_CONSENT:
        learn_consent(turn, event, occurred_ms)
    turn.history = counted(turn.history, event.type, occurred_ms, MAX_EVENT_TYPES)
    if not turn.directory.counters:
        return
    for counter in turn.directory.counters_of(turn.workspace_id, event.type):
        if counter.where(turn.situation(event.data)):
            turn.counts = counted(turn.counts, counter.key, occurred_ms, MAX_COUNTS)


def learn_consent(turn: Turn, event: EngagementEvent, occurred_ms: int) -> None:
    """Takes over what the event says of consent; doing it twice changes nothing more."""
    if event.type not in _OF_CONSENT:
        return
    channel, category = event.data.get("channel", ANY), event.data.get("category", ANY)
    if isinstance(channel, str) and isinstance(category, str):
        is_granted = event.type == CONSENT_GRANTED
        turn.consents = apply_consent(turn.consents, channel, category, is_granted, occurred_ms)


def _update_attributes(turn: Turn, event: EngagementEvent, occurred_ms: int) -> None:
    """Sets the attributes that are newer than what is known; one that is null or cannot be kept is removed."""
    given = event.data.get("attributes")
    if not isinstance(given, dict):
        return
    attributes = dict(turn.attributes)
    for name, value in given.items():
        known = attributes.get(name)
        if not isinstance(name, str) or (known is not None and known.time_ms > occurred_ms):
            continue
        kept = storable(value)
        if kept is None:
            attributes.pop(name, None)
        elif known is not None or len(attributes) < MAX_ATTRIBUTES:
            attributes[name] = Attribute(kept, occurred_ms)
    turn.attributes = attributes


def counted(known: dict[str, Occurrences], key: str, occurred_ms: int, most: int) -> dict[str, Occurrences]:
    """``known`` with one more of ``key``; beyond ``most`` kinds no new one is begun."""
    before = known.get(key)
    if before is None:
        return known if len(known) >= most else {**known, key: Occurrences(1, (occurred_ms,))}
    recent = before.recent
    if occurred_ms >= recent[-1]:
        recent = (*recent[1 - RECENT_TIMES :], occurred_ms)
    else:
        recent = tuple(sorted((*recent, occurred_ms))[-RECENT_TIMES:])
    return {**known, key: Occurrences(before.count + 1, recent)}
