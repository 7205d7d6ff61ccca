"""Whether an event says what its type is for. One that does not changes nothing, and nobody would learn why."""

import re
from typing import get_args

from orchestrator.definitions.document import NAME
from orchestrator.definitions.guardrail import Channel
from orchestrator.errors import Problem
from orchestrator.messages.event import (
    ANY,
    CONSENT_GRANTED,
    CONSENT_REVOKED,
    CUSTOMER_MERGED,
    CUSTOMER_UPDATED,
    EngagementEvent,
)
from orchestrator.messages.key import is_customer_id
from orchestrator.messages.text import MAX_TEXT_CHARS, storable

RULE = "unusable"
_NAME = re.compile(NAME)
_CHANNELS: tuple[str, ...] = (*get_args(Channel), ANY)


def usability_problem(event: EngagementEvent, *, in_part: bool = False) -> Problem | None:
    """Why the engine would pass over what the event tells, as a path into the event; None: it does not.

    Types that are not about the customer's record may have any data. ``in_part``: an event whose attributes can be kept
    only in part, or that has none, does no harm, and is no problem.
    """
    if event.type == CUSTOMER_UPDATED:
        return _of_attributes(event.data.get("attributes", {} if in_part else None), in_part)
    if event.type in (CONSENT_GRANTED, CONSENT_REVOKED):
        return _of_consent(event.data.get("channel", ANY), event.data.get("category", ANY))
    if event.type == CUSTOMER_MERGED:
        return _of_merge(event.data.get("into"), event.customer_id)
    return None


def _of_attributes(given: object, in_part: bool) -> Problem | None:
    if not isinstance(given, dict):
        return _problem("attributes", "it says no attributes", "give them as an object: name to value")
    for name, value in () if in_part else given.items():
        if value is not None and storable(value) is None:
            return _problem(
                f"attributes.{name}",
                "this value cannot be kept",
                f"give text of up to {MAX_TEXT_CHARS} characters, a number of 64 bits, true or false; null removes it",
            )
    return None


def _of_consent(channel: object, category: object) -> Problem | None:
    if channel not in _CHANNELS:
        return _problem("channel", "this is no channel", f"give {', '.join(_CHANNELS[:-1])}, or leave it out for all")
    # Others no step can have: such a consent would be kept for nothing, and as many of them as anybody likes.
    if not isinstance(category, str) or (category != ANY and not _NAME.fullmatch(category)):
        return _problem("category", "this is no category", "give the name that steps have, or leave it out for all")
    return None


def _of_merge(into: object, customer_id: str) -> Problem | None:
    if not isinstance(into, str) or not is_customer_id(into):
        return _problem("into", "it does not say who goes on", "give the customer id of the one who stays")
    if into == customer_id:
        return _problem("into", "a customer cannot be merged into themselves", "name the one who stays")
    return None


def _problem(place: str, message: str, fix: str) -> Problem:
    return Problem(f"$.data.{place}", RULE, message, fix)
